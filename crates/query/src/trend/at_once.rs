//! Counts of all groups in one way through history, of which those that are shown are chosen in the end.

use rustc_hash::FxHashMap;

use super::Measure;
use super::batches::{Counted, Finder, nobody};
use super::run::{Found, Plan};
use crate::groups::{Chosen, Group, Reader};
use crate::periods::Periods;
use crate::walk::Batch;

/// Numbers that are kept of groups of which it is not known yet whether they are shown.
const NUMBERS_KEPT_MAX: usize = 1_000_000;

/// Counts of all groups in one go, of which those that are shown are chosen in the end.
pub(super) struct AtOnce<'a> {
    plan: &'a Plan<'a>,
    reader: &'a Reader,
    /// Of each group, how many there are by place: series, period compared with, bucket.
    found: FxHashMap<String, (Group, Vec<u64>)>,
    groups_max: usize,
    /// Whether it can't be done this way: some event may be in several groups, or there are too many.
    is_beyond: bool,
}

impl<'a> AtOnce<'a> {
    /// `None` where more is asked for than counts.
    pub(super) fn of(plan: &'a Plan<'a>, groups_max: usize) -> Option<Self> {
        let counts_alone =
            plan.series.iter().all(|series| series.measure == Measure::Count && !series.is_money);
        let reader = plan.groups.as_ref().filter(|_| counts_alone)?;
        let groups_max = groups_max.min(NUMBERS_KEPT_MAX / Self::places(plan).max(1));
        Some(Self { plan, reader, found: FxHashMap::default(), groups_max, is_beyond: false })
    }

    /// How many numbers there are of a group.
    fn places(plan: &Plan<'_>) -> usize {
        plan.series.len() * (plan.periods.len() + plan.previous.map_or(0, Periods::len))
    }

    /// Where those of a series and period begin.
    fn place(&self, series: usize, is_previous: bool) -> usize {
        let now = self.plan.periods.len();
        let of_series = now + self.plan.previous.map_or(0, Periods::len);
        series * of_series + if is_previous { now } else { 0 }
    }

    /// Takes in every event of a batch.
    pub(super) fn see(&mut self, batch: &Batch) {
        let plan = self.plan;
        let periods = [(false, Some(plan.periods)), (true, plan.previous)];
        for series in 0..plan.series.len() {
            let coded = plan.coded(batch, series);
            for (is_previous, periods) in periods {
                let Some(periods) = periods.filter(|_| !self.is_beyond) else { continue };
                match coded.kinds() {
                    Some(kinds) => {
                        let counted = Counted::of(batch, series, periods, &coded, kinds);
                        for (row, counts) in counted.kinds() {
                            let counts = counts.iter().copied().enumerate();
                            self.add(batch, row, (series, is_previous), counts);
                        }
                    }
                    None => {
                        let mut finder = Finder::of(periods);
                        for row in (0..batch.len()).filter(|row| batch.signals(*row) >> series & 1 == 1) {
                            if let Some(bucket) = batch.when(row).and_then(|(ts, _)| finder.find(ts)) {
                                self.add(batch, row, (series, is_previous), [(bucket, 1)]);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds events that are in the groups of one row, by the numbers of their buckets.
    fn add(
        &mut self,
        batch: &Batch,
        row: usize,
        (series, is_previous): (usize, bool),
        counts: impl IntoIterator<Item = (usize, u64)>,
    ) {
        let Some(row) = batch.row(row) else { return };
        let groups = self.reader.groups(&nobody(), series, row.event(), row.ts);
        let ([(key, group)], true) = (groups.as_slice(), self.found.len() < self.groups_max) else {
            self.is_beyond = true;
            return;
        };
        let (place, places) = (self.place(series, is_previous), Self::places(self.plan));
        let held = self.found.entry(key.clone()).or_insert_with(|| (group.clone(), vec![0; places]));
        held.0 = held.0.clone().min(group.clone());
        for (bucket, count) in counts {
            if let Some(held) = held.1.get_mut(place + bucket) {
                *held += count;
            }
        }
    }

    /// Takes in what there is of other events.
    pub(super) fn join(&mut self, other: Self) {
        self.is_beyond |= other.is_beyond;
        for (key, (group, counts)) in other.found {
            let held = self.found.entry(key).or_insert_with(|| (group.clone(), vec![0; counts.len()]));
            held.0 = held.0.clone().min(group);
            held.1.iter_mut().zip(counts).for_each(|(held, count)| *held += count);
        }
        self.is_beyond |= self.found.len() > self.groups_max;
    }

    /// The groups that are shown, and the cells; `None` where it could not be done this way.
    pub(super) fn finish(self, top: usize) -> Option<(Chosen, Found)> {
        if self.is_beyond {
            return None;
        }
        let now = self.plan.periods.len();
        let weight = |counts: &[u64]| counts.iter().take(now).map(|count| i128::from(*count)).sum::<i128>();
        let weights = self.found.iter().map(|(key, (group, counts))| (key, group, weight(counts)));
        let weights = weights.filter(|(_, _, weight)| *weight > 0);
        let weights = weights.map(|(key, group, weight)| (key.clone(), (group.clone(), weight))).collect();
        let chosen = Chosen::top(weights, top);
        let mut found = Found::default();
        for (key, (_, counts)) in &self.found {
            for series in 0..self.plan.series.len() {
                for (is_previous, periods) in [(false, Some(self.plan.periods)), (true, self.plan.previous)] {
                    let Some(periods) = periods else { continue };
                    let counts = counts.iter().skip(self.place(series, is_previous)).take(periods.len());
                    let total = (periods.len(), counts.clone().sum::<u64>());
                    let counts = counts.copied().enumerate().chain([total]).filter(|(_, count)| *count > 0);
                    for (bucket, count) in counts {
                        for group in [0, chosen.number(key) + 1] {
                            let cell = (series, group, None, is_previous, bucket);
                            found.cells.entry(cell).or_default().events(count);
                        }
                    }
                }
            }
        }
        Some((chosen, found))
    }
}
