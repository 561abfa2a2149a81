use proptest::prelude::*;

use segops_model::Instant;
use segops_rules::{CalendarPeriod, Moment, Span, Unit, Weekday, Window};

use super::WindowBounds;
use crate::Calendar;
use crate::sample::{instant, zone};

fn last(count: u32, unit: Unit) -> Window {
    Window::Last(Span { count, unit })
}

fn calendar(name: &str) -> Calendar {
    Calendar::new(zone(name), Weekday::Monday)
}

/// The bounds at an instant, in local time of the zone: `(after, until]`.
fn check(zone_name: &str, window: &Window, now: &str, after: &str, until: &str) {
    let (is_after, is_until) = WindowBounds::new(window, &calendar(zone_name)).bounds(instant(now));
    let expected = (instant(after), instant(until));
    assert_eq!((is_after, is_until), expected, "{window:?} in {zone_name} at {now}: {is_after}..{is_until}");
}

#[test]
fn rolling_days_are_24_hours() {
    // Across Berlin's change to summer time on 29 March 2026, a day is still 24 hours.
    let now = "2026-03-29T12:00:00.000Z";
    check("Europe/Berlin", &last(1, Unit::Day), now, "2026-03-28T12:00:00Z", now);
    check("Europe/Berlin", &last(2, Unit::Week), now, "2026-03-15T12:00:00Z", now);
    check("Europe/Berlin", &last(90, Unit::Second), now, "2026-03-29T11:58:30Z", now);
    let ago =
        Window::Ago { near: Span { count: 30, unit: Unit::Day }, far: Span { count: 60, unit: Unit::Day } };
    check("UTC", &ago, "2026-03-31T00:00:00Z", "2026-01-30T00:00:00Z", "2026-03-01T00:00:00Z");
}

