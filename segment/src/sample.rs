//! Events and profiles for tests.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use segops_model::{
    Event, EventKind, Instant, Object, Position, ProfileId, SegmentId, SignalId, SourceId, Value,
};
use segops_rules::{Condition, CountTest, EventCondition, EventFilter, Resolved, Subject, Window};

use crate::{Entry, ProfileView, RankingKey, RankingThreshold, RecordedScore, RecordedTransitions, Timeline};

pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

pub(crate) fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn event(name: &str, ts: Instant, properties: &[(&str, Value)]) -> Event {
    Event {
        message_id: "m".into(),
        source: SourceId(1),
        kind: EventKind::Track,
        name: name.into(),
        ts,
        received_at: ts,
        clamped: false,
        identifiers: Vec::new(),
        properties: object(properties),
        traits: Object::new(),
        group_traits: Object::new(),
        context: Object::new(),
    }
}

pub(crate) fn object(members: &[(&str, Value)]) -> Object {
    members.iter().map(|(name, value)| (*name, value.clone())).collect()
}

pub(crate) fn list(values: &[Value]) -> Value {
    Value::List(values.to_vec())
}

pub(crate) fn named(name: &str) -> EventFilter<Resolved> {
    EventFilter {
        subject: Subject::Events,
        name: Some(name.to_owned()),
        predicate: None,
        sources: Vec::new(),
    }
}

pub(crate) fn did(name: &str, count: CountTest, window: Window) -> Condition<Resolved> {
    Condition::Event(EventCondition { event: named(name), count, window })
}

pub(crate) fn entry(ms: i64, position: u64) -> Entry {
    Entry { ts: Instant::from_ms(ms), position: Position(position) }
}

/// A profile as plain maps.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) id: ProfileId,
    pub(crate) timelines: BTreeMap<SignalId, Timeline>,
    pub(crate) traits: Object,
    pub(crate) identified: bool,
    pub(crate) segments: Vec<SegmentId>,
    pub(crate) thresholds: BTreeMap<RankingKey, RankingThreshold>,
    pub(crate) scores: BTreeMap<String, RecordedScore>,
    pub(crate) recorded: Vec<(SegmentId, RecordedTransitions)>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            id: ProfileId(1),
            timelines: BTreeMap::new(),
            traits: Object::new(),
            identified: false,
            segments: Vec::new(),
            thresholds: BTreeMap::new(),
            scores: BTreeMap::new(),
            recorded: Vec::new(),
        }
    }
}

impl ProfileView for Profile {
    fn profile(&self) -> ProfileId {
        self.id
    }
    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.timelines.get(&signal)
    }
    fn trait_value(&self, root: &str) -> Option<&Value> {
        self.traits.get(root)
    }
    fn is_identified(&self) -> bool {
        self.identified
    }
    fn is_member(&self, segment: SegmentId) -> bool {
        self.segments.contains(&segment)
    }
    fn threshold(&self, ranking: &RankingKey) -> Option<&RankingThreshold> {
        self.thresholds.get(ranking)
    }
    fn recorded_score(&self, score: &str) -> Option<RecordedScore> {
        self.scores.get(score).copied()
    }

    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions> {
        self.recorded.iter().find(|(of, _)| *of == segment).map(|(_, recorded)| recorded)
    }
}
