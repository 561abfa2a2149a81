//! Local time by looking at clocks: a wall clock is a number of milliseconds, and questions about it are
//! answered by trying instants one after the other.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use segops_model::{Instant, Value};
use segops_rules::{CalendarPeriod, Moment, Span, Unit, Weekday, Window};

/// Clocks of our days are set forth and back at full quarters of an hour.
const QUARTER_MS: i64 = 15 * 60 * 1_000;
const HOUR_MS: i64 = 3_600 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The settings that local time depends on.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub zone: TimeZone,
    pub week_start: Weekday,
}

/// From the first millisecond to the second, which does not count.
pub(crate) type Bounds = (i64, i64);

#[derive(Clone, Copy)]
pub(crate) enum Period {
    Day,
    Week(Weekday),
    Month,
    Quarter,
    Year,
}

impl Calendar {
    /// When an event must have happened to count at `now`.
    pub(crate) fn bounds(&self, window: &Window, now: i64) -> Bounds {
        let (from, to) = match window {
            Window::AllTime => (i64::MIN, i64::MAX),
            Window::Last(span) => (self.before(now, *span) + 1, i64::MAX),
            Window::Ago { near, far } => (self.before(now, *far) + 1, self.before(now, *near) + 1),
            Window::Range { from, to } => (
                from.map_or(i64::MIN, |moment| self.moment(moment)),
                to.map_or(i64::MAX, |moment| self.moment(moment)),
            ),
            Window::Calendar(period) => self.calendar_bounds(*period, now),
            Window::On(date) => {
                let next = date.tomorrow().expect("a day after");
                (self.first_instant(wall_of_date(*date)), self.first_instant(wall_of_date(next)))
            }
            Window::SinceWeekday(weekday) => (self.starts(Period::Week(*weekday), now).1, i64::MAX),
        };
        (from, to.min(now + 1))
    }

    /// What the clock on the wall shows, as milliseconds.
    pub(crate) fn wall(&self, at: i64) -> i64 {
        let timestamp = Timestamp::from_millisecond(at).expect("an instant within the calendar");
        at + i64::from(self.zone.to_offset(timestamp).seconds()) * 1_000
    }

    /// The first instant at which the clock on the wall shows this time or a later one: the earlier of two in
    /// an overlap, the first one after a gap.
    pub(crate) fn first_instant(&self, wall: i64) -> i64 {
        let (start, end) = (wall - 26 * HOUR_MS, wall + 26 * HOUR_MS);
        if self.wall(start) - start == self.wall(end) - end {
            return wall - (self.wall(start) - start);
        }
        let mut at = start.div_euclid(QUARTER_MS) * QUARTER_MS;
        // Clocks change between quarters of an hour, so that within one they run on.
        while self.wall(at + QUARTER_MS - 1) < wall {
            at += QUARTER_MS;
        }
        at + (wall - self.wall(at)).max(0)
    }

    pub(crate) fn moment(&self, moment: Moment) -> i64 {
        match moment {
            Moment::Instant(instant) => instant.as_ms(),
            Moment::Local(local) => self.first_instant(wall_of(local)),
            Moment::Date(date) => self.first_instant(wall_of_date(date)),
        }
    }

    pub(crate) fn before(&self, now: i64, span: Span) -> i64 {
        let count = i64::from(span.count);
        match span.unit {
            Unit::Second => now - count * 1_000,
            Unit::Minute => now - count * 60_000,
            Unit::Hour => now - count * HOUR_MS,
            Unit::Day => now - count * DAY_MS,
            Unit::Week => now - count * 7 * DAY_MS,
            Unit::Month => self.months_before(now, count),
            Unit::Quarter => self.months_before(now, count * 3),
            Unit::Year => self.months_before(now, count * 12),
        }
    }

    /// The greatest, over all instants up to `now`, of local time minus so many months. Within one quarter of
    /// an hour it only grows, so the last millisecond of each quarter of the days before stands for them all.
    pub(crate) fn months_before(&self, now: i64, months: i64) -> i64 {
        let quarter = now.div_euclid(QUARTER_MS) * QUARTER_MS;
        let earlier = (0..5 * 96).map(|back| quarter - back * QUARTER_MS - 1);
        let shifted = |at: i64| self.first_instant(minus_months(self.wall(at), months));
        earlier.chain([now]).map(shifted).max().expect("at least now")
    }

