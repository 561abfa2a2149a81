use std::fmt;
use std::path::PathBuf;

use super::file::{BLOCK_HEAD_BYTES, END, HEAD_BYTES, REMOVED};
use super::{BLOCK_BYTES_MAX, CheckpointHead};
use crate::frame::{FRAME_HEAD_BYTES, Parsed, parse_frame};
use crate::{Disk, ReadFile, StoreError};

/// Bytes read at a time.
const READ_BYTES: usize = 1024 * 1024;
const PAYLOAD_BYTES: std::ops::RangeInclusive<usize> = 1..=BLOCK_BYTES_MAX;

/// Reads one file of a checkpoint, record by record, each byte under its checksum.
pub struct CheckpointReader {
    file: Box<dyn ReadFile>,
    path: PathBuf,
    head: CheckpointHead,
    /// Where the first byte that is not taken is in the file.
    offset: u64,
    buffer: Vec<u8>,
    taken: usize,
    filled: usize,
    block: Block,
    contents: CheckpointContents,
    digest: u32,
}

/// The records of one block that are still to come.
#[derive(Default)]
struct Block {
    kind: (u8, u8),
    records: Vec<u8>,
    at: usize,
}

/// One record: the value of a key, or that it was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordRef<'a> {
    pub kind: u8,
    pub version: u8,
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// How much a file holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckpointContents {
    pub blocks: u64,
    pub records: u64,
}

