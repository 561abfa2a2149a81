//! A small shop for tests: its history as a snapshot, half of it in a part and half of it not yet, and the same
//! history as the oracle knows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringTreemap;
use segops_model::{
    Event, EventKind, Identifier, Instant, Limits, ListId, Object, Position, ProfileId, SegmentId, SourceId,
    Value,
};
use segops_oracle::Oracle;
use segops_parts::{Objects, PartRow, Parts, PartsOptions, Snapshot, Tail};
use segops_rules::{Labels, Named, Names, Rule, ScoreKind, Weekday, unresolve};
use segops_segment::Calendar;
use segops_testkit::SimulatedClock;

use crate::setting::{Population, ProfileSet, Segments, Setting, Unwatched};
use crate::{AnalysisError, Answer, Customers, Part, analyse};

/// What happened, as tests write it down.
#[derive(Debug)]
pub(crate) struct Shop {
    rows: Vec<PartRow>,
    pub(crate) calendar: Calendar,
    pub(crate) now: Instant,
    pub(crate) segments: BTreeMap<String, ProfileSet>,
    pub(crate) population: Population,
    pub(crate) limits: Limits,
}

pub(crate) fn instant(text: &str) -> Instant {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().unwrap()
}

pub(crate) fn object(members: &[(&str, Value)]) -> Object {
    members.iter().map(|(name, value)| (*name, value.clone())).collect()
}

pub(crate) fn number(text: &str) -> Value {
    Value::Number(segops_model::Decimal::parse(text).unwrap())
}

pub(crate) fn who(profile: u64) -> Identifier {
    Identifier::new("user_id", format!("u{profile}"))
}

impl Shop {
    pub(crate) fn at(now: &str) -> Self {
        Self {
            rows: Vec::new(),
            calendar: Calendar::utc(),
            now: instant(now),
            segments: BTreeMap::new(),
            population: Population::default(),
            limits: Limits::default(),
        }
    }

    pub(crate) fn in_zone(mut self, zone: &str, week_start: Weekday) -> Self {
        self.calendar = Calendar::new(jiff::tz::TimeZone::get(zone).unwrap(), week_start);
        self
    }

    pub(crate) fn did(&mut self, profile: u64, name: &str, at: &str, properties: &[(&str, Value)]) {
        self.add(profile, name, instant(at), object(properties), Object::new());
    }

    /// An order of so much.
    pub(crate) fn bought(&mut self, profile: u64, at: &str, total: &str) {
        self.did(profile, "Order Completed", at, &[("total", number(total))]);
    }

    pub(crate) fn is(&mut self, profile: u64, at: &str, traits: &[(&str, Value)]) {
        self.add(profile, "", instant(at), Object::new(), object(traits));
    }

    pub(crate) fn add(&mut self, profile: u64, name: &str, ts: Instant, properties: Object, traits: Object) {
        let position = Position(self.rows.len() as u64);
        let event = Event {
            message_id: format!("m{position}").into(),
            source: SourceId(1),
            kind: if name.is_empty() { EventKind::Identify } else { EventKind::Track },
            name: name.into(),
            ts,
            received_at: ts,
            clamped: false,
            identifiers: vec![who(profile)],
            properties,
            traits,
            group_traits: Object::new(),
            context: Object::new(),
        };
        self.rows.push(PartRow { position, profile: ProfileId(profile), anchor: who(profile), event });
    }

    pub(crate) fn segment(&mut self, name: &str, members: &[u64]) {
        self.segments.insert(name.to_owned(), Arc::new(members.iter().copied().collect()));
    }

    fn snapshot(&self) -> Snapshot {
        let clock = Arc::new(SimulatedClock::at(self.now));
        let parts = Parts::open(Objects::in_memory(), clock, PartsOptions::default()).unwrap();
        let (flushed, rest) = self.rows.split_at(self.rows.len() / 2);
        let until = Position(flushed.len() as u64);
        parts.flush(&Tail::of(flushed.to_vec(), Vec::new(), until)).unwrap();
        let until = Position(self.rows.len() as u64);
        parts.snapshot().with_tail(&Tail::of(rest.to_vec(), Vec::new(), until))
    }

