//! A trend from batches of events, where it depends neither on who did them nor on their order. Events of which a property
//! stands in a dictionary are counted by its numbers there.

use segops_model::{Instant, ProfileId, Texts};

use super::Measure;
use super::run::{Gather, Plan, Weigh};
use crate::error::AnalysisError;
use crate::groups::Reader;
use crate::periods::Periods;
use crate::walk::{Batch, Profile};

impl Plan<'_> {
    /// Whether the first so many series are of nothing but received events, each by itself.
    pub(super) fn is_of_events_alone(&self, series: usize) -> bool {
        let is_by_itself = matches!(self.groups, None | Some(Reader::Property(_)));
        let of_series = self.series.iter().zip(self.events()).take(series);
        is_by_itself
            && of_series.into_iter().all(|(series, event)| {
                let filter = &event.resolved;
                let is_received = filter.subject.is_events() && filter.derived.is_none();
                is_received && !matches!(series.measure, Measure::Customers)
            })
    }

    /// The numbers in a dictionary that tell the groups of a batch's events apart, where they do.
    pub(super) fn coded<'a>(&self, batch: &'a Batch, series: usize) -> Coded<'a> {
        match &self.groups {
            None => Coded::Same,
            Some(reader) => reader.coded(batch, series).map_or(Coded::Each, Coded::By),
        }
    }
}

/// What tells the groups of events apart.
pub(super) enum Coded<'a> {
    /// Nothing: all are of one.
    Same,
    By(Texts<'a>),
    /// Each event by itself.
    Each,
}

impl Coded<'_> {
    /// How many kinds of events there are; `None` where each is one of its own.
    pub(super) fn kinds(&self) -> Option<usize> {
        match self {
            Self::Same => Some(1),
            Self::By(texts) => Some(texts.values.count() + 1),
            Self::Each => None,
        }
    }

    /// The kind of a row, below that count.
    fn kind(&self, row: usize) -> usize {
        match self {
            Self::Same | Self::Each => 0,
            // Behind all texts are the events without any.
            Self::By(texts) => texts.number(row).unwrap_or_else(|| texts.values.count()),
        }
    }
}

impl Gather<'_> {
    /// Takes in every event of a batch.
    pub(super) fn see(&mut self, batch: &Batch) -> Result<(), AnalysisError> {
        let plan = self.plan;
        for (number, series) in plan.series.iter().enumerate() {
            let coded = plan.coded(batch, number);
            let counts_alone = series.measure == Measure::Count && !series.is_money;
            for (is_previous, periods) in [(false, Some(plan.periods)), (true, plan.previous)] {
                let Some(periods) = periods else { continue };
                match coded.kinds().filter(|_| counts_alone) {
                    Some(kinds) => self.count(batch, number, (is_previous, periods), &coded, kinds),
                    None => self.take_each(batch, number, (is_previous, periods))?,
                }
            }
        }
        Ok(())
    }

    fn take_each(
        &mut self,
        batch: &Batch,
        series: usize,
        (is_previous, periods): (bool, &Periods),
    ) -> Result<(), AnalysisError> {
        let nobody = nobody();
        for row in (0..batch.len()).filter(|row| batch.signals(*row) >> series & 1 == 1) {
            let Some(row) = batch.row(row) else { continue };
            if let Some(bucket) = periods.find(row.ts) {
                self.take(&nobody, &row, series, is_previous, [bucket, periods.len()])?;
            }
        }
        Ok(())
    }

    /// Counts events by kind and bucket, and then by the rows that each kind counts in.
    fn count(
        &mut self,
        batch: &Batch,
        series: usize,
        (is_previous, periods): (bool, &Periods),
        coded: &Coded<'_>,
        kinds: usize,
    ) {
        let nobody = nobody();
        let counted = Counted::of(batch, series, periods, coded, kinds);
        for (row, counts) in counted.kinds() {
            let Some(row) = batch.row(row) else { continue };
            let total: u64 = counts.iter().sum();
            let counts = || counts.iter().copied().chain([total]).enumerate().filter(|(_, count)| *count > 0);
            for group in self.rows_of(&nobody, &row, series) {
                for (bucket, count) in counts() {
                    let cell = (series, group, None, is_previous, bucket);
                    self.found.cells.entry(cell).or_default().events(count);
                }
            }
        }
    }
}

