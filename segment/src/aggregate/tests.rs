use proptest::prelude::*;

use segops_model::{Decimal, Instant, Path};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateMultiple, AggregateOperand, AggregateTest,
    Base, Condition, RULE_FORMAT, Resolved, Rule, Window,
};

use super::{Fraction, MEDIAN_VALUES_MAX};
use crate::sample::{Profile, entry, named};
use crate::window::tests::{any_calendar, any_instant, any_window};
use crate::{Program, SignalRegistry, Timeline, ValueEntry, Verdict, WindowBounds, evaluate};

const BILLION: i128 = 1_000_000_000;

fn aggregate(function: AggregateFunction, event: &str, window: Window) -> Aggregate<Resolved> {
    let property: Path = "total".parse().unwrap();
    Aggregate { function, property, by_quantity: false, event: named(event), window }
}

fn rule(aggregate: Aggregate<Resolved>, test: AggregateTest<Resolved>) -> Rule<Resolved> {
    let when = Condition::Aggregate(Box::new(AggregateCondition { aggregate, test }));
    Rule { version: RULE_FORMAT, base: Base::Everyone, when }
}

type Valued = (&'static str, ValueEntry);

/// What an aggregate comes to, from every value by itself, as (numerator, denominator).
fn plain_value(
    aggregate: &Aggregate<Resolved>,
    calendar: &crate::Calendar,
    events: &[Valued],
    now: Instant,
) -> Option<(i128, i128)> {
    let (after, until) = WindowBounds::new(&aggregate.window, calendar).bounds(now);
    let inside = |value: &ValueEntry| value.entry.ts > after && value.entry.ts <= until;
    let mut values: Vec<i128> = events
        .iter()
        .filter(|(name, value)| aggregate.event.name.as_deref() == Some(*name) && inside(value))
        .map(|(_, value)| value.value)
        .collect();
    values.sort_unstable();
    let count = values.len() as i128;
    let sum: i128 = values.iter().sum();
    Some(match aggregate.function {
        AggregateFunction::Sum => (sum, 1),
        AggregateFunction::Distinct => {
            values.dedup();
            (values.len() as i128 * BILLION, 1)
        }
        AggregateFunction::Average if count == 0 => return None,
        AggregateFunction::Average => (sum, count),
        AggregateFunction::Minimum => (*values.first()?, 1),
        AggregateFunction::Maximum => (*values.last()?, 1),
        AggregateFunction::Median => {
            (values.get((values.len().checked_sub(1)?) / 2)? + values[values.len() / 2], 2)
        }
    })
}

fn plain_verdict(rule: &Rule<Resolved>, calendar: &crate::Calendar, events: &[Valued], now: Instant) -> bool {
    let Condition::Aggregate(leaf) = &rule.when else { panic!("an aggregate") };
    let left = plain_value(&leaf.aggregate, calendar, events, now);
    let (factor, right) = match leaf.test.operand().unwrap() {
        AggregateOperand::Number(number) => (BILLION, Some((number.billionths(), 1))),
        AggregateOperand::Times(multiple) => {
            (multiple.factor.billionths(), plain_value(&multiple.aggregate, calendar, events, now))
        }
        AggregateOperand::Date(_) => panic!("no dates here"),
    };
    let order =
        left.zip(right).map(|(left, right)| (left.0 * right.1 * BILLION).cmp(&(right.0 * left.1 * factor)));
    match &leaf.test {
        AggregateTest::Equals(_) => order.is_some_and(std::cmp::Ordering::is_eq),
        AggregateTest::NotEquals(_) => order.is_none_or(std::cmp::Ordering::is_ne),
        AggregateTest::LessThan(_) => order.is_some_and(std::cmp::Ordering::is_lt),
        AggregateTest::AtMost(_) => order.is_some_and(std::cmp::Ordering::is_le),
        AggregateTest::MoreThan(_) => order.is_some_and(std::cmp::Ordering::is_gt),
        AggregateTest::AtLeast(_) => order.is_some_and(std::cmp::Ordering::is_ge),
        AggregateTest::Between(..) => panic!("not made here"),
    }
}

fn any_function() -> impl Strategy<Value = AggregateFunction> {
    prop::sample::select(vec![
        AggregateFunction::Sum,
        AggregateFunction::Average,
        AggregateFunction::Minimum,
        AggregateFunction::Maximum,
        AggregateFunction::Distinct,
        AggregateFunction::Median,
    ])
}

fn any_rule() -> impl Strategy<Value = Rule<Resolved>> {
    let number = (-4_i64..12).prop_map(|number| AggregateOperand::Number(Decimal::from_i64(number)));
    let other = (1_i64..20, any_function(), any_window()).prop_map(|(tenths, function, window)| {
        AggregateOperand::Times(Box::new(AggregateMultiple {
            factor: Decimal::from_billionths(i128::from(tenths) * BILLION / 10),
            aggregate: aggregate(function, "B", window),
        }))
    });
    let test = prop::sample::select(vec![
        AggregateTest::Equals as fn(AggregateOperand<Resolved>) -> AggregateTest<Resolved>,
        AggregateTest::NotEquals,
        AggregateTest::LessThan,
        AggregateTest::AtMost,
        AggregateTest::MoreThan,
        AggregateTest::AtLeast,
    ]);
    (any_function(), any_window(), test, prop_oneof![2 => number, 1 => other])
        .prop_map(|(function, window, test, operand)| rule(aggregate(function, "A", window), test(operand)))
}

/// Few enough that the search for the change never ends early.
fn any_events() -> impl Strategy<Value = Vec<Valued>> {
    let offset = prop_oneof![
        Just(0_i64),
        0_i64..5_000,
        0_i64..400_000_000,
        (0_i64..40).prop_map(|days| days * segops_model::DAY_MS),
    ];
    let one = (prop::sample::select(vec!["A", "A", "B"]), offset, -3_i128..9);
    (any_instant(), prop::collection::vec(one, 0..12)).prop_map(|(start, events)| {
        let placed = events.into_iter().enumerate().map(|(position, (name, ms, value))| {
            let entry = entry(start.plus_ms(-ms).as_ms(), position as u64);
            (name, ValueEntry { entry, line: 0, value: value * BILLION })
        });
        placed.collect()
    })
}

fn profile(program: &Program, registry: &SignalRegistry, events: &[Valued]) -> Profile {
    let mut profile = Profile::default();
    for (signal, keep) in program.signals() {
        let name = registry.filter(*signal).unwrap().name.clone().unwrap();
        let mut timeline = Timeline::new();
        for (_, value) in events.iter().filter(|(event, _)| *event == name) {
            timeline.insert_value(*value);
            timeline.keep(*keep);
        }
        profile.timelines.insert(*signal, timeline);
    }
    profile
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn an_aggregate_is_what_its_values_make_it_and_changes_exactly_when_said(
        rule in any_rule(), calendar in any_calendar(), events in any_events(), now in any_instant(),
    ) {
        let mut registry = SignalRegistry::new();
        let program = Program::compile(&rule, &mut registry, &calendar);
        let profile = profile(&program, &registry, &events);
        let Verdict { member, next_change } = evaluate(&program, &profile, now);
        prop_assert_eq!(member, plain_verdict(&rule, &calendar, &events, now));
        let Condition::Aggregate(leaf) = &rule.when else { panic!("an aggregate") };
        let other = leaf.test.operand().and_then(AggregateOperand::multiple);
        let windows = std::iter::once(&leaf.aggregate.window).chain(other.map(|other| &other.aggregate.window));
        let mut crossed: Vec<Instant> = windows
            .map(|window| WindowBounds::new(window, &calendar))
            .flat_map(|bounds| {
                let each = events.iter().flat_map(|(_, value)| {
                    [bounds.reached_by_until(value.entry.ts), bounds.leaves_at(value.entry.ts)]
                });
                each.flatten().collect::<Vec<Instant>>()
            })
            .filter(|at| *at > now)
            .collect();
        crossed.sort_unstable();
        let change = crossed.iter().find(|at| plain_verdict(&rule, &calendar, &events, **at) != member);
        prop_assert_eq!(next_change, change.copied());
    }

    #[test]
    fn fractions_compare_as_their_products_do(
        left in -1_000_i128..1_000, among in 1_u64..50, right in -1_000_i128..1_000, other in 1_u64..50,
        factor in 1_i64..40,
    ) {
        let one = Fraction { numerator: left, denominator: among };
        let two = Fraction { numerator: right, denominator: other };
        let expected = (left * i128::from(other)).cmp(&(right * i128::from(among) * i128::from(factor)));
        prop_assert_eq!(one.compare(two, Decimal::from_i64(factor)), expected);
        // The same, so large that the products take more than 128 bits.
        let large = 10_i128.pow(34);
        let one = Fraction { numerator: left * large, denominator: among };
        let two = Fraction { numerator: right * large, denominator: other };
        prop_assert_eq!(one.compare(two, Decimal::from_i64(factor)), expected);
        prop_assert!(one.compare(one, Decimal::ONE).is_eq());
    }
}

#[test]
fn a_median_looks_at_the_newest_values() {
    let calendar = crate::Calendar::new(crate::sample::zone("UTC"), segops_rules::Weekday::Monday);
    let test = AggregateTest::Equals(AggregateOperand::Number(Decimal::from_i64(1)));
    let rule = rule(aggregate(AggregateFunction::Median, "A", Window::AllTime), test);
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule, &mut registry, &calendar);
    let newest = i64::from(MEDIAN_VALUES_MAX);
    // As many zeros as ones, and all the ones are newer.
    let value =
        |at: i64| ValueEntry { entry: entry(at, 0), line: 0, value: if at < newest { 0 } else { BILLION } };
    let all: Timeline = (0..2 * newest).map(value).collect();
    let mut kept = all.clone();
    kept.keep(program.signals()[0].1);
    assert_eq!(kept.len(), MEDIAN_VALUES_MAX as usize);
    for timeline in [all, kept] {
        let mut profile = Profile::default();
        profile.timelines.insert(program.signals()[0].0, timeline);
        assert!(evaluate(&program, &profile, Instant::from_ms(2 * newest)).member);
    }
}
