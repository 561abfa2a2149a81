//! Dates of traits: whether one is in a span of time, or one of its later anniversaries.

use jiff::civil::Date;

use segops_model::{Object, Value};
use segops_rules::{DatePeriod, DateTest, DateWindow, Span, TraitDateCondition, Unit};

use crate::Calendar;
use crate::calendar::{Bounds, Period, date_of_wall, starts_on, wall_of_date};
use crate::filter::reached;

/// Years that a window can lie from now at most, and one more at either side.
const YEARS: i16 = 102;

pub(crate) fn date_passes(
    condition: &TraitDateCondition,
    traits: &Object,
    calendar: &Calendar,
    now: i64,
) -> bool {
    let values = reached(traits, condition.path.to_string().trim_end_matches("[]"));
    let dates: Vec<i64> = values
        .iter()
        .flat_map(|value| match value {
            Value::List(list) => list.clone(),
            other => vec![other.clone()],
        })
        .filter_map(|value| calendar.date(&value))
        .collect();
    let local = |at: i64| date_of_wall(calendar.wall(at));
    let number = |part: i8| u8::try_from(part).unwrap_or(0);
    match &condition.test {
        DateTest::Date(window) => {
            let (from, to) = calendar.date_bounds(window, now);
            dates.iter().any(|date| *date >= from && *date < to)
        }
        DateTest::Anniversary(window) => {
            let (from, to) = calendar.date_bounds(window, now);
            let year = local(now).year();
            dates.iter().any(|date| {
                let born = local(*date);
                ((year - YEARS).max(born.year() + 1)..=(year + YEARS)).any(|year| {
                    let is_common = born.month() == 2 && born.day() == 29 && !is_leap(year);
                    let day = Date::new(year, born.month(), if is_common { 28 } else { born.day() });
                    let at = calendar.first_instant(wall_of_date(day.expect("a day of that year")));
                    at >= from && at < to
                })
            })
        }
        DateTest::Month(months) => dates.iter().any(|date| months.contains(&number(local(*date).month()))),
        DateTest::Day(days) => dates.iter().any(|date| days.contains(&number(local(*date).day()))),
        DateTest::MonthDay(days) => dates.iter().any(|date| {
            let date = local(*date);
            days.iter().any(|day| day.month() == number(date.month()) && day.day() == number(date.day()))
        }),
    }
}

fn is_leap(year: i16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

impl Calendar {
    /// From the first millisecond that counts to the first that does not any more.
    fn date_bounds(&self, window: &DateWindow, now: i64) -> Bounds {
        let past = |span: Span| self.before(now, span) + 1;
        let ahead = |span: Span| self.after(now, span) + 1;
        match window {
            DateWindow::Last(span) => (past(*span), now + 1),
            DateWindow::Next(span) => (now + 1, ahead(*span)),
            DateWindow::Ago { near, far } => (past(*far), past(*near)),
            DateWindow::FromNow { near, far } => (ahead(*near), ahead(*far)),
            DateWindow::AtLeastAgo(span) => (i64::MIN, past(*span)),
            DateWindow::AtLeastFromNow(span) => (ahead(*span), i64::MAX),
            DateWindow::Past => (i64::MIN, now + 1),
            DateWindow::Future => (now + 1, i64::MAX),
            DateWindow::Range { from, to } => (self.moment(*from), self.moment(*to)),
            DateWindow::Calendar(period) => self.whole_period(*period, now),
            DateWindow::On(date) => {
                let next = date.tomorrow().expect("a day after");
                (self.first_instant(wall_of_date(*date)), self.first_instant(wall_of_date(next)))
            }
            DateWindow::SinceWeekday(day) => (self.starts(Period::Week(*day), now).1, i64::MAX),
        }
    }

    fn after(&self, now: i64, span: Span) -> i64 {
        let count = i64::from(span.count);
        match span.unit {
            Unit::Month => self.months_before(now, -count),
            Unit::Quarter => self.months_before(now, -count * 3),
            Unit::Year => self.months_before(now, -count * 12),
            _ => now + (now - self.before(now, span)),
        }
    }

    fn whole_period(&self, period: DatePeriod, now: i64) -> Bounds {
        use DatePeriod as P;
        let (unit, days) = match period {
            P::Yesterday | P::Today | P::Tomorrow => (Period::Day, 6),
            P::LastWeek | P::ThisWeek | P::NextWeek => (Period::Week(self.week_start), 25),
            P::LastMonth | P::ThisMonth | P::NextMonth => (Period::Month, 100),
            P::LastQuarter | P::ThisQuarter | P::NextQuarter => (Period::Quarter, 300),
            P::LastYear | P::ThisYear | P::NextYear => (Period::Year, 1_200),
        };
        // Counted from the one before the current one.
        let place = match period {
            P::Yesterday | P::LastWeek | P::LastMonth | P::LastQuarter | P::LastYear => 0,
            P::Today | P::ThisWeek | P::ThisMonth | P::ThisQuarter | P::ThisYear => 1,
            P::Tomorrow | P::NextWeek | P::NextMonth | P::NextQuarter | P::NextYear => 2,
        };
        let today = date_of_wall(self.wall(now));
        let near = (-days..=days).filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok());
        let starts: Vec<i64> = near
            .filter(|day| starts_on(unit, *day))
            .map(|day| self.first_instant(wall_of_date(day)))
            .collect();
        let begun = starts.iter().filter(|start| **start <= now).count();
        let at = |place: usize| *starts.get(begun + place - 2).expect("a period near now");
        (at(place), at(place + 1))
    }
}
