use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, ListId};

/// An uploaded list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadedList {
    #[schema(value_type = String, example = "list_7")]
    pub id: ListId,
    pub name: String,
    pub entries: u64,
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Instant,
    /// How often its entries have changed.
    pub version: u64,
}

/// Rows to put into a list, or to take out: identifiers as `kind:value`, or as they are, or profile ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ListRows {
    pub add: Vec<String>,
    pub remove: Vec<String>,
    /// The rows' kind, where they do not say it.
    pub kind: Option<String>,
}

/// What became of rows that were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Taken {
    pub accepted: u64,
    /// Those of the accepted that changed nothing: it was so before.
    pub known: u64,
    pub rejected: Vec<RejectedRow>,
}

/// A row that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedRow {
    /// Its place among the rows sent, from 0.
    pub row: usize,
    pub text: String,
    pub reason: String,
}
