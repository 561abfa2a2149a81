use segops_model::{Event, Identifier, Instant, Position, ProfileId};

/// An event as the fold has resolved it: whose it is, and where in the journal it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PartRow {
    pub position: Position,
    /// Whose the event was when it came in. What merged, was split or deleted since is the overlay's to say.
    pub profile: ProfileId,
    /// The identifier that the row goes by: whoever has it has the row.
    pub anchor: Identifier,
    pub event: Event,
}

/// The order of the rows of one event name, and of what scans give: every profile's rows together, by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    pub profile: ProfileId,
    pub ts: Instant,
    pub position: Position,
}

impl PartRow {
    #[must_use]
    pub const fn key(&self) -> RowKey {
        RowKey { profile: self.profile, ts: self.event.ts, position: self.position }
    }
}
