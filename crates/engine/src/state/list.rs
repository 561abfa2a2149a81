use serde::{Deserialize, Serialize};

use segops_model::{Instant, ListId};

/// An uploaded list, without its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListState {
    pub id: ListId,
    pub name: String,
    pub author: String,
    pub created_at: Instant,
    pub changed_at: Instant,
    /// How often its entries have changed.
    pub version: u64,
}
