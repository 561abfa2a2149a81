use proptest::prelude::*;

use segops_model::{
    ConsentChannel, DAY_MS, Decimal, HOUR_MS, Identifier, Instant, ListId, Position, ResultId, SegmentId,
    SignalId, Value,
};
use segops_rules::{
    ActiveCondition, ActiveDays, Aggregate, AggregateCondition, AggregateFunction, AggregateOperand,
    AggregateTest, Base, CadenceCondition, CadenceTest, Condition, CountTest, RULE_FORMAT, Resolved, Rule,
    SequenceCondition, SequenceStep, Span, Unit,
};

use super::Carried;
use crate::RecordedScore;
use crate::sample::{Profile, event, named};
use crate::window::tests::any_window;
use crate::{
    Calendar, ConsentHistory, Entry, Keep, Naming, ProfileView, Program, RankingKey, RankingThreshold,
    RecordedTransitions, SignalRegistry, Timeline, TimelineItem, evaluate,
};

/// A profile whose answers are carried from one to the next, from the first entry on.
struct Carrying<'a>(&'a Profile, &'a Carried);

impl ProfileView for Carrying<'_> {
    fn profile(&self) -> segops_model::ProfileId {
        self.0.profile()
    }
    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.0.timeline(signal)
    }
    fn trait_value(&self, root: &str) -> Option<&Value> {
        self.0.trait_value(root)
    }
    fn is_identified(&self) -> bool {
        self.0.is_identified()
    }
    fn is_member(&self, segment: SegmentId) -> bool {
        self.0.is_member(segment)
    }
    fn threshold(&self, ranking: &RankingKey) -> Option<&RankingThreshold> {
        self.0.threshold(ranking)
    }
    fn identifiers(&self) -> &[Identifier] {
        self.0.identifiers()
    }
    fn consent(&self, channel: ConsentChannel, identifier: &Identifier) -> Option<&ConsentHistory> {
        self.0.consent(channel, identifier)
    }
    fn is_listed(&self, list: ListId) -> bool {
        self.0.is_listed(list)
    }
    fn naming(&self, result: ResultId) -> Naming {
        self.0.naming(result)
    }
    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions> {
        self.0.recorded(segment)
    }
    fn recorded_score(&self, score: &str) -> Option<RecordedScore> {
        self.0.recorded_score(score)
    }
    fn carried(&self) -> Option<&Carried> {
        Some(self.1)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// So many events, so far apart; the names and values go round.
    Arrive {
        count: u8,
        apart_ms: i64,
        names: usize,
        values: u64,
    },
    Late {
        ago_ms: i64,
        name: usize,
        value: u64,
    },
    /// The item with this index, or the next one round.
    Remove {
        index: usize,
    },
    /// The oldest entry of an event name is taken out: a product's change unmakes its match.
    Unmake {
        name: usize,
    },
    KeepNewest {
        count: u32,
    },
    /// A copy goes on in its place.
    Copy,
    Pass {
        ms: i64,
    },
    /// A question about the past, as `explain` asks them.
    LookBack {
        ms: i64,
    },
}

const NAMES: [&str; 3] = ["A", "B", "C"];

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let apart = prop_oneof![Just(0_i64), 0_i64..20_000, 0..HOUR_MS, 0..DAY_MS];
    let ago = prop_oneof![0_i64..120_000, 0_i64..20 * DAY_MS];
    prop_oneof![
        5 => (1_u8..50, apart, 1_usize..4, 1_u64..30)
            .prop_map(|(count, apart_ms, names, values)| Step::Arrive { count, apart_ms, names, values }),
        2 => (ago, 0_usize..3, 0_u64..30)
            .prop_map(|(ago_ms, name, value)| Step::Late { ago_ms, name, value }),
        1 => any::<usize>().prop_map(|index| Step::Remove { index }),
        1 => (0_usize..3).prop_map(|name| Step::Unmake { name }),
        1 => (40_u32..120).prop_map(|count| Step::KeepNewest { count }),
        1 => Just(Step::Copy),
        3 => prop_oneof![0..2 * HOUR_MS, 0..9 * DAY_MS].prop_map(|ms| Step::Pass { ms }),
        1 => (0_i64..9 * DAY_MS).prop_map(|ms| Step::LookBack { ms }),
    ]
}

