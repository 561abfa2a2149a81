//! Why profiles are what they are, and what becomes of them: merges, splits, deletions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Identifier, Instant, Position, ProfileId, SourceId, SplitId};

/// An event by which profiles became one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProfileMerge {
    /// The event's place in the journal.
    #[schema(value_type = u64)]
    pub position: Position,
    /// When it came in, and the profiles became one.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The profile that the others became part of then.
    #[schema(value_type = String, example = "p_17")]
    pub survivor: ProfileId,
    #[schema(value_type = Vec<String>)]
    pub absorbed: Vec<ProfileId>,
    /// The identifiers on the event that linked them, the strongest first.
    pub linked: Vec<LinkedIdentifier>,
    pub event: MergingEvent,
    /// All of it as a sentence.
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkedIdentifier {
    #[schema(value_type = Object)]
    pub identifier: Identifier,
    /// The profile that it was of before.
    #[schema(value_type = String)]
    pub profile: ProfileId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergingEvent {
    pub message_id: String,
    /// `Order Completed`, or the call where it has no name: `identify`, `alias`, `group`.
    pub name: String,
    #[schema(value_type = String)]
    pub source: SourceId,
    pub source_name: String,
    #[schema(value_type = String, format = DateTime)]
    pub ts: Instant,
}

/// A split of a profile, and the bar that it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Split {
    #[schema(value_type = String, example = "split_12")]
    pub id: SplitId,
    pub status: SplitStatus,
    /// The profile that is split.
    #[schema(value_type = String, example = "p_17")]
    pub profile: ProfileId,
    /// What is taken out of it.
    #[schema(value_type = Vec<Object>)]
    pub identifiers: Vec<Identifier>,
    /// The profile that was made.
    #[schema(value_type = Option<String>)]
    pub made: Option<ProfileId>,
    pub author: String,
    /// When it took effect; when it was asked for, while it waits.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lifted_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitStatus {
    /// History is being read for it.
    Waiting,
    /// In effect: rows do not link the two sides.
    Barred,
    /// In effect, and rows may link the two sides again.
    Lifted,
}

/// What deleting a profile removes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionPreview {
    #[schema(value_type = String, example = "p_17")]
    pub profile: ProfileId,
    /// Ids that answer for it since merges, and will answer for nobody.
    #[schema(value_type = Vec<String>)]
    pub merged_ids: Vec<ProfileId>,
    #[schema(value_type = Vec<Object>)]
    pub identifiers: Vec<Identifier>,
    /// Events of any kind.
    pub rows: u64,
    pub traits: u64,
    pub orders: u64,
    /// The segments that it leaves.
    pub segments: Vec<String>,
}

/// A deletion that has taken effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deletion {
    /// What was removed.
    pub removed: DeletionPreview,
    /// Events of these identifiers up to this instant are dropped from now on.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}
