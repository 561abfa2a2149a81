//! Periods and days, each looked at by itself.

use std::collections::BTreeSet;

use segops_model::Event;
use segops_rules::{ActiveCondition, Named, PeriodGrid, PeriodRun, Span, Unit, Window};

use crate::calendar::{Bounds, Calendar, Period};
use crate::filter::matches;
use crate::oracle::Oracle;
use crate::people::Person;
use crate::value::counts;

impl Oracle {
    pub(crate) fn active_passes(
        &self,
        condition: &ActiveCondition<Named>,
        person: &Person,
        now: i64,
    ) -> bool {
        let events: Vec<&Event> = self
            .events_of(person, now)
            .filter(|event| matches(condition.event(), event, &self.sources, &self.calendar))
            .collect();
        let count_in = |(from, to): Bounds| {
            events.iter().filter(|event| from <= event.ts.as_ms() && event.ts.as_ms() < to).count() as u64
        };
        match condition {
            ActiveCondition::Periods(leaf) => {
                let periods = self.calendar.run(leaf.among, now).into_iter();
                let active = periods.filter(|period| counts(leaf.each, count_in(*period))).count();
                counts(leaf.periods, active as u64)
            }
            ActiveCondition::Days(leaf) => {
                let (from, to) = self.calendar.bounds(&leaf.window, now);
                let inside = events.iter().map(|event| event.ts.as_ms()).filter(|ts| from <= *ts && *ts < to);
                let days: BTreeSet<i64> = inside.map(|ts| self.calendar.start_of(leaf.unit, ts)).collect();
                counts(leaf.count, days.len() as u64)
            }
            ActiveCondition::Stopped(leaf) => {
                let [this, before, _] = self.calendar.with_those_before(&leaf.period, now);
                count_in(this) == 0 && count_in(before) > 0
            }
            ActiveCondition::Restarted(leaf) => {
                let [this, before, ever] = self.calendar.with_those_before(&leaf.period, now);
                count_in(this) > 0 && count_in(before) == 0 && count_in(ever) > 0
            }
        }
    }
}

impl Calendar {
    fn period(&self, unit: Unit) -> Period {
        match unit {
            Unit::Week => Period::Week(self.week_start),
            Unit::Month => Period::Month,
            Unit::Quarter => Period::Quarter,
            Unit::Year => Period::Year,
            _ => Period::Day,
        }
    }

    fn start_of(&self, unit: Unit, at: i64) -> i64 {
        self.starts(self.period(unit), at).1
    }

    fn run(&self, run: PeriodRun, now: i64) -> Vec<Bounds> {
        if run.grid == PeriodGrid::Rolling {
            // What happened after the first edge and up to the second.
            let edge = |count: u32| match count {
                0 => now,
                count => self.before(now, Span { count, unit: run.unit }),
            };
            return (0..run.count).map(|back| (edge(back + 1) + 1, edge(back) + 1)).collect();
        }
        let mut periods = vec![(self.start_of(run.unit, now), now + 1)];
        while periods.len() <= run.count as usize {
            let (newer, _) = periods[periods.len() - 1];
            periods.push((self.start_of(run.unit, newer - 1), newer));
        }
        let first = usize::from(run.grid == PeriodGrid::Calendar);
        periods.into_iter().skip(first).take(run.count as usize).collect()
    }

    fn with_those_before(&self, window: &Window, now: i64) -> [Bounds; 3] {
        let this = self.bounds(window, now);
        let before = match window {
            Window::Last(span) => self.before(now, Span { count: span.count * 2, unit: span.unit }) + 1,
            Window::Calendar(period) => {
                // The millisecond before this period belongs to the one before.
                self.calendar_bounds(this_one(*period), this.0 - 1).0
            }
            other => panic!("nothing of the same length comes before {other:?}"),
        };
        [this, (before, this.0), (i64::MIN, before)]
    }
}

/// The period that is not over yet, of the same length.
fn this_one(period: segops_rules::CalendarPeriod) -> segops_rules::CalendarPeriod {
    use segops_rules::CalendarPeriod as P;
    match period {
        P::Today | P::Yesterday => P::Today,
        P::ThisWeek | P::LastWeek => P::ThisWeek,
        P::ThisMonth | P::LastMonth => P::ThisMonth,
        P::ThisQuarter | P::LastQuarter => P::ThisQuarter,
        P::ThisYear | P::LastYear => P::ThisYear,
    }
}
