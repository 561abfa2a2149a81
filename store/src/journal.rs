//! The write-ahead journal: every input in one order, durable before it is acknowledged.
//!
//! `DIR/journal/` holds append-only files named by the position of their first frame. A file is a header and
//! then frames; a frame's position is the file's first position plus its index, so positions are dense and
//! need no bytes. [`crate::frame`] has the framing; the payload is
//! `[kind u8][format u8][instant i64][item]`, numbers little-endian. What kind, format and item mean is the
//! caller's.

mod file;
mod file_frames;
mod reader;
mod recover;
mod writer;

use std::path::Path;
use std::sync::Arc;

use segops_model::{Instant, Position};

pub use reader::{Frame, FrameRef, JournalReader};
pub use writer::JournalWriter;

use crate::{Disk, StoreError};

/// Bytes of one item, at most: past it `append` refuses. Far above any event; commands that carry more name
/// a file instead.
pub const ITEM_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of a payload before its item: kind, format, instant.
const ENVELOPE_BYTES: usize = 10;

/// What a payload's length can be.
const PAYLOAD_BYTES: std::ops::RangeInclusive<usize> = ENVELOPE_BYTES..=ENVELOPE_BYTES + ITEM_BYTES_MAX;

/// How a journal is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalOptions {
    /// A file is closed and the next one started at the first sync past this many bytes.
    pub file_bytes_max: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { file_bytes_max: 256 * 1024 * 1024 }
    }
}

/// What opening found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// The position that the next frame gets; every frame before it is whole and durable.
    pub next_position: Position,
    /// The last frame's instant; [`Instant::MIN`] in an empty journal.
    pub last_instant: Instant,
    /// Bytes of an unfinished write that were, or would be, cut from the end; none of them was ever acknowledged.
    pub truncated_bytes: u64,
}

/// Opens journals.
#[derive(Debug)]
pub struct Journal;

impl Journal {
    /// Opens the journal in `dir`/journal, or makes it. Reads every header and the whole last file; an
    /// unfinished write at the end is cut, while damage with whole frames after it is an error, because
    /// those frames may have been acknowledged. What a process killed before its sync had already handed to
    /// the system is made durable here, so that what is read from now on never disappears again.
    ///
    /// One writer at a time: the caller holds the folder's lock.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: JournalOptions,
    ) -> Result<(JournalWriter, Recovered), StoreError> {
        let dir = dir.join(file::FOLDER);
        disk.create_dir_all(&dir).map_err(StoreError::io("make the folder", &dir))?;
        let found = recover::recover(disk.as_ref(), &dir, true)?;
        let recovered = Recovered {
            next_position: found.next_position,
            last_instant: found.last_instant,
            truncated_bytes: found.truncated_bytes,
        };
        Ok((JournalWriter::resume(disk, dir, options, &found)?, recovered))
    }

    /// Where the journal in `dir`/journal ends, without writing anything: what [`Journal::open`] would cut is
    /// left where it is, and a reader up to the position given here does not come to it.
    pub fn end(disk: &dyn Disk, dir: &Path) -> Result<Recovered, StoreError> {
        let found = recover::recover(disk, &dir.join(file::FOLDER), false)?;
        Ok(Recovered {
            next_position: found.next_position,
            last_instant: found.last_instant,
            truncated_bytes: found.truncated_bytes,
        })
    }
}
