//! What a profile has done, event by event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{EventKind, Identifier, Instant, Object, Position, SourceId};

/// One event of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfileEvent {
    /// Its place in the journal.
    #[schema(value_type = u64)]
    pub position: Position,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub ts: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Instant,
    /// Set where the client's time was ahead, and `ts` is the receipt.
    pub clamped: bool,
    #[schema(value_type = String, example = "track")]
    pub kind: EventKind,
    /// Empty for identify, group and alias calls.
    pub name: String,
    #[schema(value_type = String, example = "src_1")]
    pub source: SourceId,
    pub source_name: String,
    pub message_id: String,
    /// The identifier that it goes by: whoever has it has the event.
    #[schema(value_type = Object)]
    pub anchor: Identifier,
    /// All that it carried.
    #[schema(value_type = Vec<Object>)]
    pub identifiers: Vec<Identifier>,
    #[schema(value_type = Object)]
    pub properties: Object,
    /// Traits that it sets; one that is null is unset.
    #[schema(value_type = Object)]
    pub traits: Object,
    #[schema(value_type = Object)]
    pub group_traits: Object,
    #[schema(value_type = Object)]
    pub context: Object,
}

/// A place among a profile's events: those before it are older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPlace {
    pub ts: Instant,
    pub position: Position,
}

impl EventPlace {
    /// Before every event of an instant.
    #[must_use]
    pub const fn start_of(ts: Instant) -> Self {
        Self { ts, position: Position(0) }
    }
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ts.as_ms(), self.position)
    }
}

impl FromStr for EventPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(ts, position)| {
            Some(Self { ts: Instant::from_ms(ts.parse().ok()?), position: Position(position.parse().ok()?) })
        });
        parts.ok_or_else(|| format!("`{text}` is no place among events"))
    }
}
