//! Long timelines as runs of entries, found by binary search.

use std::sync::Arc;

use segops_model::Instant;

use super::Entry;

/// Entries in one chunk at most.
pub const CHUNK_ENTRIES_MAX: usize = 256;

/// A run of neighbouring entries, oldest first; never empty within a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    entries: Vec<Entry>,
}

impl Chunk {
    /// Oldest first, at most [`CHUNK_ENTRIES_MAX`].
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// A chunk with its place in the timeline.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    chunk: Arc<Chunk>,
    /// The first entry's index, counted from the first slot's own `start`, which moves up as the oldest
    /// entries are dropped, so that dropping renumbers nothing.
    start: usize,
    newest: Entry,
}

impl Slot {
    pub(super) const fn chunk(&self) -> &Arc<Chunk> {
        &self.chunk
    }

    fn new(start: usize, entries: &[Entry]) -> Option<Self> {
        let newest = *entries.last()?;
        Some(Self { chunk: Arc::new(Chunk { entries: entries.to_vec() }), start, newest })
    }

    fn end(&self) -> usize {
        self.start + self.chunk.entries.len()
    }
}

/// The chunks of one timeline, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Slots(pub(super) Vec<Slot>);

/// Cuts sorted entries into chunks.
pub(super) fn slots_of(entries: &[Entry]) -> Box<Slots> {
    let chunks = entries.chunks(CHUNK_ENTRIES_MAX).enumerate();
    Box::new(Slots(chunks.filter_map(|(at, entries)| Slot::new(at * CHUNK_ENTRIES_MAX, entries)).collect()))
}

fn origin(slots: &[Slot]) -> usize {
    slots.first().map_or(0, |slot| slot.start)
}

pub(super) fn total(slots: &[Slot]) -> usize {
    slots.last().map_or(0, Slot::end) - origin(slots)
}

pub(super) fn get(slots: &[Slot], index: usize) -> Option<Entry> {
    let index = index.checked_add(origin(slots))?;
    let at = slots.partition_point(|slot| slot.end() <= index);
    let slot = slots.get(at)?;
    slot.chunk.entries.get(index - slot.start).copied()
}

pub(super) fn count_until(slots: &[Slot], until: Instant) -> usize {
    let at = slots.partition_point(|slot| slot.newest.ts <= until);
    match slots.get(at) {
        None => total(slots),
        Some(slot) => {
            let within = slot.chunk.entries.partition_point(|entry| entry.ts <= until);
            slot.start + within - origin(slots)
        }
    }
}

/// Adds an entry in its place; false if it is there already.
pub(super) fn insert(slots: &mut Vec<Slot>, entry: Entry) -> bool {
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
    let overfull = slot.chunk.entries.len() > CHUNK_ENTRIES_MAX;
    for later in slots.iter_mut().skip(at + 1) {
        later.start += 1;
    }
    if overfull {
        split(slots, at);
    }
    true
}

/// Cuts a slot in halves.
fn split(slots: &mut Vec<Slot>, at: usize) {
    let Some(slot) = slots.get(at) else { return };
    let (older, newer) = slot.chunk.entries.split_at(slot.chunk.entries.len() / 2);
    let halves = [Slot::new(slot.start, older), Slot::new(slot.start + older.len(), newer)];
    slots.splice(at..=at, halves.into_iter().flatten());
}

/// Drops the oldest entries, fewer than there are.
pub(super) fn drop_oldest(slots: &mut Vec<Slot>, surplus: usize) {
    let first_kept = origin(slots) + surplus;
    let whole = slots.partition_point(|slot| slot.end() <= first_kept);
    slots.drain(..whole);
    if let Some(slot) = slots.first_mut() {
        let within = first_kept - slot.start;
        if within > 0 {
            Arc::make_mut(&mut slot.chunk).entries.drain(..within);
            slot.start = first_kept;
        }
    }
}
