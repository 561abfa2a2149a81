use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, Position};

/// A product as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    pub id: String,
    /// Since when it is so.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
    #[schema(value_type = Object)]
    pub product: serde_json::Value,
}

/// A product with its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProductHistory {
    pub id: String,
    /// How many versions are kept; the newest are shown.
    pub versions_kept: u64,
    /// The newest first.
    pub versions: Vec<ProductVersion>,
}

/// What was known of a product from an instant on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProductVersion {
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    #[schema(value_type = u64)]
    pub position: Position,
    /// `null` where it was deleted.
    #[schema(value_type = Option<Object>)]
    pub product: Option<serde_json::Value>,
}
