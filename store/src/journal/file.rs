//! A journal file's name and header.

use std::path::{Path, PathBuf};

use segops_model::{Instant, Position};

use crate::StoreError;

pub(super) const FOLDER: &str = "journal";
const EXTENSION: &str = ".journal";
const MAGIC: &[u8; 8] = b"segopsjr";
/// The newest format of a file that this version reads, and the one that it writes.
const FORMAT: u32 = 1;

/// Bytes of a file before its first frame.
pub(super) const HEADER_BYTES: usize = 32;

/// What a header says: `[magic 8][format u32][first position u64][previous instant i64][crc32c u32]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) first: Position,
    /// The instant of the frame before the file's first, so that an empty file still knows it.
    pub(super) previous_instant: Instant,
}

pub(super) fn path_of(dir: &Path, first: Position) -> PathBuf {
    dir.join(format!("{:020}{EXTENSION}", first.0))
}

/// The first position in a file's name; `None` for a name that is none of the journal's.
pub(super) fn position_in_name(name: &str) -> Option<Position> {
    let digits = name.strip_suffix(EXTENSION)?;
    if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(Position)
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let fields = MAGIC
            .iter()
            .copied()
            .chain(FORMAT.to_le_bytes())
            .chain(self.first.0.to_le_bytes())
            .chain(self.previous_instant.as_ms().to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = from;
        }
        let crc = crc32c::crc32c(&bytes[..HEADER_BYTES - 4]);
        bytes[HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header back. The format is looked at before the checksum, so that a newer file is named as
    /// such and not as damaged.
    pub(super) fn parse(bytes: &[u8], file: &Path) -> Result<Self, StoreError> {
        let corrupt = || StoreError::CorruptHeader { file: file.to_owned() };
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or_else(corrupt)?;
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(corrupt)?;
        let (format, rest) = rest.split_first_chunk::<4>().ok_or_else(corrupt)?;
        let (first, rest) = rest.split_first_chunk::<8>().ok_or_else(corrupt)?;
        let (instant, rest) = rest.split_first_chunk::<8>().ok_or_else(corrupt)?;
        let (crc, _) = rest.split_first_chunk::<4>().ok_or_else(corrupt)?;
        if magic != MAGIC {
            return Err(corrupt());
        }
        let found = u32::from_le_bytes(*format);
        if found > FORMAT {
            return Err(StoreError::UnknownFormat { file: file.to_owned(), found, known: FORMAT });
        }
        if crc32c::crc32c(&bytes[..HEADER_BYTES - 4]) != u32::from_le_bytes(*crc) {
            return Err(corrupt());
        }
        Ok(Self {
            first: Position(u64::from_le_bytes(*first)),
            previous_instant: Instant::from_ms(i64::from_le_bytes(*instant)),
        })
    }
}
