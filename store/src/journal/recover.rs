//! Finding the journal's end after a stop of any kind.

use std::path::{Path, PathBuf};

use segops_model::{Instant, Position};

use super::file::{HEADER_BYTES, Header, path_of, position_in_name};
use super::file_frames::{FileFrames, Loaded};
use super::reader::split_payload;
use crate::{Disk, StoreError};

/// Where the journal ends.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) next_position: Position,
    pub(super) last_instant: Instant,
    pub(super) truncated_bytes: u64,
    /// The file to append to and its length; `None` where the next file is yet to be made.
    pub(super) last_file: Option<(PathBuf, u64)>,
}

/// `mend`: whether to cut what is not whole; else nothing is written.
pub(super) fn recover(disk: &dyn Disk, dir: &Path, mend: bool) -> Result<Found, StoreError> {
    let names = disk.list(dir).map_err(StoreError::io("list", dir))?;
    let mut firsts: Vec<Position> = names.iter().filter_map(|name| position_in_name(name)).collect();
    let unfinished = remove_unfinished(disk, dir, &mut firsts, mend)?;
    let Some((last, earlier)) = firsts.split_last() else {
        let next_position = unfinished.map_or(Position(0), |(first, _)| first);
        if next_position != Position(0) {
            return Err(StoreError::MissingPosition { dir: dir.to_owned(), position: Position(0) });
        }
        let truncated_bytes = unfinished.map_or(0, |(_, bytes)| bytes);
        return Ok(Found { next_position, last_instant: Instant::MIN, truncated_bytes, last_file: None });
    };
    for first in earlier {
        FileFrames::open(disk, dir, *first)?;
    }
    let mut found = scan_last(disk, dir, *last, mend)?;
    if let Some((first, bytes)) = unfinished {
        if first != found.next_position {
            return Err(StoreError::MissingPosition { dir: dir.to_owned(), position: found.next_position });
        }
        // The file before was closed for rotation; the writer starts the removed one again.
        found.last_file = None;
        found.truncated_bytes += bytes;
    }
    Ok(found)
}

/// Removes a last file whose header was never finished: a header is synced before any frame is written, so
/// such a file held none. Returns the position it was named by and its bytes.
fn remove_unfinished(
    disk: &dyn Disk,
    dir: &Path,
    firsts: &mut Vec<Position>,
    mend: bool,
) -> Result<Option<(Position, u64)>, StoreError> {
    let Some(last) = firsts.last().copied() else { return Ok(None) };
    let path = path_of(dir, last);
    let bytes = disk.len(&path).map_err(StoreError::io("read", &path))?;
    if bytes > HEADER_BYTES as u64 {
        return Ok(None);
    }
    let header = disk.read(&path).map_err(StoreError::io("read", &path))?;
    match Header::parse(&header, &path) {
        Err(StoreError::CorruptHeader { .. }) => {}
        Err(error) => return Err(error),
        Ok(_) => return Ok(None),
    }
    if mend {
        disk.remove(&path).map_err(StoreError::io("remove", &path))?;
        disk.sync_dir(dir).map_err(StoreError::io("sync", dir))?;
    }
    firsts.pop();
    Ok(Some((last, bytes)))
}

/// Reads the last file from its start to its end, and cuts what is not whole.
fn scan_last(disk: &dyn Disk, dir: &Path, first: Position, mend: bool) -> Result<Found, StoreError> {
    let mut frames = FileFrames::open(disk, dir, first)?;
    let mut next_position = first;
    let mut last_instant = frames.header.previous_instant;
    let mut truncated_bytes = 0;
    loop {
        match frames.load()? {
            Loaded::Whole { frame_bytes } => {
                if let Some((_, _, instant, _)) = split_payload(frames.take(frame_bytes)) {
                    last_instant = instant;
                }
                next_position = next_position.next();
            }
            Loaded::End => break,
            Loaded::Damaged => {
                let (holds_frame, left) = frames.look_into_rest()?;
                if holds_frame {
                    return Err(frames.corrupt_at(next_position));
                }
                if mend {
                    let cut = disk.truncate(&frames.path, frames.offset);
                    cut.map_err(StoreError::io("cut the unfinished end of", &frames.path))?;
                }
                truncated_bytes = left;
                break;
            }
        }
    }
    let last_file = Some((frames.path, frames.offset));
    Ok(Found { next_position, last_instant, truncated_bytes, last_file })
}