fn any_aggregate() -> impl Strategy<Value = Condition<Resolved>> {
    let functions = prop::sample::select(vec![
        AggregateFunction::Distinct,
        AggregateFunction::Median,
        AggregateFunction::Sum,
        AggregateFunction::Maximum,
    ]);
    let tests = prop::sample::select(vec![
        AggregateTest::AtLeast as fn(AggregateOperand<Resolved>) -> AggregateTest<Resolved>,
        AggregateTest::MoreThan,
        AggregateTest::LessThan,
        AggregateTest::AtMost,
    ]);
    (functions, any_window(), tests, 0_i64..40).prop_map(|(function, window, test, bound)| {
        let property = Some("total".parse().unwrap());
        let aggregate = Aggregate { function, property, by_quantity: false, event: named("A"), window };
        let test = test(AggregateOperand::Number(Decimal::from_i64(bound)));
        Condition::Aggregate(Box::new(AggregateCondition { aggregate, test }))
    })
}

fn any_cadence() -> impl Strategy<Value = Condition<Resolved>> {
    (1_i64..30, 2_u32..6).prop_map(|(tenths, events_min)| {
        let factor = Decimal::from_billionths(i128::from(tenths) * 100_000_000);
        let test = CadenceTest::MoreThan(factor);
        Condition::Cadence(Box::new(CadenceCondition { event: named("A"), test, events_min }))
    })
}

fn any_days() -> impl Strategy<Value = Condition<Resolved>> {
    let units = prop::sample::select(vec![Unit::Day, Unit::Week, Unit::Month]);
    let counts = prop::sample::select(vec![
        CountTest::AtLeast as fn(u64) -> CountTest,
        CountTest::AtMost,
        CountTest::Exactly,
        CountTest::Not,
    ]);
    (any_window(), units, counts, 0_u64..12).prop_map(|(window, unit, count, days)| {
        let leaf = ActiveDays { event: named("A"), window, unit, count: count(days) };
        Condition::Active(Box::new(ActiveCondition::Days(leaf)))
    })
}

fn any_sequence() -> impl Strategy<Value = Condition<Resolved>> {
    let span = || (1_u32..30).prop_map(|count| Span { count, unit: Unit::Hour });
    let step = |absent: bool, name: usize, within: Option<Span>| SequenceStep {
        absent,
        event: named(NAMES[name]),
        within,
    };
    let shape = prop_oneof![
        span().prop_map(move |one| vec![step(false, 0, None), step(false, 1, Some(one))]),
        (span(), span()).prop_map(move |(one, two)| {
            vec![step(false, 0, None), step(false, 1, Some(one)), step(false, 2, Some(two))]
        }),
        span().prop_map(move |one| vec![step(false, 0, None), step(true, 1, Some(one))]),
        (span(), span()).prop_map(move |(one, two)| {
            vec![step(false, 0, None), step(false, 1, Some(one)), step(true, 2, Some(two))]
        }),
        span().prop_map(move |one| {
            vec![step(false, 0, None), step(true, 2, None), step(false, 1, Some(one))]
        }),
        span().prop_map(move |one| {
            vec![step(false, 0, None), step(false, 1, Some(one)), step(true, 2, None)]
        }),
    ];
    let count =
        prop::sample::select(vec![CountTest::AtLeast(1), CountTest::Exactly(0), CountTest::AtLeast(2)]);
    (shape, count, any_window(), any::<bool>()).prop_map(|(steps, count, window, is_same)| {
        let same = is_same.then(|| "total".parse().unwrap());
        Condition::Sequence(Box::new(SequenceCondition { steps, same, count, window }))
    })
}

/// Timelines that take in events as the fold has it, trimmed to what the program keeps.
pub(crate) struct World {
    pub(crate) program: Program,
    registry: SignalRegistry,
    pub(crate) profile: Profile,
    pub(crate) now: i64,
    position: u64,
}

impl World {
    fn of(condition: Condition<Resolved>) -> Self {
        Self::of_rule(&Rule { version: RULE_FORMAT, base: Base::Everyone, when: condition })
    }

    pub(crate) fn of_rule(rule: &Rule<Resolved>) -> Self {
        let mut registry = SignalRegistry::new();
        let program = Program::compile(rule, &mut registry, &Calendar::utc());
        Self { program, registry, profile: Profile::default(), now: 1_772_000_000_000, position: 0 }
    }

