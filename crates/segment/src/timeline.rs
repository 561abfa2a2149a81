//! One profile's matches of one signal, in order of time.

mod chunk;
mod item;
mod lineage;
mod recorded;
mod run;
mod stored;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use segops_model::Instant;

pub use chunk::{CHUNK_ENTRIES_MAX, Chunk};
pub use item::{Entry, TimelineItem, ValueEntry, ValueSubtotal};
use item::{Item, Subtotal};
pub(crate) use lineage::{Late, Lineage};
pub use recorded::{RECORDED_TRANSITIONS_MAX, RecordedTransition, RecordedTransitions};
use run::Run;

/// How much of a timeline the rules that read it need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Only so many newest entries.
    Newest(u32),
    /// Only so many oldest entries.
    Oldest(u32),
    /// So many of either end, and nothing between.
    Ends {
        oldest: u32,
        newest: u32,
    },
    All,
}

impl Keep {
    /// What serves both of two readers. With both ends kept, entries may lack in the middle; a reader of the
    /// newest n finds the same answers, because between its n and the oldest there is only more than n.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.ends(), other.ends()) {
            (Some((oldest, newest)), Some((other_oldest, other_newest))) => {
                Self::of_ends(oldest.max(other_oldest), newest.max(other_newest))
            }
            _ => Self::All,
        }
    }

    /// How many oldest and newest entries; `None` for all.
    const fn ends(self) -> Option<(u32, u32)> {
        match self {
            Self::Newest(newest) => Some((0, newest)),
            Self::Oldest(oldest) => Some((oldest, 0)),
            Self::Ends { oldest, newest } => Some((oldest, newest)),
            Self::All => None,
        }
    }

    const fn of_ends(oldest: u32, newest: u32) -> Self {
        match (oldest, newest) {
            (0, newest) => Self::Newest(newest),
            (oldest, 0) => Self::Oldest(oldest),
            (oldest, newest) => Self::Ends { oldest, newest },
        }
    }
}

/// The sorted, distinct (ts, position) entries of a signal; of a signal that captures values, the values,
/// of which an event may have several. A clone shares its chunks and copies one only when it is written to;
/// a chunk is also the unit in which a long timeline can be stored.
#[derive(Clone)]
pub struct Timeline {
    entries: Entries,
}

#[derive(Clone)]
enum Entries {
    Plain(Run<Entry>),
    /// Boxed, so that signals without values do not pay for those with.
    Valued(Box<Run<ValueEntry>>),
}

