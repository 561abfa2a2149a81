use std::collections::BTreeMap;

use proptest::prelude::*;
use segops_model::{DAY_MS, Event, Instant, SegmentId, SignalId, Value};
use segops_rules::made_up::MadeUpNames;
use segops_rules::{Weekday, parse, resolve};

use super::{Alone, BlockRows, ProfileRows, Vectorized};
use crate::sample::{Profile, event, instant, zone};
use crate::signal::columns::tests::Listed;
use crate::{
    Calendar, Program, SignalMemos, SignalRegistry, SignalRows, Timeline, TimelineItem, ValueEntry, selects,
};

/// Rules of every kind of leaf, and of what is made of leaves.
const RULES: [&str; 24] = [
    r#"everyone where did "Viewed""#,
    r#"everyone where did "Viewed" at least 2 times in last 3 days"#,
    r#"everyone where did "Viewed" between 1 and 2 times in last 5 days"#,
    r#"everyone where did not "Bought" in last 4 days"#,
    r#"everyone where did "Viewed" where price > 1 exactly 2 times in last 6 days"#,
    r#"everyone where did any event at most 3 times in last 2 days"#,
    r#"customers where did not "Viewed""#,
    r#"everyone where sum of price over "Bought" in last 5 days >= 3"#,
    r#"everyone where sum of price over "Bought" in last 5 days < 1"#,
    r#"everyone where average of price over "Viewed" > 1"#,
    r#"everyone where min of price over "Viewed" in last 3 days = 0"#,
    r#"everyone where max of price over "Bought" between 1 and 2"#,
    r#"everyone where median of price over "Viewed" >= 1"#,
    r#"everyone where distinct of product over "Viewed" in last 6 days >= 2"#,
    r#"everyone where count of "Viewed" in last 6 days >= 2 times count of "Bought""#,
    r#"everyone where first "Bought" has price >= 2"#,
    r#"everyone where last "Viewed" was in last 2 days"#,
    r#"everyone where last "Viewed" has product is "a""#,
    r#"everyone where second "Viewed" has product is "a""#,
    r#"everyone where did "Viewed" then "Bought" within 1 day"#,
    r#"everyone where did "Viewed" then "Bought" with same product in last 6 days"#,
    r#"everyone where (did "Viewed" in last 1 days or did "Bought" in last 2 days) and not (did "Viewed" then "Bought")"#,
    r#"everyone where did "Viewed" in last 3 days and sum of price over "Bought" >= 2 and first "Viewed" has price = 1"#,
    r#"everyone where did "Viewed" within 1 day of first "Bought""#,
];

/// One profile's event.
#[derive(Debug, Clone)]
struct Happened {
    profile: u32,
    is_bought: bool,
    ts: i64,
    price: Option<i64>,
    product: Option<&'static str>,
    /// Which of the streams of its name it comes in.
    stream: usize,
}

fn any_happened() -> impl Strategy<Value = Happened> {
    let product = prop::option::of(prop::sample::select(vec!["a", "A", "b", "c"]));
    // Few instants, so that events share some.
    (0_u32..4, any::<bool>(), 0_i64..16, prop::option::of(0_i64..4), product, 0_usize..2).prop_map(
        |(profile, is_bought, at, price, product, stream)| {
            let ts = now().as_ms() - at * DAY_MS / 2;
            Happened { profile, is_bought, ts, price, product, stream }
        },
    )
}

fn now() -> Instant {
    instant("2026-03-10T12:00:00Z")
}

impl Happened {
    fn name(&self) -> &'static str {
        if self.is_bought { "Bought" } else { "Viewed" }
    }

    fn event(&self) -> Event {
        let price = self.price.map(|price| ("price", Value::from(price)));
        let product = self.product.map(|product| ("product", Value::from(product)));
        let properties: Vec<_> = price.into_iter().chain(product).collect();
        event(self.name(), Instant::from_ms(self.ts), &properties)
    }
}

/// Rows of one stream, as a block has them.
struct Rows {
    profiles: Vec<ProfileRows>,
    ts: Vec<i64>,
    positions: Vec<u64>,
    signals: Vec<SignalRows>,
}

