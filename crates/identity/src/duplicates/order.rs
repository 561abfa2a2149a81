//! Ids in the order in which they were seen, in chunks: a view of them shares all and copies none.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use segops_model::Instant;

use super::Hash;

/// Entries of one chunk; every chunk but the last is full.
pub const SEEN_CHUNK_ENTRIES: usize = 4_096;

type Entry = (Instant, Hash);

/// Neighbouring entries: when an id was seen first, and its hash.
pub type SeenChunk = Arc<Vec<Entry>>;

/// What has been seen, as far as it was written since some instant before.
#[derive(Debug, Clone)]
pub struct SeenChunks {
    /// The number of the oldest chunk that is still there.
    pub first: u64,
    /// Entries of that one that are past.
    pub past: usize,
    /// The numbers of chunks that were there before and are gone.
    pub gone: Range<u64>,
    /// Those that were written, by their numbers, in order.
    pub chunks: Vec<(u64, SeenChunk)>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    chunks: VecDeque<SeenChunk>,
    /// The number of the chunk in front: it goes up by one for each that goes.
    first: u64,
    /// Entries of the chunk in front that are past.
    past: usize,
    /// Of chunks from this number on someone lacks what was written.
    unseen_from: u64,
    /// The chunk in front when changes were taken last.
    first_before: u64,
}

impl Order {
    pub(super) fn push(&mut self, entry: Entry) {
        match self.chunks.back_mut().filter(|chunk| chunk.len() < SEEN_CHUNK_ENTRIES) {
            Some(chunk) => Arc::make_mut(chunk).push(entry),
            None => {
                // A full one is likely, and growing would move what is there.
                let mut chunk =
                    Vec::with_capacity(if self.chunks.is_empty() { 0 } else { SEEN_CHUNK_ENTRIES });
                chunk.push(entry);
                self.chunks.push_back(Arc::new(chunk));
            }
        }
    }

    pub(super) fn front(&self) -> Option<Entry> {
        self.chunks.front()?.get(self.past).copied()
    }

    pub(super) fn back(&self) -> Option<Entry> {
        self.iter_back().next()
    }

    /// Drops the entry in front.
    pub(super) fn pop(&mut self) {
        let Some(chunk) = self.chunks.front() else { return };
        self.past += 1;
        if self.past >= chunk.len() && chunk.len() >= SEEN_CHUNK_ENTRIES {
            self.chunks.pop_front();
            self.first += 1;
            self.past = 0;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().copied()).skip(self.past)
    }

    fn iter_back(&self) -> impl Iterator<Item = Entry> {
        let last = self.chunks.back();
        let is_only = self.chunks.len() == 1;
        let past = if is_only { self.past } else { 0 };
        last.into_iter().flat_map(move |chunk| chunk.get(past..).unwrap_or_default().iter().rev().copied())
    }

    pub(super) fn take_changes(&mut self, whole: bool) -> SeenChunks {
        let from = if whole { self.first } else { self.unseen_from.max(self.first) };
        let numbered = (self.first..).zip(&self.chunks);
        let chunks = numbered.filter(|(number, _)| *number >= from);
        let chunks = chunks.map(|(number, chunk)| (number, Arc::clone(chunk))).collect();
        let gone = self.first_before..self.first;
        self.take_as_known();
        SeenChunks { first: self.first, past: self.past, gone, chunks }
    }

    fn take_as_known(&mut self) {
        // The last one goes on to be written.
        self.unseen_from = self.first + (self.chunks.len() as u64).saturating_sub(1);
        self.first_before = self.first;
    }

    pub(super) fn of_chunks(
        first: u64,
        past: usize,
        chunks: impl IntoIterator<Item = (u64, SeenChunk)>,
    ) -> Option<Self> {
        let chunks: BTreeMap<u64, SeenChunk> =
            chunks.into_iter().filter(|(number, _)| *number >= first).collect();
        let is_whole = (first..).zip(chunks.keys()).all(|(expected, number)| expected == *number);
        let full = chunks.len().saturating_sub(1);
        let are_full = chunks.values().take(full).all(|chunk| chunk.len() == SEEN_CHUNK_ENTRIES);
        let is_past = past <= chunks.values().next().map_or(0, |chunk| chunk.len());
        if !(is_whole && are_full && is_past) {
            return None;
        }
        let mut order =
            Self { chunks: chunks.into_values().collect(), first, past, unseen_from: 0, first_before: 0 };
        order.take_as_known();
        Some(order)
    }
}

impl FromIterator<Entry> for Order {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut order = Self::default();
        entries.into_iter().for_each(|entry| order.push(entry));
        order
    }
}
