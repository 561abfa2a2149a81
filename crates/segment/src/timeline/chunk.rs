//! Long timelines as runs of entries, found by binary search, with what their values come to.

use std::ops::Range;
use std::sync::Arc;

use super::lineage::{History, Late, Lineage};
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

/// Slots in one block at most.
const BLOCK_SLOTS_MAX: usize = 64;

/// The chunks of one timeline, oldest first.
#[derive(Debug)]
pub(super) struct Slots<T: Item> {
    slots: Vec<Slot<T>>,
    /// What each [`BLOCK_SLOTS_MAX`] neighbouring slots come to; the first block lacks the slots that were dropped.
    blocks: Vec<T::Subtotal>,
    dropped_of_first: usize,
    history: History<T>,
}

impl<T: Item> Clone for Slots<T> {
    /// From here on the two may go different ways.
    fn clone(&self) -> Self {
        let Self { slots, blocks, dropped_of_first, history: _ } = self;
        let (slots, blocks, dropped_of_first) = (slots.clone(), blocks.clone(), *dropped_of_first);
        Self { slots, blocks, dropped_of_first, history: History::new() }
    }
}

impl<T: Item> Slots<T> {
    /// Cuts sorted entries into chunks.
    pub(super) fn of(entries: &[T]) -> Box<Self> {
        let chunks = entries.chunks(CHUNK_ENTRIES_MAX).enumerate();
        let slots = chunks.filter_map(|(at, entries)| Slot::new(at * CHUNK_ENTRIES_MAX, entries)).collect();
        let mut made = Self { slots, blocks: Vec::new(), dropped_of_first: 0, history: History::new() };
        made.sum_blocks_from(0);
        Box::new(made)
    }

    pub(super) const fn lineage(&self) -> Lineage {
        self.history.now()
    }

    /// As [`History::since`] has it.
    pub(super) fn late_since(&self, then: Lineage) -> Option<impl Iterator<Item = Late<T>>> {
        self.history.since(then)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many entries have been dropped at the older end, since the lineage began.
    pub(super) fn origin(&self) -> usize {
        self.slots.first().map_or(0, |slot| slot.start)
    }

    pub(super) fn total(&self) -> usize {
        self.slots.last().map_or(0, Slot::end) - self.origin()
    }

    pub(super) fn as_slice(&self) -> &[Slot<T>] {
        &self.slots
    }

    /// Bytes of memory of the slots and their chunks, each chunk with the two counts that it is shared by.
    pub(super) fn heap_bytes(&self) -> usize {
        let counts = 2 * size_of::<usize>();
        let of_chunk =
            |slot: &Slot<T>| counts + size_of::<Chunk<T>>() + slot.chunk.entries.capacity() * size_of::<T>();
        self.slots.capacity() * size_of::<Slot<T>>()
            + self.blocks.capacity() * size_of::<T::Subtotal>()
            + self.history.heap_bytes()
            + self.slots.iter().map(of_chunk).sum::<usize>()
    }

    pub(super) fn get(&self, index: usize) -> Option<T> {
        let index = index.checked_add(self.origin())?;
        let slot = self.slots.get(self.slot_of(index))?;
        slot.chunk.entries.get(index - slot.start).copied()
    }

    /// The slot that an entry is in, by its index counted from where the first slot counts; behind the last one where
    /// there is no such entry.
    fn slot_of(&self, index: usize) -> usize {
        // In order of time, chunks fill up, and the place can be told.
        let told = index.saturating_sub(self.origin()) / CHUNK_ENTRIES_MAX;
        let is_there = self.slots.get(told).is_some_and(|slot| (slot.start..slot.end()).contains(&index));
        if is_there { told } else { self.slots.partition_point(|slot| slot.end() <= index) }
    }

    /// The entries with these indexes, a piece of each chunk.
    pub(super) fn pieces(&self, indexes: Range<usize>) -> impl DoubleEndedIterator<Item = &[T]> {
        let (from, to) = (indexes.start + self.origin(), indexes.end + self.origin());
        let first = self.slot_of(from);
        let after = self.slots.partition_point(|slot| slot.start < to).max(first);
        self.slots.get(first..after).unwrap_or_default().iter().map(move |slot| {
            let (low, high) = (from.max(slot.start) - slot.start, to.min(slot.end()) - slot.start);
            slot.chunk.entries.get(low..high).unwrap_or_default()
        })
    }

    /// How many entries come first for which something holds that holds for none after them.
    pub(super) fn count_while(&self, holds: impl Fn(&T) -> bool) -> usize {
        let at = self.slots.partition_point(|slot| holds(&slot.newest));
        match self.slots.get(at) {
            None => self.total(),
            Some(slot) => {
                let within = slot.chunk.entries.partition_point(&holds);
                slot.start + within - self.origin()
            }
        }
    }

    /// What the entries with these indexes come to: whole blocks and whole chunks by their subtotals, those at the
    /// ends one by one.
    pub(super) fn subtotal(&self, from: usize, to: usize) -> T::Subtotal {
        let (from, to) = (from + self.origin(), to + self.origin());
        let mut sum = T::Subtotal::default();
        if from >= to {
            return sum;
        }
        let mut at = self.slot_of(from);
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.start < to) {
            let last_of_block = at + BLOCK_SLOTS_MAX - 1;
            if from <= slot.start
                && (at + self.dropped_of_first).is_multiple_of(BLOCK_SLOTS_MAX)
                && self.slots.get(last_of_block).is_some_and(|last| last.end() <= to)
                && let Some(block) = self.blocks.get(self.block_of(at))
            {
                sum.add(block);
                at += BLOCK_SLOTS_MAX;
                continue;
            }
            if from <= slot.start && slot.end() <= to {
                sum.add(&slot.subtotal);
            } else {
                let (low, high) = (from.max(slot.start) - slot.start, to.min(slot.end()) - slot.start);
                sum.add(&Subtotal::of(slot.chunk.entries.get(low..high).unwrap_or_default()));
            }
            at += 1;
        }
        sum
    }