impl Rows {
    fn of(name: &str, mut rows: Vec<(u64, &Happened)>, registry: &SignalRegistry) -> Self {
        rows.sort_by_key(|(position, row)| (row.profile, row.ts, *position));
        let mut profiles: Vec<ProfileRows> = Vec::new();
        for (number, (_, row)) in (0_u32..).zip(&rows) {
            match profiles.last_mut().filter(|last| last.slot == row.profile) {
                Some(last) => last.end = number + 1,
                None => profiles.push(ProfileRows { slot: row.profile, start: number, end: number + 1 }),
            }
        }
        let columns = Listed::of(rows.iter().map(|(_, row)| row.event()).collect(), true);
        Self {
            profiles,
            ts: rows.iter().map(|(_, row)| row.ts).collect(),
            positions: rows.iter().map(|(position, _)| *position).collect(),
            signals: registry.named(name).read(&columns, &mut SignalMemos::default()),
        }
    }

    fn block(&self) -> BlockRows<'_> {
        BlockRows {
            profiles: &self.profiles,
            ts_ms: &self.ts,
            positions: &self.positions,
            first: 0,
            signals: &self.signals,
        }
    }
}

/// What there is of each profile, as live evaluation would have it.
fn profiles(rows: &[Rows]) -> Vec<Profile> {
    let mut timelines: Vec<BTreeMap<SignalId, Timeline>> = vec![BTreeMap::new(); 4];
    for rows in rows.iter().map(Rows::block) {
        for (of_profile, signal) in
            rows.profiles.iter().flat_map(|one| rows.signals.iter().map(move |signal| (one, signal)))
        {
            for row in of_profile.range().filter(|row| signal.matches(*row)) {
                let entry = rows.entry(row).unwrap();
                let timeline = timelines[of_profile.slot as usize].entry(signal.signal).or_default();
                match signal.captured(row) {
                    None => assert!(timeline.insert_item(TimelineItem::Match(entry))),
                    Some(values) => (0..).zip(values).for_each(|(line, value)| {
                        let value = ValueEntry { entry, line, value: *value };
                        assert!(timeline.insert_item(TimelineItem::Value(value)));
                    }),
                }
            }
        }
    }
    timelines.into_iter().map(|timelines| Profile { timelines, ..Profile::default() }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_block_has_the_answers_of_its_profiles(
        happened in prop::collection::vec(any_happened(), 0..30),
        rules in prop::sample::subsequence(RULES.to_vec(), 1..=5),
    ) {
        let calendar = Calendar::new(zone("UTC"), Weekday::Monday);
        let mut registry = SignalRegistry::new();
        let compiled = rules.iter().map(|text| {
            let rule = parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:#?}"));
            let rule = resolve(&rule, &MadeUpNames::default(), None);
            let (rule, _) = rule.unwrap_or_else(|problems| panic!("{text}: {problems:#?}"));
            Program::compile(&rule, &mut registry, &calendar)
        });
        let programs: Vec<Program> = compiled.collect();
        let numbered = programs.iter().zip(1..).map(|(program, number)| (SegmentId(number), program));
        let vectorized = Vectorized::of(numbered, now()).expect("rules of matches alone");
        let streams = [("Bought", 0), ("Bought", 1), ("Viewed", 0), ("Viewed", 1)].map(|(name, stream)| {
            let rows = (1_u64..).zip(&happened);
            let rows = rows.filter(|(_, row)| row.name() == name && row.stream == stream);
            Rows::of(name, rows.collect(), &registry)
        });
        let profiles = profiles(&streams);
        let mut tallies = vectorized.tallies();
        // What was tallied of another block leaves no trace.
        for _ in 0..2 {
            tallies.begin(profiles.len());
            streams.iter().for_each(|rows| tallies.add(&rows.block()));
        }
        let answers = tallies.answers(|condition: &Alone, answers| {
            for (answer, profile) in answers.iter_mut().zip(&profiles) {
                *answer = condition.holds(profile, now());
            }
        });
        for ((program, text), answers) in programs.iter().zip(&rules).zip(&answers) {
            let alone: Vec<bool> =
                profiles.iter().map(|profile| selects(program, profile, now())).collect();
            prop_assert_eq!(answers, &alone, "{}", text);
        }
    }
}
