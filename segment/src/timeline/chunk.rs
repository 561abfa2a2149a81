//! Long timelines as runs of entries, found by binary search, with what their values come to.

use std::sync::Arc;

use super::{Entry, Item, Subtotal};

/// Entries in one chunk at most.
pub const CHUNK_ENTRIES_MAX: usize = 256;

/// A run of neighbouring entries, oldest first; never empty within a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk<T = Entry> {
    entries: Vec<T>,
}

impl<T> Chunk<T> {
    /// Oldest first, at most [`CHUNK_ENTRIES_MAX`].
    #[must_use]
    pub fn entries(&self) -> &[T] {
        &self.entries
    }
}

/// A chunk with its place in the timeline.
#[derive(Debug, Clone)]
pub(super) struct Slot<T: Item> {
    chunk: Arc<Chunk<T>>,
    /// The first entry's index, counted from the first slot's own `start`, which moves up as the oldest
    /// entries are dropped, so that dropping renumbers nothing.
    start: usize,
    newest: T,
    subtotal: T::Subtotal,
}

impl<T: Item> Slot<T> {
    pub(super) const fn chunk(&self) -> &Arc<Chunk<T>> {
        &self.chunk
    }

    fn new(start: usize, entries: &[T]) -> Option<Self> {
        let newest = *entries.last()?;
        let subtotal = Subtotal::of(entries);
        Some(Self { chunk: Arc::new(Chunk { entries: entries.to_vec() }), start, newest, subtotal })
    }

    fn end(&self) -> usize {
        self.start + self.chunk.entries.len()
    }
}

/// The chunks of one timeline, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Slots<T: Item>(pub(super) Vec<Slot<T>>);

/// Cuts sorted entries into chunks.
pub(super) fn slots_of<T: Item>(entries: &[T]) -> Box<Slots<T>> {
    let chunks = entries.chunks(CHUNK_ENTRIES_MAX).enumerate();
    Box::new(Slots(chunks.filter_map(|(at, entries)| Slot::new(at * CHUNK_ENTRIES_MAX, entries)).collect()))
}

fn origin<T: Item>(slots: &[Slot<T>]) -> usize {
    slots.first().map_or(0, |slot| slot.start)
}

pub(super) fn total<T: Item>(slots: &[Slot<T>]) -> usize {
    slots.last().map_or(0, Slot::end) - origin(slots)
}

/// Bytes of memory of the slots and their chunks, each chunk with the two counts that it is shared by.
pub(super) fn heap_bytes<T: Item>(slots: &Vec<Slot<T>>) -> usize {
    let counts = 2 * size_of::<usize>();
    let of_chunk =
        |slot: &Slot<T>| counts + size_of::<Chunk<T>>() + slot.chunk.entries.capacity() * size_of::<T>();
    slots.capacity() * size_of::<Slot<T>>() + slots.iter().map(of_chunk).sum::<usize>()
}

pub(super) fn get<T: Item>(slots: &[Slot<T>], index: usize) -> Option<T> {
    let index = index.checked_add(origin(slots))?;
    let at = slots.partition_point(|slot| slot.end() <= index);
    let slot = slots.get(at)?;
    slot.chunk.entries.get(index - slot.start).copied()
}

/// How many entries come first for which something holds that holds for none after them.
pub(super) fn count_while<T: Item>(slots: &[Slot<T>], holds: impl Fn(&T) -> bool) -> usize {
    let at = slots.partition_point(|slot| holds(&slot.newest));
    match slots.get(at) {
        None => total(slots),
        Some(slot) => {
            let within = slot.chunk.entries.partition_point(&holds);
            slot.start + within - origin(slots)
        }
    }
}

/// What the entries with these indexes come to: whole chunks by their subtotals, the two at the ends one by
/// one.
pub(super) fn subtotal<T: Item>(slots: &[Slot<T>], from: usize, to: usize) -> T::Subtotal {
    let (from, to) = (from + origin(slots), to + origin(slots));
    let mut sum = T::Subtotal::default();
    let first = slots.partition_point(|slot| slot.end() <= from);
    for slot in slots.iter().skip(first).take_while(|slot| slot.start < to) {
        if from <= slot.start && slot.end() <= to {
            sum.add(&slot.subtotal);
        } else {
            let (low, high) = (from.max(slot.start) - slot.start, to.min(slot.end()) - slot.start);
            sum.add(&Subtotal::of(slot.chunk.entries.get(low..high).unwrap_or_default()));
        }
    }
    sum
}

