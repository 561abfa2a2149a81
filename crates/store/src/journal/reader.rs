use std::path::{Path, PathBuf};
use std::sync::Arc;

use segops_model::{Instant, Position};

use super::PAYLOAD_BYTES;
use super::file::{FOLDER, HEADER_BYTES, Header, path_of, position_in_name};
use crate::frame::{FRAME_HEAD_BYTES, Parsed, parse_frame};
use crate::{Disk, ReadFile, StoreError};

/// Bytes read at a time.
const READ_BYTES: usize = 1024 * 1024;

/// Reads frames in order, from a position up to another. Safe beside the live writer as long as the end is
/// no later than the writer's durable position.
#[derive(Debug)]
pub struct JournalReader {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// `None` before the first frame and between files.
    open: Option<OpenFile>,
    next: Position,
    until: Position,
    from: Position,
    buffer: Vec<u8>,
    /// The part of the buffer that holds bytes not yet taken.
    filled: std::ops::Range<usize>,
}

#[derive(Debug)]
struct OpenFile {
    file: Box<dyn ReadFile>,
    path: PathBuf,
    first: Position,
    /// Where the buffer's first untaken byte is in the file.
    offset: u64,
}

/// A frame that borrows its item from the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRef<'a> {
    pub position: Position,
    pub instant: Instant,
    pub kind: u8,
    pub format: u8,
    pub item: &'a [u8],
}

/// A frame with an item of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub position: Position,
    pub instant: Instant,
    pub kind: u8,
    pub format: u8,
    pub item: Vec<u8>,
}

impl JournalReader {
    /// Reads the journal in `dir`/journal: the frames at `from` and after, before `until`.
    pub fn new(disk: Arc<dyn Disk>, dir: &Path, from: Position, until: Position) -> Result<Self, StoreError> {
        let dir = dir.join(FOLDER);
        let mut next = from;
        if from < until {
            // The file that holds `from` is the last one that starts at or before it.
            next = disk
                .list(&dir)
                .map_err(StoreError::io("list", &dir))?
                .iter()
                .filter_map(|name| position_in_name(name))
                .filter(|first| *first <= from)
                .max()
                .ok_or_else(|| StoreError::MissingPosition { dir: dir.clone(), position: from })?;
        }
        Ok(Self { disk, dir, open: None, next, until, from, buffer: Vec::new(), filled: 0..0 })
    }

    /// The next frame, or `None` at the end. After an error the reader stays where it is.
    pub fn next_frame(&mut self) -> Result<Option<FrameRef<'_>>, StoreError> {
        loop {
            if self.next >= self.until {
                return Ok(None);
            }
            let Some(frame_bytes) = self.load_frame()? else {
                // The next file is named by the next position; the same name again is a file that ended early.
                if self.open.take().is_some_and(|open| open.first == self.next) {
                    return Err(StoreError::MissingPosition { dir: self.dir.clone(), position: self.next });
                }
                continue;
            };
            let position = self.next;
            let start = self.filled.start;
            self.next = position.next();
            self.filled.start += frame_bytes;
            if let Some(open) = &mut self.open {
                open.offset += frame_bytes as u64;
            }
            if position >= self.from {
                let payload =
                    self.buffer.get(start + FRAME_HEAD_BYTES..start + frame_bytes).unwrap_or_default();
                return Ok(split_payload(payload).map(|(kind, format, instant, item)| FrameRef {
                    position,
                    instant,
                    kind,
                    format,
                    item,
                }));
            }
        }
    }

    /// Brings a whole frame to the start of the filled part, and returns its bytes; `None` at the file's end.
    fn load_frame(&mut self) -> Result<Option<usize>, StoreError> {
        if self.open.is_none() {
            self.open_file()?;
        }
        loop {
            let bytes = self.buffer.get(self.filled.clone()).unwrap_or_default();
            match parse_frame(bytes, PAYLOAD_BYTES) {
                Parsed::Whole { frame_bytes, .. } => return Ok(Some(frame_bytes)),
                Parsed::Damaged => return Err(self.corrupt()),
                Parsed::Short { frame_bytes } => {
                    let at_frame_start = bytes.is_empty();
                    if !self.read_more(frame_bytes)? {
                        return if at_frame_start { Ok(None) } else { Err(self.corrupt()) };
                    }
                }
            }
        }
    }

    fn open_file(&mut self) -> Result<(), StoreError> {
        let path = path_of(&self.dir, self.next);
        let file = match self.disk.open_read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::MissingPosition { dir: self.dir.clone(), position: self.next });
            }
            opened => opened.map_err(StoreError::io("open", &path))?,
        };
        let mut header = [0; HEADER_BYTES];
        let count = file.read_at(&mut header, 0).map_err(StoreError::io("read", &path))?;
        if Header::parse(header.get(..count).unwrap_or_default(), &path)?.first != self.next {
            return Err(StoreError::CorruptHeader { file: path });
        }
        self.filled = 0..0;
        self.open = Some(OpenFile { file, path, first: self.next, offset: HEADER_BYTES as u64 });
        Ok(())
    }

    /// Reads on until a frame of `frame_bytes` can be whole; false at the file's end.
    fn read_more(&mut self, frame_bytes: usize) -> Result<bool, StoreError> {
        let Some(open) = &self.open else { return Ok(false) };
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        let room = READ_BYTES.max(frame_bytes);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let free = self.buffer.get_mut(self.filled.end..).unwrap_or_default();
        let offset = open.offset + self.filled.len() as u64;
        let count = open.file.read_at(free, offset).map_err(StoreError::io("read", &open.path))?;
        self.filled.end += count;
        Ok(count > 0)
    }

    fn corrupt(&self) -> StoreError {
        let (file, offset) =
            self.open.as_ref().map_or((self.dir.clone(), 0), |open| (open.path.clone(), open.offset));
        StoreError::CorruptFrame { file, offset, position: self.next }
    }
}

impl Iterator for JournalReader {
    type Item = Result<Frame, StoreError>;

    /// As [`JournalReader::next_frame`], with an item of its own. Stops after the first error.
    fn next(&mut self) -> Option<Self::Item> {
        match self.next_frame() {
            Ok(frame) => frame.map(|frame| {
                Ok(Frame {
                    position: frame.position,
                    instant: frame.instant,
                    kind: frame.kind,
                    format: frame.format,
                    item: frame.item.to_vec(),
                })
            }),
            Err(error) => {
                self.until = self.next;
                Some(Err(error))
            }
        }
    }
}

/// Kind, format, instant and item of a payload.
pub(super) fn split_payload(payload: &[u8]) -> Option<(u8, u8, Instant, &[u8])> {
    let (kind, rest) = payload.split_first()?;
    let (format, rest) = rest.split_first()?;
    let (instant, item) = rest.split_first_chunk::<8>()?;
    Some((*kind, *format, Instant::from_ms(i64::from_le_bytes(*instant)), item))
}
