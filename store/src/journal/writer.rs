use std::path::PathBuf;
use std::sync::Arc;

use segops_model::{Instant, Position};

use super::file::{HEADER_BYTES, Header, path_of};
use super::recover::Found;
use super::{ITEM_BYTES_MAX, JournalOptions};
use crate::frame::write_frame;
use crate::{AppendFile, Disk, StoreError};

/// Bytes gathered before they are handed to the system without waiting for the sync.
const BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Appends to the journal. `append` gathers; only after `sync` returns is what was appended durable, and
/// only then may it be acknowledged or read.
///
/// A failed write or sync is a state, not something to try again: after it the system may have dropped any
/// unsynced page while later syncs succeed, so the writer refuses everything from then on.
#[derive(Debug)]
pub struct JournalWriter {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    options: JournalOptions,
    file: Box<dyn AppendFile>,
    path: PathBuf,
    /// Bytes in the file, the buffer not counted.
    file_bytes: u64,
    buffer: Vec<u8>,
    next: Position,
    durable: Position,
    last_instant: Instant,
    poisoned: bool,
}

impl JournalWriter {
    pub(super) fn resume(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        options: JournalOptions,
        found: &Found,
    ) -> Result<Self, StoreError> {
        let (file, path, file_bytes) = match &found.last_file {
            Some((path, bytes)) => {
                let mut file = disk.open_append(path).map_err(StoreError::io("open", path))?;
                file.sync().map_err(StoreError::io("sync", path))?;
                disk.sync_dir(&dir).map_err(StoreError::io("sync", &dir))?;
                (file, path.clone(), *bytes)
            }
            None => start_file(disk.as_ref(), &dir, found.next_position, found.last_instant)?,
        };
        Ok(Self {
            disk,
            dir,
            options,
            file,
            path,
            file_bytes,
            buffer: Vec::new(),
            next: found.next_position,
            durable: found.next_position,
            last_instant: found.last_instant,
            poisoned: false,
        })
    }

    /// Adds a frame, and returns its position and instant: the greater of `now` and the instant before.
    pub fn append(
        &mut self,
        now: Instant,
        kind: u8,
        format: u8,
        item: &[u8],
    ) -> Result<(Position, Instant), StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        if item.len() > ITEM_BYTES_MAX {
            return Err(StoreError::ItemTooLarge { bytes: item.len(), bytes_max: ITEM_BYTES_MAX });
        }
        if self.durable == self.next && self.file_bytes >= self.options.file_bytes_max {
            // Only here, where all before is durable: a failure to start a file then fails no earlier item.
            self.poisoning(Self::rotate)?;
        }
        let instant = self.last_instant.max(now);
        let position = self.next;
        write_frame(&mut self.buffer, &[&[kind, format], &instant.as_ms().to_le_bytes(), item]);
        self.next = position.next();
        self.last_instant = instant;
        if self.buffer.len() >= BUFFER_BYTES_MAX {
            self.poisoning(Self::write_buffer)?;
        }
        Ok((position, instant))
    }

    /// Makes everything appended durable.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        if self.durable == self.next {
            return Ok(());
        }
        self.poisoning(|writer| {
            writer.write_buffer()?;
            writer.file.sync().map_err(StoreError::io("sync", &writer.path))
        })?;
        self.durable = self.next;
        Ok(())
    }

    /// The position that the next frame gets.
    #[must_use]
    pub fn next_position(&self) -> Position {
        self.next
    }

    /// Every frame before this position is durable; readers may read up to it.
    #[must_use]
    pub fn durable_position(&self) -> Position {
        self.durable
    }

    /// The last frame's instant; [`Instant::MIN`] in an empty journal.
    #[must_use]
    pub fn last_instant(&self) -> Instant {
        self.last_instant
    }

    /// Whether a write or sync failed, so that nothing more is taken.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    fn poisoning(&mut self, act: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let done = act(self);
        self.poisoned |= done.is_err();
        done
    }

    fn write_buffer(&mut self) -> Result<(), StoreError> {
        self.file.append(&self.buffer).map_err(StoreError::io("write to", &self.path))?;
        self.file_bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), StoreError> {
        (self.file, self.path, self.file_bytes) =
            start_file(self.disk.as_ref(), &self.dir, self.next, self.last_instant)?;
        Ok(())
    }
}

/// Makes a file whose header and name are durable before any frame is in it.
fn start_file(
    disk: &dyn Disk,
    dir: &std::path::Path,
    first: Position,
    previous_instant: Instant,
) -> Result<(Box<dyn AppendFile>, PathBuf, u64), StoreError> {
    let path = path_of(dir, first);
    let mut file = disk.open_append(&path).map_err(StoreError::io("make", &path))?;
    file.append(&Header { first, previous_instant }.to_bytes()).map_err(StoreError::io("write to", &path))?;
    file.sync().map_err(StoreError::io("sync", &path))?;
    disk.sync_dir(dir).map_err(StoreError::io("sync", dir))?;
    Ok((file, path, HEADER_BYTES as u64))
}
