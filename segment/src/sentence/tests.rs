//! Sentences as people read them: one file for each family, all through [`tell`].

mod aggregates;
mod counts;
mod groups;
mod occurrences;
mod sequences;
mod traits;

use expect_test::Expect;
use jiff::tz::TimeZone;

use segops_model::{Event, Instant, Position, SegmentId, SourceId, Value};
use segops_rules::{Labels, Names, parse, resolve, unresolve};

use super::{Speech, sentence};
use crate::sample::{Profile, event, instant, object, zone};
use crate::{Calendar, Program, SignalRegistry, explain};

/// What is known of one profile, and when.
struct Story {
    now: Instant,
    zone: TimeZone,
    currency: Option<&'static str>,
    identified: bool,
    events: Vec<Event>,
    traits: Vec<(&'static str, Value)>,
    segments: Vec<SegmentId>,
}

/// A customer in Berlin, at 14:03 on 1 October 2026, who ordered at these local days, all at 14:03.
fn ordered(days: &[&str]) -> Story {
    let order = |day: &&str| {
        let at = instant(&format!("{day}T14:03:00+02:00"));
        event("Order Completed", at, &[("total", Value::from(100)), ("category", "shoes".into())])
    };
    Story {
        now: instant("2026-10-01T14:03:00+02:00"),
        zone: zone("Europe/Berlin"),
        currency: Some("EUR"),
        identified: true,
        events: days.iter().map(order).collect(),
        traits: Vec::new(),
        segments: Vec::new(),
    }
}

impl Story {
    fn with_traits(mut self, traits: &[(&'static str, Value)]) -> Self {
        self.traits = traits.to_vec();
        self
    }

    fn and(mut self, name: &str, at: &str, properties: &[(&str, Value)]) -> Self {
        self.events.push(event(name, instant(at), properties));
        self
    }
}

/// The segment VIP has the id 1, the source Kiosk the id 2, and everything else was seen.
struct Known;

impl Labels for Known {
    fn segment_name(&self, _: SegmentId) -> Option<String> {
        Some("VIP".to_owned())
    }
    fn source_name(&self, _: SourceId) -> Option<String> {
        Some("Kiosk".to_owned())
    }
}

impl Names for Known {
    fn segment(&self, _: &str) -> Option<SegmentId> {
        Some(SegmentId(1))
    }
    fn segment_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn segment_uses(&self, _: SegmentId) -> Vec<SegmentId> {
        Vec::new()
    }
    fn source(&self, _: &str) -> Option<SourceId> {
        Some(SourceId(2))
    }
    fn source_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn event_exists(&self, _: &str) -> bool {
        true
    }
    fn event_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn property_exists(&self, _: Option<&str>, _: &str) -> bool {
        true
    }
    fn property_names(&self, _: Option<&str>) -> Vec<String> {
        Vec::new()
    }
    fn product_field_exists(&self, _: &str) -> bool {
        true
    }
    fn product_fields(&self) -> Vec<String> {
        Vec::new()
    }
    fn trait_exists(&self, _: &str) -> bool {
        true
    }
    fn trait_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn score_kind(&self, name: &str) -> Option<ScoreKind> {
        match name {
            "churn_risk" => Some(ScoreKind::Number),
            "next_visit" => Some(ScoreKind::Date),
            _ => None,
        }
    }
    fn score_names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What is said of a story by a rule.
#[track_caller]
fn tell(rule: &str, story: &Story, expected: &Expect) {
    let named = parse(rule).unwrap_or_else(|problems| panic!("{rule}: {problems:#?}"));
    let (rule, _) = resolve(&named, &Known, None).unwrap_or_else(|problems| panic!("{rule}: {problems:#?}"));
    let calendar = Calendar::new(story.zone.clone(), segops_rules::Weekday::Monday);
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule, &mut registry, &calendar);
    let mut profile = Profile {
        identified: story.identified,
        traits: object(&story.traits),
        segments: story.segments.clone(),
        ..Profile::default()
    };
    let (mut matched, mut values) = (Vec::new(), Vec::new());
    for (event, position) in story.events.iter().zip(1..) {
        registry.matching(event, &mut matched);
        for signal in &matched {
            let timeline = profile.timelines.entry(*signal).or_default();
            let position = Position(position);
            if registry.capture(*signal, event, position, &mut values) {
                values.iter().for_each(|value| {
                    timeline.insert_value(*value);
                });
            } else {
                timeline.insert(crate::Entry { ts: event.ts, position });
            }
        }
    }
    for (signal, keep) in program.signals() {
        if let Some(timeline) = profile.timelines.get_mut(signal) {
            timeline.keep(*keep);
        }
    }
    let explanation = explain(&program, &rule, &profile, story.now, &|_| "the condition".to_owned());
    let speech = Speech { zone: story.zone.clone(), currency: story.currency.map(str::to_owned) };
    expected.assert_eq(&sentence(&unresolve(&rule, &Known), &explanation, &speech));
}