    pub(crate) fn calendar_bounds(&self, period: CalendarPeriod, now: i64) -> Bounds {
        let this = |period| (self.starts(period, now).1, i64::MAX);
        let last = |period| self.starts(period, now);
        match period {
            CalendarPeriod::Today => this(Period::Day),
            CalendarPeriod::Yesterday => last(Period::Day),
            CalendarPeriod::ThisWeek => this(Period::Week(self.week_start)),
            CalendarPeriod::LastWeek => last(Period::Week(self.week_start)),
            CalendarPeriod::ThisMonth => this(Period::Month),
            CalendarPeriod::LastMonth => last(Period::Month),
            CalendarPeriod::ThisQuarter => this(Period::Quarter),
            CalendarPeriod::LastQuarter => last(Period::Quarter),
            CalendarPeriod::ThisYear => this(Period::Year),
            CalendarPeriod::LastYear => last(Period::Year),
        }
    }

    /// When the period before this one started, and when this one did: the newest that has started by now.
    pub(crate) fn starts(&self, period: Period, now: i64) -> Bounds {
        let mut day = date_of_wall(self.wall(now) + 3 * DAY_MS);
        let mut newest = None;
        loop {
            if starts_on(period, day) {
                let start = self.first_instant(wall_of_date(day));
                match newest {
                    Some(newest) => return (start, newest),
                    None if start <= now => newest = Some(start),
                    None => {}
                }
            }
            day = day.yesterday().expect("a day before");
        }
    }

    /// The date that a value names: ISO 8601, local where it says no offset, or an epoch number.
    pub(crate) fn date(&self, value: &Value) -> Option<i64> {
        match value {
            Value::Number(number) => epoch(number.billionths()),
            Value::Text(text) => self.date_in(text.trim()),
            _ => None,
        }
    }

    fn date_in(&self, text: &str) -> Option<i64> {
        if !text.is_empty() && text.chars().all(|character| character.is_ascii_digit()) {
            return epoch(crate::value::number_in(text)?);
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Instant::from_jiff(timestamp).as_ms());
        }
        if let Ok(local) = text.parse::<DateTime>() {
            return Some(self.first_instant(wall_of(local)));
        }
        Some(self.first_instant(wall_of_date(text.parse::<Date>().ok()?)))
    }
}

/// Ten digits are seconds, thirteen are milliseconds.
fn epoch(billionths: i128) -> Option<i64> {
    let whole = i64::try_from(billionths / 1_000_000_000).ok()?;
    match whole.to_string().len() {
        _ if whole < 0 || billionths % 1_000_000_000 != 0 => None,
        10 => Some(whole * 1_000),
        13 => Some(whole),
        _ => None,
    }
}

fn wall_of(local: DateTime) -> i64 {
    let timestamp = TimeZone::UTC.to_timestamp(local).expect("a time within the calendar");
    Instant::from_jiff(timestamp).as_ms()
}

pub(crate) fn wall_of_date(date: Date) -> i64 {
    wall_of(date.at(0, 0, 0, 0))
}

pub(crate) fn date_of_wall(wall: i64) -> Date {
    let timestamp = Timestamp::from_millisecond(wall).expect("a time within the calendar");
    TimeZone::UTC.to_datetime(timestamp).date()
}

pub(crate) fn starts_on(period: Period, day: Date) -> bool {
    match period {
        Period::Day => true,
        Period::Week(first) => {
            let weekday = match first {
                Weekday::Monday => jiff::civil::Weekday::Monday,
                Weekday::Tuesday => jiff::civil::Weekday::Tuesday,
                Weekday::Wednesday => jiff::civil::Weekday::Wednesday,
                Weekday::Thursday => jiff::civil::Weekday::Thursday,
                Weekday::Friday => jiff::civil::Weekday::Friday,
                Weekday::Saturday => jiff::civil::Weekday::Saturday,
                Weekday::Sunday => jiff::civil::Weekday::Sunday,
            };
            day.weekday() == weekday
        }
        Period::Month => day.day() == 1,
        Period::Quarter => day.day() == 1 && [1, 4, 7, 10].contains(&day.month()),
        Period::Year => day.day() == 1 && day.month() == 1,
    }
}

/// The same time of the same day so many months before; of the month's last day, where it has no such day.
fn minus_months(wall: i64, months: i64) -> i64 {
    let date = date_of_wall(wall);
    let time = wall - wall_of_date(date);
    let count = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 - months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    let first = Date::new(i16::try_from(year).expect("a year"), i8::try_from(month).expect("a month"), 1)
        .expect("a date");
    let mut target = first;
    while target.day() < date.day() && target.tomorrow().is_ok_and(|next| next.month() == first.month()) {
        target = target.tomorrow().expect("a day after");
    }
    wall_of_date(target) + time
}