#[test]
fn months_follow_the_calendar() {
    let month = last(1, Unit::Month);
    for (zone, now, after) in [
        ("UTC", "2026-03-15T10:30:00Z", "2026-02-15T10:30:00Z"),
        // Days that February lacks become its end, and the start has been there since 28 March ended.
        ("UTC", "2026-03-28T23:59:59.999Z", "2026-02-28T23:59:59.999Z"),
        ("UTC", "2026-03-29T00:00:00Z", "2026-02-28T23:59:59.999Z"),
        ("UTC", "2026-03-31T12:00:00Z", "2026-02-28T23:59:59.999Z"),
        ("UTC", "2026-04-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        // A leap year's February has a 29th.
        ("UTC", "2024-03-29T08:00:00Z", "2024-02-29T08:00:00Z"),
        ("UTC", "2024-03-30T08:00:00Z", "2024-02-29T23:59:59.999Z"),
        ("UTC", "2026-05-31T08:00:00Z", "2026-04-30T23:59:59.999Z"),
        ("UTC", "2026-01-31T08:00:00Z", "2025-12-31T08:00:00Z"),
        // Local time decides: in Berlin it is 10:30 on both days, before and after the change.
        ("Europe/Berlin", "2026-04-15T08:30:00Z", "2026-03-15T09:30:00Z"),
        // 02:30 on 29 March 2026 does not exist in Berlin: the first instant after the gap, 03:00 CEST.
        ("Europe/Berlin", "2026-04-29T00:30:00Z", "2026-03-29T01:00:00Z"),
        // 02:30 on 25 October 2026 happens twice: the earlier, CEST.
        ("Europe/Berlin", "2026-11-25T01:30:00Z", "2026-10-25T00:30:00Z"),
        // While clocks repeat 02:00 to 03:00, the start waits at what 02:59:59.999 gave.
        ("Europe/Berlin", "2026-10-25T00:59:59.999Z", "2026-09-25T00:59:59.999Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z", "2026-09-25T00:59:59.999Z"),
        ("Europe/Berlin", "2026-10-25T01:59:59.999Z", "2026-09-25T00:59:59.999Z"),
        ("Europe/Berlin", "2026-10-25T02:00:00Z", "2026-09-25T01:00:00Z"),
        // New York: 8 March 2026, 02:00 EST becomes 03:00 EDT; 1 November, 02:00 EDT becomes 01:00 EST.
        ("America/New_York", "2026-04-08T06:15:00Z", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-12-01T06:30:00Z", "2026-11-01T05:30:00Z"),
        ("America/New_York", "2026-03-08T07:00:00Z", "2026-02-08T08:00:00Z"),
    ] {
        check(zone, &month, now, after, now);
    }
    check(
        "UTC",
        &last(1, Unit::Year),
        "2025-02-28T12:00:00Z",
        "2024-02-28T12:00:00Z",
        "2025-02-28T12:00:00Z",
    );
    check(
        "UTC",
        &last(1, Unit::Year),
        "2024-02-29T12:00:00Z",
        "2023-02-28T23:59:59.999Z",
        "2024-02-29T12:00:00Z",
    );
    check(
        "UTC",
        &last(2, Unit::Quarter),
        "2026-08-31T00:00:00Z",
        "2026-02-28T23:59:59.999Z",
        "2026-08-31T00:00:00Z",
    );
    check(
        "UTC",
        &last(4_000_000, Unit::Year),
        "2026-08-31T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "2026-08-31T00:00:00Z",
    );
}

#[test]
fn calendar_periods_start_at_local_midnight() {
    let period = |period| Window::Calendar(period);
    // 23:30 UTC on 31 December is 2026 in Berlin; Thursday 1 January.
    let now = "2025-12-31T23:30:00Z";
    let berlin =
        |window: Window, after: &str, until: &str| check("Europe/Berlin", &window, now, after, until);
    berlin(period(CalendarPeriod::Today), "2025-12-31T22:59:59.999Z", now);
    berlin(period(CalendarPeriod::Yesterday), "2025-12-30T22:59:59.999Z", "2025-12-31T22:59:59.999Z");
    berlin(period(CalendarPeriod::ThisWeek), "2025-12-28T22:59:59.999Z", now);
    berlin(period(CalendarPeriod::LastWeek), "2025-12-21T22:59:59.999Z", "2025-12-28T22:59:59.999Z");
    berlin(period(CalendarPeriod::ThisMonth), "2025-12-31T22:59:59.999Z", now);
    berlin(period(CalendarPeriod::LastMonth), "2025-11-30T22:59:59.999Z", "2025-12-31T22:59:59.999Z");
    berlin(period(CalendarPeriod::ThisQuarter), "2025-12-31T22:59:59.999Z", now);
    berlin(period(CalendarPeriod::LastQuarter), "2025-09-30T21:59:59.999Z", "2025-12-31T22:59:59.999Z");
    berlin(period(CalendarPeriod::ThisYear), "2025-12-31T22:59:59.999Z", now);
    berlin(period(CalendarPeriod::LastYear), "2024-12-31T22:59:59.999Z", "2025-12-31T22:59:59.999Z");
    berlin(Window::SinceWeekday(Weekday::Thursday), "2025-12-31T22:59:59.999Z", now);
    berlin(Window::SinceWeekday(Weekday::Friday), "2025-12-25T22:59:59.999Z", now);
    // A day of 23 hours, and one of 25.
    let on = |date: &str| Window::On(date.parse().unwrap());
    let later = "2027-01-01T00:00:00Z";
    check("Europe/Berlin", &on("2026-03-29"), later, "2026-03-28T22:59:59.999Z", "2026-03-29T21:59:59.999Z");
    check("Europe/Berlin", &on("2026-10-25"), later, "2026-10-24T21:59:59.999Z", "2026-10-25T22:59:59.999Z");
    // Beirut's clocks skip midnight on 29 March 2026; the day starts at 01:00, 22:00 UTC before.
    check("Asia/Beirut", &on("2026-03-29"), later, "2026-03-28T21:59:59.999Z", "2026-03-29T20:59:59.999Z");
}

#[test]
fn the_week_starts_where_the_workspace_says() {
    let sunday = Calendar::new(zone("UTC"), Weekday::Sunday);
    let window = Window::Calendar(CalendarPeriod::ThisWeek);
    let (after, _) = WindowBounds::new(&window, &sunday).bounds(instant("2026-11-23T12:00:00Z"));
    assert_eq!(after, instant("2026-11-21T23:59:59.999Z"));
}

#[test]
fn a_period_that_has_begun_stays_begun() {
    // In St. John's clocks went back from 00:01 to 23:01 the day before, until 2011.
    let bounds = WindowBounds::new(&Window::Calendar(CalendarPeriod::Today), &calendar("America/St_Johns"));
    let (after, _) = bounds.bounds(instant("2010-11-07T02:30:30Z"));
    for now in ["2010-11-07T02:31:00Z", "2010-11-07T03:00:00Z", "2010-11-07T03:30:00Z"] {
        assert_eq!(bounds.bounds(instant(now)).0, after, "at {now}");
    }
}

#[test]
fn a_day_that_never_was_is_empty() {
    // Samoa went from 29 to 31 December 2011, at 10:00 UTC on the 30th.
    let yesterday = Window::Calendar(CalendarPeriod::Yesterday);
    let start = "2011-12-30T09:59:59.999Z";
    check("Pacific/Apia", &yesterday, "2011-12-30T12:00:00Z", start, start);
    check(
        "Pacific/Apia",
        &yesterday,
        "2011-12-30T09:00:00Z",
        "2011-12-28T09:59:59.999Z",
        "2011-12-29T09:59:59.999Z",
    );
    let month = last(1, Unit::Month);
    let now = "2012-01-30T08:00:00Z";
    check("Pacific/Apia", &month, now, "2011-12-30T10:00:00Z", now);
    let now = "2012-01-30T10:00:00Z";
    check("Pacific/Apia", &month, now, "2011-12-30T10:00:00Z", now);
}

#[test]
fn ranges_exclude_their_end() {
    let moment = |text: &str| Some(text.parse::<Moment>().unwrap());
    let window = Window::Range { from: moment("2026-01-01"), to: moment("2026-02-01") };
    let now = "2026-06-01T00:00:00Z";
    check("UTC", &window, now, "2025-12-31T23:59:59.999Z", "2026-01-31T23:59:59.999Z");
    check("UTC", &window, "2026-01-10T00:00:00Z", "2025-12-31T23:59:59.999Z", "2026-01-10T00:00:00Z");
    let bounds = WindowBounds::new(&window, &calendar("UTC"));
    assert_eq!(bounds.enters_at(instant("2026-01-01T00:00:00Z")), Some(instant("2026-01-01T00:00:00Z")));
    assert_eq!(bounds.enters_at(instant("2025-12-31T23:59:59.999Z")), None);
    assert_eq!(bounds.enters_at(instant("2026-02-01T00:00:00Z")), None);
    assert_eq!(bounds.leaves_at(instant("2026-01-15T00:00:00Z")), None);
}

#[test]
fn entries_cross_the_edges_at_the_millisecond() {
    for (zone, window, ts, enters, leaves) in [
        (
            "UTC",
            last(30, Unit::Day),
            "2026-01-01T10:00:00.123Z",
            "2026-01-01T10:00:00.123Z",
            "2026-01-31T10:00:00.123Z",
        ),
        (
            "Europe/Berlin",
            Window::Calendar(CalendarPeriod::Today),
            "2026-03-29T00:30:00Z",
            "2026-03-29T00:30:00Z",
            "2026-03-29T22:00:00Z",
        ),
        (
            "UTC",
            Window::Calendar(CalendarPeriod::LastWeek),
            "2026-11-25T12:00:00Z",
            "2026-11-30T00:00:00Z",
            "2026-12-07T00:00:00Z",
        ),
        (
            "UTC",
            Window::Calendar(CalendarPeriod::LastMonth),
            "2026-01-31T12:00:00Z",
            "2026-02-01T00:00:00Z",
            "2026-03-01T00:00:00Z",
        ),
        // What happened in the last millisecond of February goes when 28 March ends, not before.
        (
            "UTC",
            last(1, Unit::Month),
            "2026-02-28T23:59:59.999Z",
            "2026-02-28T23:59:59.999Z",
            "2026-03-28T23:59:59.999Z",
        ),
        ("UTC", last(1, Unit::Month), "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        // Both times that Berlin shows 02:30 on 25 October go with the first 02:30 local past the earlier.
        (
            "Europe/Berlin",
            last(1, Unit::Month),
            "2026-10-25T00:30:00Z",
            "2026-10-25T00:30:00Z",
            "2026-11-25T01:30:00Z",
        ),
        (
            "Europe/Berlin",
            last(1, Unit::Month),
            "2026-10-25T01:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-11-25T02:00:00Z",
        ),
    ] {
        let bounds = WindowBounds::new(&window, &calendar(zone));
        let crossed = (bounds.enters_at(instant(ts)), bounds.leaves_at(instant(ts)));
        assert_eq!(crossed, (Some(instant(enters)), Some(instant(leaves))), "{window:?} in {zone}, {ts}");
    }
}

pub(crate) fn any_window() -> impl Strategy<Value = Window> {
    let unit = prop::sample::select(vec![
        Unit::Second,
        Unit::Minute,
        Unit::Hour,
        Unit::Day,
        Unit::Week,
        Unit::Month,
        Unit::Quarter,
        Unit::Year,
    ]);
    let span = (0_u32..5, unit).prop_map(|(count, unit)| Span { count, unit });
    let period = prop::sample::select(vec![
        CalendarPeriod::Today,
        CalendarPeriod::Yesterday,
        CalendarPeriod::ThisWeek,
        CalendarPeriod::LastWeek,
        CalendarPeriod::ThisMonth,
        CalendarPeriod::LastMonth,
        CalendarPeriod::ThisQuarter,
        CalendarPeriod::LastQuarter,
        CalendarPeriod::ThisYear,
        CalendarPeriod::LastYear,
    ]);
    let moment = || {
        prop::option::of((1_i64..700).prop_map(|day| {
            Moment::Instant(instant("2025-06-01T00:00:00Z").plus_ms(day * segops_model::DAY_MS))
        }))
    };
    let day = (0_i64..700).prop_map(|day| {
        let date: jiff::civil::Date = "2025-06-01".parse().unwrap();
        Window::On(date.checked_add(jiff::Span::new().days(day)).unwrap())
    });
    prop_oneof![
        1 => Just(Window::AllTime),
        4 => span.clone().prop_map(Window::Last),
        4 => (span.clone(), span).prop_map(|(near, far)| Window::Ago { near, far }),
        2 => (moment(), moment()).prop_map(|(from, to)| Window::Range { from, to }),
        4 => period.prop_map(Window::Calendar),
        1 => day,
        1 => prop::sample::select(vec![Weekday::Monday, Weekday::Saturday]).prop_map(Window::SinceWeekday),
    ]
}

pub(crate) fn any_calendar() -> impl Strategy<Value = Calendar> {
    let zones =
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "America/Havana"];
    let start = prop::sample::select(vec![Weekday::Monday, Weekday::Sunday]);
    (prop::sample::select(zones.to_vec()), start).prop_map(|(name, start)| Calendar::new(zone(name), start))
}

/// Instants from mid 2025 to mid 2027, many of them close to changes of offset and month ends.
pub(crate) fn any_instant() -> impl Strategy<Value = Instant> {
    let start = instant("2025-06-01T00:00:00Z");
    let close_to = prop::sample::select(vec![
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-03-01T00:00:00Z",
        "2026-02-28T23:00:00Z",
        "2026-03-31T22:00:00Z",
        "2026-01-01T00:00:00Z",
        "2025-10-26T01:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-04-29T01:00:00Z",
    ]);
    prop_oneof![
        (0_i64..63_072_000_000).prop_map(move |ms| start.plus_ms(ms)),
        (close_to.clone(), -7_200_000_i64..7_200_000).prop_map(|(at, ms)| instant(at).plus_ms(ms)),
        (close_to, -4_i64..4).prop_map(|(at, days)| instant(at).plus_ms(days * segops_model::DAY_MS)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn edges_never_move_backwards(
        window in any_window(), calendar in any_calendar(), now in any_instant(), step in 0_i64..200_000_000,
    ) {
        let bounds = WindowBounds::new(&window, &calendar);
        let (after, until) = bounds.bounds(now);
        let (later_after, later_until) = bounds.bounds(now.plus_ms(step));
        prop_assert!(after <= later_after && until <= later_until);
        prop_assert!(until <= now);
    }

    #[test]
    fn the_ends_of_time_are_no_trouble(window in any_window(), calendar in any_calendar(), count in 1_u32..) {
        let long = [Unit::Second, Unit::Week, Unit::Month, Unit::Year].map(|unit| last(count, unit));
        for window in long.iter().chain([&window]) {
            let bounds = WindowBounds::new(window, &calendar);
            for end in [i64::MIN, Instant::MIN.as_ms(), 0, Instant::MAX.as_ms(), i64::MAX] {
                let end = Instant::from_ms(end);
                prop_assert!(bounds.bounds(end).1 <= end);
                prop_assert!(bounds.enters_at(end).is_none_or(|at| at >= end));
                prop_assert!(bounds.leaves_at(end).is_none_or(|at| at <= Instant::MAX));
            }
        }
    }

    #[test]
    fn an_entry_is_inside_from_entering_to_leaving(
        window in any_window(), calendar in any_calendar(), ts in any_instant(), now in any_instant(),
    ) {
        let bounds = WindowBounds::new(&window, &calendar);
        let inside = |now: Instant| {
            let (after, until) = bounds.bounds(now);
            after < ts && ts <= until
        };
        let (enters, leaves) = (bounds.enters_at(ts), bounds.leaves_at(ts));
        let by_crossing = |now: Instant| {
            enters.is_some_and(|enters| enters <= now) && leaves.is_none_or(|leaves| now < leaves)
        };
        let moments = [Some(now), enters, leaves].into_iter().flatten();
        for at in moments.flat_map(|at| [at.plus_ms(-1), at, at.plus_ms(1)]).filter(|at| *at > Instant::MIN) {
            prop_assert_eq!(inside(at), by_crossing(at), "at {}", at);
        }
    }
}