    /// Adds an entry in its place; false if it is there already.
    pub(super) fn insert(&mut self, entry: T) -> bool {
        let newer_than_all = self.slots.last().is_none_or(|last| last.newest < entry);
        let last_is_full = self.slots.last().is_none_or(|last| last.chunk.entries.len() >= CHUNK_ENTRIES_MAX);
        if newer_than_all && last_is_full {
            // In order of time, chunks fill up; only what comes late splits them.
            let start = self.slots.last().map_or(0, Slot::end);
            self.slots.extend(Slot::new(start, &[entry]));
            self.add_to_block(self.slots.len() - 1, entry);
            return true;
        }
        let at = self.slots.partition_point(|slot| slot.newest < entry).min(self.slots.len() - 1);
        let Some(slot) = self.slots.get_mut(at) else { return false };
        let Err(within) = slot.chunk.entries.binary_search(&entry) else { return false };
        Arc::make_mut(&mut slot.chunk).entries.insert(within, entry);
        let index = slot.start + within;
        slot.newest = slot.newest.max(entry);
        slot.subtotal.add(&Subtotal::of(&[entry]));
        let overfull = slot.chunk.entries.len() > CHUNK_ENTRIES_MAX;
        for later in self.slots.iter_mut().skip(at + 1) {
            later.start += 1;
        }
        self.add_to_block(at, entry);
        if !newer_than_all {
            let entries = self.total();
            self.history.note(Late { index, item: entry }, entries);
        }
        if overfull {
            self.split(at);
        }
        true
    }

    /// Takes an entry out; false if it is not there.
    pub(super) fn remove(&mut self, entry: T) -> bool {
        let at = self.slots.partition_point(|slot| slot.newest < entry);
        let Some(slot) = self.slots.get_mut(at) else { return false };
        let Ok(within) = slot.chunk.entries.binary_search(&entry) else { return false };
        let entries = &mut Arc::make_mut(&mut slot.chunk).entries;
        entries.remove(within);
        let mut later = at + 1;
        if let Some(newest) = entries.last().copied() {
            slot.subtotal = Subtotal::of(entries);
            slot.newest = newest;
        } else {
            self.slots.remove(at);
            later = at;
        }
        for slot in self.slots.iter_mut().skip(later) {
            slot.start -= 1;
        }
        self.sum_blocks_from(at);
        self.history = History::new();
        true
    }

    /// Drops the oldest entries, fewer than there are, because they are too old to count.
    pub(super) fn drop_oldest(&mut self, surplus: usize) {
        let first_kept = self.origin() + surplus;
        let whole = self.slots.partition_point(|slot| slot.end() <= first_kept);
        self.slots.drain(..whole);
        if let Some(slot) = self.slots.first_mut() {
            let within = first_kept - slot.start;
            if within > 0 {
                Arc::make_mut(&mut slot.chunk).entries.drain(..within);
                slot.start = first_kept;
                slot.subtotal = Subtotal::of(&slot.chunk.entries);
            }
        }
        self.dropped_of_first += whole;
        self.blocks.drain(..(self.dropped_of_first / BLOCK_SLOTS_MAX).min(self.blocks.len()));
        self.dropped_of_first %= BLOCK_SLOTS_MAX;
        self.sum_block(0);
    }

    /// Takes out the entries with these indexes, which are not all.
    pub(super) fn take_out(&mut self, from: usize, to: usize) {
        let (from, to) = (from + self.origin(), to + self.origin());
        for slot in &mut self.slots {
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
        self.slots.retain(|slot| !slot.chunk.entries.is_empty());
        self.sum_blocks_from(0);
        self.history = History::new();
    }

    /// Cuts a slot in halves.
    fn split(&mut self, at: usize) {
        let Some(slot) = self.slots.get(at) else { return };
        let (older, newer) = slot.chunk.entries.split_at(slot.chunk.entries.len() / 2);
        let halves = [Slot::new(slot.start, older), Slot::new(slot.start + older.len(), newer)];
        self.slots.splice(at..=at, halves.into_iter().flatten());
        self.sum_blocks_from(at);
    }

    const fn block_of(&self, slot: usize) -> usize {
        (slot + self.dropped_of_first) / BLOCK_SLOTS_MAX
    }

    fn add_to_block(&mut self, slot: usize, entry: T) {
        let block = self.block_of(slot);
        if self.blocks.len() <= block {
            self.blocks.resize_with(block + 1, Default::default);
        }
        if let Some(sum) = self.blocks.get_mut(block) {
            sum.add(&Subtotal::of(&[entry]));
        }
    }

    /// Adds up anew the blocks from that of a slot on.
    fn sum_blocks_from(&mut self, slot: usize) {
        let first = self.block_of(slot);
        let blocks = self.slots.len().checked_sub(1).map_or(0, |last| self.block_of(last) + 1);
        self.blocks.resize_with(blocks, Default::default);
        for block in first..blocks {
            self.sum_block(block);
        }
    }

    fn sum_block(&mut self, block: usize) {
        let first = (block * BLOCK_SLOTS_MAX).saturating_sub(self.dropped_of_first);
        let after = ((block + 1) * BLOCK_SLOTS_MAX).saturating_sub(self.dropped_of_first);
        let Some(sum) = self.blocks.get_mut(block) else { return };
        *sum = T::Subtotal::default();
        for slot in self.slots.iter().take(after).skip(first) {
            sum.add(&slot.subtotal);
        }
    }
}
