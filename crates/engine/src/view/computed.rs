use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{ComputedTraitId, Instant, Value};

use super::{RuleDifference, SegmentName};

/// What the workspace makes of every profile's events under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComputedTrait {
    #[schema(value_type = String, example = "ct_7")]
    pub id: ComputedTraitId,
    pub name: String,
    /// What the newest version is made of.
    #[schema(example = "count of \"Order Refunded\" / count of \"Order Completed\"")]
    pub definition: String,
    /// Whether it is a number, rather than a value of a property.
    pub is_number: bool,
    pub version: u32,
    pub owner: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// Segments whose rules name it.
    pub used_by: Vec<SegmentName>,
    /// Oldest first.
    pub versions: Vec<ComputedTraitVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComputedTraitVersion {
    pub version: u32,
    pub definition: String,
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

/// What a computed trait is for one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComputedTraitValue {
    /// A number to the nearest billionth, or a value as its event has it; null where there is none.
    #[schema(value_type = Object)]
    pub value: Option<Value>,
    /// When the event happened that has the value, where one was chosen.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Instant>,
    /// How many values are equal to it, where it is the most frequent.
    pub count: Option<u64>,
    pub from: ComputedFrom,
}

/// Where a computed trait's value is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComputedFrom {
    /// A live segment uses it: its events are at hand.
    Live,
    /// The profile's events were read again for it.
    History,
    /// No live segment uses it, and the events were not read again: in a list of profiles, and of a profile that has
    /// too many.
    NotComputed,
}

/// What making a computed trait of something else would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComputedTraitDifference {
    pub definition: String,
    pub new_definition: String,
    /// Who would enter and leave each segment that uses it.
    pub segments: Vec<SegmentDifference>,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SegmentDifference {
    pub segment: SegmentName,
    pub difference: RuleDifference,
}
