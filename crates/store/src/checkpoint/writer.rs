use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::{BLOCK_HEAD_BYTES, END, REMOVED, UNFINISHED};
use super::folder::CheckpointFile;
use super::{BLOCK_BYTES, CheckpointHead, RECORD_BYTES_MAX};
use crate::frame::write_frame;
use crate::{AppendFile, Disk, StoreError};

/// Bytes gathered before they are handed to the system.
const BUFFER_BYTES: usize = 1024 * 1024;
/// Faster than any disk, and most of what there is to gain.
const COMPRESSION_LEVEL: i32 = 1;

/// Writes one file of a checkpoint, record by record. It has no name until [`CheckpointWriter::finish`]: one that is
/// dropped before, or was cut off by a crash, was never there. A failed write ends it.
pub struct CheckpointWriter {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    head: CheckpointHead,
    unfinished: PathBuf,
    file: Box<dyn AppendFile>,
    compressor: zstd::bulk::Compressor<'static>,
    /// What the records in `block` are of.
    kind: (u8, u8),
    block: Vec<u8>,
    buffer: Vec<u8>,
    /// Bytes handed to the system.
    written: u64,
    blocks: u64,
    records: u64,
    digest: u32,
    is_named: bool,
}

impl Drop for CheckpointWriter {
    /// What will never be finished takes no room: the disk may be full.
    fn drop(&mut self) {
        if !self.is_named {
            // Where this fails too, the next start removes it.
            let _ = self.disk.remove(&self.unfinished);
        }
    }
}

impl fmt::Debug for CheckpointWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckpointWriter")
            .field("head", &self.head)
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}

impl CheckpointWriter {
    pub(super) fn begin(disk: Arc<dyn Disk>, dir: PathBuf, head: CheckpointHead) -> Result<Self, StoreError> {
        let mut unfinished = head.path_in(&dir).into_os_string();
        unfinished.push(UNFINISHED);
        let unfinished = PathBuf::from(unfinished);
        if disk.exists(&unfinished).map_err(StoreError::io("look at", &unfinished))? {
            disk.remove(&unfinished).map_err(StoreError::io("remove", &unfinished))?;
        }
        let file = disk.open_append(&unfinished).map_err(StoreError::io("make", &unfinished))?;
        let compressor = zstd::bulk::Compressor::new(COMPRESSION_LEVEL);
        let compressor = compressor.map_err(StoreError::io("compress", &unfinished))?;
        Ok(Self {
            disk,
            dir,
            head,
            unfinished,
            file,
            compressor,
            kind: (0, 0),
            block: Vec::new(),
            buffer: head.to_bytes(),
            written: 0,
            blocks: 0,
            records: 0,
            digest: 0,
            is_named: false,
        })
    }

    /// Adds a record: the value of a key, or that it was removed. Records of one kind and version are best pushed one
    /// after another.
    ///
    /// # Errors
    /// The record is too long, or the file cannot be written.
    pub fn push(&mut self, kind: (u8, u8), key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let bytes = key.len() + value.map_or(0, <[u8]>::len);
        let is_too_long = || StoreError::ItemTooLarge { bytes, bytes_max: RECORD_BYTES_MAX };
        if bytes > RECORD_BYTES_MAX {
            return Err(is_too_long());
        }
        if kind != self.kind || self.block.len() >= BLOCK_BYTES {
            self.close_block()?;
            self.kind = kind;
        }
        let key_bytes = u32::try_from(key.len()).map_err(|_| is_too_long())?;
        let value_bytes = match value {
            None => REMOVED,
            Some(value) => u32::try_from(value.len()).map_err(|_| is_too_long())?,
        };
        self.block.extend(key_bytes.to_le_bytes());
        self.block.extend(value_bytes.to_le_bytes());
        self.block.extend(key);
        self.block.extend(value.unwrap_or_default());
        self.records += 1;
        Ok(())
    }

    /// Ends the file, makes it durable, and gives it its name.
    ///
    /// # Errors
    /// The file cannot be written; then it is not there, or it is there whole.
    pub fn finish(mut self) -> Result<CheckpointFile, StoreError> {
        self.close_block()?;
        let mut end = vec![END];
        end.extend(self.blocks.to_le_bytes());
        end.extend(self.records.to_le_bytes());
        end.extend(self.digest.to_le_bytes());
        write_frame(&mut self.buffer, &[&end]);
        self.hand_over()?;
        self.file.sync().map_err(StoreError::io("sync", &self.unfinished))?;
        let path = self.head.path_in(&self.dir);
        self.disk.rename(&self.unfinished, &path).map_err(StoreError::io("name", &path))?;
        self.is_named = true;
        self.disk.sync_dir(&self.dir).map_err(StoreError::io("sync", &self.dir))?;
        Ok(CheckpointFile { path, head: self.head, bytes: self.written })
    }

    fn close_block(&mut self) -> Result<(), StoreError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let packed = self.compressor.compress(&self.block);
        let packed = packed.map_err(StoreError::io("compress", &self.unfinished))?;
        let bytes = u32::try_from(self.block.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut head = [0; BLOCK_HEAD_BYTES];
        for (to, from) in head.iter_mut().zip([self.kind.0, self.kind.1].into_iter().chain(bytes)) {
            *to = from;
        }
        self.digest = crc32c::crc32c_append(crc32c::crc32c_append(self.digest, &head), &packed);
        write_frame(&mut self.buffer, &[&head, &packed]);
        self.blocks += 1;
        self.block.clear();
        if self.buffer.len() >= BUFFER_BYTES { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<(), StoreError> {
        self.file.append(&self.buffer).map_err(StoreError::io("write to", &self.unfinished))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
