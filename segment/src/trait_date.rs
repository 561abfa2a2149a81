//! Dates that a trait holds: in a window that moves with now, or by their month and day.
//!
//! **Cost** of one answer: the trait's value is read as dates, and compared with the window's two edges.
//! Nothing is kept beside the trait.

#[cfg(test)]
mod tests;

use compact_str::CompactString;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use segops_model::{Instant, Path, Value, date_of};
use segops_rules::{DateTest, MonthDay, TraitDateCondition};

use crate::calendar::midnight;
use crate::evaluate::{Outcome, ProfileView};
use crate::instants::{Occurrences, occurs_within};
use crate::{Calendar, WindowBounds};

#[derive(Debug, Clone)]
pub(crate) struct TraitDateNode {
    pub(crate) root: CompactString,
    path: Path,
    zone: TimeZone,
    test: Asked,
}

#[derive(Debug, Clone)]
enum Asked {
    Date(WindowBounds),
    Anniversary(WindowBounds),
    Month(Vec<u8>),
    Day(Vec<u8>),
    MonthDay(Vec<MonthDay>),
}

impl TraitDateNode {
    pub(crate) fn compile(leaf: &TraitDateCondition, calendar: &Calendar) -> Self {
        let test = match &leaf.test {
            DateTest::Date(window) => Asked::Date(WindowBounds::of_dates(window, calendar)),
            DateTest::Anniversary(window) => Asked::Anniversary(WindowBounds::of_dates(window, calendar)),
            DateTest::Month(months) => Asked::Month(months.clone()),
            DateTest::Day(days) => Asked::Day(days.clone()),
            DateTest::MonthDay(days) => Asked::MonthDay(days.clone()),
        };
        Self { root: leaf.path.root().into(), path: leaf.path.clone(), zone: calendar.zone.clone(), test }
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let dates = self.dates(self.value(view));
        let any = |test: &dyn Fn(Date) -> bool| {
            Outcome::settled(dates.iter().any(|date| test(local_date(&self.zone, *date))))
        };
        match &self.test {
            Asked::Date(window) => occurs_within(window, &dates, now),
            Asked::Anniversary(window) => {
                let anniversaries = Anniversaries { dates: &dates, zone: &self.zone };
                occurs_within(window, &anniversaries, now)
            }
            Asked::Month(months) => any(&|date| months.iter().any(|month| is(date.month(), *month))),
            Asked::Day(days) => any(&|date| days.iter().any(|day| is(date.day(), *day))),
            Asked::MonthDay(days) => {
                any(&|date| days.iter().any(|day| is(date.month(), day.month()) && is(date.day(), day.day())))
            }
        }
    }

    pub(crate) fn value<'a>(&self, view: &'a impl ProfileView) -> Option<&'a Value> {
        view.trait_value(&self.root).and_then(|value| self.path.below_root(value))
    }

    /// The window that dates, or their anniversaries, are looked for in.
    pub(crate) const fn window(&self) -> Option<&WindowBounds> {
        match &self.test {
            Asked::Date(window) | Asked::Anniversary(window) => Some(window),
            Asked::Month(_) | Asked::Day(_) | Asked::MonthDay(_) => None,
        }
    }

    /// Every date that the value holds: of a list, those of its elements.
    fn dates(&self, value: Option<&Value>) -> Vec<Instant> {
        let one = |value: &Value| date_of(value, &self.zone);
        match value {
            None => Vec::new(),
            Some(Value::List(values)) => values.iter().filter_map(one).collect(),
            Some(value) => one(value).into_iter().collect(),
        }
    }
}

fn is(part: i8, number: u8) -> bool {
    i8::try_from(number).is_ok_and(|number| number == part)
}

fn local_date(zone: &TimeZone, instant: Instant) -> Date {
    zone.to_datetime(instant.to_jiff()).date()
}

/// The local midnights of the days that share a date's month and day, in every later year.
struct Anniversaries<'a> {
    dates: &'a [Instant],
    zone: &'a TimeZone,
}

impl Anniversaries<'_> {
    /// Of one date in one year. The 29th of February is the 28th in a common year.
    fn in_year(&self, date: Date, year: i16) -> Option<Instant> {
        if year <= date.year() {
            return None;
        }
        let day = Date::new(year, date.month(), date.day());
        let day = day.or_else(|_| Date::new(year, date.month(), date.day() - 1)).ok()?;
        Some(midnight(self.zone, day))
    }

    /// Those of the years beside an instant's own, and the first one of each date.
    fn around(&self, at: Instant) -> impl Iterator<Item = Instant> {
        let year = local_date(self.zone, at).year();
        self.dates.iter().flat_map(move |date| {
            let date = local_date(self.zone, *date);
            let first = date.year().saturating_add(1);
            [year - 1, year, year.saturating_add(1), first]
                .into_iter()
                .filter_map(move |year| self.in_year(date, year))
        })
    }
}

impl Occurrences for Anniversaries<'_> {
    fn newest_in(&self, after_exclusive: Instant, until_inclusive: Instant) -> Option<Instant> {
        let inside = |instant: &Instant| *instant > after_exclusive && *instant <= until_inclusive;
        self.around(until_inclusive).filter(inside).max()
    }

    fn first_after(&self, after_exclusive: Instant) -> Option<Instant> {
        self.around(after_exclusive).filter(|instant| *instant > after_exclusive).min()
    }
}
