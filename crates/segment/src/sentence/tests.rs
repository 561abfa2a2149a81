//! Sentences as people read them: one file for each family, all through [`tell`].

mod aggregates;
mod computed;
mod counts;
mod dates;
mod groups;
mod histories;
mod memberships;
mod occurrences;
mod orders;
mod places;
mod products;
mod rankings;
mod reach;
mod results;
mod scores;
mod sequences;
mod traits;

use std::collections::BTreeMap;

use expect_test::Expect;
use jiff::tz::TimeZone;

use segops_model::{
    ConsentChannel, ConsentState, ConsentStatement, Event, EventKind, Identifier, Instant, ListId, Position,
    ResultId, SegmentId, SignalId, Value,
};
use segops_rules::made_up::MadeUpNames;
use segops_rules::{
    Aggregate, ComputedDefinition, Condition, Formula, Resolved, ScoreKind, parse, resolve, unresolve,
    unresolve_definition,
};

use super::{Speech, sentence};
use crate::sample::{Profile, event, instant, object, zone};
use crate::{
    Calendar, Describe, Naming, OrderFact, OrderFacts, OrderKey, Products, Program, RankingThreshold,
    RecordedScore, RecordedTransitions, ScoreValue, SignalRegistry, Timeline, TimelineItem, explain,
};

/// What is known of one profile, and when.
struct Story {
    now: Instant,
    zone: TimeZone,
    currency: Option<&'static str>,
    identified: bool,
    events: Vec<Event>,
    traits: Vec<(&'static str, Value)>,
    scores: Vec<(&'static str, RecordedScore)>,
    segments: Vec<SegmentId>,
    identifiers: Vec<Identifier>,
    said: Vec<ConsentStatement>,
    lists: Vec<ListId>,
    namings: BTreeMap<ResultId, Naming>,
    /// What was found when everyone was ranked.
    threshold: Option<RankingThreshold>,
    recorded: RecordedTransitions,
    products: Products,
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
        scores: Vec::new(),
        segments: Vec::new(),
        identifiers: Vec::new(),
        said: Vec::new(),
        lists: Vec::new(),
        namings: BTreeMap::new(),
        threshold: None,
        recorded: RecordedTransitions::new(),
        products: Products::default(),
    }
}

impl Story {
    fn known_as(mut self, kind: &str, value: &str) -> Self {
        self.identifiers.push(Identifier::new(kind, value));
        self
    }

    /// Something is said of an address, on a local day at 14:03.
    fn said(mut self, channel: ConsentChannel, address: &str, state: ConsentState, day: &str) -> Self {
        let ts = instant(&format!("{day}T14:03:00+02:00"));
        let address = address.into();
        self.said.push(ConsentStatement { channel, address, topic: None, store: None, state, ts });
        self
    }

    /// A trait that was set at a time, and is so now unless it is set again.
    fn setting(mut self, name: &'static str, value: impl Into<Value>, at: &str) -> Self {
        let value = value.into();
        let mut set = event("", instant(at), &[]);
        set.kind = EventKind::Identify;
        set.traits = object(&[(name, value.clone())]);
        self.events.push(set);
        self.traits.retain(|(held, _)| *held != name);
        self.traits.push((name, value));
        self
    }

    /// With a score that was computed at an instant.
    fn with_score(mut self, name: &'static str, value: ScoreValue, as_of: &str) -> Self {
        self.scores.push((name, RecordedScore { as_of: instant(as_of), value }));
        self
    }

