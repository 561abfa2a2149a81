//! Periods that cannot be, and numbers of them that always or never hold.

use super::window::{check_span, check_window};
use super::{Checker, check_count};
use crate::ast::{ActiveCondition, ActivePeriods, ActivityChange, CountTest, PeriodGrid, Stage, Window};
use crate::problem::{Code, Problem};
use crate::time::{Span, Unit};

impl Checker<'_> {
    pub(super) fn active_condition<S: Stage>(
        &mut self,
        leaf: &ActiveCondition<S>,
        place: &str,
        depth: usize,
    ) {
        self.conditions += 1;
        let place = format!("{place}.{}", leaf.name());
        self.filter(leaf.event(), &format!("{place}.event"), depth);
        match leaf {
            ActiveCondition::Periods(leaf) => self.active_periods(leaf, &place),
            ActiveCondition::Days(leaf) => {
                self.problems_of(check_window(&leaf.window, &format!("{place}.window")));
                self.problems_of(check_count(leaf.count, &format!("{place}.count")));
                self.problems_of(check_unit(leaf.unit, &format!("{place}.unit")));
            }
            ActiveCondition::Stopped(leaf) | ActiveCondition::Restarted(leaf) => {
                self.problems_of(check_period(leaf, &format!("{place}.period")));
            }
        }
    }

    fn active_periods<S: Stage>(&mut self, leaf: &ActivePeriods<S>, place: &str) {
        let among_place = format!("{place}.among");
        let among = leaf.among;
        self.problems_of(check_count(leaf.each, &format!("{place}.each")));
        let unit = check_unit(among.unit, &among_place);
        let is_period = unit.is_none();
        self.problems_of(unit);
        if among.count > self.limits.rule_periods_max {
            let message = format!(
                "the rule looks at {} periods; the limit is {}",
                among.count, self.limits.rule_periods_max
            );
            let problem = Problem::error(Code::TooMany, message).place(&*among_place);
            self.report(problem.suggestion("take longer periods"));
            return;
        }
        let span = check_span(Span { count: among.count, unit: among.unit }, &among_place);
        if is_period && span.is_empty() {
            let periods = leaf.periods;
            self.problems_of(check_how_many(periods, among.count, &format!("{place}.periods")));
        }
        let is_no_run = among.count == 0 && among.grid == PeriodGrid::Rolling;
        if is_period || is_no_run {
            self.problems_of(span);
        }
    }
}

/// Numbers of periods that none, or every, history has.
fn check_how_many(test: CountTest, periods: u32, place: &str) -> Vec<Problem> {
    let problems = check_count(test, place);
    if !problems.is_empty() {
        return problems;
    }
    let holding = (0..=u64::from(periods)).filter(|count| holds(test, *count)).count();
    let problem = match holding {
        0 => Problem::error(Code::NeverHolds, format!("of {periods} periods so many cannot be")),
        all if all == periods as usize + 1 => {
            Problem::error(Code::AlwaysHolds, format!("of {periods} periods it is always so many"))
        }
        _ => return Vec::new(),
    };
    vec![problem.place(place).expected(format!("a number that some of {periods} periods can be"))]
}

const fn holds(test: CountTest, count: u64) -> bool {
    match test {
        CountTest::AtLeast(n) => count >= n,
        CountTest::MoreThan(n) => count > n,
        CountTest::Exactly(n) => count == n,
        CountTest::Not(n) => count != n,
        CountTest::AtMost(n) => count <= n,
        CountTest::LessThan(n) => count < n,
        CountTest::Between(low, high) => low <= count && count <= high,
    }
}

fn check_unit(unit: Unit, place: &str) -> Option<Problem> {
    let is_period = !matches!(unit, Unit::Second | Unit::Minute | Unit::Hour);
    if is_period {
        return None;
    }
    let problem = Problem::error(Code::UnknownUnit, "these periods are too short to be counted");
    Some(problem.place(place).expected("days, weeks, months, quarters or years"))
}

fn check_period<S: Stage>(leaf: &ActivityChange<S>, place: &str) -> Vec<Problem> {
    match &leaf.period {
        Window::Last(_) | Window::Calendar(_) => check_window(&leaf.period, place),
        _ => vec![
            Problem::error(Code::UnsupportedValue, "no period of the same length comes before this time")
                .place(place)
                .expected("a span up to now or a period of the calendar: `in last 30 days`, `this month`"),
        ],
    }
}
