//! What SQL is asked of: the history, and everything known beside it, at one position.

use std::fmt::Debug;
use std::ops::ControlFlow;

use jiff::tz::TimeZone;
use segops_model::{
    Decimal, DerivedEventId, Identifier, Instant, Object, Position, ProfileId, SegmentId, SegmentVersion,
    SourceId, Value,
};
use segops_parts::Snapshot;
use segops_segment::{Derivation, OrderFacts, OrderKey};

/// Goes on, or stops: nobody waits for more rows.
pub type Flow = ControlFlow<()>;

/// Only rows of these profiles; of all where there is none.
pub type Only<'a> = Option<&'a [ProfileId]>;

/// Everything that is known, as it was at one position: it stays so for as long as it is held. Rows are shown one after
/// the other; whoever looks at them says when to stop.
pub trait Workspace: Debug + Send + Sync {
    /// The history, up to exactly the position of all the rest.
    fn snapshot(&self) -> &Snapshot;
    /// Everything before it is known.
    fn position(&self) -> Position;
    /// What "now" is.
    fn now(&self) -> Instant;
    /// The workspace's time zone.
    fn zone(&self) -> TimeZone;
    fn sources(&self) -> Vec<(SourceId, String)>;
    /// The properties that events were seen to have.
    fn properties(&self) -> Vec<PropertySeen>;
    /// The derived events that are defined, each with how its events are made.
    fn derived_events(&self) -> Vec<DerivedEventKnown>;
    fn profiles(&self, only: Only<'_>, each: &mut dyn FnMut(&ProfileRow<'_>) -> Flow);
    fn traits(&self, only: Only<'_>, each: &mut dyn FnMut(&TraitRow<'_>) -> Flow);
    fn orders(&self, only: Only<'_>, each: &mut dyn FnMut(&OrderRow<'_>) -> Flow);
    fn memberships(&self, only: Only<'_>, each: &mut dyn FnMut(&MembershipRow<'_>) -> Flow);
    fn transitions(&self, only: Only<'_>, each: &mut dyn FnMut(&TransitionRow<'_>) -> Flow);
    fn scores(&self, only: Only<'_>, each: &mut dyn FnMut(&ScoreRow<'_>) -> Flow);
    fn segments(&self, each: &mut dyn FnMut(&SegmentRow<'_>) -> Flow);
    fn products(&self, each: &mut dyn FnMut(&ProductRow<'_>) -> Flow);
}

/// A property, and how often it had which type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PropertySeen {
    pub path: String,
    pub numbers: u64,
    pub texts: u64,
    pub flags: u64,
}

/// A derived event, by its newest version.
#[derive(Debug, Clone)]
pub struct DerivedEventKnown {
    pub id: DerivedEventId,
    pub name: String,
    pub version: u32,
    pub derivation: Derivation,
}

/// A unified customer.
#[derive(Debug, Clone, Copy)]
pub struct ProfileRow<'a> {
    pub profile: ProfileId,
    pub identifiers: &'a [Identifier],
    pub is_identified: bool,
    pub reachable_email: bool,
    pub reachable_sms: bool,
    /// Ids that it answers to since merges.
    pub merged: &'a [ProfileId],
    /// Its traits in force.
    pub traits: &'a [(&'a str, &'a Value)],
    pub events: u64,
    pub first_seen: Instant,
    pub last_seen: Instant,
}

/// A trait of a profile.
#[derive(Debug, Clone, Copy)]
pub struct TraitRow<'a> {
    pub profile: ProfileId,
    pub name: &'a str,
    pub value: &'a Value,
    pub set_at: Instant,
}

/// All that is known of one order of a profile.
#[derive(Debug, Clone, Copy)]
pub struct OrderRow<'a> {
    pub profile: ProfileId,
    pub key: &'a OrderKey,
    pub facts: &'a OrderFacts,
}

/// A profile in a segment.
#[derive(Debug, Clone, Copy)]
pub struct MembershipRow<'a> {
    pub profile: ProfileId,
    pub segment: SegmentId,
    pub name: &'a str,
    pub since: Instant,
    pub cause: &'a str,
}

/// A profile that came into a segment, or left it.
#[derive(Debug, Clone, Copy)]
pub struct TransitionRow<'a> {
    pub profile: ProfileId,
    pub segment: SegmentId,
    pub name: &'a str,
    pub at: Instant,
    pub entered: bool,
    pub cause: &'a str,
    pub version: SegmentVersion,
    pub position: Position,
}

/// A score of a profile.
#[derive(Debug, Clone, Copy)]
pub struct ScoreRow<'a> {
    pub profile: ProfileId,
    pub score: &'a str,
    pub number: Option<Decimal>,
    pub date: Option<Instant>,
    /// What a recorded value is of; none of what is computed now.
    pub as_of: Option<Instant>,
}

/// A named rule.
#[derive(Debug, Clone, Copy)]
pub struct SegmentRow<'a> {
    pub segment: SegmentId,
    pub name: &'a str,
    pub description: &'a str,
    pub folder: &'a str,
    pub owner: &'a str,
    pub status: &'a str,
    pub rule: &'a str,
    pub version: Option<SegmentVersion>,
    pub members: u64,
    pub created_at: Instant,
    pub changed_at: Instant,
}

/// A product as it is now.
#[derive(Debug, Clone, Copy)]
pub struct ProductRow<'a> {
    pub id: &'a str,
    pub product: &'a Object,
    pub updated_at: Instant,
}
