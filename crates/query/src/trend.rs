//! Trends: how much of something there was in each period.

mod at_once;
mod batches;
mod cell;
mod formula;
mod pick;
mod run;
mod table;

#[cfg(test)]
mod tests;

use segops_model::{Decimal, Path};
use segops_rules::{Code, Problem, Window};
use serde::{Deserialize, Serialize};

use crate::check::{CheckedEvent, Checker, Range};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::groups::{Breakdown, Group};
use crate::periods::{Bucket, Interval, Periods};
use crate::setting::Setting;
use formula::{Formula, series_name};

pub(crate) use pick::customers;
pub(crate) use run::run;

/// Series and formulas of one trend.
const SERIES_MAX: usize = 20;
const PERIODS_MAX: usize = 1_000;
const TOP_MAX: usize = 1_000;
/// Numbers that one trend can show: series times groups times periods.
const CELLS_MAX: usize = 1_000_000;

/// What is to be shown over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    pub series: Vec<Series>,
    /// Made of the series: `A / B * 100`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formulas: Vec<String>,
    #[serde(default = "last_90_days")]
    pub window: Window,
    #[serde(default)]
    pub interval: Interval,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<Breakdown>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparison>,
}

pub(crate) const fn last_90_days() -> Window {
    Window::Last(segops_rules::Span { count: 90, unit: segops_rules::Unit::Day })
}

/// One thing that is measured. The first series is called `A` in formulas, the second `B`, and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    pub event: EventDefinition,
    #[serde(default)]
    pub measure: Measure,
}

/// What is measured of the events, or of the orders.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// How many there were.
    #[default]
    Count,
    /// How many profiles did at least one.
    Customers,
    Sum(Path),
    Average(Path),
    Minimum(Path),
    Maximum(Path),
    Median(Path),
    /// The sum of a property of lines times the `quantity` beside it.
    SumByQuantity(Path),
}

/// What a trend is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// As many periods, right before.
    PreviousPeriod,
    /// The same a year earlier; by weeks 52 weeks earlier.
    PreviousYear,
}

/// A trend's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendAnswer {
    pub buckets: Vec<Bucket>,
    /// Where the periods that are compared with lie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous_buckets: Vec<Bucket>,
    pub rows: Vec<TrendRow>,
    pub warnings: Vec<Problem>,
}

/// One line of a trend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendRow {
    /// `A`, `B`, ... or the formula.
    pub series: String,
    pub group: Group,
    /// Of amounts of orders: sums of different currencies are never added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// For each bucket; absent where there is nothing to make a number of.
    pub values: Vec<Option<Decimal>>,
    /// Over all buckets: of customers, each once.
    pub total: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<Option<Decimal>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_total: Option<Decimal>,
}

/// Which profiles of a trend are meant: those that did a series' events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrendCell {
    /// The number of the series, from 0.
    #[serde(default)]
    pub series: usize,
    #[serde(default = "all")]
    pub group: Group,
    /// The number of the bucket, from 0; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<usize>,
}

pub(crate) const fn all() -> Group {
    Group::All
}

impl Measure {
    const fn property(&self) -> Option<&Path> {
        match self {
            Self::Count | Self::Customers => None,
            Self::Sum(path)
            | Self::Average(path)
            | Self::Minimum(path)
            | Self::Maximum(path)
            | Self::Median(path)
            | Self::SumByQuantity(path) => Some(path),
        }
    }
}

/// A trend whose definition holds together.
struct Checked {
    events: Vec<CheckedEvent>,
    formulas: Vec<(String, Formula)>,
    periods: Periods,
    previous: Option<Periods>,
    warnings: Vec<Problem>,
}

fn check(trend: &Trend, setting: &Setting<'_>) -> Result<Checked, AnalysisError> {
    let mut checker = Checker::new(setting);
    checker.within("series", "series", trend.series.len(), 1, SERIES_MAX);
    checker.within("formulas", "formulas", trend.formulas.len(), 0, SERIES_MAX);
    let mut events = Vec::new();
    for (at, series) in trend.series.iter().take(SERIES_MAX).enumerate() {
        let event = checker.event(&series.event, &format!("series[{at}].event"));
        if let (Some(event), Some(path)) = (&event, series.measure.property()) {
            checker.property(path, Some(event), &format!("series[{at}].measure"));
        }
        events.extend(event);
    }
    let mut formulas = Vec::new();
    for (at, text) in trend.formulas.iter().take(SERIES_MAX).enumerate() {
        match Formula::parse(text, trend.series.len()) {
            Ok(formula) => formulas.push((text.clone(), formula)),
            Err(why) => {
                let last = series_name(trend.series.len().saturating_sub(1));
                let expected = format!("numbers, + - * / ( ), and the series A to {last}");
                checker.refuse(Code::Unexpected, &format!("formulas[{at}]"), why, expected);
            }
        }
    }
    if let Some(breakdown) = &trend.breakdown {
        checker.within("breakdown.top", "groups", breakdown.top, 1, TOP_MAX);
        breakdown.by.check(&mut checker, &events.iter().collect::<Vec<_>>(), "breakdown.by");
    }
    let range = checker.range(&trend.window, "window");
    let periods = periods(trend, setting, range, &mut checker);
    let previous = match (&periods, trend.compare) {
        (Some(periods), Some(compare)) => previous(trend.interval, periods, compare, setting),
        _ => None,
    };
    if let Some(periods) = &periods {
        let groups = trend.breakdown.as_ref().map_or(1, |breakdown| breakdown.top.saturating_add(2));
        let cells = (trend.series.len() * periods.len()).saturating_mul(groups);
        if cells > CELLS_MAX {
            let message = format!("{cells} numbers, of series times groups times periods");
            checker.refuse(Code::TooMany, "breakdown", message, format!("at most {CELLS_MAX}"));
        }
    }
    let warnings = checker.finish()?;
    let Some(periods) = periods else { return Err(AnalysisError::Definition(warnings)) };
    Ok(Checked { events, formulas, periods, previous, warnings })
}

fn periods(trend: &Trend, setting: &Setting<'_>, range: Range, checker: &mut Checker<'_>) -> Option<Periods> {
    let periods = trend.interval.periods(setting.calendar, range, PERIODS_MAX);
    if periods.is_none() {
        let message = format!("the window has more than {PERIODS_MAX} periods");
        checker.refuse(Code::TooMany, "interval", message, "a longer interval, or a shorter window");
    }
    periods
}

fn previous(
    interval: Interval,
    periods: &Periods,
    compare: Comparison,
    setting: &Setting<'_>,
) -> Option<Periods> {
    let zone = &setting.calendar.zone;
    let count = i64::try_from(periods.len()).ok()?;
    match compare {
        Comparison::PreviousPeriod => periods.moved(|edge| interval.earlier(edge, count, zone)),
        Comparison::PreviousYear => periods.moved(|edge| interval.year_earlier(edge, zone)),
    }
}
