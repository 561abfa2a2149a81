//! A window as two edges that move with `now`, and when an entry crosses them.

mod periods;
#[cfg(test)]
pub(crate) mod tests;

use segops_model::{DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS};
use segops_rules::{CalendarPeriod, Moment, Span, Unit, Window};

use crate::Calendar;
use crate::calendar::{Period, add_days, midnight};
use crate::months::{months_before, reaches};

/// Earlier than every event.
const BEFORE_ALL: Instant = Instant::from_ms(i64::MIN);
/// Later than every event.
const AFTER_ALL: Instant = Instant::from_ms(i64::MAX);

/// A rule's window, compiled: `(after, until]` at any instant, and for any entry the instants at which it
/// comes in and goes out. Both edges only ever move forwards.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowBounds {
    after: Edge,
    until: Edge,
    calendar: Calendar,
}

/// One end of a window, as a function of `now` that never decreases.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Edge {
    Fixed(Instant),
    /// So many milliseconds before now.
    Back(i64),
    /// So many calendar months before now.
    Months(u64),
    /// The last millisecond before the period that lies so many periods back.
    Before(Period, i64),
}

impl WindowBounds {
    #[must_use]
    pub fn new(window: &Window, calendar: &Calendar) -> Self {
        const NOW: Edge = Edge::Back(0);
        let zone = &calendar.zone;
        let last_before = |instant: Instant| Edge::Fixed(instant.plus_ms(-1));
        let (after, until) = match window {
            Window::AllTime => (Edge::Fixed(BEFORE_ALL), NOW),
            Window::Last(span) => (Edge::back(*span), NOW),
            Window::Ago { near, far } => (Edge::back(*far), Edge::back(*near)),
            Window::Range { from, to } => {
                let edge = |moment: &Moment| last_before(moment.instant(zone));
                let after = from.as_ref().map_or(Edge::Fixed(BEFORE_ALL), edge);
                (after, to.as_ref().map_or(NOW, edge))
            }
            Window::Calendar(period) => {
                let (period, back) = unit_and_back(*period, calendar);
                let until = if back == 0 { NOW } else { Edge::Before(period, back - 1) };
                (Edge::Before(period, back), until)
            }
            Window::On(date) => {
                let next = add_days(*date, 1).map_or(AFTER_ALL, |next| midnight(zone, next));
                (last_before(midnight(zone, *date)), last_before(next))
            }
            Window::SinceWeekday(weekday) => (Edge::Before(Period::Week(*weekday), 0), NOW),
        };
        Self { after, until, calendar: calendar.clone() }
    }

    /// The window at an instant: an event counts if its time is after the first and at most the second.
    /// What lies after `now` never counts.
    #[must_use]
    pub fn bounds(&self, now: Instant) -> (Instant, Instant) {
        (self.after.at(now, &self.calendar), self.until.at(now, &self.calendar).min(now))
    }

    /// The first `now` at which an entry at `ts` is inside; `None` if it never is.
    #[must_use]
    pub fn enters_at(&self, ts: Instant) -> Option<Instant> {
        let enters = self.reached_by_until(ts)?;
        self.leaves_at(ts).is_none_or(|leaves| enters < leaves).then_some(enters)
    }

    /// The first `now` from which on an entry at `ts` is outside for good; `None` if it stays for ever.
    #[must_use]
    pub fn leaves_at(&self, ts: Instant) -> Option<Instant> {
        self.after.reaches(ts, &self.calendar)
    }

    /// The first `now` at which the window's newer edge has come to `ts`.
    pub(crate) fn reached_by_until(&self, ts: Instant) -> Option<Instant> {
        self.until.reaches(ts, &self.calendar).map(|at| at.max(ts))
    }

    /// Whether the window always ends at `now`, so that the newest entries are the ones inside it.
    #[must_use]
    pub fn ends_now(&self) -> bool {
        self.until == Edge::Back(0)
    }

    /// Whether nothing ever leaves the window.
    #[must_use]
    pub fn has_fixed_start(&self) -> bool {
        matches!(self.after, Edge::Fixed(_))
    }
}

impl Edge {
    fn back(span: Span) -> Self {
        let count = i64::from(span.count);
        let months = |each: u64| Self::Months(u64::from(span.count) * each);
        match span.unit {
            Unit::Second => Self::Back(count * SECOND_MS),
            Unit::Minute => Self::Back(count * MINUTE_MS),
            Unit::Hour => Self::Back(count * HOUR_MS),
            Unit::Day => Self::Back(count * DAY_MS),
            Unit::Week => Self::Back(count * 7 * DAY_MS),
            Unit::Month => months(1),
            Unit::Quarter => months(3),
            Unit::Year => months(12),
        }
    }

    fn at(self, now: Instant, calendar: &Calendar) -> Instant {
        match self {
            Self::Fixed(instant) => instant,
            Self::Back(ms) => now.plus_ms(-ms),
            Self::Months(0) => now,
            Self::Months(months) => months_before(&calendar.zone, now, months),
            Self::Before(period, back) => {
                period.start(&calendar.zone, now, -back).map_or(BEFORE_ALL, |start| start.plus_ms(-1))
            }
        }
    }

    /// The first `now` at which this edge is at `ts` or later.
    fn reaches(self, ts: Instant, calendar: &Calendar) -> Option<Instant> {
        let at = match self {
            Self::Fixed(instant) => (instant >= ts).then_some(BEFORE_ALL),
            Self::Back(ms) => Some(ts.plus_ms(ms)),
            Self::Months(0) => Some(ts),
            Self::Months(months) => reaches(&calendar.zone, ts, months),
            // The first period to start after `ts` must be the one that lies `back` periods back.
            Self::Before(period, back) => period.start(&calendar.zone, ts, back + 1),
        };
        at.filter(|at| *at <= Instant::MAX)
    }
}

/// A calendar period as a unit and how many such units it lies back.
fn unit_and_back(period: CalendarPeriod, calendar: &Calendar) -> (Period, i64) {
    match period {
        CalendarPeriod::Today => (Period::Day, 0),
        CalendarPeriod::Yesterday => (Period::Day, 1),
        CalendarPeriod::ThisWeek => (Period::Week(calendar.week_start), 0),
        CalendarPeriod::LastWeek => (Period::Week(calendar.week_start), 1),
        CalendarPeriod::ThisMonth => (Period::Month, 0),
        CalendarPeriod::LastMonth => (Period::Month, 1),
        CalendarPeriod::ThisQuarter => (Period::Quarter, 0),
        CalendarPeriod::LastQuarter => (Period::Quarter, 1),
        CalendarPeriod::ThisYear => (Period::Year, 0),
        CalendarPeriod::LastYear => (Period::Year, 1),
    }
}
