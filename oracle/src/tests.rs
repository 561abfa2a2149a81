use jiff::tz::TimeZone;

use segops_model::Instant;
use segops_rules::{Span, Unit, Weekday, Window};

use crate::Calendar;
use crate::value::number_in;

fn check_window(zone: &str, window: &Window, now: &str, expected_from: &str) {
    let calendar = Calendar { zone: TimeZone::get(zone).unwrap(), week_start: Weekday::Monday };
    let now: Instant = now.parse().unwrap();
    let (from, _) = calendar.bounds(window, now.as_ms());
    assert_eq!(Instant::from_ms(from).to_string(), expected_from, "{zone} {window:?} at {now}");
}

#[test]
fn windows_start_where_a_calendar_on_paper_says() {
    let month = Window::Last(Span { count: 1, unit: Unit::Month });
    check_window("UTC", &month, "2026-03-15T12:00:00Z", "2026-02-15T12:00:00.001Z");
    // The 28th at its last millisecond has been passed by the end of 29 March already.
    check_window("UTC", &month, "2026-03-31T10:00:00Z", "2026-03-01T00:00:00.000Z");
    // 02:30 does not exist on 29 March in Berlin; the clocks show 03:00 next.
    check_window("Europe/Berlin", &month, "2026-04-29T00:30:00Z", "2026-03-29T01:00:00.001Z");
    let today = Window::Calendar(segops_rules::CalendarPeriod::Today);
    check_window("Europe/Berlin", &today, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00.000Z");
    let last_week = Window::Calendar(segops_rules::CalendarPeriod::LastWeek);
    check_window("UTC", &last_week, "2026-03-04T12:00:00Z", "2026-02-23T00:00:00.000Z");
}

#[test]
fn numbers_in_text_are_read_by_their_digits() {
    for (text, expected) in [
        ("10", Some(10_000_000_000)),
        (" -0.5 ", Some(-500_000_000)),
        ("1e3", Some(1_000_000_000_000)),
        ("0.0000000005", Some(1)),
        ("0.00000000049", Some(0)),
        (".5", Some(500_000_000)),
        ("", None),
        ("1,000", None),
        ("5 EUR", None),
        ("100000000000000000000", None),
    ] {
        assert_eq!(number_in(text), expected, "{text:?}");
    }
}