    fn with_traits(mut self, traits: &[(&'static str, Value)]) -> Self {
        self.traits = traits.to_vec();
        self
    }

    fn and(mut self, name: &str, at: &str, properties: &[(&str, Value)]) -> Self {
        self.events.push(event(name, instant(at), properties));
        self
    }
}

/// A shop with one of each, which has seen everything.
pub(crate) fn shop() -> MadeUpNames {
    MadeUpNames::default()
        .segment("VIP", 1, &[])
        .source("Kiosk", 2)
        .list("Influencers", 3)
        .result("VIPs by SQL", 7, None)
        .computed_trait(
            "average order value",
            4,
            r#"sum of total over "Order Completed" / count of "Order Completed""#,
        )
        .computed_trait(
            "against before",
            5,
            "count of any event in last 30 days / count of any event between 30 and 60 days ago",
        )
        .computed_trait(
            "favourite",
            6,
            r#"most frequent value of category over "Order Completed" in last 90 days"#,
        )
        .computed_trait("margin", 7, "net spend in last 30 days / 2")
        .score("churn_risk", ScoreKind::Number)
        .score("next_visit", ScoreKind::Date)
}

/// Conditions by no more than that they are some.
struct Plainly;

impl Describe for Plainly {
    fn condition(&self, _: &Condition<Resolved>) -> String {
        "the condition".to_owned()
    }

    fn aggregate(&self, aggregate: &Aggregate<Resolved>) -> String {
        let definition = ComputedDefinition::Number(Formula::Aggregate(Box::new(aggregate.clone())));
        unresolve_definition(&definition, &shop()).to_string()
    }
}

/// What is said of a story by a rule.
#[track_caller]
fn tell(rule: &str, story: &Story, expected: &Expect) {
    let named = parse(rule).unwrap_or_else(|problems| panic!("{rule}: {problems:#?}"));
    let (rule, _) = resolve(&named, &shop(), None).unwrap_or_else(|problems| panic!("{rule}: {problems:#?}"));
    let calendar = Calendar::new(story.zone.clone(), segops_rules::Weekday::Monday);
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule, &mut registry, &calendar);
    let mut profile = Profile {
        identified: story.identified,
        traits: object(&story.traits),
        segments: story.segments.clone(),
        identifiers: story.identifiers.clone(),
        lists: story.lists.clone(),
        namings: story.namings.clone(),
        recorded: vec![(SegmentId(1), story.recorded.clone())],
        timelines: timelines(story, &registry),
        scores: story.scores.iter().map(|(name, score)| ((*name).to_owned(), *score)).collect(),
        ..Profile::default()
    };
    for said in &story.said {
        let key = (said.channel, Identifier::new(said.channel.identifier_kind(), said.address.clone()));
        profile.consents.entry(key).or_default().add(said);
    }
    if let (Some(threshold), Some(ranking)) = (&story.threshold, program.rankings().first()) {
        profile.thresholds.insert(ranking.key.clone(), threshold.clone());
    }
    for (signal, keep) in program.signals() {
        if let Some(timeline) = profile.timelines.get_mut(signal) {
            timeline.keep(*keep);
        }
    }
    let explanation = explain(&program, &rule, &profile, story.now, &Plainly);
    let speech = Speech { zone: story.zone.clone(), currency: story.currency.map(str::to_owned) };
    expected.assert_eq(&sentence(&unresolve(&rule, &shop()), &explanation, &speech));
}

/// What each signal finds in a story's events, and in the orders that they make.
fn timelines(story: &Story, registry: &SignalRegistry) -> BTreeMap<SignalId, Timeline> {
    let mut timelines: BTreeMap<SignalId, Timeline> = BTreeMap::new();
    let mut orders: BTreeMap<OrderKey, OrderFacts> = BTreeMap::new();
    let (mut matched, mut values) = (Vec::new(), Vec::new());
    for (event, position) in story.events.iter().zip(1..) {
        let position = Position(position);
        if let Some((key, fact)) = OrderFact::of_event(event, position) {
            orders.entry(key).or_default().add(fact);
        }
        let joined = story.products.joined(event, story.now);
        let event = joined.as_ref().unwrap_or(event);
        registry.matching(event, &mut matched);
        for signal in &matched {
            let timeline = timelines.entry(*signal).or_default();
            if registry.capture(*signal, event, position, &mut values) {
                values.iter().for_each(|value| {
                    timeline.insert_value(*value);
                });
            } else {
                timeline.insert(crate::Entry { ts: event.ts, position });
            }
        }
    }
    let occurrences = orders.iter().filter_map(|(key, facts)| facts.occurrence(key));
    for (signal, item) in occurrences.flat_map(|order| registry.order_items(&order)) {
        let timeline = timelines.entry(signal).or_default();
        match item {
            TimelineItem::Match(entry) => timeline.insert(entry),
            TimelineItem::Value(value) => timeline.insert_value(value),
        };
    }
    timelines
}
