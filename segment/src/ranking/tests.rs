use proptest::prelude::*;

use segops_model::{DAY_MS, Decimal, Instant, Value};
use segops_rules::{
    Base, Condition, CountMeasure, Measure, RULE_FORMAT, RankingCondition, RankingEnd, Resolved, Rule, Span,
    Unit, Window,
};

use super::{Census, Ranking, place};
use crate::sample::{Profile, entry, named, object};
use crate::{Calendar, Program, SignalRegistry, evaluate};

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn rule(end: RankingEnd, percent: &str, by: Measure<Resolved>) -> Rule<Resolved> {
    let when = Condition::Ranking(Box::new(RankingCondition { end, percent: decimal(percent), by }));
    Rule { version: RULE_FORMAT, base: Base::Everyone, when }
}

fn by_points() -> Measure<Resolved> {
    Measure::Trait("points".parse().unwrap())
}

fn with_points(points: &str) -> Profile {
    Profile { traits: object(&[("points", Value::text(points))]), ..Profile::default() }
}

#[test]
fn the_last_one_inside_is_counted_up() {
    for (percent, population, expected) in [
        ("10", 0, None),
        ("10", 1, Some(0)),
        ("10", 10, Some(0)),
        ("10", 11, Some(1)),
        ("25", 4, Some(0)),
        ("25.000000001", 4, Some(1)),
        ("99.9", 2, Some(1)),
        ("0.000000001", 1_000_000_000, Some(0)),
    ] {
        assert_eq!(place(decimal(percent), population), expected, "{percent}% of {population}");
    }
}

#[test]
fn a_place_is_held_until_the_window_moves_on() {
    let window = Window::Last(Span { count: 3, unit: Unit::Day });
    let by = Measure::Count(CountMeasure { event: named("A"), window });
    let rule = rule(RankingEnd::Top, "50", by);
    let calendar = Calendar::utc();
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule, &mut registry, &calendar);
    let signal = registry.ids().next().unwrap();
    let with = |days: &[i64]| {
        let mut profile = Profile::default();
        let entries = (0_u64..).zip(days).map(|(position, day)| entry(day * DAY_MS, position));
        profile.timelines.insert(signal, entries.collect());
        profile
    };
    let at = Instant::from_ms(4 * DAY_MS);
    let (one, two, mut three) = (with(&[2]), with(&[2, 3]), with(&[2, 3, 4]));
    assert!(!evaluate(&program, &three, at).member, "nothing was recorded");
    let [ranking] = &Ranking::all_of(&rule, &calendar)[..] else { panic!("one ranking") };
    let mut census = Census::new(ranking, &mut registry);
    for profile in [&one, &two, &three, &Profile::default()] {
        census.count(profile, at);
    }
    let threshold = census.threshold(at);
    assert_eq!((threshold.population, threshold.cut.unwrap().rounded()), (3, decimal("2")));
    three.thresholds.insert(ranking.key.clone(), threshold);
    let verdict = evaluate(&program, &three, at);
    // Down to two on day 5, still inside; down to one on day 6.
    assert!(verdict.member);
    assert_eq!(verdict.next_change, Some(Instant::from_ms(6 * DAY_MS)));
}

proptest! {
    #[test]
    fn the_threshold_is_the_number_at_its_place(
        points in prop::collection::vec(-20_i64..20, 0..40),
        tenths in 1_i64..1_000,
        top in any::<bool>(),
    ) {
        let end = if top { RankingEnd::Top } else { RankingEnd::Bottom };
        let percent = Decimal::from_billionths(i128::from(tenths) * 100_000_000);
        let rule = rule(end, &percent.to_string(), by_points());
        let ranking = Ranking::all_of(&rule, &Calendar::utc()).remove(0);
        let mut census = Census::new(&ranking, &mut SignalRegistry::new());
        for points in &points {
            census.count(&with_points(&points.to_string()), Instant::MIN);
        }
        census.count(&with_points("many"), Instant::MIN);
        let threshold = census.threshold(Instant::MIN);
        prop_assert_eq!(threshold.population, points.len() as u64);
        let mut sorted = points.clone();
        sorted.sort_unstable();
        if top {
            sorted.reverse();
        }
        let inside = (0..=sorted.len()).find(|count| *count as i64 * 1_000 >= tenths * sorted.len() as i64).unwrap();
        let cut = inside.checked_sub(1).map(|last| Decimal::from_i64(sorted[last]));
        prop_assert_eq!(threshold.cut.map(super::Cut::rounded), cut);
    }
}