    /// Whether an event would be the newest of every signal that it matches.
    pub(crate) fn is_newest(&self, name: usize, at: i64) -> bool {
        let mut matched = Vec::new();
        self.registry.matching(&event(NAMES[name], Instant::from_ms(at), &[]), &mut matched);
        let newest = matched.iter().filter_map(|signal| self.profile.timelines.get(signal)?.newest());
        newest.into_iter().all(|newest| newest.ts.as_ms() <= at)
    }

    fn take_in(&mut self, name: usize, at: i64, value: u64) {
        self.position += 1;
        let properties = [("total", Value::Number(Decimal::from_u64(value)))];
        let event = event(NAMES[name], Instant::from_ms(at), &properties);
        let (mut matched, mut values) = (Vec::new(), Vec::new());
        self.registry.matching(&event, &mut matched);
        for signal in matched {
            let timeline = self.profile.timelines.entry(signal).or_default();
            if self.registry.capture(signal, &event, Position(self.position), &mut values) {
                values.iter().for_each(|value| assert!(timeline.insert_value(*value)));
            } else {
                timeline.insert(Entry { ts: event.ts, position: Position(self.position) });
            }
        }
    }

    /// Takes one step; the instant to ask about.
    pub(crate) fn step(&mut self, step: Step) -> Instant {
        match step {
            Step::Arrive { count, apart_ms, names, values } => {
                for at in 0..u64::from(count) {
                    self.now += apart_ms;
                    let name = usize::try_from(at * 5 % 7).unwrap() % names;
                    self.take_in(name, self.now, at * 7 % values);
                }
            }
            Step::Late { ago_ms, name, value } => self.take_in(name, self.now - ago_ms, value),
            Step::Remove { index } => {
                for timeline in self.profile.timelines.values_mut() {
                    let index = index % timeline.len().max(1);
                    let value = timeline.values_at(index..index + 1).next().map(TimelineItem::Value);
                    let item = value.or_else(|| timeline.get(index).map(TimelineItem::Match));
                    item.map(|item| timeline.remove_item(item));
                }
            }
            Step::Unmake { name } => {
                for (signal, timeline) in &mut self.profile.timelines {
                    let filter = self.registry.filter(*signal);
                    let is_of_name = filter.is_some_and(|filter| filter.name.as_deref() == Some(NAMES[name]));
                    if let Some(oldest) = timeline.oldest().filter(|_| is_of_name) {
                        timeline.remove(oldest);
                    }
                }
            }
            Step::KeepNewest { count } => {
                // Of a sequence nothing is dropped that counts.
                if self.program.signals().len() == 1 {
                    self.profile.timelines.values_mut().for_each(|one| one.keep(Keep::Newest(count)));
                }
            }
            Step::Copy => self.profile.timelines.values_mut().for_each(|one| *one = one.clone()),
            Step::Pass { ms } => self.now += ms,
            Step::LookBack { ms } => return Instant::from_ms(self.now - ms),
        }
        Instant::from_ms(self.now)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn what_is_carried_answers_as_what_is_read_anew(
        condition in prop_oneof![2 => any_aggregate(), 1 => any_cadence(), 4 => any_sequence(), 2 => any_days()],
        steps in prop::collection::vec(any_step(), 1..25),
    ) {
        let mut world = World::of(condition);
        let carried = Carried::within(1, 100_000);
        for step in steps {
            let at = world.step(step);
            let expected = evaluate(&world.program, &world.profile, at);
            let found = evaluate(&world.program, &Carrying(&world.profile, &carried), at);
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn what_has_not_been_used_for_longest_goes_first() {
    let shelf = super::Shelf::within(8);
    let key = |profile| (segops_model::ProfileId(profile), SignalId(1));
    for profile in [1, 2, 1, 3, 1, 4, 1, 5, 1] {
        shelf.take(key(profile), |_| true);
        shelf.put(key(profile), profile, 1, |_, _| true);
    }
    assert_eq!([1, 2, 5].map(|profile| shelf.take(key(profile), |_| true)), [Some(1), None, Some(5)]);
    assert_eq!(shelf.take(key(1), |_| true), None);
}
