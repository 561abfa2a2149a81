use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Event, EventKind, Identifier, Instant, Position, ProfileId, SourceId};

/// One event by which profiles became one. A profile has fewer of them than identifiers, since each merge
/// brings at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The event's.
    pub position: Position,
    /// When it was applied.
    pub instant: Instant,
    pub survivor: ProfileId,
    pub absorbed: Vec<ProfileId>,
    /// The event's identifiers that pointed at the profiles, and at which, from the highest priority down.
    pub linked: Vec<(Identifier, ProfileId)>,
    pub message_id: CompactString,
    pub kind: EventKind,
    pub event: CompactString,
    pub source: SourceId,
    pub ts: Instant,
}

/// A row that came in while its profile's history is read for a split.
#[derive(Debug, Clone, PartialEq)]
pub struct GatheredRow {
    pub position: Position,
    pub anchor: Identifier,
    pub event: Event,
}
