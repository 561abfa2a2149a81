use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, Position, ProfileId, ResultId};

use super::SegmentName;
use crate::schedule::Schedule;
use crate::state::ResultFailure;

/// A recorded result: a definition that names profiles, computed on a schedule. Rules ask `in result "..."`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedResult {
    #[schema(value_type = String, example = "res_7")]
    pub id: ResultId,
    pub name: String,
    pub definition: ResultDefinitionView,
    /// One more for each change of the definition.
    pub version: u32,
    pub schedule: Schedule,
    pub status: ResultStatus,
    /// How far the computing is, of how much, where it is known.
    pub progress: Option<(u64, u64)>,
    /// What the recorded result is of; none where nothing was recorded yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Instant>,
    /// Profiles that it names.
    pub named: Option<u64>,
    /// Why the newest attempt gave nothing; what was recorded before holds on.
    pub failure: Option<ResultFailure>,
    /// When it is computed next with nobody asking.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Instant>,
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Instant,
    /// Segments whose rules name it.
    pub used_by: Vec<SegmentName>,
    /// What was recorded, oldest first; the newest holds.
    pub runs: Vec<ResultRun>,
}

/// Whom a recorded result names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ResultDefinitionView {
    /// The profiles in the column `profile_id` of what a query in SQL answers.
    Query { sql: String },
    /// So many profiles that are most like the members of a segment, and no members themselves.
    Alike {
        /// By its name, or its id.
        segment: String,
        count: u64,
    },
}

/// Where a recorded result stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// It waits to be computed.
    Waiting,
    Running,
    /// What is recorded is of the newest attempt.
    Recorded,
    /// The newest attempt has failed.
    Failed,
}

/// What was recorded at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultRun {
    pub version: u32,
    #[schema(value_type = u64)]
    pub position: Position,
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Instant,
    /// The hash of what was recorded.
    pub artefact: String,
    pub named: u64,
}

/// Some of those whom a result names, in its order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultMembers {
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Instant,
    pub members: Vec<ResultMember>,
    /// Where the next page begins.
    pub next: Option<usize>,
}

/// One whom a result names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultMember {
    /// From 1 on.
    pub rank: usize,
    /// The profile that answers to the recorded id now.
    #[schema(value_type = String, example = "p_17")]
    pub profile: ProfileId,
    pub identifiers: Vec<String>,
    /// How like the segment's members it is: the probability of being one, by a model of who is.
    pub likeness: Option<f64>,
    /// What makes it so, the strongest first.
    pub reasons: Vec<LikenessReason>,
}

/// A feature, and how much it adds to the log-odds of being a member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LikenessReason {
    pub feature: String,
    pub adds: f64,
}
