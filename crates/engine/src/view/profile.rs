use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Cause, Identifier, Instant, ProfileId, SegmentId, Value};

use super::ComputedTraitValue;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfileView {
    #[schema(value_type = String, example = "p_17")]
    pub id: ProfileId,
    /// Ids that this profile answers to since merges.
    #[schema(value_type = Vec<String>)]
    pub merged_ids: Vec<ProfileId>,
    #[schema(value_type = Vec<Object>)]
    pub identifiers: Vec<Identifier>,
    pub identified: bool,
    pub traits: BTreeMap<String, TraitView>,
    /// Every computed trait, each with where its value is from.
    pub computed_traits: BTreeMap<String, ComputedTraitValue>,
    pub orders: Vec<OrderView>,
    /// Net of refunds and cancellations, by currency ("" where none was sent).
    pub net_spend: BTreeMap<String, String>,
    pub segments: Vec<ProfileSegment>,
    /// Counted events (track, page and screen), duplicates left out.
    pub events: u64,
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Instant,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraitView {
    #[schema(value_type = Object)]
    pub value: Value,
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    pub id: String,
    pub status: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    pub currency: Option<String>,
    /// Decimal text: what the order was worth before refunds.
    pub value: String,
    pub refunded: String,
    /// Decimal text: net of refunds and cancellation.
    pub net: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfileSegment {
    #[schema(value_type = String)]
    pub segment: SegmentId,
    pub name: String,
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    #[schema(value_type = String)]
    pub cause: Cause,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_change: Option<Instant>,
}
