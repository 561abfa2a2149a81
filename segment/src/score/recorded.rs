use serde::{Deserialize, Serialize};

use segops_model::{Instant, Position};

use super::ScoreValue;

/// What was recorded of a score under one of a profile's identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreRecord {
    /// What the value is of: the instant up to which history was looked at.
    pub as_of: Instant,
    pub position: Position,
    /// The value's place among those that came in at one position.
    pub place: u32,
    /// None where the score was taken back.
    pub value: Option<ScoreValue>,
}

/// What holds of a recorded score for a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedScore {
    pub as_of: Instant,
    pub value: ScoreValue,
}

impl ScoreRecord {
    /// What decides between records: the newest `as_of` holds, and of several the one that came in last.
    #[must_use]
    pub const fn age(&self) -> (Instant, Position, u32) {
        (self.as_of, self.position, self.place)
    }
}

/// What holds of all that was recorded of one score under a profile's identifiers.
#[must_use]
pub fn newest_record<'a>(records: impl Iterator<Item = &'a ScoreRecord>) -> Option<RecordedScore> {
    let newest = records.max_by_key(|record| record.age())?;
    newest.value.map(|value| RecordedScore { as_of: newest.as_of, value })
}
