//! Sorted, distinct items: few in one list, many in chunks.

use std::ops::Range;
use std::sync::Arc;

use segops_model::Instant;

use super::Item;
use super::chunk::{Chunk, Slot, Slots};
use super::lineage::{Late, Lineage};

/// Up to so many items a run is one small list, without chunks.
const INLINE_ENTRIES_MAX: usize = 32;

#[derive(Clone)]
pub(super) enum Run<T: Item> {
    /// At most [`INLINE_ENTRIES_MAX`], but for what [`Run::refill_in_one`] made.
    Few(Vec<T>),
    /// One or more chunks, none of them empty. Boxed, because few timelines are long and all pay for the
    /// size of this type.
    Many(Box<Slots<T>>),
}

impl<T: Item> Run<T> {
    pub(super) const fn new() -> Self {
        Self::Few(Vec::new())
    }

    /// Holds these items, and nothing that it held before; few of them in the memory that it has.
    pub(super) fn refill(&mut self, items: &mut [T]) {
        if !items.is_sorted() {
            items.sort_unstable();
        }
        match self {
            Self::Few(list) if items.len() <= INLINE_ENTRIES_MAX => {
                list.clear();
                list.extend_from_slice(items);
                list.dedup();
            }
            _ => *self = items.iter().copied().collect(),
        }
    }

    /// As [`Run::refill`], in one list however many they are: for a run that is only read, and then let go.
    pub(super) fn refill_in_one(&mut self, items: &mut [T]) {
        if !items.is_sorted() {
            items.sort_unstable();
        }
        if !matches!(self, Self::Few(_)) {
            *self = Self::new();
        }
        if let Self::Few(list) = self {
            list.clear();
            list.extend_from_slice(items);
            list.dedup();
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(slots) => slots.total(),
        }
    }

    /// Bytes of memory behind this value.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Few(list) => list.capacity() * size_of::<T>(),
            Self::Many(slots) => size_of::<Slots<T>>() + slots.heap_bytes(),
        }
    }

    /// Adds an item in its place; false if it is there already.
    pub(super) fn insert(&mut self, item: T) -> bool {
        match self {
            Self::Few(list) => {
                let Err(at) = list.binary_search(&item) else { return false };
                if list.len() == INLINE_ENTRIES_MAX {
                    *self = Self::Many(Slots::of(list));
                    return self.insert(item);
                }
                if list.len() == list.capacity() {
                    // Doubling from one, where a plain push would start at four: most profiles have one.
                    list.reserve_exact(list.len().max(1));
                }
                list.insert(at, item);
                true
            }
            Self::Many(slots) => slots.insert(item),
        }
    }

    /// Takes an item out; false if it is not there.
    pub(super) fn remove(&mut self, item: T) -> bool {
        match self {
            Self::Few(list) => {
                let found = list.binary_search(&item);
                if let Ok(at) = found {
                    list.remove(at);
                }
                found.is_ok()
            }
            Self::Many(slots) => {
                let removed = slots.remove(item);
                if slots.is_empty() {
                    *self = Self::new();
                }
                removed
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if self.len() < other.len() {
            let smaller = std::mem::replace(self, other.clone());
            return self.merge(&smaller);
        }
        // Inserting costs a search each, rebuilding a copy of everything.
        if other.len() * 8 <= self.len() || other.len() <= 4 {
            for item in other.iter() {
                self.insert(item);
            }
            return;
        }
        *self = self.iter().chain(other.iter()).collect();
    }

    /// Drops all but so many oldest and so many newest items.
    pub(super) fn keep_ends(&mut self, oldest: usize, newest: usize) {
        let len = self.len();
        let kept = oldest.saturating_add(newest);
        if len <= kept {
            return;
        }
        match self {
            // What is too old to count goes, and the lineage goes on.
            Self::Many(slots) if oldest == 0 && newest > INLINE_ENTRIES_MAX => {
                slots.drop_oldest(len - newest);
            }
            _ => self.take_out(oldest..len - newest),
        }
    }

    /// Takes out the items with these indexes, as if they had never been there.
    pub(super) fn take_out(&mut self, taken: Range<usize>) {
        if taken.is_empty() {
            return;
        }
        let len = self.len();
        match self {
            Self::Few(list) => {
                list.drain(taken);
            }
            Self::Many(_) if len - taken.len() <= INLINE_ENTRIES_MAX => {
                *self = Self::Few(self.at(0..taken.start).chain(self.at(taken.end..len)).collect());
            }
            Self::Many(slots) => slots.take_out(taken.start, taken.end),
        }
    }

    pub(super) fn count_until(&self, until_inclusive: Instant) -> usize {
        self.count_while(|item| item.ts() <= until_inclusive)
    }

    /// How many items come first for which something holds that holds for none after them.
    pub(super) fn count_while(&self, holds: impl Fn(&T) -> bool) -> usize {
        match self {
            Self::Few(list) => list.partition_point(holds),
            Self::Many(slots) => slots.count_while(holds),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<T> {
        match self {
            Self::Few(list) => list.get(index).copied(),
            Self::Many(slots) => slots.get(index),
        }
    }

    /// What the items with these indexes come to.
    pub(super) fn subtotal(&self, indexes: Range<usize>) -> T::Subtotal {
        match self {
            Self::Few(list) => super::Subtotal::of(list.get(indexes).unwrap_or_default()),
            Self::Many(slots) => slots.subtotal(indexes.start, indexes.end),
        }
    }

    /// The lineage of a long run, and how many items it has dropped at its older end.
    pub(super) fn lineage(&self) -> Option<(Lineage, usize)> {
        match self {
            Self::Few(_) => None,
            Self::Many(slots) => Some((slots.lineage(), slots.origin())),
        }
    }

    /// What has come late into a long run since, as [`super::lineage::History::since`] has it.
    pub(super) fn late_since(&self, then: Lineage) -> Option<impl Iterator<Item = Late<T>>> {
        match self {
            Self::Few(_) => None,
            Self::Many(slots) => slots.late_since(then),
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = T> {
        self.at(0..self.len())
    }

    pub(super) fn at(&self, indexes: Range<usize>) -> impl DoubleEndedIterator<Item = T> {
        let (few, many) = match self {
            Self::Few(list) => (list.get(indexes), None),
            Self::Many(slots) => (None, Some(slots.pieces(indexes))),
        };
        few.into_iter().chain(many.into_iter().flatten()).flatten().copied()
    }

    pub(super) fn chunks(&self) -> impl ExactSizeIterator<Item = &Arc<Chunk<T>>> {
        let slots = match self {
            Self::Few(_) => &[],
            Self::Many(slots) => slots.as_slice(),
        };
        slots.iter().map(Slot::chunk)
    }
}

impl<T: Item> FromIterator<T> for Run<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all: Vec<T> = items.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        if all.len() <= INLINE_ENTRIES_MAX {
            return Self::Few(all);
        }
        Self::Many(Slots::of(&all))
    }
}
