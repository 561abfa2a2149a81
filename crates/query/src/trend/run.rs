//! Computes a trend: once over history, or twice where it has to be found first which groups are shown and there is no
//! keeping of all of them.

use rustc_hash::FxHashMap;
use segops_model::{Decimal, Event};
use segops_rules::is_order_money;

use super::at_once::AtOnce;
use super::cell::Cell;
use super::table::Table;
use super::{Checked, Measure, Trend, TrendAnswer, check};
use crate::check::{CheckedEvent, Range};
use crate::error::AnalysisError;
use crate::groups::{Chosen, Reader, Weights};
use crate::periods::Periods;
use crate::setting::Setting;
use crate::values::ValueReader;
use crate::walk::{Batch, Profile, Reading, Row, Signal, Visitor, batches_side_by_side, walk_side_by_side};

/// Numbers that one trend keeps for its medians.
const NUMBERS_MAX: usize = 20_000_000;
/// Currencies of one trend.
const CURRENCIES_MAX: usize = 300;

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(trend: &Trend, setting: &Setting<'_>) -> Result<TrendAnswer, AnalysisError> {
    let checked = check(trend, setting)?;
    let plan = Plan::new(trend, &checked, setting);
    let (chosen, all) = match plan.at_once(setting)? {
        Some((chosen, found)) => (Some(chosen), found),
        None => {
            let chosen = plan.chosen(setting)?;
            let found = plan.found(chosen.as_ref(), setting)?;
            (chosen, found)
        }
    };
    let cells = all.cells.into_iter().collect();
    let currencies = all.currencies;
    let groups = chosen.as_ref().map(Chosen::rows).unwrap_or_default();
    let rows = Table { plan: &plan, cells, currencies, groups }.rows(&checked.formulas);
    Ok(TrendAnswer {
        buckets: checked.periods.buckets(),
        previous_buckets: checked.previous.as_ref().map(Periods::buckets).unwrap_or_default(),
        rows,
        warnings: checked.warnings,
    })
}

/// How a series' events are read.
pub(super) struct SeriesPlan {
    pub(super) measure: Measure,
    numbers: Option<ValueReader>,
    pub(super) is_money: bool,
}

pub(super) struct Plan<'a> {
    pub(super) series: Vec<SeriesPlan>,
    checked: &'a Checked,
    pub(super) periods: &'a Periods,
    pub(super) previous: Option<&'a Periods>,
    pub(super) groups: Option<Reader>,
    by: Option<&'a crate::groups::Breakdown>,
}

/// Which cell: series, group (0 is all), currency, bucket (the last is the total), and whether it is of the period that
/// is compared with.
pub(super) type CellKey = (usize, usize, Option<usize>, bool, usize);

