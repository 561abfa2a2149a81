//! The sidecar of a part: from a profile to the runs of its rows.
//!
//! Format 1, numbers little-endian, `varint` as in LEB128:
//! ```text
//! file   = block* index tail
//! block  = entry* crc32c:u32             at most 256 entries, in ascending order of profile
//! entry  = varint(profile - profile before in the block) varint(runs)
//!          runs of (varint(start - end of the run before) varint(rows))
//! index  = (first profile:u64 offset:u64 entries:u32)* for each block
//! tail   = blocks:u32 profiles:u64 rows:u64 crc32c of index and these:u32 format:u32 "segopspx"
//! ```
//! A profile has at most one run for each event name, since rows are sorted by name and then by profile.

use std::ops::Range;

use bytes::Bytes;

use crate::error::PartsError;

const MAGIC: &[u8; 8] = b"segopspx";
const FORMAT: u32 = 1;
const BLOCK_ENTRIES_MAX: usize = 256;
const TAIL_BYTES: usize = 4 + 8 + 8 + 4 + 4 + 8;
const INDEX_ENTRY_BYTES: usize = 20;

/// Rows of one profile that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) profile: u64,
    pub(crate) start: u64,
    pub(crate) rows: u64,
}

impl Run {
    pub(crate) const fn range(self) -> Range<u64> {
        self.start..self.start + self.rows
    }
}

/// A sidecar as it is written, and where its index begins.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    pub(crate) index_offset: u64,
}

/// Writes the runs of a part.
pub(crate) fn write(mut runs: Vec<Run>) -> Written {
    runs.sort_unstable();
    let rows: u64 = runs.iter().map(|run| run.rows).sum();
    let (mut out, mut index) = (Vec::new(), Vec::new());
    let mut profiles = 0_u64;
    let mut blocks = 0_u32;
    let entries: Vec<&[Run]> = runs.chunk_by(|left, right| left.profile == right.profile).collect();
    for block in entries.chunks(BLOCK_ENTRIES_MAX) {
        let start = out.len();
        let first = block.first().and_then(|entry| entry.first()).map_or(0, |run| run.profile);
        let mut before = first;
        for entry in block {
            let profile = entry.first().map_or(before, |run| run.profile);
            write_varint(profile - before, &mut out);
            write_varint(entry.len() as u64, &mut out);
            before = profile;
            let mut end = 0;
            for run in *entry {
                write_varint(run.start - end, &mut out);
                write_varint(run.rows, &mut out);
                end = run.start + run.rows;
            }
        }
        let checksum = crc32c::crc32c(out.get(start..).unwrap_or_default());
        out.extend(checksum.to_le_bytes());
        index.extend(first.to_le_bytes());
        index.extend((start as u64).to_le_bytes());
        index.extend(u32::try_from(block.len()).unwrap_or(u32::MAX).to_le_bytes());
        profiles += block.len() as u64;
        blocks += 1;
    }
    let index_offset = out.len() as u64;
    index.extend(blocks.to_le_bytes());
    index.extend(profiles.to_le_bytes());
    index.extend(rows.to_le_bytes());
    let checksum = crc32c::crc32c(&index);
    out.extend(index);
    out.extend(checksum.to_le_bytes());
    out.extend(FORMAT.to_le_bytes());
    out.extend(MAGIC);
    Written { bytes: out, index_offset }
}

/// Where the blocks of a sidecar are.
#[derive(Debug)]
pub(crate) struct Index {
    path: String,
    blocks: Vec<Block>,
    /// Where the index begins, and the last block ends.
    end: u64,
    pub(crate) profiles: u64,
    pub(crate) rows: u64,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    first: u64,
    offset: u64,
    entries: u32,
}

