use std::sync::Arc;

use proptest::prelude::*;

use segops_model::{DAY_MS, Decimal, HOUR_MS, Instant, Position};
use segops_rules::{
    Base, Condition, DateWindow, RULE_FORMAT, Resolved, Rule, ScoreCondition, ScoreKind, ScoreTest, Span, Unit,
};

use super::{
    RecordedScore, ScoreFunction, ScoreFunctions, ScoreInput, ScoreRecord, ScoreValue, newest_record,
};
use crate::sample::{Profile, entry, named};
use crate::{Calendar, Keep, Program, SignalRegistry, Timeline, Verdict, evaluate};

fn rule(score: &str, test: ScoreTest) -> Rule<Resolved> {
    let when = Condition::Score(ScoreCondition { score: score.to_owned(), test });
    Rule { version: RULE_FORMAT, base: Base::Everyone, when }
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn with_entries(registry: &SignalRegistry, days: &[i64]) -> Profile {
    let mut profile = Profile::default();
    let entries = (0_u64..).zip(days).map(|(position, day)| entry(day * DAY_MS, position));
    profile.timelines.insert(registry.ids().next().unwrap(), entries.collect());
    profile
}

fn ask(score: &str, test: ScoreTest, days: &[i64], at_ms: i64) -> Verdict {
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&rule(score, test), &mut registry, &Calendar::utc());
    evaluate(&program, &with_entries(&registry, days), Instant::from_ms(at_ms))
}

#[test]
fn days_since_the_newest_order_rise() {
    let test = || ScoreTest::AtLeast(decimal("30.5"));
    let reaches = Instant::from_ms(40 * DAY_MS + DAY_MS / 2);
    let before = ask("days_since_last_order", test(), &[0, 10], 10 * DAY_MS);
    assert_eq!(before, Verdict { member: false, next_change: Some(reaches) });
    assert!(!ask("days_since_last_order", test(), &[0, 10], reaches.as_ms() - 1).member);
    let at = ask("days_since_last_order", test(), &[0, 10], reaches.as_ms());
    assert_eq!(at, Verdict { member: true, next_change: None });
    let nobody = ask("days_since_last_order", ScoreTest::LessThan(decimal("1")), &[], 0);
    assert_eq!(nobody, Verdict { member: false, next_change: None });
}

#[test]
fn between_is_entered_and_left() {
    let test = || ScoreTest::Between(decimal("2"), decimal("3"));
    let before = ask("days_since_last_order", test(), &[0], DAY_MS);
    assert_eq!(before, Verdict { member: false, next_change: Some(Instant::from_ms(2 * DAY_MS)) });
    let inside = ask("days_since_last_order", test(), &[0], 2 * DAY_MS);
    // Of a day and one millisecond the nine digits are more than those of a day.
    assert_eq!(inside, Verdict { member: true, next_change: Some(Instant::from_ms(3 * DAY_MS + 1)) });
    let exactly = ask("days_since_last_order", ScoreTest::Exactly(decimal("3")), &[0], 3 * DAY_MS);
    assert_eq!(exactly, Verdict { member: true, next_change: Some(Instant::from_ms(3 * DAY_MS + 1)) });
}

#[test]
fn the_usual_next_order_is_a_median_gap_after_the_newest() {
    let next = |days| ScoreTest::Date(DateWindow::Next(Span { count: days, unit: Unit::Day }));
    assert!(!ask("usual_next_order", ScoreTest::Exists, &[3, 4], 5 * DAY_MS).member);
    assert!(ask("usual_next_order", ScoreTest::Exists, &[3, 4, 6], 6 * DAY_MS).member);
    // Gaps of 10, 20 and 60 days: the next order is due on day 110.
    let days = [0, 10, 30, 90];
    let early = ask("usual_next_order", next(7), &days, 90 * DAY_MS);
    assert_eq!(early, Verdict { member: false, next_change: Some(Instant::from_ms(103 * DAY_MS)) });
    let due = ask("usual_next_order", next(7), &days, 103 * DAY_MS);
    assert_eq!(due, Verdict { member: true, next_change: Some(Instant::from_ms(110 * DAY_MS)) });
}

/// A score that swings: it rises for a day, and falls for a day.
#[derive(Debug)]
struct Swing;

