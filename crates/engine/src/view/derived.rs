use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{DerivedEventId, Instant};

use super::{SegmentDifference, SegmentName};

/// Events that the workspace makes of every profile's own under a name, which rules count as any event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DerivedEvent {
    #[schema(value_type = String, example = "de_7")]
    pub id: DerivedEventId,
    #[schema(example = "Session")]
    pub name: String,
    /// What the newest version is made of.
    #[schema(example = "sessions of any event with gap of 30 minutes")]
    pub definition: String,
    /// The properties that rules can ask for; beside them an outcome has all that its event has.
    pub properties: Vec<String>,
    pub version: u32,
    pub owner: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// Segments whose rules name it.
    pub used_by: Vec<SegmentName>,
    /// Oldest first.
    pub versions: Vec<DerivedEventVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DerivedEventVersion {
    pub version: u32,
    pub definition: String,
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

/// What making a derived event of something else would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DerivedEventDifference {
    pub definition: String,
    pub new_definition: String,
    /// Who would enter and leave each segment that uses it.
    pub segments: Vec<SegmentDifference>,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}
