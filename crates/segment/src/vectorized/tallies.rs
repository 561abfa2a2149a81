//! What tallies come to for a block of profiles, and what programs make of that.

use std::ops::Range;

use rustc_hash::FxHashSet;
use segops_model::{Instant, Position};

use super::{Alone, Leaf, Tallied, TallyKind, Tree, Vectorized};
use crate::aggregate::{Fraction, Reading};
use crate::{Entry, SignalRows, ValueSubtotal};

/// Rows of one profile that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileRows {
    /// The profile's place in its block.
    pub slot: u32,
    pub start: u32,
    pub end: u32,
}

impl ProfileRows {
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Some rows of one event name, and what its signals make of them.
#[derive(Debug, Clone, Copy)]
pub struct BlockRows<'a> {
    pub profiles: &'a [ProfileRows],
    /// Of each row of the batch that the profiles' rows are in.
    pub ts_ms: &'a [i64],
    /// Empty where nobody asks for them.
    pub positions: &'a [u64],
    /// What stands in for the first row's position then, and for the others' the numbers after it: none of another
    /// batch is the same.
    pub first: u64,
    pub signals: &'a [SignalRows],
}

impl BlockRows<'_> {
    /// The place of a row in the order of time.
    #[must_use]
    pub fn entry(&self, row: usize) -> Option<Entry> {
        let position = self.positions.get(row).copied().unwrap_or(self.first + row as u64);
        self.ts_ms.get(row).map(|ts| Entry { ts: Instant::from_ms(*ts), position: Position(position) })
    }
}

/// What there is of a block of profiles, as far as it was tallied.
#[derive(Debug)]
pub struct Tallies<'a> {
    of: &'a Vectorized,
    held: Vec<Held>,
    profiles: usize,
}

/// One tally, profile after profile.
#[derive(Debug)]
enum Held {
    Matches(Vec<u64>),
    Values(Vec<ValueSubtotal>),
    Distinct { seen: FxHashSet<(u32, i128)>, counts: Vec<u64> },
    Chosen(Vec<Option<Pick>>),
}

#[derive(Debug, Clone, Copy)]
struct Pick {
    entry: Entry,
    passes: bool,
}

impl Held {
    fn new(kind: TallyKind) -> Self {
        match kind {
            TallyKind::Matches => Self::Matches(Vec::new()),
            TallyKind::Values => Self::Values(Vec::new()),
            TallyKind::Distinct => Self::Distinct { seen: FxHashSet::default(), counts: Vec::new() },
            TallyKind::Chosen { .. } => Self::Chosen(Vec::new()),
        }
    }

    fn begin(&mut self, profiles: usize) {
        fn cleared<T: Clone>(held: &mut Vec<T>, profiles: usize, nothing: T) {
            held.clear();
            held.resize(profiles, nothing);
        }
        match self {
            Self::Matches(counts) => cleared(counts, profiles, 0),
            Self::Values(values) => cleared(values, profiles, ValueSubtotal::default()),
            Self::Distinct { seen, counts } => {
                seen.clear();
                cleared(counts, profiles, 0);
            }
            Self::Chosen(picks) => cleared(picks, profiles, None),
        }
    }

    /// What values come to that an aggregate reads.
    fn value(&self, reading: &Reading, slot: usize) -> Option<Fraction> {
        match self {
            Self::Matches(counts) | Self::Distinct { counts, .. } => {
                counts.get(slot).map(|count| Fraction::of_count(*count))
            }
            Self::Values(values) => reading.value_of(values.get(slot)?),
            Self::Chosen(_) => None,
        }
    }
}

impl Tallied {
    fn has(&self, ts: i64) -> bool {
        ts > self.after && ts <= self.until
    }

    /// Shows every row within the window that matches, with its profile's place.
    fn each_match(&self, rows: &BlockRows<'_>, signal: &SignalRows, mut each: impl FnMut(usize, usize)) {
        for of_profile in rows.profiles {
            let range = of_profile.range();
            let ts = rows.ts_ms.get(range.clone()).unwrap_or_default();
            for (row, ts) in range.zip(ts) {
                if self.has(*ts) && signal.matches(row) {
                    each(of_profile.slot as usize, row);
                }
            }
        }
    }

    fn count(&self, rows: &BlockRows<'_>, signal: &SignalRows, counts: &mut [u64]) {
        let passes = signal.passes();
        for of_profile in rows.profiles {
            let Some(count) = counts.get_mut(of_profile.slot as usize) else { continue };
            let ts = rows.ts_ms.get(of_profile.range()).unwrap_or_default();
            let passes = passes.map(|passes| passes.get(of_profile.range()).unwrap_or_default());
            *count += match passes {
                None => ts.iter().map(|ts| u64::from(self.has(*ts))).sum::<u64>(),
                Some(passes) => {
                    ts.iter().zip(passes).map(|(ts, passes)| u64::from(self.has(*ts) & *passes)).sum::<u64>()
                }
            };
        }
    }

