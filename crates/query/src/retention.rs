//! Retention: of those who did one thing for the first time in a period, how many did another in each period after.

mod run;

#[cfg(test)]
mod tests;

use segops_model::Instant;
use segops_rules::{Problem, Window};
use serde::{Deserialize, Serialize};

use crate::check::{CheckedEvent, Checker, Range};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::periods::{Interval, Periods};
use crate::setting::Setting;
use crate::trend::last_90_days;
pub(crate) use run::{customers, run};

/// Cohorts, and periods after each.
const PERIODS_MAX: usize = 400;

/// What makes a cohort, and what is coming back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub first: EventDefinition,
    #[serde(rename = "return")]
    pub back: EventDefinition,
    /// When the first event was.
    #[serde(default = "last_90_days")]
    pub window: Window,
    #[serde(default = "week")]
    pub interval: Interval,
    /// How many periods after the first are looked at.
    #[serde(default = "periods")]
    pub periods: usize,
    /// Only profiles whose first event of all time lies in the window; else the first in the window counts.
    #[serde(default = "yes")]
    pub first_ever: bool,
    #[serde(default)]
    pub count: ReturnCount,
}

const fn week() -> Interval {
    Interval::Week
}

const fn periods() -> usize {
    12
}

const fn yes() -> bool {
    true
}

/// When somebody counts as retained in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnCount {
    /// Who came back in that very period.
    #[default]
    InPeriod,
    /// Who came back in that period or in a later one that is looked at.
    InPeriodOrLater,
}

/// Retention by cohorts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionAnswer {
    pub cohorts: Vec<Cohort>,
    /// All cohorts together, of each period those whose period is over.
    pub overall: Vec<RetentionCell>,
    pub warnings: Vec<Problem>,
}

/// Those whose first event was in one period of the calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cohort {
    pub start: Instant,
    pub end: Instant,
    pub customers: u64,
    /// From the cohort's own period (0) on; those that have begun.
    pub periods: Vec<RetentionCell>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionCell {
    /// How many periods after the cohort's own.
    pub period: usize,
    pub retained: u64,
    pub of: u64,
    pub share: f64,
    /// Whether the period is over. What is not over can still grow.
    pub complete: bool,
}

/// Which profiles of a retention table are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionPick {
    /// The number of the cohort, from 0.
    pub cohort: usize,
    /// How many periods after the cohort's own; absent: the whole cohort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<usize>,
    /// Those of the cohort who did not come back then.
    #[serde(default)]
    pub lost: bool,
}

/// A definition that holds together.
struct Checked {
    first: CheckedEvent,
    back: CheckedEvent,
    /// When first events count.
    range: Range,
    /// The cohorts' periods, and so many after them.
    grid: Periods,
    cohorts: usize,
    warnings: Vec<Problem>,
}

fn check(retention: &Retention, setting: &Setting<'_>) -> Result<Checked, AnalysisError> {
    let mut checker = Checker::new(setting);
    let first = checker.event(&retention.first, "first");
    let back = checker.event(&retention.back, "return");
    checker.within("periods", "periods", retention.periods, 1, PERIODS_MAX);
    let range = checker.range(&retention.window, "window");
    let calendar = setting.calendar;
    let cohorts = retention.interval.periods(calendar, range, PERIODS_MAX);
    if cohorts.is_none() {
        let message = format!("the window has more than {PERIODS_MAX} periods");
        checker.refuse(
            segops_rules::Code::TooMany,
            "interval",
            message,
            "a longer interval, or a shorter window",
        );
    }
    let until = Range { from: range.from, until: setting.now.plus_ms(1).max(range.until) };
    let grid = retention.interval.periods(calendar, until, 100 * PERIODS_MAX);
    let warnings = checker.finish()?;
    match (first, back, cohorts, grid) {
        (Some(first), Some(back), Some(cohorts), Some(grid)) => {
            Ok(Checked { first, back, range, grid, cohorts: cohorts.len(), warnings })
        }
        _ => Err(AnalysisError::Definition(warnings)),
    }
}