/// The same question to either kind.
macro_rules! ask {
    ($timeline:expr, $run:ident => $answer:expr) => {
        match &$timeline.entries {
            Entries::Plain($run) => $answer,
            Entries::Valued($run) => $answer,
        }
    };
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Timeline {
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Entries::Plain(Run::new()) }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        ask!(self, run => run.len())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is of a signal that captures values.
    #[must_use]
    pub const fn holds_values(&self) -> bool {
        matches!(self.entries, Entries::Valued(_))
    }

    /// Bytes of memory that it takes, with what it points at.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let boxed = match &self.entries {
            Entries::Plain(_) => 0,
            Entries::Valued(_) => size_of::<Run<ValueEntry>>(),
        };
        size_of::<Self>() + boxed + ask!(self, run => run.heap_bytes())
    }

    /// Holds these matches, and nothing that it held before, in the same memory. They are put in order.
    pub fn refill(&mut self, matches: &mut [Entry]) {
        match &mut self.entries {
            Entries::Plain(run) => run.refill(matches),
            Entries::Valued(_) => self.entries = Entries::Plain(matches.iter().copied().collect()),
        }
    }

    /// As [`Timeline::refill`], of values.
    pub fn refill_values(&mut self, values: &mut [ValueEntry]) {
        match &mut self.entries {
            Entries::Valued(run) => run.refill(values),
            Entries::Plain(_) => self.entries = Entries::Valued(Box::new(values.iter().copied().collect())),
        }
    }

    /// As [`Timeline::refill`], for a timeline that is only read: it is not to be kept, nor added to.
    pub fn refill_to_read(&mut self, matches: &mut [Entry]) {
        if !matches!(self.entries, Entries::Plain(_)) {
            self.entries = Entries::Plain(Run::new());
        }
        if let Entries::Plain(run) = &mut self.entries {
            run.refill_in_one(matches);
        }
    }

    /// As [`Timeline::refill_to_read`], of values.
    pub fn refill_values_to_read(&mut self, values: &mut [ValueEntry]) {
        if !matches!(self.entries, Entries::Valued(_)) {
            self.entries = Entries::Valued(Box::new(Run::new()));
        }
        if let Entries::Valued(run) = &mut self.entries {
            run.refill_in_one(values);
        }
    }

    /// Adds an entry in its place; false if it is there already, or if this timeline holds values.
    pub fn insert(&mut self, entry: Entry) -> bool {
        match &mut self.entries {
            Entries::Plain(run) => run.insert(entry),
            Entries::Valued(_) => false,
        }
    }

    /// Adds a value in its place; false if it is there already, or if this timeline holds plain matches.
    pub fn insert_value(&mut self, value: ValueEntry) -> bool {
        if self.is_empty() {
            self.entries = Entries::Valued(Box::new(Run::new()));
        }
        match &mut self.entries {
            Entries::Plain(_) => false,
            Entries::Valued(run) => run.insert(value),
        }
    }

    /// Adds an item of either kind; false as [`Timeline::insert`] and [`Timeline::insert_value`] say.
    pub fn insert_item(&mut self, item: TimelineItem) -> bool {
        match item {
            TimelineItem::Match(entry) => self.insert(entry),
            TimelineItem::Value(value) => self.insert_value(value),
        }
    }

    /// Takes an item out; false if it is not there.
    pub fn remove_item(&mut self, item: TimelineItem) -> bool {
        match (&mut self.entries, item) {
            (Entries::Plain(run), TimelineItem::Match(entry)) => run.remove(entry),
            (Entries::Valued(run), TimelineItem::Value(value)) => run.remove(value),
            _ => false,
        }
    }

    /// Takes out an entry, with all its values.
    pub fn remove(&mut self, entry: Entry) {
        let from = self.count_before(entry);
        let to = ask!(self, run => run.count_while(|item| item.entry() <= entry));
        match &mut self.entries {
            Entries::Plain(run) => run.take_out(from..to),
            Entries::Valued(run) => run.take_out(from..to),
        }
    }

    /// Takes in every entry of another timeline of the same signal.
    pub fn merge(&mut self, other: &Self) {
        if self.is_empty() {
            self.entries = other.entries.clone();
            return;
        }
        match (&mut self.entries, &other.entries) {
            (Entries::Plain(own), Entries::Plain(other)) => own.merge(other),
            (Entries::Valued(own), Entries::Valued(other)) => own.merge(other),
            // One signal either captures values or does not; the other one can only be empty.
            (Entries::Plain(_), Entries::Valued(_)) | (Entries::Valued(_), Entries::Plain(_)) => {}
        }
    }

    /// Drops the entries that no rule needs.
    pub fn keep(&mut self, keep: Keep) {
        let Some((oldest, newest)) = keep.ends() else { return };
        let (oldest, newest) = (oldest as usize, newest as usize);
        match &mut self.entries {
            Entries::Plain(run) => run.keep_ends(oldest, newest),
            Entries::Valued(run) => run.keep_ends(oldest, newest),
        }
    }

    /// How many entries lie in `(after, until]`.
    #[must_use]
    pub fn count_in(&self, after_exclusive: Instant, until_inclusive: Instant) -> usize {
        self.count_until(until_inclusive).saturating_sub(self.count_until(after_exclusive))
    }

    /// How many entries are at or before an instant.
    #[must_use]
    pub fn count_until(&self, until_inclusive: Instant) -> usize {
        ask!(self, run => run.count_until(until_inclusive))
    }

    /// As [`Timeline::count_until`], where so many are known to be that old: most often few others are.
    #[must_use]
    pub(crate) fn count_until_from(&self, until_inclusive: Instant, known: usize) -> usize {
        const STEPS: usize = 8;
        for index in known..known + STEPS {
            if self.get(index).is_none_or(|entry| entry.ts > until_inclusive) {
                return index;
            }
        }
        self.count_until(until_inclusive)
    }

    /// How many entries come before another, by (ts, position).
    #[must_use]
    pub fn count_before(&self, entry: Entry) -> usize {
        self.count_while(|one| one < entry)
    }

    /// How many entries come first for which something holds that holds for none after them.
    pub(crate) fn count_while(&self, holds: impl Fn(Entry) -> bool) -> usize {
        ask!(self, run => run.count_while(|item| holds(item.entry())))
    }

    /// The entries with these indexes, oldest first.
    pub(crate) fn entries_at(&self, indexes: Range<usize>) -> impl DoubleEndedIterator<Item = Entry> {
        let (plain, valued) = match &self.entries {
            Entries::Plain(run) => (Some(run.at(indexes)), None),
            Entries::Valued(run) => (None, Some(run.at(indexes).map(|value| value.entry))),
        };
        plain.into_iter().flatten().chain(valued.into_iter().flatten())
    }

    #[must_use]
    pub fn contains(&self, entry: Entry) -> bool {
        self.get(self.count_before(entry)) == Some(entry)
    }

    /// The entry with so many older ones before it.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Entry> {
        match &self.entries {
            Entries::Plain(run) => run.get(index),
            Entries::Valued(run) => run.get(index).map(|value| value.entry),
        }
    }

    #[must_use]
    pub fn newest(&self) -> Option<Entry> {
        self.get(self.len().checked_sub(1)?)
    }

    #[must_use]
    pub fn oldest(&self) -> Option<Entry> {
        self.get(0)
    }

    /// The n-th newest of the entries at or before an instant; 1 is the newest.
    #[must_use]
    pub fn nth_newest_until(&self, until_inclusive: Instant, n: usize) -> Option<Entry> {
        let index = self.count_until(until_inclusive).checked_sub(n)?;
        if n == 0 { None } else { self.get(index) }
    }

    /// The n-th oldest of the entries after an instant; 1 is the oldest.
    #[must_use]
    pub fn nth_after(&self, after_exclusive: Instant, n: usize) -> Option<Entry> {
        let index = self.count_until(after_exclusive).checked_add(n)?.checked_sub(1)?;
        if n == 0 { None } else { self.get(index) }
    }

    /// The entries in `(after, until]`, oldest first; `.rev()` gives the newest first.
    pub fn iter_range(
        &self,
        after_exclusive: Instant,
        until_inclusive: Instant,
    ) -> impl DoubleEndedIterator<Item = Entry> {
        self.entries_at(self.count_until(after_exclusive)..self.count_until(until_inclusive))
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Entry> {
        self.entries_at(0..self.len())
    }

    /// The values with these indexes, oldest first; none in a timeline of plain matches.
    pub fn values_at(&self, indexes: Range<usize>) -> impl DoubleEndedIterator<Item = ValueEntry> {
        let run = match &self.entries {
            Entries::Plain(_) => None,
            Entries::Valued(run) => Some(run),
        };
        run.into_iter().flat_map(move |run| run.at(indexes.clone()))
    }

    /// The values of one entry, in their order.
    pub fn values_of(&self, entry: Entry) -> impl Iterator<Item = ValueEntry> {
        let from = self.count_before(entry);
        self.values_at(from..self.len()).take_while(move |value| value.entry == entry)
    }

    /// Of a long timeline its lineage, and how many entries of it were dropped at the older end: an index plus that
    /// many means the same entry for as long as the lineage is the same.
    pub(crate) fn lineage(&self) -> Option<(Lineage, usize)> {
        ask!(self, run => run.lineage())
    }

    /// What has come late since a point on its course, in the order of arrival; plain matches with a value of 0.
    /// `None` where that is not known: then nothing that was found out about it before is worth anything.
    pub(crate) fn late_since(&self, then: Lineage) -> Option<Vec<Late<ValueEntry>>> {
        let plain =
            |Late { index, item }| Late { index, item: ValueEntry { entry: item, line: 0, value: 0 } };
        match &self.entries {
            Entries::Plain(run) => run.late_since(then).map(|late| late.map(plain).collect()),
            Entries::Valued(run) => run.late_since(then).map(Iterator::collect),
        }
    }

    /// What the values with these indexes come to.
    #[must_use]
    pub fn subtotal(&self, indexes: Range<usize>) -> ValueSubtotal {
        match &self.entries {
            Entries::Plain(_) => ValueSubtotal::default(),
            Entries::Valued(run) => run.subtotal(indexes),
        }
    }

    /// The chunks of a long timeline of plain matches, oldest first; none where the timeline is short enough
    /// to be one list. A chunk that two clones share is the same `Arc`.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = &Arc<Chunk>> {
        const NONE: &Run<Entry> = &Run::new();
        match &self.entries {
            Entries::Plain(run) => run.chunks(),
            Entries::Valued(_) => NONE.chunks(),
        }
    }
}

impl FromIterator<Entry> for Timeline {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self { entries: Entries::Plain(entries.into_iter().collect()) }
    }
}

impl FromIterator<ValueEntry> for Timeline {
    fn from_iter<I: IntoIterator<Item = ValueEntry>>(values: I) -> Self {
        Self { entries: Entries::Valued(Box::new(values.into_iter().collect())) }
    }
}

impl PartialEq for Timeline {
    /// The same entries, however they are cut into chunks.
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        match (&self.entries, &other.entries) {
            (Entries::Valued(own), Entries::Valued(other)) => own.iter().eq(other.iter()),
            (Entries::Plain(own), Entries::Plain(other)) => own.iter().eq(other.iter()),
            _ => self.is_empty(),
        }
    }
}

impl Eq for Timeline {}

impl std::fmt::Debug for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.entries {
            Entries::Plain(run) => f.debug_list().entries(run.iter()).finish(),
            Entries::Valued(run) => f.debug_list().entries(run.iter()).finish(),
        }
    }
}
