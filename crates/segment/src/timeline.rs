//! One profile's matches of one signal, in order of time.

mod chunk;
mod stored;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use segops_model::{Instant, Position};

pub use chunk::{CHUNK_ENTRIES_MAX, Chunk};
use chunk::{Slot, Slots};

/// Up to so many entries a timeline is one small list, without chunks.
const INLINE_ENTRIES_MAX: usize = 32;

/// One match: when it happened, and its place in the journal, which orders what shares an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    pub ts: Instant,
    pub position: Position,
}

/// How much of a timeline the rules that read it need. The greater serves both of two readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Only so many newest entries.
    Newest(u32),
    All,
}

/// The sorted, distinct (ts, position) entries. A clone shares its chunks and copies one only when it is
/// written to; a chunk is also the unit in which a long timeline can be stored.
#[derive(Clone, Default)]
pub struct Timeline {
    entries: Entries,
}

#[derive(Clone)]
enum Entries {
    /// At most [`INLINE_ENTRIES_MAX`].
    Few(Vec<Entry>),
    /// One or more chunks, none of them empty. Boxed, because few timelines are long and all pay for the
    /// size of this type.
    Many(Box<Slots>),
}

impl Default for Entries {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Timeline {
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Entries::Few(Vec::new()) }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Few(list) => list.len(),
            Entries::Many(slots) => chunk::total(&slots.0),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an entry in its place; false if it is there already.
    pub fn insert(&mut self, entry: Entry) -> bool {
        match &mut self.entries {
            Entries::Few(list) => {
                let Err(at) = list.binary_search(&entry) else { return false };
                if list.len() == INLINE_ENTRIES_MAX {
                    self.entries = Entries::Many(chunk::slots_of(list));
                    return self.insert(entry);
                }
                if list.len() == list.capacity() {
                    // Doubling from one, where a plain push would start at four: most profiles have one.
                    list.reserve_exact(list.len().max(1));
                }
                list.insert(at, entry);
                true
            }
            Entries::Many(slots) => chunk::insert(&mut slots.0, entry),
        }
    }

    /// Takes in every entry of another timeline.
    pub fn merge(&mut self, other: &Self) {
        if self.len() < other.len() {
            let smaller = std::mem::replace(self, other.clone());
            return self.merge(&smaller);
        }
        // Inserting costs a search each, rebuilding a copy of everything.
        if other.len() * 8 <= self.len() || other.len() <= 4 {
            for entry in other.iter() {
                self.insert(entry);
            }
            return;
        }
        let mut all: Vec<Entry> = self.iter().chain(other.iter()).collect();
        all.sort_unstable();
        all.dedup();
        *self = Self::from_sorted(all);
    }

    /// Drops the oldest entries that no rule needs.
    pub fn keep(&mut self, keep: Keep) {
        let Keep::Newest(count) = keep else { return };
        let len = self.len();
        let Some(surplus) = len.checked_sub(count as usize).filter(|surplus| *surplus > 0) else { return };
        match &mut self.entries {
            Entries::Few(list) => {
                list.drain(..surplus);
            }
            Entries::Many(_) if len - surplus <= INLINE_ENTRIES_MAX => {
                self.entries = Entries::Few(self.entries_at(surplus..len).collect());
            }
            Entries::Many(slots) => chunk::drop_oldest(&mut slots.0, surplus),
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
        match &self.entries {
            Entries::Few(list) => list.partition_point(|entry| entry.ts <= until_inclusive),
            Entries::Many(slots) => chunk::count_until(&slots.0, until_inclusive),
        }
    }

    /// The entry with so many older ones before it.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Entry> {
        match &self.entries {
            Entries::Few(list) => list.get(index).copied(),
            Entries::Many(slots) => chunk::get(&slots.0, index),
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

    /// The chunks of a long timeline, oldest first; none where the timeline is short enough to be one
    /// list. A chunk that two clones share is the same `Arc`.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = &Arc<Chunk>> {
        let slots = match &self.entries {
            Entries::Few(_) => &[],
            Entries::Many(slots) => slots.0.as_slice(),
        };
        slots.iter().map(Slot::chunk)
    }

    fn entries_at(&self, indexes: Range<usize>) -> impl DoubleEndedIterator<Item = Entry> {
        indexes.filter_map(|index| self.get(index))
    }

    /// From entries that are sorted and distinct.
    fn from_sorted(entries: Vec<Entry>) -> Self {
        if entries.len() <= INLINE_ENTRIES_MAX {
            return Self { entries: Entries::Few(entries) };
        }
        Self { entries: Entries::Many(chunk::slots_of(&entries)) }
    }
}

impl FromIterator<Entry> for Timeline {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut all: Vec<Entry> = entries.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Self::from_sorted(all)
    }
}

impl PartialEq for Timeline {
    /// The same entries, however they are cut into chunks.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Timeline {}

impl std::fmt::Debug for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