impl<'a> Plan<'a> {
    pub(super) fn new(trend: &'a Trend, checked: &'a Checked, setting: &Setting<'_>) -> Self {
        let zone = &setting.calendar.zone;
        let plans = trend.series.iter().zip(&checked.events).map(|(series, event)| {
            let by_quantity = matches!(series.measure, Measure::SumByQuantity(_));
            let property = series.measure.property();
            SeriesPlan {
                measure: series.measure.clone(),
                numbers: property.map(|path| ValueReader::new(path, by_quantity, event, zone)),
                is_money: event.resolved.subject.is_orders() && property.is_some_and(is_order_money),
            }
        });
        let filters: Vec<_> = checked.events.iter().collect();
        Self {
            series: plans.collect(),
            checked,
            periods: &checked.periods,
            previous: checked.previous.as_ref(),
            groups: trend.breakdown.as_ref().map(|breakdown| breakdown.by.reader(setting, &filters)),
            by: trend.breakdown.as_ref(),
        }
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &CheckedEvent> {
        self.checked.events.iter()
    }

    pub(super) fn reading(&self, first_only: bool) -> Reading {
        let by = self.by.map(|breakdown| &breakdown.by);
        let count = if first_only { 1 } else { self.series.len() };
        let signals = self.checked.events.iter().zip(&self.series).take(count).map(|(event, series)| {
            let mut paths: Vec<_> = series.measure.property().cloned().into_iter().collect();
            paths.extend(by.and_then(|by| by.path()).cloned());
            if let Measure::SumByQuantity(path) = &series.measure {
                let quantity = segops_model::Path::of_name("quantity");
                let beside = path.split_list();
                paths.push(beside.map_or(quantity.clone(), |(list, _)| {
                    segops_model::Path::joined(&list, Some(&quantity))
                }));
            }
            Signal { filter: event.resolved.clone(), paths }
        });
        let ranges = std::iter::once(self.periods.range()).chain(self.previous.map(Periods::range));
        let from = ranges.clone().map(|range| range.from).min().unwrap_or_default();
        let until = ranges.map(|range| range.until).max().unwrap_or_default();
        Reading {
            signals: signals.collect(),
            range: Range { from, until },
            orders: false,
            traits: by.is_some_and(crate::groups::Dimension::needs_traits),
        }
    }

    /// The groups that are shown, and what the cells have, where one way through history is enough for both.
    fn at_once(&self, setting: &Setting<'_>) -> Result<Option<(Chosen, Found)>, AnalysisError> {
        let max = setting.limits.analysis_groups_max;
        let (Some(breakdown), Some(_)) = (self.by, AtOnce::of(self, max)) else { return Ok(None) };
        if !self.is_of_events_alone(self.series.len()) {
            return Ok(None);
        }
        let begin = || AtOnce::of(self, max);
        let see = |at_once: &mut Option<AtOnce<'_>>, batch: &Batch| {
            at_once.iter_mut().for_each(|at_once| at_once.see(batch));
            Ok(())
        };
        let found = batches_side_by_side(setting, &self.reading(false), begin, see)?;
        let joined = found.into_iter().flatten().reduce(|mut all, other| {
            all.join(other);
            all
        });
        Ok(joined.and_then(|all| all.finish(breakdown.top)))
    }

    /// What the cells have.
    fn found(&self, chosen: Option<&Chosen>, setting: &Setting<'_>) -> Result<Found, AnalysisError> {
        let gather = || Gather { plan: self, chosen, found: Found::default() };
        let reading = self.reading(false);
        let found = if self.is_of_events_alone(self.series.len()) {
            let see = |gather: &mut Gather<'_>, batch: &Batch| gather.see(batch);
            let gathered = batches_side_by_side(setting, &reading, gather, see)?;
            gathered.into_iter().map(|gather| gather.found).collect()
        } else {
            walk_side_by_side(setting, &reading, gather, |done| done.found)?
        };
        let mut all = Found::default();
        for of_bucket in found {
            all.join(of_bucket)?;
        }
        Ok(all)
    }

    /// Which groups are shown: those with most of the first series in the whole range.
    pub(super) fn chosen(&self, setting: &Setting<'_>) -> Result<Option<Chosen>, AnalysisError> {
        let (Some(reader), Some(breakdown)) = (&self.groups, self.by) else { return Ok(None) };
        let max = setting.limits.analysis_groups_max;
        let last = rustc_hash::FxHashSet::default;
        let weigh = || Weigh { plan: self, reader, weights: Weights::new(max), last: last() };
        let mut all = Weights::new(max);
        let reading = self.reading(true);
        let weights = if self.is_of_events_alone(1) {
            let see = |weigh: &mut Weigh<'_>, batch: &Batch| weigh.see(batch);
            let weighed = batches_side_by_side(setting, &reading, weigh, see)?;
            weighed.into_iter().map(|weigh| weigh.weights).collect()
        } else {
            walk_side_by_side(setting, &reading, weigh, |done| done.weights)?
        };
        for of_bucket in weights {
            for (key, (group, weight)) in of_bucket.found {
                all.add(key, group, weight)?;
            }
        }
        Ok(Some(Chosen::top(all.found, breakdown.top)))
    }

