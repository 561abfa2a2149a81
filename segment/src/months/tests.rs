use jiff::tz::AmbiguousOffset;
use proptest::prelude::*;

use segops_model::{DAY_MS, HOUR_MS, Instant};

use super::{months_before, reaches};
use crate::sample::zone;
use crate::window::tests::{any_calendar, any_instant};

/// What one instant says, by the letter: its local time minus the months, the end of the month where the
/// day is missing, the first instant after a gap, the earlier one in an overlap.
fn said_by(zone: &jiff::tz::TimeZone, at: Instant, months: i64) -> Instant {
    let local = zone.to_datetime(at.to_jiff());
    let earlier = local.checked_sub(jiff::Span::new().months(months)).unwrap();
    let ambiguous = zone.to_ambiguous_timestamp(earlier);
    if let AmbiguousOffset::Gap { before, after } = ambiguous.offset() {
        // Look for the change of offset by halving between two instants that are certainly around it.
        let mut low = Instant::from_jiff(after.to_timestamp(earlier).unwrap()).plus_ms(-1);
        let mut high = Instant::from_jiff(before.to_timestamp(earlier).unwrap());
        while high.ms_since(low) > 1 {
            let middle = low.plus_ms(high.ms_since(low) / 2);
            if zone.to_offset(middle.to_jiff()) == before { low = middle } else { high = middle }
        }
        return high;
    }
    Instant::from_jiff(ambiguous.compatible().unwrap())
}

/// Back, or ahead.
fn any_months() -> impl Strategy<Value = i64> {
    prop_oneof![2 => 1_i64..30, 1 => -30_i64..0]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_start_is_the_greatest_that_any_instant_up_to_now_says(
        calendar in any_calendar(), now in any_instant(), months in any_months(), before in 0_i64..8 * DAY_MS,
    ) {
        let start = months_before(&calendar.zone, now, months);
        prop_assert!(said_by(&calendar.zone, now.plus_ms(-before), months) <= start);
        // It is said by some instant: now, or the last millisecond of a recent local hour.
        let hours = (0..5 * 24).map(|hours| (now.as_ms() / HOUR_MS - hours) * HOUR_MS - 1);
        let halves = hours.flat_map(|ms| [ms, ms + HOUR_MS / 2]).chain([now.as_ms()]);
        let greatest = halves.filter(|ms| *ms <= now.as_ms())
            .map(|ms| said_by(&calendar.zone, Instant::from_ms(ms), months)).max();
        prop_assert_eq!(greatest, Some(start));
    }

    #[test]
    fn it_is_reached_at_the_first_instant(calendar in any_calendar(), ts in any_instant(), months in any_months()) {
        let reached = reaches(&calendar.zone, ts, months).unwrap();
        prop_assert!(months_before(&calendar.zone, reached, months) >= ts);
        prop_assert!(months_before(&calendar.zone, reached.plus_ms(-1), months) < ts);
    }
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let utc = zone("UTC");
    for months in [1, 12, 1_000_000, i64::MAX] {
        assert!(months_before(&utc, Instant::MIN, months) <= Instant::MIN);
        assert_eq!(reaches(&utc, Instant::MAX, months), None);
    }
    assert_eq!(reaches(&utc, Instant::from_ms(0), 1_000_000), None);
    assert_eq!(months_before(&utc, Instant::MAX, -1), Instant::MAX);
}
