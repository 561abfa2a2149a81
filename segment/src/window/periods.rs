//! Windows that follow each other back from now.

use segops_rules::{PeriodGrid, PeriodRun, Span, Unit, Window};

use super::{BEFORE_ALL, Edge, WindowBounds, unit_and_back};
use crate::Calendar;
use crate::calendar::Period;

impl WindowBounds {
    /// Each of a run of periods, the newest first.
    pub(crate) fn back_to_back(run: PeriodRun, calendar: &Calendar) -> Vec<Self> {
        let period = Period::of_unit(run.unit, calendar);
        let edge = |back: u32| match (run.grid, back) {
            (PeriodGrid::Rolling | PeriodGrid::CalendarToDate, 0) => Edge::Back(0),
            (PeriodGrid::Rolling, back) => Edge::back(Span { count: back, unit: run.unit }),
            (PeriodGrid::Calendar, back) => Edge::Before(period, i64::from(back)),
            (PeriodGrid::CalendarToDate, back) => Edge::Before(period, i64::from(back) - 1),
        };
        let bounds = |back: u32| Self {
            after: edge(back + 1),
            until: edge(back),
            looks_ahead: false,
            calendar: calendar.clone(),
        };
        (0..run.count).map(bounds).collect()
    }

    /// A span up to now or a period of the calendar, the one before it that is as long, and all the time
    /// before that.
    pub(crate) fn with_those_before(window: &Window, calendar: &Calendar) -> [Self; 3] {
        let this = Self::new(window, calendar);
        let before = match window {
            Window::Last(span) => Edge::back(Span { count: span.count.saturating_mul(2), unit: span.unit }),
            Window::Calendar(period) => {
                let (period, back) = unit_and_back(*period, calendar);
                Edge::Before(period, back + 1)
            }
            // Others have been refused: nothing comes before them.
            _ => Edge::Fixed(BEFORE_ALL),
        };
        let calendar = || calendar.clone();
        let previous = Self { after: before, until: this.after, looks_ahead: false, calendar: calendar() };
        let ever =
            Self { after: Edge::Fixed(BEFORE_ALL), until: before, looks_ahead: false, calendar: calendar() };
        [this, previous, ever]
    }
}

impl Period {
    /// The calendar's period of a unit; of one shorter than a day, the day.
    pub(crate) const fn of_unit(unit: Unit, calendar: &Calendar) -> Self {
        match unit {
            Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => Self::Day,
            Unit::Week => Self::Week(calendar.week_start),
            Unit::Month => Self::Month,
            Unit::Quarter => Self::Quarter,
            Unit::Year => Self::Year,
        }
    }
}