/// Adds an entry in its place; false if it is there already.
pub(super) fn insert<T: Item>(slots: &mut Vec<Slot<T>>, entry: T) -> bool {
    let newer_than_all = slots.last().is_none_or(|last| last.newest < entry);
    if newer_than_all && slots.last().is_none_or(|last| last.chunk.entries.len() >= CHUNK_ENTRIES_MAX) {
        // In order of time, chunks fill up; only what comes late splits them.
        let start = slots.last().map_or(0, Slot::end);
        slots.extend(Slot::new(start, &[entry]));
        return true;
    }
    let at = slots.partition_point(|slot| slot.newest < entry).min(slots.len() - 1);
    let Some(slot) = slots.get_mut(at) else { return false };
    let Err(within) = slot.chunk.entries.binary_search(&entry) else { return false };
    Arc::make_mut(&mut slot.chunk).entries.insert(within, entry);
    slot.newest = slot.newest.max(entry);
    slot.subtotal.add(&Subtotal::of(&[entry]));
    let overfull = slot.chunk.entries.len() > CHUNK_ENTRIES_MAX;
    for later in slots.iter_mut().skip(at + 1) {
        later.start += 1;
    }
    if overfull {
        split(slots, at);
    }
    true
}

/// Takes an entry out; false if it is not there.
pub(super) fn remove<T: Item>(slots: &mut Vec<Slot<T>>, entry: T) -> bool {
    let at = slots.partition_point(|slot| slot.newest < entry);
    let Some(slot) = slots.get_mut(at) else { return false };
    let Ok(within) = slot.chunk.entries.binary_search(&entry) else { return false };
    let entries = &mut Arc::make_mut(&mut slot.chunk).entries;
    entries.remove(within);
    let mut later = at + 1;
    if let Some(newest) = entries.last().copied() {
        slot.subtotal = Subtotal::of(entries);
        slot.newest = newest;
    } else {
        slots.remove(at);
        later = at;
    }
    for slot in slots.iter_mut().skip(later) {
        slot.start -= 1;
    }
    true
}

/// Cuts a slot in halves.
fn split<T: Item>(slots: &mut Vec<Slot<T>>, at: usize) {
    let Some(slot) = slots.get(at) else { return };
    let (older, newer) = slot.chunk.entries.split_at(slot.chunk.entries.len() / 2);
    let halves = [Slot::new(slot.start, older), Slot::new(slot.start + older.len(), newer)];
    slots.splice(at..=at, halves.into_iter().flatten());
}

/// Drops the oldest entries, fewer than there are.
pub(super) fn drop_oldest<T: Item>(slots: &mut Vec<Slot<T>>, surplus: usize) {
    let first_kept = origin(slots) + surplus;
    let whole = slots.partition_point(|slot| slot.end() <= first_kept);
    slots.drain(..whole);
    if let Some(slot) = slots.first_mut() {
        let within = first_kept - slot.start;
        if within > 0 {
            Arc::make_mut(&mut slot.chunk).entries.drain(..within);
            slot.start = first_kept;
            slot.subtotal = Subtotal::of(&slot.chunk.entries);
        }
    }
}

/// Drops the entries with these indexes, which are not all.
pub(super) fn drop_range<T: Item>(slots: &mut Vec<Slot<T>>, from: usize, to: usize) {
    let (from, to) = (from + origin(slots), to + origin(slots));
    for slot in slots.iter_mut() {
        let (start, end) = (slot.start, slot.end());
        let (low, high) = (from.max(start), to.min(end));
        if low < high {
            let entries = &mut Arc::make_mut(&mut slot.chunk).entries;
            entries.drain(low - start..high - start);
            if let Some(newest) = entries.last() {
                slot.newest = *newest;
                slot.subtotal = Subtotal::of(entries);
            }
        }
        slot.start -= start.min(to).saturating_sub(from);
    }
    slots.retain(|slot| !slot.chunk.entries.is_empty());
}
