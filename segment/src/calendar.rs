//! Local time: which instants a workspace's days, weeks, months, quarters and years start at.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use segops_model::{Instant, instant_of_local, offset_change_until};
use segops_rules::Weekday;

/// What calendar windows follow: the workspace's time zone and the first day of its week.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    pub zone: TimeZone,
    pub week_start: Weekday,
}

impl Calendar {
    #[must_use]
    pub const fn new(zone: TimeZone, week_start: Weekday) -> Self {
        Self { zone, week_start }
    }

    /// UTC with weeks from Monday, as ISO 8601 has them.
    #[must_use]
    pub const fn utc() -> Self {
        Self::new(TimeZone::UTC, Weekday::Monday)
    }
}

/// A unit that cuts local time into periods without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    /// Seven days from this weekday on.
    Week(Weekday),
    Month,
    Quarter,
    Year,
}

impl Period {
    /// The first date of the period that holds a date.
    fn first_date(self, date: Date) -> Option<Date> {
        match self {
            Self::Day => Some(date),
            Self::Week(first) => {
                let past = date.weekday().to_monday_zero_offset() - monday_zero_offset(first);
                add_days(date, -i64::from(past.rem_euclid(7)))
            }
            Self::Month => Some(date.first_of_month()),
            Self::Quarter => {
                let first_month = (date.month() - 1) / 3 * 3 + 1;
                Date::new(date.year(), first_month, 1).ok()
            }
            Self::Year => Some(date.first_of_year()),
        }
    }

    /// The first date of the period that comes `count` periods after the one that starts at `first`.
    fn advance(self, first: Date, count: i64) -> Option<Date> {
        match self {
            Self::Day => add_days(first, count),
            Self::Week(_) => add_days(first, count.checked_mul(7)?),
            Self::Month => add_months(first, count),
            Self::Quarter => add_months(first, count.checked_mul(3)?),
            Self::Year => add_months(first, count.checked_mul(12)?),
        }
    }

    /// The first date of the newest period that has started by `now`.
    ///
    /// Started counts, not the local date: where clocks go back across midnight the local date does too,
    /// and a period that has begun stays begun.
    fn current(self, zone: &TimeZone, now: Instant) -> Option<Date> {
        let now = now.clamp(Instant::MIN, Instant::MAX);
        let mut first = self.first_date(zone.to_datetime(now.to_jiff()).date())?;
        // No clock is ever set back or forth by more than a day or two.
        for _ in 0..3 {
            if midnight(zone, first) > now {
                first = self.advance(first, -1)?;
            }
        }
        for _ in 0..3 {
            match self.advance(first, 1).filter(|next| midnight(zone, *next) <= now) {
                Some(next) => first = next,
                None => break,
            }
        }
        Some(first)
    }

    /// When the period that comes `count` periods after the current one starts.
    pub(crate) fn start(self, zone: &TimeZone, now: Instant, count: i64) -> Option<Instant> {
        let first = self.advance(self.current(zone, now)?, count)?;
        Some(midnight(zone, first))
    }
}

const fn monday_zero_offset(weekday: Weekday) -> i8 {
    match weekday {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

pub(crate) fn add_days(date: Date, days: i64) -> Option<Date> {
    date.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn add_months(date: Date, months: i64) -> Option<Date> {
    date.checked_add(jiff::Span::new().try_months(months).ok()?).ok()
}

/// When a local day starts.
pub(crate) fn midnight(zone: &TimeZone, date: Date) -> Instant {
    resolve(zone, date.to_datetime(Time::midnight()))
}

/// The instant that a local time names, or the end of time that it lies beyond.
pub(crate) fn resolve(zone: &TimeZone, local: DateTime) -> Instant {
    let outside = if local.year() < 1 { Instant::MIN } else { Instant::MAX };
    instant_of_local(local, zone).unwrap_or(outside)
}

/// The greatest local time that any clock has shown by `now`: the one just before clocks went back, for
/// as long as the local time has not caught up.
pub(crate) fn latest_local(zone: &TimeZone, now: Instant) -> DateTime {
    let timestamp = now.to_jiff();
    let local = zone.to_datetime(timestamp);
    let Some(change) = offset_change_until(zone, timestamp) else { return local };
    let Ok(before) = change.checked_sub(jiff::SignedDuration::from_millis(1)) else { return local };
    local.max(zone.to_datetime(before))
}

/// The last local time of a day that clocks show, to the millisecond; `None` for a day that a change of
/// offset skips whole.
pub(crate) fn last_time(zone: &TimeZone, date: Date) -> Option<Time> {
    let last = date.to_datetime(Time::constant(23, 59, 59, 999_000_000));
    let AmbiguousOffset::Gap { before, .. } = zone.to_ambiguous_timestamp(last).offset() else {
        return Some(last.time());
    };
    let change = offset_change_until(zone, before.to_timestamp(last).ok()?)?;
    let shown = before.to_datetime(change.checked_sub(jiff::SignedDuration::from_millis(1)).ok()?);
    (shown.date() == date).then(|| shown.time())
}