/// How many events of each kind a batch has in each bucket.
pub(super) struct Counted {
    counts: Vec<u64>,
    buckets: usize,
    /// A row of each kind.
    rows: Vec<Option<usize>>,
}

impl Counted {
    pub(super) fn of(
        batch: &Batch,
        series: usize,
        periods: &Periods,
        coded: &Coded<'_>,
        kinds: usize,
    ) -> Self {
        let mut finder = Finder::of(periods);
        let buckets = periods.len();
        let mut counts = vec![0_u64; kinds * buckets];
        let mut rows: Vec<Option<usize>> = vec![None; kinds];
        for row in (0..batch.len()).filter(|row| batch.signals(*row) >> series & 1 == 1) {
            let Some(bucket) = batch.when(row).and_then(|(ts, _)| finder.find(ts)) else { continue };
            let kind = coded.kind(row);
            if let (Some(count), Some(of_kind)) =
                (counts.get_mut(kind * buckets + bucket), rows.get_mut(kind))
            {
                *count += 1;
                of_kind.get_or_insert(row);
            }
        }
        Self { counts, buckets: buckets.max(1), rows }
    }

    /// Of each kind that there is, a row and how many there are in each bucket.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (usize, &[u64])> {
        let counts = self.counts.chunks(self.buckets);
        self.rows.iter().zip(counts).filter_map(|(row, counts)| Some(((*row)?, counts)))
    }
}

impl Weigh<'_> {
    /// Takes in every event of a batch.
    pub(super) fn see(&mut self, batch: &Batch) -> Result<(), AnalysisError> {
        let nobody = nobody();
        let rows = || (0..batch.len()).filter(|row| batch.signals(*row) & 1 == 1);
        let counts = self.plan.series.first().is_some_and(|series| {
            !matches!(series.measure, Measure::Sum(_) | Measure::SumByQuantity(_) | Measure::Customers)
        });
        let coded = self.plan.coded(batch, 0);
        let Some(kinds) = coded.kinds().filter(|_| counts) else {
            return rows().filter_map(|row| batch.row(row)).try_for_each(|row| self.add(&nobody, &row));
        };
        let mut finder = Finder::of(self.plan.periods);
        let mut weights: Vec<(usize, i128)> = vec![(0, 0); kinds];
        for row in rows() {
            if batch.when(row).is_some_and(|(ts, _)| finder.find(ts).is_some())
                && let Some(weight) = weights.get_mut(coded.kind(row))
            {
                *weight = (row, weight.1 + 1);
            }
        }
        for (row, weight) in weights.into_iter().filter(|(_, weight)| *weight > 0) {
            let Some(row) = batch.row(row) else { continue };
            for (key, group) in self.reader.groups(&nobody, 0, row.event(), row.ts) {
                self.weights.add(key, group, weight)?;
            }
        }
        Ok(())
    }
}

/// Whose traits nobody asks for.
pub(super) fn nobody() -> Profile {
    Profile::unknown(ProfileId(0))
}

/// Finds periods of instants that most often are in the one that was found last.
pub(super) struct Finder<'a> {
    periods: &'a Periods,
    last: Option<(Instant, Instant, usize)>,
}

impl<'a> Finder<'a> {
    pub(super) const fn of(periods: &'a Periods) -> Self {
        Self { periods, last: None }
    }

    pub(super) fn find(&mut self, ts: Instant) -> Option<usize> {
        if let Some((from, until, number)) = self.last
            && from <= ts
            && ts < until
        {
            return Some(number);
        }
        let number = self.periods.find(ts)?;
        self.last = self.periods.clipped(number).map(|range| (range.from, range.until, number));
        Some(number)
    }
}
