//! Sorted, distinct items: few in one list, many in chunks.

use std::ops::Range;
use std::sync::Arc;

use segops_model::Instant;

use super::Item;
use super::chunk::{self, Chunk, Slot, Slots};

/// Up to so many items a run is one small list, without chunks.
const INLINE_ENTRIES_MAX: usize = 32;

#[derive(Clone)]
pub(super) enum Run<T: Item> {
    /// At most [`INLINE_ENTRIES_MAX`].
    Few(Vec<T>),
    /// One or more chunks, none of them empty. Boxed, because few timelines are long and all pay for the
    /// size of this type.
    Many(Box<Slots<T>>),
}

impl<T: Item> Run<T> {
    pub(super) const fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(slots) => chunk::total(&slots.0),
        }
    }

    /// Bytes of memory behind this value.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Few(list) => list.capacity() * size_of::<T>(),
            Self::Many(slots) => size_of::<Slots<T>>() + chunk::heap_bytes(&slots.0),
        }
    }

    /// Adds an item in its place; false if it is there already.
    pub(super) fn insert(&mut self, item: T) -> bool {
        match self {
            Self::Few(list) => {
                let Err(at) = list.binary_search(&item) else { return false };
                if list.len() == INLINE_ENTRIES_MAX {
                    *self = Self::Many(chunk::slots_of(list));
                    return self.insert(item);
                }
                if list.len() == list.capacity() {
                    // Doubling from one, where a plain push would start at four: most profiles have one.
                    list.reserve_exact(list.len().max(1));
                }
                list.insert(at, item);
                true
            }
            Self::Many(slots) => chunk::insert(&mut slots.0, item),
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
                let removed = chunk::remove(&mut slots.0, item);
                if slots.0.is_empty() {
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
        self.drop_range(oldest..len - newest);
    }

    /// Drops the items with these indexes.
    pub(super) fn drop_range(&mut self, dropped: Range<usize>) {
        if dropped.is_empty() {
            return;
        }
        let len = self.len();
        match self {
            Self::Few(list) => {
                list.drain(dropped);
            }
            Self::Many(_) if len - dropped.len() <= INLINE_ENTRIES_MAX => {
                *self = Self::Few(self.at(0..dropped.start).chain(self.at(dropped.end..len)).collect());
            }
            Self::Many(slots) if dropped.start == 0 => chunk::drop_oldest(&mut slots.0, dropped.end),
            Self::Many(slots) => chunk::drop_range(&mut slots.0, dropped.start, dropped.end),
        }
    }

    pub(super) fn count_until(&self, until_inclusive: Instant) -> usize {
        self.count_while(|item| item.ts() <= until_inclusive)
    }

    /// How many items come first for which something holds that holds for none after them.
    pub(super) fn count_while(&self, holds: impl Fn(&T) -> bool) -> usize {
        match self {
            Self::Few(list) => list.partition_point(holds),
            Self::Many(slots) => chunk::count_while(&slots.0, holds),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<T> {
        match self {
            Self::Few(list) => list.get(index).copied(),
            Self::Many(slots) => chunk::get(&slots.0, index),
        }
    }

    /// What the items with these indexes come to.
    pub(super) fn subtotal(&self, indexes: Range<usize>) -> T::Subtotal {
        match self {
            Self::Few(list) => super::Subtotal::of(list.get(indexes).unwrap_or_default()),
            Self::Many(slots) => chunk::subtotal(&slots.0, indexes.start, indexes.end),
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = T> {
        self.at(0..self.len())
    }

    pub(super) fn at(&self, indexes: Range<usize>) -> impl DoubleEndedIterator<Item = T> {
        indexes.filter_map(|index| self.get(index))
    }

    pub(super) fn chunks(&self) -> impl ExactSizeIterator<Item = &Arc<Chunk<T>>> {
        let slots = match self {
            Self::Few(_) => &[],
            Self::Many(slots) => slots.0.as_slice(),
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
        Self::Many(chunk::slots_of(&all))
    }
}