impl fmt::Debug for CheckpointReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckpointReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl CheckpointReader {
    pub(super) fn open(disk: &dyn Disk, path: PathBuf) -> Result<Self, StoreError> {
        let file = disk.open_read(&path).map_err(StoreError::io("open", &path))?;
        let mut bytes = [0; HEAD_BYTES];
        let mut count = 0;
        while let Some(rest) = bytes.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, count as u64).map_err(StoreError::io("read", &path))? {
                0 => break,
                more => count += more,
            }
        }
        let head = CheckpointHead::parse(bytes.get(..count).unwrap_or_default(), &path)?;
        Ok(Self {
            file,
            path,
            head,
            offset: HEAD_BYTES as u64,
            buffer: Vec::new(),
            taken: 0,
            filled: 0,
            block: Block::default(),
            contents: CheckpointContents::default(),
            digest: 0,
        })
    }

    #[must_use]
    pub const fn head(&self) -> &CheckpointHead {
        &self.head
    }

    /// The next record, or none once the file has ended as it should.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged: where.
    pub fn next_record(&mut self) -> Result<Option<RecordRef<'_>>, StoreError> {
        while self.block.at >= self.block.records.len() {
            if !self.next_block()? {
                return Ok(None);
            }
        }
        let start = self.block.at;
        let Some(end) = self.block.end_of_record() else {
            return Err(self.damaged("a record is cut"));
        };
        self.block.at = end;
        Ok(self.block.record(start))
    }

    /// Reads the file to its end, and says how much it holds.
    ///
    /// # Errors
    /// As [`CheckpointReader::next_record`].
    pub fn check(mut self) -> Result<CheckpointContents, StoreError> {
        while self.next_block()? {
            while self.block.at < self.block.records.len() {
                let Some(end) = self.block.end_of_record() else {
                    return Err(self.damaged("a record is cut"));
                };
                self.block.at = end;
            }
        }
        Ok(self.contents)
    }

    /// Unpacks the next block; false at the file's end.
    fn next_block(&mut self) -> Result<bool, StoreError> {
        let Some(frame_bytes) = self.load()? else { return Err(self.damaged("it ends too early")) };
        let start = self.taken + FRAME_HEAD_BYTES;
        let payload = self.buffer.get(start..self.taken + frame_bytes).unwrap_or_default();
        if payload.first() == Some(&END) {
            let is_sound = self.is_its_end(payload);
            self.offset += frame_bytes as u64;
            let length = self.file.len().map_err(StoreError::io("read", &self.path))?;
            return match (is_sound, length == self.offset) {
                (true, true) => Ok(false),
                (false, _) => Err(self.damaged("blocks are missing")),
                (true, false) => Err(self.damaged("there are bytes behind its end")),
            };
        }
        let Some((head, packed)) = payload.split_first_chunk::<BLOCK_HEAD_BYTES>() else {
            return Err(self.damaged("a block is cut"));
        };
        let [kind, version, bytes @ ..] = *head;
        let bytes = u32::from_le_bytes(bytes) as usize;
        self.digest = crc32c::crc32c_append(self.digest, payload);
        let unpacked =
            if bytes > BLOCK_BYTES_MAX { None } else { zstd::bulk::decompress(packed, bytes).ok() };
        let Some(records) = unpacked.filter(|records| records.len() == bytes) else {
            return Err(self.damaged("a block cannot be unpacked"));
        };
        self.block = Block { kind: (kind, version), records, at: 0 };
        self.contents.blocks += 1;
        self.contents.records += self.block.count().unwrap_or_default();
        self.taken += frame_bytes;
        self.offset += frame_bytes as u64;
        Ok(true)
    }

    fn is_its_end(&self, payload: &[u8]) -> bool {
        let CheckpointContents { blocks, records } = self.contents;
        let expected = [END]
            .into_iter()
            .chain(blocks.to_le_bytes())
            .chain(records.to_le_bytes())
            .chain(self.digest.to_le_bytes());
        expected.eq(payload.iter().copied())
    }

    /// Brings the next frame into the buffer, and gives its bytes; none at the end of the file.
    fn load(&mut self) -> Result<Option<usize>, StoreError> {
        loop {
            let held = self.buffer.get(self.taken..self.filled).unwrap_or_default();
            match parse_frame(held, PAYLOAD_BYTES) {
                Parsed::Whole { frame_bytes, .. } => return Ok(Some(frame_bytes)),
                Parsed::Damaged => return Err(self.damaged("a checksum is wrong")),
                Parsed::Short { frame_bytes } => {
                    if !self.read_more(frame_bytes)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Reads on until a frame of so many bytes can be whole; false at the file's end.
    fn read_more(&mut self, frame_bytes: usize) -> Result<bool, StoreError> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        (self.taken, self.filled) = (0, self.filled - self.taken);
        let length = self.file.len().map_err(StoreError::io("read", &self.path))?;
        let left = usize::try_from(length.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        if frame_bytes > left {
            return Ok(false);
        }
        let room = READ_BYTES.max(frame_bytes);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let offset = self.offset + self.filled as u64;
        let count = self.file.read_at(free, offset).map_err(StoreError::io("read", &self.path))?;
        self.filled += count;
        Ok(count > 0)
    }

    fn damaged(&self, what: &'static str) -> StoreError {
        StoreError::CorruptCheckpoint { file: self.path.clone(), offset: self.offset, what }
    }
}

impl Block {
    /// Where the record at hand ends; none if it is cut.
    fn end_of_record(&self) -> Option<usize> {
        let (key, value) = lengths(self.records.get(self.at..)?)?;
        let end = self.at.checked_add(8)?.checked_add(key)?.checked_add(value.unwrap_or(0))?;
        (end <= self.records.len()).then_some(end)
    }

    fn record(&self, start: usize) -> Option<RecordRef<'_>> {
        let bytes = self.records.get(start..)?;
        let (key, value) = lengths(bytes)?;
        let rest = bytes.get(8..)?;
        Some(RecordRef {
            kind: self.kind.0,
            version: self.kind.1,
            key: rest.get(..key)?,
            value: match value {
                None => None,
                Some(value) => Some(rest.get(key..key + value)?),
            },
        })
    }

    fn count(&self) -> Option<u64> {
        let (mut at, mut count) = (0, 0);
        while at < self.records.len() {
            let (key, value) = lengths(self.records.get(at..)?)?;
            at = at.checked_add(8)?.checked_add(key)?.checked_add(value.unwrap_or(0))?;
            count += 1;
        }
        Some(count)
    }
}

/// The lengths of a record's key and of its value, if it has one.
fn lengths(record: &[u8]) -> Option<(usize, Option<usize>)> {
    let (key, rest) = record.split_first_chunk::<4>()?;
    let (value, _) = rest.split_first_chunk::<4>()?;
    let value = u32::from_le_bytes(*value);
    Some((u32::from_le_bytes(*key) as usize, (value != REMOVED).then_some(value as usize)))
}