    fn add(&self, rows: &BlockRows<'_>, signal: &SignalRows, held: &mut Held) {
        match held {
            Held::Matches(counts) => self.count(rows, signal, counts),
            Held::Values(values) => self.each_match(rows, signal, |slot, row| {
                let (Some(held), Some(captured)) = (values.get_mut(slot), signal.captured(row)) else {
                    return;
                };
                captured.iter().for_each(|value| held.add_value(*value));
            }),
            Held::Distinct { seen, counts } => self.each_match(rows, signal, |slot, row| {
                let (Some(count), Ok(place)) = (counts.get_mut(slot), u32::try_from(slot)) else { return };
                for value in signal.captured(row).unwrap_or_default() {
                    *count += u64::from(seen.insert((place, *value)));
                }
            }),
            Held::Chosen(picks) => {
                let TallyKind::Chosen { is_first, passing } = self.kind else { return };
                let passing = passing.map(|passing| rows.signals.iter().find(|of| of.signal == passing));
                self.each_match(rows, signal, |slot, row| {
                    let (Some(pick), Some(entry)) = (picks.get_mut(slot), rows.entry(row)) else { return };
                    if pick.is_none_or(|pick| (entry < pick.entry) == is_first) {
                        let passes = passing.is_none_or(|of| of.is_some_and(|of| of.matches(row)));
                        *pick = Some(Pick { entry, passes });
                    }
                });
            }
        }
    }
}

impl Vectorized {
    /// Room for the tallies of one block of profiles after the other.
    #[must_use]
    pub fn tallies(&self) -> Tallies<'_> {
        let held = self.tallied.iter().map(|tallied| Held::new(tallied.kind)).collect();
        Tallies { of: self, held, profiles: 0 }
    }
}

impl Tallies<'_> {
    /// Begins with a block of so many profiles, of which nothing is there.
    pub fn begin(&mut self, profiles: usize) {
        self.profiles = profiles;
        self.held.iter_mut().for_each(|held| held.begin(profiles));
    }

    /// Adds some rows. All that a profile has of a signal comes in the same block, in any order.
    pub fn add(&mut self, rows: &BlockRows<'_>) {
        for (tallied, held) in self.of.tallied.iter().zip(&mut self.held) {
            if let Some(signal) = rows.signals.iter().find(|of| of.signal == tallied.signal) {
                tallied.add(rows, signal, held);
            }
        }
    }

    /// What each program says of each profile of the block. `alone` fills in what a condition says that is looked at
    /// profile by profile.
    pub fn answers(&self, mut alone: impl FnMut(&Alone, &mut [bool])) -> Vec<Vec<bool>> {
        let leaves: Vec<Vec<bool>> = self.of.leaves.iter().map(|leaf| self.leaf(leaf, &mut alone)).collect();
        let mut answers: Vec<Vec<bool>> = Vec::with_capacity(self.of.trees.len());
        for tree in &self.of.trees {
            let answer = self.tree(tree, &leaves, &answers);
            answers.push(answer);
        }
        answers
    }

    fn leaf(&self, leaf: &Leaf, alone: &mut impl FnMut(&Alone, &mut [bool])) -> Vec<bool> {
        let slots = || 0..self.profiles;
        match leaf {
            Leaf::Alone(leaf) => {
                let mut answers = vec![false; self.profiles];
                alone(leaf, &mut answers);
                answers
            }
            Leaf::Count { tally, range } => match self.held.get(*tally) {
                Some(Held::Matches(counts)) => counts.iter().map(|count| range.holds(*count)).collect(),
                _ => Vec::new(),
            },
            Leaf::Chosen { tally, after, until } => match self.held.get(*tally) {
                Some(Held::Chosen(picks)) => {
                    let is_within = |ts: i64| ts > *after && ts <= *until;
                    let holds = |pick: &Pick| pick.passes && is_within(pick.entry.ts.as_ms());
                    picks.iter().map(|pick| pick.as_ref().is_some_and(holds)).collect()
                }
                _ => Vec::new(),
            },
            Leaf::Aggregate { node, left, right } => {
                let left = self.held.get(*left);
                let right = right.and_then(|right| self.held.get(right)).zip(node.other());
                let holds = |slot| {
                    let left = left.and_then(|held| held.value(&node.left, slot));
                    let right = right.and_then(|(held, (_, reading))| held.value(reading, slot));
                    node.holds_of(left, right)
                };
                slots().map(holds).collect()
            }
        }
    }

    fn tree(&self, tree: &Tree, leaves: &[Vec<bool>], before: &[Vec<bool>]) -> Vec<bool> {
        let joined = |parts: &[Tree], begin: bool, join: fn(&mut bool, bool)| {
            let mut all = vec![begin; self.profiles];
            for part in parts {
                let part = self.tree(part, leaves, before);
                all.iter_mut().zip(part).for_each(|(all, one)| join(all, one));
            }
            all
        };
        match tree {
            Tree::All(parts) => match parts.as_slice() {
                [part] => self.tree(part, leaves, before),
                parts => joined(parts, true, |all, one| *all &= one),
            },
            Tree::Any(parts) => joined(parts, false, |any, one| *any |= one),
            Tree::Not(part) => {
                let mut answers = self.tree(part, leaves, before);
                answers.iter_mut().for_each(|answer| *answer = !*answer);
                answers
            }
            Tree::Leaf(number) => leaves.get(*number).cloned().unwrap_or_default(),
            Tree::Program(number) => before.get(*number).cloned().unwrap_or_default(),
            Tree::Never => vec![false; self.profiles],
        }
    }
}
