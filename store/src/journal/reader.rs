use std::path::{Path, PathBuf};
use std::sync::Arc;

use segops_model::{Instant, Position};

use super::file::{FOLDER, position_in_name};
use super::file_frames::{FileFrames, Loaded};
use crate::{Disk, StoreError};

/// Reads frames in order, from a position up to another. Safe beside the live writer as long as the end is
/// no later than the writer's durable position.
#[derive(Debug)]
pub struct JournalReader {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// `None` before the first frame and between files.
    file: Option<FileFrames>,
    next: Position,
    until: Position,
    from: Position,
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
        Ok(Self { disk, dir, file: None, next, until, from })
    }

    /// The next frame, or `None` at the end. After an error the reader stays where it is.
    pub fn next_frame(&mut self) -> Result<Option<FrameRef<'_>>, StoreError> {
        loop {
            if self.next >= self.until {
                return Ok(None);
            }
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(FileFrames::open(self.disk.as_ref(), &self.dir, self.next)?),
            };
            match file.load()? {
                Loaded::Whole { frame_bytes } => {
                    let position = self.next;
                    self.next = position.next();
                    if position < self.from {
                        file.take(frame_bytes);
                        continue;
                    }
                    return Ok(self.take_frame(frame_bytes, position));
                }
                Loaded::End => {
                    // The next file is named by the next position; the same name again is a file that ended
                    // early.
                    if file.header.first == self.next {
                        let dir = self.dir.clone();
                        return Err(StoreError::MissingPosition { dir, position: self.next });
                    }
                    self.file = None;
                }
                Loaded::Damaged => return Err(file.corrupt_at(self.next)),
            }
        }
    }

    fn take_frame(&mut self, frame_bytes: usize, position: Position) -> Option<FrameRef<'_>> {
        let (kind, format, instant, item) = split_payload(self.file.as_mut()?.take(frame_bytes))?;
        Some(FrameRef { position, instant, kind, format, item })
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
