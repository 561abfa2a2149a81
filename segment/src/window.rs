//! A window as two edges that move with `now`, and when an entry crosses them.

mod periods;
#[cfg(test)]
pub(crate) mod tests;

use segops_model::{DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS};
use segops_rules::{CalendarPeriod, DatePeriod, DateWindow, Moment, Span, Unit, Window};

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
    /// Whether what lies after now can count.
    looks_ahead: bool,
    calendar: Calendar,
}

/// One end of a window, as a function of `now` that never decreases.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Edge {
    Fixed(Instant),
    /// So many milliseconds before now; below 0, after it.
    Back(i64),
    /// So many calendar months before now; below 0, after it.
    Months(i64),
    /// The last millisecond before the period that lies so many periods back; below 0, ahead.
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
        Self { after, until, looks_ahead: false, calendar: calendar.clone() }
    }

    /// The window of dates, which may lie after now.
    #[must_use]
    pub fn of_dates(window: &DateWindow, calendar: &Calendar) -> Self {
        const NOW: Edge = Edge::Back(0);
        const NEVER: Edge = Edge::Fixed(BEFORE_ALL);
        const EVER: Edge = Edge::Fixed(AFTER_ALL);
        let past = |window: Window| {
            let Self { after, until, .. } = Self::new(&window, calendar);
            (after, until)
        };
        let (after, until) = match window {
            DateWindow::Last(span) => past(Window::Last(*span)),
            DateWindow::Next(span) => (NOW, Edge::ahead(*span)),
            DateWindow::Ago { near, far } => past(Window::Ago { near: *near, far: *far }),
            DateWindow::FromNow { near, far } => (Edge::ahead(*near), Edge::ahead(*far)),
            DateWindow::AtLeastAgo(span) => (NEVER, Edge::back(*span)),
            DateWindow::AtLeastFromNow(span) => (Edge::ahead(*span), EVER),
            DateWindow::Past => (NEVER, NOW),
            DateWindow::Future => (NOW, EVER),
            DateWindow::Range { from, to } => past(Window::Range { from: Some(*from), to: Some(*to) }),
            DateWindow::Calendar(period) => {
                let (period, back) = date_period(*period, calendar);
                (Edge::Before(period, back), Edge::Before(period, back - 1))
            }
            DateWindow::On(date) => past(Window::On(*date)),
            DateWindow::SinceWeekday(day) => (Edge::Before(Period::Week(*day), 0), EVER),
        };
        Self { after, until, looks_ahead: true, calendar: calendar.clone() }
    }

    /// The window at an instant: an event counts if its time is after the first and at most the second.
    /// What lies after `now` never counts, but for windows of dates.
    #[must_use]
    pub fn bounds(&self, now: Instant) -> (Instant, Instant) {
        let until = self.until.at(now, &self.calendar);
        (self.after.at(now, &self.calendar), if self.looks_ahead { until } else { until.min(now) })
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
        let reached = self.until.reaches(ts, &self.calendar);
        if self.looks_ahead { reached } else { reached.map(|at| at.max(ts)) }
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
        let months = |each: i64| Self::Months(count * each);
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

    fn ahead(span: Span) -> Self {
        match Self::back(span) {
            Self::Back(ms) => Self::Back(-ms),
            Self::Months(months) => Self::Months(-months),
            fixed => fixed,
        }
    }

    fn at(self, now: Instant, calendar: &Calendar) -> Instant {
        match self {
            Self::Fixed(instant) => instant,
            Self::Back(ms) => now.plus_ms(-ms),
            Self::Months(0) => now,
            Self::Months(months) => months_before(&calendar.zone, now, months),
            Self::Before(period, back) => {
                let outside = if back < 0 { AFTER_ALL } else { BEFORE_ALL };
                period.start(&calendar.zone, now, -back).map_or(outside, |start| start.plus_ms(-1))
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

/// A calendar period of dates as a unit and how many such units it lies back; below 0, ahead.
fn date_period(period: DatePeriod, calendar: &Calendar) -> (Period, i64) {
    let week = Period::Week(calendar.week_start);
    match period {
        DatePeriod::Yesterday => (Period::Day, 1),
        DatePeriod::Today => (Period::Day, 0),
        DatePeriod::Tomorrow => (Period::Day, -1),
        DatePeriod::LastWeek => (week, 1),
        DatePeriod::ThisWeek => (week, 0),
        DatePeriod::NextWeek => (week, -1),
        DatePeriod::LastMonth => (Period::Month, 1),
        DatePeriod::ThisMonth => (Period::Month, 0),
        DatePeriod::NextMonth => (Period::Month, -1),
        DatePeriod::LastQuarter => (Period::Quarter, 1),
        DatePeriod::ThisQuarter => (Period::Quarter, 0),
        DatePeriod::NextQuarter => (Period::Quarter, -1),
        DatePeriod::LastYear => (Period::Year, 1),
        DatePeriod::ThisYear => (Period::Year, 0),
        DatePeriod::NextYear => (Period::Year, -1),
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
