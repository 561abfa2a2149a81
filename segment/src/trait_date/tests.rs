use proptest::prelude::*;

use segops_model::{DAY_MS, Instant, Object, Value};
use segops_rules::{
    Base, Condition, DatePeriod, DateTest, DateWindow, MonthDay, RULE_FORMAT, Resolved, Rule, Span,
    TraitDateCondition, Unit,
};

use crate::sample::{Profile, instant, list, zone};
use crate::window::tests::{any_calendar, any_instant};
use crate::{Calendar, Program, SignalRegistry, Verdict, evaluate};

fn rule(test: DateTest) -> Rule<Resolved> {
    let leaf = TraitDateCondition { path: "day".parse().unwrap(), test };
    Rule { version: RULE_FORMAT, base: Base::Everyone, when: Condition::TraitDate(leaf) }
}

fn asked(test: DateTest, calendar: &Calendar, value: Value, now: Instant) -> Verdict {
    let program = Program::compile(&rule(test), &mut SignalRegistry::new(), calendar);
    let profile = Profile { traits: Object::from_iter([("day", value)]), ..Profile::default() };
    evaluate(&program, &profile, now)
}

fn span(count: u32, unit: Unit) -> Span {
    Span { count, unit }
}

fn any_span() -> impl Strategy<Value = Span> {
    let unit = prop::sample::select(vec![Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year]);
    (1_u32..5, unit).prop_map(|(count, unit)| span(count, unit))
}

fn any_date_window() -> impl Strategy<Value = DateWindow> {
    use DatePeriod as P;
    let near_far = |(near, more, unit): (u32, u32, Unit)| (span(near, unit), span(near + more, unit));
    let unit = prop::sample::select(vec![Unit::Hour, Unit::Day, Unit::Month]);
    let pair = (1_u32..4, 1_u32..4, unit).prop_map(near_far);
    let period = prop::sample::select(vec![
        P::Yesterday,
        P::Today,
        P::Tomorrow,
        P::LastWeek,
        P::NextWeek,
        P::ThisMonth,
        P::NextMonth,
        P::NextQuarter,
        P::LastYear,
        P::NextYear,
    ]);
    prop_oneof![
        any_span().prop_map(DateWindow::Last),
        any_span().prop_map(DateWindow::Next),
        pair.clone().prop_map(|(near, far)| DateWindow::Ago { near, far }),
        pair.prop_map(|(near, far)| DateWindow::FromNow { near, far }),
        any_span().prop_map(DateWindow::AtLeastAgo),
        any_span().prop_map(DateWindow::AtLeastFromNow),
        Just(DateWindow::Past),
        Just(DateWindow::Future),
        period.prop_map(DateWindow::Calendar),
        Just(DateWindow::SinceWeekday(segops_rules::Weekday::Friday)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Between now and the instant given the answer stays, and there it is the other.
    #[test]
    fn answers_change_exactly_when_said(
        window in any_date_window(), yearly in any::<bool>(), calendar in any_calendar(), date in any_instant(),
        offset in -500_i64..500, ms in 0_i64..DAY_MS, between in prop::collection::vec(0.0_f64..1.0, 12),
    ) {
        let endless = matches!(
            window,
            DateWindow::Past | DateWindow::Future | DateWindow::AtLeastAgo(_) | DateWindow::AtLeastFromNow(_)
        );
        let test = if yearly && !endless { DateTest::Anniversary(window) } else { DateTest::Date(window) };
        let now = date.plus_ms(offset * DAY_MS + ms);
        let value = Value::text(date.to_string());
        let at = |now| asked(test.clone(), &calendar, value.clone(), now);
        let verdict = at(now);
        let end = verdict.next_change.unwrap_or(now.plus_ms(900 * DAY_MS));
        prop_assert!(end > now);
        let length = end.ms_since(now);
        for part in between {
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "some instant")]
            let inside = now.plus_ms((length as f64 * part) as i64).min(end.plus_ms(-1));
            prop_assert_eq!(at(inside).member, verdict.member, "at {}", inside);
            if length < 20_000 * DAY_MS {
                prop_assert_eq!(at(inside).next_change, verdict.next_change, "from {}", inside);
            }
        }
        // (As above.) One that comes every year can leave at the very instant at which the next one comes in: then the
        // search ends, too early, decades ahead.
        if verdict.next_change.is_some() && length < 20_000 * DAY_MS {
            prop_assert_eq!(at(end.plus_ms(-1)).member, verdict.member);
            prop_assert_eq!(at(end).member, !verdict.member);
        }
    }
}

#[track_caller]
fn holds_between(test: &DateTest, zone_name: &str, value: &Value, from: &str, to: &str) {
    let calendar = Calendar::new(zone(zone_name), segops_rules::Weekday::Monday);
    let (from, to) = (instant(from), instant(to));
    let member = |at| asked(test.clone(), &calendar, value.clone(), at).member;
    let seen = [from.plus_ms(-1), from, to.plus_ms(-1), to].map(member);
    assert_eq!(seen, [false, true, true, false], "{test:?}");
}

#[test]
fn windows_reach_ahead() {
    let day = Value::text("2026-03-29");
    let next = |count, unit| DateTest::Date(DateWindow::Next(span(count, unit)));
    // In Berlin the 29th begins at 23:00Z of the 28th, and the 30th at 22:00Z of the 29th.
    holds_between(&next(1, Unit::Day), "Europe/Berlin", &day, "2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z");
    holds_between(
        &next(1, Unit::Month),
        "Europe/Berlin",
        &day,
        "2026-02-28T23:00:00Z",
        "2026-03-28T23:00:00Z",
    );
    let today = DateTest::Date(DateWindow::Calendar(DatePeriod::Today));
    holds_between(&today, "Europe/Berlin", &day, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    let next_quarter = DateTest::Date(DateWindow::Calendar(DatePeriod::NextQuarter));
    holds_between(
        &next_quarter,
        "UTC",
        &Value::text("2026-05-05"),
        "2026-01-01T00:00:00Z",
        "2026-04-01T00:00:00Z",
    );
}

#[test]
fn anniversaries_of_a_leap_day() {
    let day = Value::text("2024-02-29");
    let today = DateTest::Anniversary(DateWindow::Calendar(DatePeriod::Today));
    holds_between(&today, "UTC", &day, "2025-02-28T00:00:00Z", "2025-03-01T00:00:00Z");
    holds_between(&today, "UTC", &day, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z");
    // The day itself is none.
    assert!(!asked(today, &Calendar::utc(), day, instant("2024-02-29T12:00:00Z")).member);
}

#[test]
fn lists_and_what_is_no_date() {
    let month = |value| asked(DateTest::Month(vec![5]), &Calendar::utc(), value, Instant::from_ms(0)).member;
    assert!(month(list(&["?".into(), "2020-05-31T23:59:59.999Z".into()])));
    assert!(!month("May".into()) && !month(Value::Null) && !month(5.into()));
    let day = DateTest::MonthDay(vec![MonthDay::new(5, 17).unwrap()]);
    let on = |value: &str| asked(day.clone(), &Calendar::utc(), value.into(), Instant::from_ms(0)).member;
    assert!(on("1999-05-17") && !on("1999-05-16") && !on("1999-06-17"));
}