impl Index {
    /// Reads the bytes from where the index begins to the end of the file.
    pub(crate) fn read(path: &str, bytes: &[u8], index_offset: u64) -> Result<Self, PartsError> {
        let damaged = |what: &str| PartsError::damaged(path, what);
        let cut = bytes.len().checked_sub(TAIL_BYTES).ok_or_else(|| damaged("it is too short"))?;
        let (index, mut tail) = bytes.split_at(cut);
        let tail = &mut tail;
        let (blocks, profiles) = (take_u32(tail), take_u64(tail));
        let (rows, checksum, format) = (take_u64(tail), take_u32(tail), take_u32(tail));
        if *tail != MAGIC {
            return Err(damaged("it does not end as a sidecar does"));
        }
        if format != FORMAT {
            return Err(PartsError::UnknownFormat { path: path.to_owned(), format });
        }
        let covered = bytes.get(..cut + 20).unwrap_or_default();
        if crc32c::crc32c(covered) != checksum {
            return Err(damaged("the checksum of its index is wrong"));
        }
        if index.len() != blocks as usize * INDEX_ENTRY_BYTES {
            return Err(damaged("its index has another length than it says"));
        }
        let blocks = index.chunks_exact(INDEX_ENTRY_BYTES).map(|mut entry| Block {
            first: take_u64(&mut entry),
            offset: take_u64(&mut entry),
            entries: take_u32(&mut entry),
        });
        Ok(Self { path: path.to_owned(), blocks: blocks.collect(), end: index_offset, profiles, rows })
    }

    /// The bytes of the block that a profile would be in.
    pub(crate) fn block_of(&self, profile: u64) -> Option<(usize, Range<u64>)> {
        let number = self.blocks.partition_point(|block| block.first <= profile).checked_sub(1)?;
        Some((number, self.range(number)))
    }

    fn range(&self, number: usize) -> Range<u64> {
        let offset = |number: usize| self.blocks.get(number).map_or(self.end, |block| block.offset);
        offset(number)..offset(number + 1)
    }

    /// The runs of a block.
    pub(crate) fn read_block(&self, number: usize, bytes: &[u8]) -> Result<Vec<Run>, PartsError> {
        let damaged = || PartsError::damaged(&self.path, format!("block {number} is not whole"));
        let block = self.blocks.get(number).ok_or_else(damaged)?;
        let (mut rest, mut checksum) =
            bytes.len().checked_sub(4).map(|cut| bytes.split_at(cut)).ok_or_else(damaged)?;
        if crc32c::crc32c(rest) != take_u32(&mut checksum) {
            return Err(damaged());
        }
        let mut runs = Vec::new();
        let mut profile = block.first;
        for _ in 0..block.entries {
            profile = profile.checked_add(take_varint(&mut rest).ok_or_else(damaged)?).ok_or_else(damaged)?;
            let count = take_varint(&mut rest).ok_or_else(damaged)?;
            let mut end = 0_u64;
            for _ in 0..count {
                let start =
                    take_varint(&mut rest).and_then(|gap| end.checked_add(gap)).ok_or_else(damaged)?;
                let rows = take_varint(&mut rest).ok_or_else(damaged)?;
                end = start.checked_add(rows).ok_or_else(damaged)?;
                runs.push(Run { profile, start, rows });
            }
        }
        Ok(runs)
    }

    /// Every run, of the whole file's bytes.
    pub(crate) fn read_all(&self, file: &Bytes) -> Result<Vec<Run>, PartsError> {
        let mut runs = Vec::new();
        for number in 0..self.blocks.len() {
            let range = self.range(number);
            let bytes = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok())
                .and_then(|(start, end)| file.get(start..end))
                .ok_or_else(|| PartsError::damaged(&self.path, "it is shorter than its index says"))?;
            runs.extend(self.read_block(number, bytes)?);
        }
        Ok(runs)
    }
}

fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Zero where the bytes end early, which a checksum or a length then shows.
fn take_u32(bytes: &mut &[u8]) -> u32 {
    bytes.split_first_chunk::<4>().map_or(0, |(head, rest)| {
        *bytes = rest;
        u32::from_le_bytes(*head)
    })
}

fn take_u64(bytes: &mut &[u8]) -> u64 {
    bytes.split_first_chunk::<8>().map_or(0, |(head, rest)| {
        *bytes = rest;
        u64::from_le_bytes(*head)
    })
}
