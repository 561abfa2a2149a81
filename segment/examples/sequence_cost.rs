//! Prints what one answer about a sequence costs for profiles with long histories:
//! `cargo run --release -p segops-segment --example sequence_cost`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Clock};

use segops_model::{Instant, Position, ProfileId, SegmentId, SignalId, Value};
use segops_rules::{
    Base, Condition, CountTest, EventFilter, RULE_FORMAT, Resolved, Rule, SequenceCondition, SequenceStep,
    Span, Unit, Window,
};
use segops_segment::{
    Calendar, Entry, Keep, ProfileView, Program, RankingKey, RankingThreshold, RecordedTransitions,
    SignalRegistry, Timeline, evaluate,
};

const ROUNDS: u32 = 20;

struct Profile(BTreeMap<SignalId, Timeline>);

impl ProfileView for Profile {
    fn profile(&self) -> ProfileId {
        ProfileId(1)
    }
    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.0.get(&signal)
    }
    fn trait_value(&self, _: &str) -> Option<&Value> {
        None
    }
    fn is_identified(&self) -> bool {
        true
    }
    fn recorded(&self, _: SegmentId) -> Option<&RecordedTransitions> {
        None
    }
    fn is_member(&self, _: SegmentId) -> bool {
        false
    }
    fn threshold(&self, _: &RankingKey) -> Option<&RankingThreshold> {
        None
    }
}

fn step(name: &str, absent: bool, minutes: Option<u32>) -> SequenceStep<Resolved> {
    SequenceStep {
        absent,
        event: EventFilter {
            subject: segops_rules::Subject::Events,
            name: Some(name.to_owned()),
            predicate: None,
            sources: Vec::new(),
        },
        within: minutes.map(|count| Span { count, unit: Unit::Minute }),
    }
}

/// Events of these names in turn, a second apart.
fn profile(program: &Program, registry: &SignalRegistry, names: &[&str], events: u64) -> Profile {
    let mut timelines = BTreeMap::new();
    for (signal, keep) in program.signals() {
        let name = registry.filter(*signal).and_then(|filter| filter.name.clone()).unwrap_or_default();
        let mut timeline = Timeline::new();
        for at in 0..events {
            let place = usize::try_from(at).unwrap_or(0) % names.len();
            if names.get(place).is_some_and(|other| *other == name) {
                let ts = Instant::from_ms(i64::try_from(at).unwrap_or(0) * 1_000);
                timeline.insert(Entry { ts, position: Position(at) });
            }
        }
        if let Keep::Newest(_) = keep {
            timeline.keep(*keep);
        }
        timelines.insert(*signal, timeline);
    }
    Profile(timelines)
}

#[expect(clippy::disallowed_methods, reason = "an example that measures real time")]
fn cost(
    steps: Vec<SequenceStep<Resolved>>,
    count: CountTest,
    names: &[&str],
    events: u64,
) -> (Duration, bool) {
    let leaf = SequenceCondition { steps, same: None, count, window: Window::AllTime };
    let rule = Rule { version: RULE_FORMAT, base: Base::Everyone, when: Condition::Sequence(Box::new(leaf)) };
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule, &mut registry, &Calendar::utc());
    let profile = profile(&program, &registry, names, events);
    let now = Instant::from_ms(i64::try_from(events).unwrap_or(0) * 1_000);
    let started = Clock::now();
    let mut holds = false;
    for _ in 0..ROUNDS {
        holds = evaluate(&program, &profile, now).member;
    }
    (started.elapsed() / ROUNDS, holds)
}

fn main() {
    let two = |within| vec![step("View", false, None), step("Order", false, within)];
    let never = || vec![step("View", false, None), step("Add", false, None), step("Gone", false, None)];
    let trailing = || vec![step("View", false, None), step("Order", true, Some(120))];
    let once = CountTest::AtLeast(1);
    for events in [20, 200, 2_000, 20_000, 1_000_000] {
        let asked = [
            ("View then Order within 1 minute", cost(two(Some(1)), once, &["View", "Order"], events)),
            (
                "the same, at least 1,000 times",
                cost(two(Some(1)), CountTest::AtLeast(1_000), &["View", "Order"], events),
            ),
            ("View then Add then what never was", cost(never(), once, &["View", "Add"], events)),
            ("Order never after View", cost(two(Some(1)), once, &["Order", "View", "View"], events)),
            ("View then not Order within 2 hours", cost(trailing(), once, &["View", "Order"], events)),
        ];
        println!("{events} events");
        for (what, (cost, holds)) in asked {
            println!("  {what:36} {:>9.1} us, {holds}", cost.as_secs_f64() * 1e6);
        }
    }
}
