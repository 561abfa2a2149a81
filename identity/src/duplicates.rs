use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use segops_model::Instant;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// Entries that one call evicts at most, so that the first event after a quiet week pays for no others.
/// More than one, so that evicting always gains on adding.
const EVICTED_PER_CALL: usize = 4;

/// The message ids of the duplicate window.
///
/// An event is a duplicate if its message id was first seen less than the window before its own frame's
/// instant; a repeat does not lengthen that. Ids count for the whole workspace, whatever the source, as the
/// tracking APIs have it: a client may send a retry by another path. Sources whose ids are only their own
/// (rows of a file) must put what sets them apart into the id.
///
/// An id is kept as a 128-bit hash: at a thousand million ids in the window, the chance that any two collide
/// is under 10^-20. The state depends only on the calls and their order, however they are batched.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Duplicates {
    window_ms: i64,
    first_seen: FxHashMap<Hash, Instant>,
    /// In the order they were seen, so that the oldest is in front. An id that came back after the window
    /// has a second entry, and the first then stands for nothing.
    order: VecDeque<(Instant, Hash)>,
}

/// A 128-bit hash in halves, which aligns it to 8 bytes and saves a third of the memory.
type Hash = [u64; 2];

impl Duplicates {
    #[must_use]
    pub fn new(window_ms: i64) -> Self {
        Self { window_ms, first_seen: FxHashMap::default(), order: VecDeque::new() }
    }

    /// Whether this is the first time within the window; if so the id is remembered. `instant` is the
    /// frame's, which never goes back from one call to the next.
    pub fn check_and_insert(&mut self, message_id: &str, instant: Instant) -> bool {
        self.evict(instant);
        let hash = hash(message_id);
        match self.first_seen.get(&hash) {
            Some(first) if instant.ms_since(*first) < self.window_ms => false,
            _ => {
                self.first_seen.insert(hash, instant);
                self.order.push_back((instant, hash));
                true
            }
        }
    }

    /// Whether the id would be a duplicate at this instant.
    #[must_use]
    pub fn contains(&self, message_id: &str, instant: Instant) -> bool {
        self.first_seen.get(&hash(message_id)).is_some_and(|first| instant.ms_since(*first) < self.window_ms)
    }

    /// Changes the window, from the next call on. A longer one does not bring back what was evicted.
    pub fn set_window_ms(&mut self, window_ms: i64) {
        self.window_ms = window_ms;
    }

    /// How many ids are remembered; some may be past the window and not yet evicted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first_seen.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_seen.is_empty()
    }

    /// When the oldest id that is remembered was first seen.
    #[must_use]
    pub fn oldest(&self) -> Option<Instant> {
        self.order.front().map(|(instant, _)| *instant)
    }

    /// When the newest id was first seen.
    #[must_use]
    pub fn newest(&self) -> Option<Instant> {
        self.order.back().map(|(instant, _)| *instant)
    }

    fn evict(&mut self, now: Instant) {
        for _ in 0..EVICTED_PER_CALL {
            match self.order.front() {
                Some((instant, hash)) if now.ms_since(*instant) >= self.window_ms => {
                    if self.first_seen.get(hash) == Some(instant) {
                        self.first_seen.remove(hash);
                    }
                    self.order.pop_front();
                }
                _ => return,
            }
        }
    }
}

fn hash(message_id: &str) -> Hash {
    let hash = xxh3_128(message_id.as_bytes()).to_le_bytes();
    let half = |bytes: &[u8]| bytes.iter().rev().fold(0, |all, byte| (all << 8) | u64::from(*byte));
    let (low, high) = hash.split_at(8);
    [half(low), half(high)]
}

/// The stored form: the order has everything.
#[derive(Serialize, Deserialize)]
struct Stored {
    window_ms: i64,
    order: VecDeque<(Instant, Hash)>,
}

impl From<Duplicates> for Stored {
    fn from(duplicates: Duplicates) -> Self {
        Self { window_ms: duplicates.window_ms, order: duplicates.order }
    }
}

impl From<Stored> for Duplicates {
    fn from(stored: Stored) -> Self {
        // A later entry of an id takes the place of an earlier one.
        let first_seen = stored.order.iter().map(|(instant, hash)| (*hash, *instant)).collect();
        Self { window_ms: stored.window_ms, first_seen, order: stored.order }
    }
}
