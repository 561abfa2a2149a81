//! Events that are read in columns, a block of consecutive profiles at a time.
//!
//! Of each event name there are as many streams as the history has pieces, each in the order of (profile, ts,
//! position). They are not merged row by row: a block is as many profiles as every stream has all rows of in the
//! batches at hand. Within it rows stay where they are, told apart by the place that their profile has in the block.

use std::collections::VecDeque;

use compact_str::CompactString;

use segops_model::{Path, SignalId};
use segops_parts::{PartsError, RowFilter, SignalBatch, SignalRequest, SignalStream, Snapshot};
use segops_segment::{BlockRows, NamedSignals, ProfileRows, SignalMemos, SignalRegistry, SignalRows};

/// What is read of one event name.
#[derive(Debug)]
pub(super) struct NamedReads {
    pub(super) name: CompactString,
    pub(super) paths: Vec<Path>,
    pub(super) filter: RowFilter,
}

/// How rows are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Whether matches are put in order.
    pub(super) orders: bool,
    /// Whether rows that are older than asked for are passed over.
    pub(super) passes_over_older: bool,
}

/// Every stream, and the block of profiles at hand.
pub(super) struct Blocks<'a> {
    names: Vec<NamedSignals<'a>>,
    cursors: Vec<Cursor>,
    block: Block,
    /// Rows that were read.
    read: u64,
}

/// A block of profiles.
#[derive(Default)]
struct Block {
    /// In ascending order.
    profiles: Vec<u64>,
    slices: Vec<Slice>,
    runs: Vec<ProfileRows>,
}

/// The rows of one batch that are in the block.
#[derive(Debug, Clone)]
struct Slice {
    cursor: usize,
    batch: usize,
    runs: std::ops::Range<usize>,
}

/// One stream, with the batches that it has rows of which were not handed out.
struct Cursor {
    named: usize,
    stream: SignalStream,
    memos: SignalMemos,
    batches: VecDeque<Held>,
    is_at_end: bool,
}

struct Held {
    batch: SignalBatch,
    signals: Vec<SignalRows>,
    /// Another number for each row of all batches.
    first: u64,
    /// Rows that were handed out.
    done: usize,
}

impl<'a> Blocks<'a> {
    pub(super) fn open(
        snapshot: &Snapshot,
        registry: &'a SignalRegistry,
        reads: Vec<NamedReads>,
        look: Look,
    ) -> Result<Self, PartsError> {
        let mut blocks = Self { names: Vec::new(), cursors: Vec::new(), block: Block::default(), read: 0 };
        for NamedReads { name, paths, filter } in reads {
            let request = SignalRequest {
                event: name.to_string(),
                paths,
                filter,
                positions: look.orders,
                earlier_rows: look.passes_over_older,
            };
            let named = blocks.names.len();
            blocks.names.push(registry.named(&name));
            blocks.cursors.extend(snapshot.streams(&request)?.into_iter().map(|stream| Cursor {
                named,
                stream,
                memos: SignalMemos::default(),
                batches: VecDeque::new(),
                is_at_end: false,
            }));
        }
        Ok(blocks)
    }

    /// Goes on to the next block of profiles; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, PartsError> {
        let Self { names, cursors, block, read } = self;
        block.clear();
        // Profiles before it have all their rows in the batches that are there.
        let mut end: Option<u64> = None;
        for cursor in &mut *cursors {
            if let Some(last) = cursor.fill(names, read)? {
                end = Some(end.map_or(last, |end| end.min(last)));
            }
        }
        for (number, cursor) in cursors.iter_mut().enumerate() {
            cursor.take_before(end, number, block);
        }
        block.place();
        Ok(!block.profiles.is_empty())
    }

    /// The profiles of the block.
    pub(super) fn profiles(&self) -> &[u64] {
        &self.block.profiles
    }

    /// The rows of the block.
    pub(super) fn rows(&self) -> impl Iterator<Item = BlockRows<'_>> {
        self.block.slices.iter().filter_map(|slice| {
            let held = self.cursors.get(slice.cursor)?.batches.get(slice.batch)?;
            Some(BlockRows {
                profiles: self.block.runs.get(slice.runs.clone())?,
                ts_ms: held.batch.ts_ms(),
                positions: held.batch.positions(),
                first: held.first,
                signals: &held.signals,
            })
        })
    }

    /// Those of one profile.
    pub(super) fn rows_of(&self, slot: usize) -> impl Iterator<Item = BlockRows<'_>> {
        self.rows().filter_map(move |rows| {
            let place = |of: &ProfileRows| (of.slot as usize).cmp(&slot);
            let at = rows.profiles.binary_search_by(place).ok()?;
            Some(BlockRows { profiles: rows.profiles.get(at..=at)?, ..rows })
        })
    }

    /// The signals of all names, each once.
    pub(super) fn signals(&self) -> impl Iterator<Item = SignalId> {
        let mut ids: Vec<SignalId> = self.names.iter().flat_map(NamedSignals::ids).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
    }
}

