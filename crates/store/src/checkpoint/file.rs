//! A file's name, head and end.
//!
//! A file is `[head][block frame]...[end frame]`. A frame is as [`crate::frame`] has it. A block's payload is
//! `[kind u8][version u8][bytes u32][records, compressed with zstd]`; unpacked, records are
//! `[key bytes u32][value bytes u32][key][value]`, with [`REMOVED`] in the place of the value's length where the key was
//! removed. The end's payload is `[END u8][blocks u64][records u64][crc32c u32 of all payloads]`. Numbers are
//! little-endian.

use std::path::{Path, PathBuf};

use segops_model::{Instant, Position};

use crate::StoreError;

pub(super) const FOLDER: &str = "checkpoints";
const MAGIC: &[u8; 8] = b"segopscp";
/// The newest format of a file that this version reads, and the one that it writes.
const FORMAT: u32 = 1;
const WHOLE: &str = ".whole";
const CHANGES: &str = ".changes";
pub(super) const UNFINISHED: &str = ".unfinished";

pub(super) const HEAD_BYTES: usize = 44;
/// In the place of the position of the file before, where there is none.
const NO_PREVIOUS: u64 = u64::MAX;
/// In the place of a kind: the frame ends the file.
pub(super) const END: u8 = 0xff;
/// In the place of a value's length: the key was removed.
pub(super) const REMOVED: u32 = u32::MAX;
/// Bytes of a block's payload before its records.
pub(super) const BLOCK_HEAD_BYTES: usize = 6;

/// What a checkpoint's file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointHead {
    /// Every input before this position has been applied to what is in it, and none after.
    pub position: Position,
    /// The newest input's instant.
    pub instant: Instant,
    /// The position of the file whose records this one changes; `None` for a whole one.
    pub previous: Option<Position>,
    /// The version of whoever has made the records out of inputs.
    pub fold_version: u32,
}

impl CheckpointHead {
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.previous.is_none()
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let previous = self.previous.map_or(NO_PREVIOUS, |previous| previous.0);
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(self.fold_version.to_le_bytes());
        bytes.extend(self.position.0.to_le_bytes());
        bytes.extend(self.instant.as_ms().to_le_bytes());
        bytes.extend(previous.to_le_bytes());
        let crc = crc32c::crc32c(&bytes);
        bytes.extend(crc.to_le_bytes());
        bytes
    }

    /// Reads a head back. The format is looked at before the checksum, so that a newer file is named as such and not
    /// as damaged.
    pub(super) fn parse(bytes: &[u8], file: &Path) -> Result<Self, StoreError> {
        let read = || {
            let (body, crc) = bytes.get(..HEAD_BYTES)?.split_last_chunk::<4>()?;
            let (magic, rest) = body.split_first_chunk::<8>()?;
            let (format, rest) = rest.split_first_chunk::<4>()?;
            let (fold_version, rest) = rest.split_first_chunk::<4>()?;
            let (position, rest) = rest.split_first_chunk::<8>()?;
            let (instant, rest) = rest.split_first_chunk::<8>()?;
            let (previous, _) = rest.split_first_chunk::<8>()?;
            let previous = u64::from_le_bytes(*previous);
            let head = Self {
                position: Position(u64::from_le_bytes(*position)),
                instant: Instant::from_ms(i64::from_le_bytes(*instant)),
                previous: (previous != NO_PREVIOUS).then_some(Position(previous)),
                fold_version: u32::from_le_bytes(*fold_version),
            };
            let is_sound = crc32c::crc32c(body) == u32::from_le_bytes(*crc);
            (magic == MAGIC).then_some((u32::from_le_bytes(*format), is_sound, head))
        };
        let damaged = || StoreError::CorruptCheckpoint {
            file: file.to_owned(),
            offset: 0,
            what: "its head is damaged",
        };
        let (found, is_sound, head) = read().ok_or_else(damaged)?;
        if found > FORMAT {
            return Err(StoreError::UnknownFormat { file: file.to_owned(), found, known: FORMAT });
        }
        if is_sound { Ok(head) } else { Err(damaged()) }
    }

    pub(super) fn path_in(&self, dir: &Path) -> PathBuf {
        let extension = if self.is_whole() { WHOLE } else { CHANGES };
        dir.join(format!("{:020}{extension}", self.position.0))
    }
}

/// Whether a name is one of a finished file.
pub(super) fn is_finished(name: &str) -> bool {
    let position = name.strip_suffix(WHOLE).or_else(|| name.strip_suffix(CHANGES));
    position.is_some_and(|digits| digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
