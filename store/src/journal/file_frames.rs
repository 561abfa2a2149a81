use std::ops::Range;
use std::path::{Path, PathBuf};

use segops_model::Position;

use super::PAYLOAD_BYTES;
use super::file::{HEADER_BYTES, Header, path_of};
use crate::frame::{FRAME_HEAD_BYTES, Parsed, holds_whole_frame, parse_frame};
use crate::{Disk, ReadFile, StoreError};

/// Bytes read at a time.
const READ_BYTES: usize = 1024 * 1024;

/// The frames of one journal file, one after another.
#[derive(Debug)]
pub(super) struct FileFrames {
    file: Box<dyn ReadFile>,
    pub(super) path: PathBuf,
    pub(super) header: Header,
    /// Where the first byte not yet taken is in the file.
    pub(super) offset: u64,
    buffer: Vec<u8>,
    /// The part of the buffer that holds bytes not yet taken.
    filled: Range<usize>,
}

/// What comes next in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loaded {
    Whole {
        frame_bytes: usize,
    },
    /// The file ends where a frame would start.
    End,
    /// Bytes that are no whole frame.
    Damaged,
}

impl FileFrames {
    /// Opens the file that starts at a position, and checks its header.
    pub(super) fn open(disk: &dyn Disk, dir: &Path, first: Position) -> Result<Self, StoreError> {
        let path = path_of(dir, first);
        let file = match disk.open_read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::MissingPosition { dir: dir.to_owned(), position: first });
            }
            opened => opened.map_err(StoreError::io("open", &path))?,
        };
        let mut bytes = [0; HEADER_BYTES];
        let count = file.read_at(&mut bytes, 0).map_err(StoreError::io("read", &path))?;
        let header = Header::parse(bytes.get(..count).unwrap_or_default(), &path)?;
        if header.first != first {
            return Err(StoreError::CorruptHeader { file: path });
        }
        Ok(Self { file, path, header, offset: HEADER_BYTES as u64, buffer: Vec::new(), filled: 0..0 })
    }

    /// Brings the next frame into the buffer.
    pub(super) fn load(&mut self) -> Result<Loaded, StoreError> {
        loop {
            let bytes = self.buffer.get(self.filled.clone()).unwrap_or_default();
            match parse_frame(bytes, PAYLOAD_BYTES) {
                Parsed::Whole { frame_bytes, .. } => return Ok(Loaded::Whole { frame_bytes }),
                Parsed::Damaged => return Ok(Loaded::Damaged),
                Parsed::Short { frame_bytes } => {
                    let at_frame_start = bytes.is_empty();
                    if !self.read_more(frame_bytes)? {
                        return Ok(if at_frame_start { Loaded::End } else { Loaded::Damaged });
                    }
                }
            }
        }
    }

    /// Goes past the frame that was loaded, and returns its payload.
    pub(super) fn take(&mut self, frame_bytes: usize) -> &[u8] {
        let start = self.filled.start;
        self.filled.start += frame_bytes;
        self.offset += frame_bytes as u64;
        self.buffer.get(start + FRAME_HEAD_BYTES..start + frame_bytes).unwrap_or_default()
    }

    /// Whether there is a whole frame anywhere in what is left, and how many bytes are left.
    pub(super) fn look_into_rest(&self) -> Result<(bool, u64), StoreError> {
        let length = self.file.len().map_err(StoreError::io("read", &self.path))?;
        let left = length.saturating_sub(self.offset);
        let mut rest = vec![0; usize::try_from(left).unwrap_or(0)];
        let mut filled = 0;
        while let Some(free) = rest.get_mut(filled..).filter(|free| !free.is_empty()) {
            let read = self.file.read_at(free, self.offset + filled as u64);
            match read.map_err(StoreError::io("read", &self.path))? {
                0 => break,
                count => filled += count,
            }
        }
        Ok((holds_whole_frame(&rest, &PAYLOAD_BYTES), left))
    }

    pub(super) fn corrupt_at(&self, position: Position) -> StoreError {
        StoreError::CorruptFrame { file: self.path.clone(), offset: self.offset, position }
    }

    /// Reads on until a frame of `frame_bytes` can be whole; false at the file's end.
    fn read_more(&mut self, frame_bytes: usize) -> Result<bool, StoreError> {
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        let room = READ_BYTES.max(frame_bytes);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let free = self.buffer.get_mut(self.filled.end..).unwrap_or_default();
        let offset = self.offset + self.filled.len() as u64;
        let count = self.file.read_at(free, offset).map_err(StoreError::io("read", &self.path))?;
        self.filled.end += count;
        Ok(count > 0)
    }
}