impl Block {
    fn clear(&mut self) {
        self.profiles.clear();
        self.slices.clear();
        self.runs.clear();
    }

    /// Adds rows of a batch, of which the profiles are told.
    fn add(&mut self, cursor: usize, batch: usize, rows: std::ops::Range<usize>, profiles: &[u64]) {
        let first = self.runs.len();
        let mut before = None;
        for (row, profile) in (0_u32..).zip(profiles).skip(rows.start).take(rows.len()) {
            if before != Some(*profile) {
                before = Some(*profile);
                self.profiles.push(*profile);
                // The slot is known once all profiles are.
                self.runs.push(ProfileRows { slot: 0, start: row, end: row });
            }
            if let Some(run) = self.runs.last_mut() {
                run.end = row + 1;
            }
        }
        self.slices.push(Slice { cursor, batch, runs: first..self.runs.len() });
    }

    /// Gives every profile its place.
    fn place(&mut self) {
        let Self { profiles, slices, runs } = self;
        let of_runs = profiles.clone();
        // Sorted pieces one after the other, which a stable sort merges.
        profiles.sort();
        profiles.dedup();
        for slice in slices {
            let mut slot = 0;
            let of_slice = of_runs.get(slice.runs.clone()).unwrap_or_default();
            let runs = runs.get_mut(slice.runs.clone()).unwrap_or_default();
            for (run, profile) in runs.iter_mut().zip(of_slice) {
                while profiles.get(slot as usize).is_some_and(|held| held < profile) {
                    slot += 1;
                }
                run.slot = slot;
            }
        }
    }
}

impl Cursor {
    /// Reads on until the profile that comes first has all its rows in memory, and gives the last profile that may
    /// have more; `None` where no rows are left to be read.
    fn fill(&mut self, names: &[NamedSignals<'_>], read: &mut u64) -> Result<Option<u64>, PartsError> {
        self.batches.retain(|held| held.done < held.batch.len());
        loop {
            let first = self.batches.front().and_then(|held| held.batch.profiles().get(held.done));
            let last = self.batches.back().and_then(|held| held.batch.profiles().last());
            if self.is_at_end {
                return Ok(None);
            }
            if let (Some(first), Some(last)) = (first, last)
                && first < last
            {
                return Ok(Some(*last));
            }
            match (self.stream.next_batch()?, names.get(self.named)) {
                (Some(batch), Some(named)) => {
                    let signals = named.read(&batch, &mut self.memos);
                    let first = *read;
                    *read += batch.len() as u64;
                    self.batches.push_back(Held { batch, signals, first, done: 0 });
                }
                _ => self.is_at_end = true,
            }
        }
    }

    /// Hands out all rows of profiles before one.
    fn take_before(&mut self, end: Option<u64>, number: usize, block: &mut Block) {
        for (batch, held) in self.batches.iter_mut().enumerate() {
            let profiles = held.batch.profiles();
            let left = profiles.get(held.done..).unwrap_or_default();
            let taken = end.map_or(left.len(), |end| left.partition_point(|profile| *profile < end));
            if taken > 0 {
                block.add(number, batch, held.done..held.done + taken, profiles);
                held.done += taken;
            }
        }
    }
}