    /// Shows the numbers of an event with the rows that each counts in: 0 is all. Where groups are of lines, a line's
    /// numbers count where the line does; else a number counts in every group of the event, once in each.
    fn numbers(
        &self,
        series: usize,
        event: &Event,
        rows: &[usize],
        row_of: impl Fn(&str) -> usize,
        mut each: impl FnMut(usize, Decimal),
    ) {
        let Some(numbers) = self.series.get(series).and_then(|plan| plan.numbers.as_ref()) else { return };
        let by_line = match &self.groups {
            Some(Reader::Property(readers)) => {
                readers.get(series).filter(|one| one.shares_lines_with(numbers))
            }
            _ => None,
        };
        match by_line {
            None => numbers.numbers(event, |number| rows.iter().for_each(|row| each(*row, number))),
            Some(labels) => {
                numbers.numbers(event, |number| each(0, number));
                labels.labelled_numbers(numbers, event, |label, number| {
                    each(row_of(&crate::groups::of_label(label).0), number);
                });
            }
        }
    }
}

/// Finds how much each group has of the first series.
pub(super) struct Weigh<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) reader: &'a Reader,
    pub(super) weights: Weights,
    /// Groups that the profile at hand was counted in.
    last: rustc_hash::FxHashSet<String>,
}

impl Visitor for Weigh<'_> {
    fn begin(&mut self, _: &Profile) -> Result<(), AnalysisError> {
        self.last.clear();
        Ok(())
    }

    fn row(&mut self, profile: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        self.add(profile, row)
    }
}

impl Weigh<'_> {
    pub(super) fn add(&mut self, profile: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        if self.plan.periods.find(row.ts).is_none() || !row.has(0) {
            return Ok(());
        }
        let groups = self.reader.groups(profile, 0, row.event(), row.ts);
        let Some(series) = self.plan.series.first() else { return Ok(()) };
        match series.measure {
            Measure::Sum(_) | Measure::SumByQuantity(_) => {
                // As if the event's groups were all the rows that there are.
                let row_of = |key: &str| groups.iter().position(|(of, _)| of == key).map_or(0, |at| at + 1);
                let rows: Vec<usize> = (0..=groups.len()).collect();
                let mut sums = vec![Decimal::ZERO; rows.len()];
                self.plan.numbers(0, row.event(), &rows, row_of, |row, number| {
                    if let Some(sum) = sums.get_mut(row) {
                        *sum = [*sum, number].into_iter().sum();
                    }
                });
                for ((key, group), sum) in groups.into_iter().zip(sums.into_iter().skip(1)) {
                    self.weights.add(key, group, sum.billionths())?;
                }
            }
            Measure::Customers => {
                for (key, group) in groups {
                    if row.is_placed && self.last.insert(key.clone()) {
                        self.weights.add(key, group, 1)?;
                    }
                }
            }
            _ => {
                for (key, group) in groups {
                    self.weights.add(key, group, i128::from(row.is_placed))?;
                }
            }
        }
        Ok(())
    }
}

/// Fills the cells.
pub(super) struct Gather<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) chosen: Option<&'a Chosen>,
    pub(super) found: Found,
}

/// What the cells have of some profiles.
#[derive(Default)]
pub(super) struct Found {
    pub(super) cells: FxHashMap<CellKey, Cell>,
    currencies: Vec<String>,
    numbers_kept: usize,
}

impl Found {
    /// Takes in what there is of other profiles.
    fn join(&mut self, other: Self) -> Result<(), AnalysisError> {
        for ((series, group, currency, is_previous, bucket), cell) in other.cells {
            let name = currency.and_then(|number| other.currencies.get(number));
            let currency = name.map(|name| self.number_of(name)).transpose()?;
            self.cells.entry((series, group, currency, is_previous, bucket)).or_default().merge(&cell);
        }
        self.numbers_kept += other.numbers_kept;
        self.check_numbers()
    }

