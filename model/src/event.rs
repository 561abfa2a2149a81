use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Identifier, Instant, Object, SourceId, Value};

/// One thing a profile did, decoded from whatever wire format brought it. It is the raw item read again
/// the same way on every replay; identifiers are as sent, not yet normalised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The duplicate key: the same id within the duplicate window is the same event, whatever its source.
    pub message_id: CompactString,
    pub source: SourceId,
    pub kind: EventKind,
    /// What rules name: a track call's event; `Page Viewed` and `Screen Viewed` for page and screen calls.
    /// Empty for identify, group and alias, which are not counted as events.
    pub name: CompactString,
    /// When it happened: client time, corrected for clock skew and clamped to receipt.
    pub ts: Instant,
    pub received_at: Instant,
    /// Set where the client's time was ahead of receipt, and `ts` is the receipt instead.
    pub clamped: bool,
    /// Every identifier the item carried, highest-priority kinds not necessarily first.
    pub identifiers: Vec<Identifier>,
    pub properties: Object,
    /// Traits to set (null unsets) on the profile: identify's traits. Empty for other kinds.
    pub traits: Object,
    /// Traits of the group in a group call.
    pub group_traits: Object,
    pub context: Object,
}

/// Which call of the tracking API an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Track,
    Identify,
    Page,
    Screen,
    Group,
    Alias,
}

impl EventKind {
    /// Whether rules can count it: track, page and screen are things a profile did.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        matches!(self, Self::Track | Self::Page | Self::Screen)
    }
}

/// How an item came in. A time far in the future is a client's broken clock in one, a broken row in the
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Api,
    File,
}

/// What is known of a raw item beside its own bytes; journalled with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub source: SourceId,
    pub channel: Channel,
    pub received_at: Instant,
    /// The batch's `sentAt`, by the client's clock: what skew is measured by. The item's own comes first.
    pub sent_at: Option<Instant>,
    /// The address a browser called from; fills `context.ip` where the item has none.
    pub client_ip: Option<CompactString>,
    /// The id the event takes where the raw item has none (files: the row; API: made at receipt).
    pub fallback_message_id: CompactString,
}

impl Event {
    /// The value at a property path's first name: `context.…` reads the context, all else the properties.
    #[must_use]
    pub fn root(&self, name: &str) -> Option<RootValue<'_>> {
        if let Some(value) = self.properties.get(name) {
            return Some(RootValue::Value(value));
        }
        (name == "context").then_some(RootValue::Context(&self.context))
    }
}

/// Where a path starts within an event.
#[derive(Debug, Clone, Copy)]
pub enum RootValue<'a> {
    Value(&'a Value),
    Context(&'a Object),
}