    pub(crate) fn with<T>(&self, ask: impl FnOnce(&Setting<'_>) -> T) -> T {
        let snapshot = self.snapshot();
        let setting = Setting {
            snapshot: &snapshot,
            names: self,
            segments: self,
            calendar: &self.calendar,
            now: self.now,
            population: &self.population,
            watcher: &Unwatched,
            limits: &self.limits,
        };
        ask(&setting)
    }

    pub(crate) fn ask(&self, analysis: serde_json::Value) -> Result<Answer, AnalysisError> {
        let analysis = serde_json::from_value(analysis).unwrap();
        self.with(|setting| analyse(&analysis, setting))
    }

    /// The answer as JSON, inside its analysis' name.
    pub(crate) fn answer(&self, analysis: serde_json::Value) -> serde_json::Value {
        let name = analysis.as_object().unwrap().keys().next().unwrap().clone();
        serde_json::to_value(self.ask(analysis).unwrap()).unwrap().get(name).unwrap().clone()
    }

    pub(crate) fn customers(&self, part: &Part) -> Customers {
        self.with(|setting| crate::customers(part, setting).unwrap())
    }

    /// Everyone whom the oracle finds a rule to hold for.
    pub(crate) fn members(&self, rule: &Rule<Named>) -> RoaringTreemap {
        let (resolved, _) = segops_rules::resolve(rule, self, None)
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", segops_rules::format(rule)));
        let rule = unresolve(&resolved, self);
        let mut oracle = Oracle::new(segops_oracle::Calendar {
            zone: self.calendar.zone.clone(),
            week_start: self.calendar.week_start,
        });
        for row in &self.rows {
            oracle.receive(&row.event, row.event.ts);
        }
        let members = oracle.members(&rule, self.now);
        let ids = members.iter().flatten().filter_map(|identifier| identifier.value.strip_prefix('u'));
        ids.map(|id| id.parse::<u64>().unwrap()).collect()
    }

    /// Holds a part's customers against its rule; says whether there was one.
    pub(crate) fn check_part(&self, part: &Part) -> bool {
        let customers = self.customers(part);
        let Some(rule) = &customers.rule else { return false };
        let text = segops_rules::format(rule);
        assert_eq!(self.members(rule), customers.profiles, "{part:?} is not {text}");
        true
    }
}

impl Segments for Shop {
    fn members(&self, name: &str) -> Option<ProfileSet> {
        self.segments.get(name).cloned()
    }
}

impl Labels for Shop {
    fn segment_name(&self, id: SegmentId) -> Option<String> {
        self.segments.keys().nth(usize::try_from(id.0).unwrap()).cloned()
    }

    fn source_name(&self, _: SourceId) -> Option<String> {
        Some("shop".to_owned())
    }

    fn list_name(&self, _: ListId) -> Option<String> {
        None
    }
}

impl Names for Shop {
    fn segment(&self, name: &str) -> Option<SegmentId> {
        self.segments.keys().position(|known| known == name).map(|at| SegmentId(at as u64))
    }

    fn segment_names(&self) -> Vec<String> {
        self.segments.keys().cloned().collect()
    }

    fn segment_uses(&self, _: SegmentId) -> Vec<SegmentId> {
        Vec::new()
    }

    fn source(&self, name: &str) -> Option<SourceId> {
        (name == "shop").then_some(SourceId(1))
    }

    fn source_names(&self) -> Vec<String> {
        vec!["shop".to_owned()]
    }

    fn list(&self, _: &str) -> Option<ListId> {
        None
    }

    fn list_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn event_exists(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row.event.name == name)
    }

    fn event_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.rows.iter().map(|row| row.event.name.to_string()).collect();
        names.sort();
        names.dedup();
        names
    }

    fn property_exists(&self, event: Option<&str>, path: &str) -> bool {
        self.property_names(event).iter().any(|name| name == path)
            || path.contains("[]")
            || path.contains('.')
    }

    fn property_names(&self, event: Option<&str>) -> Vec<String> {
        let rows = self.rows.iter().filter(|row| event.is_none_or(|event| row.event.name == event));
        rows.flat_map(|row| row.event.properties.iter().map(|(name, _)| name.to_owned())).collect()
    }

    fn product_field_exists(&self, _: &str) -> bool {
        false
    }

    fn product_fields(&self) -> Vec<String> {
        Vec::new()
    }

    fn trait_exists(&self, path: &str) -> bool {
        self.trait_names().iter().any(|name| name == path)
    }

    fn trait_names(&self) -> Vec<String> {
        self.rows.iter().flat_map(|row| row.event.traits.iter().map(|(name, _)| name.to_owned())).collect()
    }

    fn score_kind(&self, _: &str) -> Option<ScoreKind> {
        None
    }

    fn score_names(&self) -> Vec<String> {
        Vec::new()
    }
}
