//! Some events of one name, and which filters each of them passes.

use std::ops::Range;

use compact_str::CompactString;
use segops_model::{Columns, Event, Instant, Path, Position, ProfileId};
use segops_parts::{PartRow, SignalBatch};
use segops_segment::{Entry, Matcher};

use super::Row;
use super::stream::{Place, bare};
use crate::setting::Population;

/// Rows of one event name in the order of (profile, ts, position).
pub(crate) struct Batch {
    name: CompactString,
    rows: BatchRows,
    signals: Signals,
}

pub(super) enum BatchRows {
    /// Only those properties that are looked at.
    Columns(SignalBatch),
    Whole(Vec<PartRow>),
}

/// Which filters rows pass: the bit of each is its number.
enum Signals {
    /// All rows the same.
    All(u64),
    Each(Vec<u64>),
}

impl Batch {
    pub(super) fn new(name: CompactString, rows: BatchRows, of_name: &[usize], matchers: &[Matcher]) -> Self {
        let of_name = of_name.iter().filter_map(|at| Some((1_u64 << at, matchers.get(*at)?)));
        let signals = match &rows {
            BatchRows::Whole(rows) => {
                let matchers: Vec<_> = of_name.collect();
                let passed = |row: &PartRow| {
                    let passed = matchers.iter().filter(|(_, matcher)| matcher.matches(&row.event));
                    passed.fold(0, |signals, (bit, _)| signals | bit)
                };
                Signals::Each(rows.iter().map(passed).collect())
            }
            BatchRows::Columns(columns) => {
                let (mut of_all, mut each) = (0, Vec::new());
                for (bit, matcher) in of_name {
                    match matcher.passing(columns) {
                        None => of_all |= bit,
                        Some(passing) => {
                            each.resize(columns.len(), 0);
                            each.iter_mut().zip(passing).for_each(|(signals, passes)| {
                                *signals |= if passes { bit } else { 0 };
                            });
                        }
                    }
                }
                if each.is_empty() {
                    Signals::All(of_all)
                } else {
                    each.iter_mut().for_each(|signals| *signals |= of_all);
                    Signals::Each(each)
                }
            }
        };
        Self { name, rows, signals }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.rows {
            BatchRows::Columns(columns) => columns.len(),
            BatchRows::Whole(rows) => rows.len(),
        }
    }

    pub(crate) const fn columns(&self) -> Option<&SignalBatch> {
        match &self.rows {
            BatchRows::Columns(columns) => Some(columns),
            BatchRows::Whole(_) => None,
        }
    }

    #[inline]
    pub(crate) fn signals(&self, row: usize) -> u64 {
        match &self.signals {
            Signals::All(signals) => *signals,
            Signals::Each(each) => each.get(row).copied().unwrap_or_default(),
        }
    }

    #[inline]
    pub(crate) fn profile(&self, row: usize) -> Option<u64> {
        match &self.rows {
            BatchRows::Columns(columns) => columns.profiles().get(row).copied(),
            BatchRows::Whole(rows) => rows.get(row).map(|row| row.profile.0),
        }
    }

    /// The instant of a row, and its position, which is 0 where nobody asked for it.
    #[inline]
    pub(crate) fn when(&self, row: usize) -> Option<(Instant, Position)> {
        match &self.rows {
            BatchRows::Columns(columns) => {
                let position = columns.positions().get(row).copied().unwrap_or_default();
                columns.ts_ms().get(row).map(|ts| (Instant::from_ms(*ts), Position(position)))
            }
            BatchRows::Whole(rows) => rows.get(row).map(|row| (row.event.ts, row.position)),
        }
    }

    /// A row that passes some filter.
    pub(crate) fn row(&self, row: usize) -> Option<Row<'_>> {
        let (ts, position) = self.when(row)?;
        Some(Row::of_batch(Entry { ts, position }, self.signals(row), self, row))
    }

    /// Has nobody outside a population pass any filter.
    pub(super) fn restrict(&mut self, population: &Population) {
        if population.members.is_none() {
            return;
        }
        let (mut last, mut holds) = (None, false);
        let mut signals = |row: usize| {
            let profile = self.profile(row);
            if profile != last {
                (last, holds) = (profile, profile.is_some_and(|id| population.holds(ProfileId(id))));
            }
            if holds { self.signals(row) } else { 0 }
        };
        self.signals = Signals::Each((0..self.len()).map(&mut signals).collect());
    }

    /// The rows of one profile, from a row on.
    pub(super) fn run(&self, start: usize) -> Range<usize> {
        let end = match &self.rows {
            BatchRows::Columns(columns) => end_of_run(columns.profiles(), start),
            BatchRows::Whole(rows) => {
                let profile = rows.get(start).map(|row| row.profile);
                let after = rows.iter().skip(start).position(|row| Some(row.profile) != profile);
                after.map_or(rows.len(), |count| start + count)
            }
        };
        start..end
    }

    /// Adds where those of some rows are that pass any filter, in the batch with a number among those that are held.
    pub(super) fn add_places(&self, rows: Range<usize>, held: usize, places: &mut Vec<Place>) {
        if let (BatchRows::Columns(columns), Signals::All(signals)) = (&self.rows, &self.signals) {
            let (ts, positions) = (columns.ts_ms().get(rows.clone()), columns.positions().get(rows.clone()));
            let keys = ts.unwrap_or_default().iter().zip(positions.unwrap_or_default());
            let place = |(row, (ts, position)): (usize, (&i64, &u64))| {
                Place::new(Instant::from_ms(*ts), Position(*position), held, row)
            };
            if *signals != 0 {
                places.extend(rows.zip(keys).map(place));
            }
            return;
        }
        let wanted = rows.filter(|row| self.signals(*row) != 0);
        places.extend(wanted.filter_map(|row| {
            let (ts, position) = self.when(row)?;
            Some(Place::new(ts, position, held, row))
        }));
    }

    /// A row as an event, with the properties that were asked for.
    pub(super) fn event(&self, row: usize) -> Event {
        let mut event = bare(&self.name);
        match &self.rows {
            BatchRows::Whole(rows) => {
                if let Some(row) = rows.get(row) {
                    event.clone_from(&row.event);
                }
            }
            BatchRows::Columns(columns) => {
                event.ts = self.when(row).map(|(ts, _)| ts).unwrap_or_default();
                for path in columns.paths() {
                    let Some(value) = columns.column(path).value(row) else { continue };
                    match within_context(path) {
                        Some(path) => event.context.set_at(&path, value),
                        None => event.properties.set_at(path, value),
                    }
                }
            }
        }
        event
    }
}

/// Behind the last of the rows from `start` on that are of the same profile.
fn end_of_run(profiles: &[u64], start: usize) -> usize {
    let rest = profiles.get(start..).unwrap_or_default();
    let Some(first) = rest.first() else { return start };
    start + rest.iter().position(|profile| profile != first).unwrap_or(rest.len())
}

/// Where a path through an event's context leads from there.
fn within_context(path: &Path) -> Option<Path> {
    path.to_string().strip_prefix("context.")?.parse().ok()
}