impl ScoreFunction for Swing {
    fn name(&self) -> &str {
        "swing"
    }
    fn kind(&self) -> ScoreKind {
        ScoreKind::Number
    }
    fn inputs(&self) -> Vec<ScoreInput> {
        vec![ScoreInput { filter: named("A"), capture: None, keep: Keep::Newest(1) }]
    }
    fn value(&self, inputs: &[Option<&Timeline>], now: Instant) -> Option<ScoreValue> {
        inputs.first().copied().flatten()?;
        let at = now.as_ms().rem_euclid(2 * DAY_MS);
        let up = if at < DAY_MS { at } else { 2 * DAY_MS - at };
        Some(ScoreValue::Number(Decimal::from_i64(up)))
    }
    fn turns_at(&self, _: &[Option<&Timeline>], now: Instant) -> Option<Instant> {
        Some(Instant::from_ms((now.as_ms().div_euclid(DAY_MS) + 1) * DAY_MS))
    }
}

fn swinging(test: ScoreTest) -> (Program, Profile) {
    let mut functions = ScoreFunctions::default();
    functions.register(Arc::new(Swing));
    let mut registry = SignalRegistry::with_scores(functions);
    let program = Program::compile(&rule("swing", test), &mut registry, &Calendar::utc());
    let profile = with_entries(&registry, &[0]);
    (program, profile)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The instant of change is the first of them, found here by looking around every hour.
    #[test]
    fn the_next_change_is_the_first(hour in 0_i64..72, low in 1_i64..24, width in 0_i64..12, kind in 0_u8..6) {
        // Crossings lie at whole hours, or one millisecond beside one.
        let bound = |hours: i64| Decimal::from_i64(hours * HOUR_MS);
        let test = match kind {
            0 => ScoreTest::AtLeast(bound(low)),
            1 => ScoreTest::MoreThan(bound(low)),
            2 => ScoreTest::AtMost(bound(low)),
            3 => ScoreTest::LessThan(bound(low)),
            4 => ScoreTest::Exactly(bound(low)),
            _ => ScoreTest::Between(bound(low), bound((low + width).min(24))),
        };
        let (program, profile) = swinging(test);
        let now = Instant::from_ms(hour * HOUR_MS);
        let verdict = evaluate(&program, &profile, now);
        let changed = (hour..hour + 100)
            .flat_map(|hour| (-2..=2).map(move |ms| Instant::from_ms(hour * HOUR_MS + ms)))
            .filter(|at| *at > now)
            .find(|at| evaluate(&program, &profile, *at).member != verdict.member);
        match changed {
            Some(changed) => prop_assert_eq!(verdict.next_change, Some(changed)),
            // Where it never changes, the search gives up at a turn.
            None => prop_assert!(verdict.next_change.is_some_and(|at| at > now)),
        }
    }
}

#[test]
fn what_was_recorded_holds() {
    let at_least = rule("propensity", ScoreTest::AtLeast(decimal("0.7")));
    let mut registry = SignalRegistry::new();
    let program = Program::compile(&at_least, &mut registry, &Calendar::utc());
    assert_eq!(program.recorded_scores(), ["propensity"]);
    let mut profile = Profile::default();
    assert!(!evaluate(&program, &profile, Instant::MIN).member);
    for (value, member) in [("0.7", true), ("0.699999999", false)] {
        let recorded = RecordedScore { as_of: Instant::MIN, value: ScoreValue::Number(decimal(value)) };
        profile.scores.insert("propensity".to_owned(), recorded);
        assert_eq!(evaluate(&program, &profile, Instant::MIN), Verdict { member, next_change: None });
    }
}

#[test]
fn of_several_records_the_newest_holds_also_where_it_takes_the_score_back() {
    let record = |as_of, position, place, value: Option<i64>| ScoreRecord {
        as_of: Instant::from_ms(as_of),
        position: Position(position),
        place,
        value: value.map(|value| ScoreValue::Number(Decimal::from_i64(value))),
    };
    let found = |records: &[ScoreRecord]| {
        let newest = newest_record(records.iter());
        newest.and_then(|newest| newest.value.number()).and_then(Decimal::to_i64)
    };
    assert_eq!(found(&[record(5, 1, 0, Some(1)), record(4, 9, 0, Some(2))]), Some(1));
    assert_eq!(found(&[record(5, 1, 0, Some(1)), record(5, 2, 0, Some(2))]), Some(2));
    assert_eq!(found(&[record(5, 1, 1, Some(1)), record(5, 1, 0, Some(2))]), Some(1));
    assert_eq!(found(&[record(5, 1, 0, Some(1)), record(6, 1, 0, None)]), None);
    assert_eq!(found(&[]), None);
}
