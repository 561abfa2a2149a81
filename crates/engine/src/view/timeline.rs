//! What a profile has done, event by event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{DerivedEventId, EventKind, Identifier, Instant, Object, Position, SourceId};

/// One event of a profile. Sessions and touches, which nobody has sent, have no receipt, source, message id and anchor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfileEvent {
    /// Its place in the journal; of a derived event that of the received event that it stands with.
    #[schema(value_type = u64)]
    pub position: Position,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub ts: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Instant>,
    /// Set where the client's time was ahead, and `ts` is the receipt.
    pub clamped: bool,
    #[schema(value_type = String, example = "track")]
    pub kind: EventKind,
    /// Empty for identify, group and alias calls.
    pub name: String,
    /// Of a derived event how it is derived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived: Option<DerivedFrom>,
    #[schema(value_type = Option<String>, example = "src_1")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The identifier that it goes by: whoever has it has the event.
    #[schema(value_type = Option<Object>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Identifier>,
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

/// By which definition an event is derived. The event's name is the definition's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DerivedFrom {
    #[schema(value_type = String, example = "de_7")]
    pub definition: DerivedEventId,
    pub version: u32,
}

/// A place among a profile's events: those before it are older. Derived events come right behind the received event that
/// they stand with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPlace {
    pub ts: Instant,
    pub position: Position,
    pub derived: Option<DerivedEventId>,
}

impl EventPlace {
    /// Before every event of an instant.
    #[must_use]
    pub const fn start_of(ts: Instant) -> Self {
        Self { ts, position: Position(0), derived: None }
    }

    #[must_use]
    pub fn of(event: &ProfileEvent) -> Self {
        let ProfileEvent { ts, position, derived, .. } = event;
        Self { ts: *ts, position: *position, derived: derived.map(|derived| derived.definition) }
    }
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ts.as_ms(), self.position)?;
        self.derived.map_or(Ok(()), |derived| write!(f, ":{}", derived.0))
    }
}

impl FromStr for EventPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let mut place = || {
            let ts = Instant::from_ms(parts.next()?.parse().ok()?);
            let position = Position(parts.next()?.parse().ok()?);
            let derived = parts.next().map(|id| id.parse().map(DerivedEventId)).transpose().ok()?;
            parts.next().is_none().then_some(Self { ts, position, derived })
        };
        let place = place();
        place.ok_or_else(|| format!("`{text}` is no place among events"))
    }
}
