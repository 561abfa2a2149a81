//! A segment through time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::SegmentId;

/// Who came into a segment and who left it, day by day, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentHistory {
    #[schema(value_type = String, example = "seg_12")]
    pub segment: SegmentId,
    /// Whose days they are.
    pub time_zone: String,
    /// Oldest first, without gaps.
    pub days: Vec<SegmentDay>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentDay {
    #[schema(example = "2026-03-01")]
    pub date: String,
    pub entered: u64,
    pub exited: u64,
    /// The same by what caused it: `event`, `expiry`, `edit`, `prime` and so on.
    pub entered_by_cause: BTreeMap<String, u64>,
    pub exited_by_cause: BTreeMap<String, u64>,
    /// How many were in it at the day's end; of today, now.
    pub size: u64,
}
