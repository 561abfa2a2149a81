//! Prints what one more event costs, rule by rule, for profiles with ever longer histories:
//! `cargo run --release -p segops-segment --example profile_cost [EVENTS]`.
//!
//! What is timed is everything of which the cost can depend on a profile's history: matching the event, entering
//! it into the timelines, and evaluating the rule. The fold does the same, with a fixed cost beside it.

use std::collections::BTreeMap;
use std::time::Instant as Clock;

use segops_model::{
    ConsentChannel, Decimal, Event, EventKind, Identifier, Instant, ListId, Position, ProfileId, ResultId,
    SegmentId, SignalId, SourceId, Value,
};
use segops_rules::made_up::MadeUpNames;
use segops_rules::read_text;
use segops_segment::{
    Calendar, Carried, ConsentHistory, Entry, Naming, ProfileView, Program, RankingKey, RankingThreshold,
    RecordedScore, RecordedTransitions, SignalRegistry, Timeline, ValueEntry, evaluate,
};

const RULES: [&str; 24] = [
    r#"did "View""#,
    r#"did "View" >= 5 times in last 7 days"#,
    r#"did "View" < 900000 times in last 30 days"#,
    r#"did not "View" between 1 and 2 days ago"#,
    r#"sum of total over "View" >= 100000000"#,
    r#"sum of total over "View" in last 30 days >= 100000000"#,
    r#"average of total over "View" in last 30 days > 50"#,
    r#"minimum of total over "View" in last 90 days < 2"#,
    r#"distinct of product_id over "View" >= 20"#,
    r#"distinct of product_id over "View" in last 7 days >= 5000"#,
    r#"distinct of session over "View" in last 90 days >= 5000"#,
    r#"median of total over "View" in last 30 days > 50"#,
    r#"sum of total over "View" in last 30 days > 0.5 times sum of total over "View" between 30 and 60 days ago"#,
    r#"first "View" has total >= 50"#,
    r#"last "View" has total >= 50"#,
    r#"3rd "View" was in last 30 days"#,
    r#"did "View" within 7 days of first "Order""#,
    r#"did "View" in at least 3 of the last 6 weeks"#,
    r#"distinct days with "View" in last 30 days >= 20"#,
    r#"stopped "View" in last 30 days"#,
    r#"did "View" then "Order" within 1 hour"#,
    r#"did "View" then "Order" within 1 hour with same product_id in last 30 days"#,
    r#"did "View" then not "Order" within 2 hours"#,
    r#""View" overdue by 1.5 times the usual gap"#,
];

/// Every tenth event is an order.
const NAMES: [&str; 10] = ["View", "View", "View", "View", "View", "View", "View", "View", "View", "Order"];
/// From one event to the next.
const GAP_MS: i64 = 10_000;
const BATCH: u64 = 50;
const BATCHES: u64 = 40;

fn main() {
    let longest = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let lengths = [20, 10_000, longest];
    println!("ns for one more event, after 20, 10,000 and {longest} events");
    for text in RULES {
        let costs = lengths.map(|events| cost(text, events));
        #[expect(clippy::cast_precision_loss, reason = "a ratio for the eye")]
        let ratio = costs[2] as f64 / costs[0].max(1) as f64;
        println!("{:>8} {:>8} {:>8}  {ratio:>6.1}x  {text}", costs[0], costs[1], costs[2]);
    }
}

/// Nanoseconds from one event to the next, after so many. What else runs on the machine interrupts some of the batches,
/// the slowest, which are left out.
#[expect(clippy::disallowed_methods, reason = "an example that measures real time")]
fn cost(text: &str, events: u64) -> u128 {
    let reading =
        read_text(&format!("everyone where {text}"), &MadeUpNames::default(), None).expect("a rule");
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&reading.resolved, &mut registry, &Calendar::utc());
    let mut profile = Profile { timelines: BTreeMap::new(), carried: Carried::default() };
    for at in 0..events {
        profile.add(&program, &registry, at);
    }
    // The first answer after a start may have to read more.
    let _ = evaluate(&program, &profile, ts(events));
    let mut batches: Vec<u128> = (0..BATCHES)
        .map(|batch| {
            let from = events + batch * BATCH;
            let started = Clock::now();
            for at in from..from + BATCH {
                profile.add(&program, &registry, at);
                std::hint::black_box(evaluate(&program, &profile, ts(at)));
            }
            started.elapsed().as_nanos()
        })
        .collect();
    batches.sort_unstable();
    batches.truncate(batches.len() * 9 / 10);
    batches.iter().sum::<u128>() / (u128::from(BATCH) * batches.len() as u128)
}

fn ts(at: u64) -> Instant {
    Instant::from_ms(i64::try_from(at).unwrap_or(0) * GAP_MS)
}

fn event(at: u64) -> Event {
    let name = NAMES[usize::try_from(at % 10).unwrap_or(0)];
    let number = |value: u64| Value::Number(Decimal::from_u64(value));
    let properties = [
        ("total", number(1 + at * 7_919 % 100)),
        ("product_id", number(at * 31 % 10_000)),
        ("session", number(at / 20)),
    ];
    Event {
        message_id: "m".into(),
        source: SourceId(1),
        kind: EventKind::Track,
        name: name.into(),
        ts: ts(at),
        received_at: ts(at),
        clamped: false,
        identifiers: Vec::new(),
        properties: properties.into_iter().collect(),
        traits: [].into_iter().collect::<Vec<(&str, Value)>>().into_iter().collect(),
        group_traits: [].into_iter().collect::<Vec<(&str, Value)>>().into_iter().collect(),
        context: [].into_iter().collect::<Vec<(&str, Value)>>().into_iter().collect(),
    }
}

struct Profile {
    timelines: BTreeMap<SignalId, Timeline>,
    carried: Carried,
}

impl Profile {
    fn add(&mut self, program: &Program, registry: &SignalRegistry, at: u64) {
        let (event, position) = (event(at), Position(at));
        let (mut matched, mut values): (Vec<SignalId>, Vec<ValueEntry>) = (Vec::new(), Vec::new());
        registry.matching(&event, &mut matched);
        for signal in matched {
            let keep = program.signals().iter().find(|(id, _)| *id == signal).map(|(_, keep)| *keep);
            let Some(keep) = keep else { continue };
            let timeline = self.timelines.entry(signal).or_default();
            if registry.capture(signal, &event, position, &mut values) {
                for value in &values {
                    timeline.insert_value(*value);
                }
            } else {
                timeline.insert(Entry { ts: event.ts, position });
            }
            timeline.keep(keep);
        }
    }
}

impl ProfileView for Profile {
    fn profile(&self) -> ProfileId {
        ProfileId(1)
    }
    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.timelines.get(&signal)
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
    fn identifiers(&self) -> &[Identifier] {
        &[]
    }
    fn consent(&self, _: ConsentChannel, _: &Identifier) -> Option<&ConsentHistory> {
        None
    }
    fn is_listed(&self, _: ListId) -> bool {
        false
    }
    fn naming(&self, _: ResultId) -> Naming {
        Naming::NOTHING
    }
    fn threshold(&self, _: &RankingKey) -> Option<&RankingThreshold> {
        None
    }
    fn recorded_score(&self, _: &str) -> Option<RecordedScore> {
        None
    }
    // As the fold looks ahead when it decides.
    fn changes_looked_over(&self) -> usize {
        4
    }
    fn carried(&self) -> Option<&Carried> {
        Some(&self.carried)
    }
}
