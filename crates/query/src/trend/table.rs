//! Makes rows of the cells of a trend.

use std::collections::BTreeMap;

use segops_model::Decimal;

use super::TrendRow;
use super::cell::Cell;
use super::formula::{Formula, series_name};
use super::run::{CellKey, Plan};
use crate::groups::Group;

/// Makes rows of the cells.
pub(super) struct Table<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) cells: BTreeMap<CellKey, Cell>,
    pub(super) currencies: Vec<String>,
    pub(super) groups: Vec<Group>,
}

impl Table<'_> {
    pub(super) fn rows(mut self, formulas: &[(String, Formula)]) -> Vec<TrendRow> {
        // An order that names no currency is taken to be in that of the others, where they have one.
        if self.currencies.len() == 1 {
            let nameless: Vec<CellKey> = self.cells.keys().filter(|key| key.2.is_none()).copied().collect();
            for key in
                nameless.into_iter().filter(|key| self.plan.series.get(key.0).is_some_and(|one| one.is_money))
            {
                if let Some(cell) = self.cells.remove(&key) {
                    self.cells.entry((key.0, key.1, Some(0), key.3, key.4)).or_default().merge(&cell);
                }
            }
        }
        let mut rows = Vec::new();
        let group_count = 1 + self.groups.len();
        for group in 0..group_count {
            for series in 0..self.plan.series.len() {
                for currency in self.currencies_of(series) {
                    rows.push(self.series_row(series, group, currency));
                }
            }
            for (text, formula) in formulas {
                let mut of = Vec::new();
                formula.series(&mut of);
                let mut currencies: Vec<Option<usize>> = of
                    .iter()
                    .flat_map(|series| self.currencies_of(*series))
                    .filter(Option::is_some)
                    .collect();
                currencies.sort_unstable();
                currencies.dedup();
                if currencies.is_empty() {
                    currencies.push(None);
                }
                rows.extend(
                    currencies.into_iter().map(|currency| self.formula_row(text, formula, group, currency)),
                );
            }
        }
        rows
    }

    /// The currencies that a series has rows for.
    fn currencies_of(&self, series: usize) -> Vec<Option<usize>> {
        let mut currencies: Vec<Option<usize>> =
            self.cells.keys().filter(|key| key.0 == series && key.1 == 0).map(|key| key.2).collect();
        currencies.sort_unstable();
        currencies.dedup();
        if currencies.is_empty() {
            currencies.push(None);
        }
        currencies
    }

    fn value(
        &self,
        series: usize,
        group: usize,
        currency: Option<usize>,
        is_previous: bool,
        bucket: usize,
    ) -> Option<Decimal> {
        let plan = self.plan.series.get(series)?;
        let key = (series, group, if plan.is_money { currency } else { None }, is_previous, bucket);
        self.cells
            .get(&key)
            .map_or_else(|| Cell::default().value(&plan.measure), |cell| cell.value(&plan.measure))
    }

    fn row_of(
        &self,
        series: String,
        group: usize,
        currency: Option<usize>,
        value: impl Fn(bool, usize) -> Option<Decimal>,
    ) -> TrendRow {
        let buckets = self.plan.periods.len();
        let has_previous = self.plan.previous.is_some();
        TrendRow {
            series,
            group: group.checked_sub(1).and_then(|at| self.groups.get(at).cloned()).unwrap_or(Group::All),
            currency: currency.and_then(|at| self.currencies.get(at).cloned()),
            values: (0..buckets).map(|bucket| value(false, bucket)).collect(),
            total: value(false, buckets),
            previous: if has_previous {
                (0..buckets).map(|bucket| value(true, bucket)).collect()
            } else {
                Vec::new()
            },
            previous_total: if has_previous { value(true, buckets) } else { None },
        }
    }

    fn series_row(&self, series: usize, group: usize, currency: Option<usize>) -> TrendRow {
        self.row_of(series_name(series), group, currency, |is_previous, bucket| {
            self.value(series, group, currency, is_previous, bucket)
        })
    }

    fn formula_row(&self, text: &str, formula: &Formula, group: usize, currency: Option<usize>) -> TrendRow {
        self.row_of(text.to_owned(), group, currency, |is_previous, bucket| {
            formula.value(&|series| self.value(series, group, currency, is_previous, bucket))
        })
    }
}