    fn check_numbers(&self) -> Result<(), AnalysisError> {
        if self.numbers_kept > NUMBERS_MAX {
            return Err(AnalysisError::Limit {
                what: "different numbers of which a median is taken",
                max: NUMBERS_MAX,
                advice: "take an average, fewer groups or a shorter window",
            });
        }
        Ok(())
    }

    /// The number that a currency has here.
    fn number_of(&mut self, currency: &str) -> Result<usize, AnalysisError> {
        if let Some(known) = self.currencies.iter().position(|known| known.eq_ignore_ascii_case(currency)) {
            return Ok(known);
        }
        if self.currencies.len() >= CURRENCIES_MAX {
            return Err(AnalysisError::Limit {
                what: "the currencies of the orders",
                max: CURRENCIES_MAX,
                advice: "choose one, with `orders where currency is \"EUR\"`",
            });
        }
        self.currencies.push(currency.to_ascii_uppercase());
        Ok(self.currencies.len() - 1)
    }
}

impl Visitor for Gather<'_> {
    fn row(&mut self, profile: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        for (is_previous, periods) in [(false, Some(self.plan.periods)), (true, self.plan.previous)] {
            let Some(periods) = periods else { continue };
            let Some(bucket) = periods.find(row.ts) else { continue };
            for series in 0..self.plan.series.len() {
                if row.has(series) {
                    self.take(profile, row, series, is_previous, [bucket, periods.len()])?;
                }
            }
        }
        Ok(())
    }
}

impl Gather<'_> {
    /// The rows that an event counts in: 0 is all.
    pub(super) fn rows_of(&self, profile: &Profile, row: &Row<'_>, series: usize) -> Vec<usize> {
        let groups = self.plan.groups.as_ref();
        let groups =
            groups.map_or_else(Vec::new, |reader| reader.groups(profile, series, row.event(), row.ts));
        // Several values that are shown as others are one group: it has the event once.
        let mut rows: Vec<usize> = groups.iter().map(|(key, _)| self.row_of(key)).collect();
        rows.push(0);
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn row_of(&self, key: &str) -> usize {
        self.chosen.map_or(0, |chosen| chosen.number(key) + 1)
    }

    pub(super) fn take(
        &mut self,
        profile: &Profile,
        row: &Row<'_>,
        series: usize,
        is_previous: bool,
        buckets: [usize; 2],
    ) -> Result<(), AnalysisError> {
        let plan = self.plan;
        let Some(of_series) = plan.series.get(series) else { return Ok(()) };
        let currency = if of_series.is_money { self.currency(row.event())? } else { None };
        let rows = self.rows_of(profile, row, series);
        for group in &rows {
            for bucket in buckets {
                let key = (series, *group, currency, is_previous, bucket);
                self.found.cells.entry(key).or_default().event(profile.id, row.is_placed);
            }
        }
        let is_median = matches!(of_series.measure, Measure::Median(_));
        // Money that went back against no known order counts in sums alone.
        let is_sum = matches!(of_series.measure, Measure::Sum(_) | Measure::SumByQuantity(_));
        if !row.is_placed && !is_sum {
            return Ok(());
        }
        if of_series.numbers.is_none() {
            return Ok(());
        }
        let mut found: Vec<(usize, Decimal)> = Vec::new();
        let row_of = |key: &str| self.row_of(key);
        plan.numbers(series, row.event(), &rows, row_of, |group, number| found.push((group, number)));
        for (group, number) in found {
            for bucket in buckets {
                let key = (series, group, currency, is_previous, bucket);
                let is_new = self.found.cells.entry(key).or_default().number(number, is_median);
                self.found.numbers_kept += usize::from(is_new);
            }
        }
        self.found.check_numbers()
    }

    fn currency(&mut self, event: &Event) -> Result<Option<usize>, AnalysisError> {
        let Some(currency) = event.properties.get("currency").and_then(|value| value.as_text()) else {
            return Ok(None);
        };
        self.found.number_of(currency).map(Some)
    }
}
