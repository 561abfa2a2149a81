use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::frame::{FRAME_HEAD_BYTES, Parsed, parse_frame, write_frame};
use crate::{AppendFile, Disk, ReadFile, StoreError};

/// Bytes gathered before they are written out.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
const EXTENSION: &str = ".records";
/// Bytes of one record, at most.
const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// How much a record log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLogOptions {
    /// Records kept, at most; at least half as many once there were so many.
    pub records_max: usize,
    /// Bytes kept on disk, at most, give or take one record.
    pub bytes_max: u64,
}

impl Default for RecordLogOptions {
    fn default() -> Self {
        Self { records_max: 200_000, bytes_max: 256 * 1024 * 1024 }
    }
}

/// One record and the number it keeps for ever: 0 for the first, one more for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub sequence: u64,
    pub bytes: Vec<u8>,
}

/// A bounded, append-only list of records in a folder, for what people look at and nothing depends on.
///
/// Two files of checksummed frames, named by their first record; when the newer reaches half of a limit the
/// older goes and a new one is started, so the oldest records go first. Writing is lazy: what was not
/// flushed is lost in a crash, and a torn end is cut.
#[derive(Debug)]
pub struct RecordLog {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    options: RecordLogOptions,
    /// From the older to the newer; the last is appended to.
    files: VecDeque<RecordFile>,
    append: Box<dyn AppendFile>,
    buffer: Vec<u8>,
    /// A write failed, so that what the file ends with is unknown until it is opened again.
    poisoned: bool,
}

#[derive(Debug)]
struct RecordFile {
    path: PathBuf,
    first: u64,
    /// Where each record starts.
    offsets: Vec<u64>,
    /// Bytes of the file, the buffer counted.
    bytes: u64,
}

impl RecordFile {
    fn end(&self) -> u64 {
        self.first + self.offsets.len() as u64
    }
}

impl RecordLog {
    /// Opens the log in `dir`/`name`, or makes it.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        name: &str,
        options: RecordLogOptions,
    ) -> Result<Self, StoreError> {
        let dir = dir.join(name);
        disk.create_dir_all(&dir).map_err(StoreError::io("make the folder", &dir))?;
        let names = disk.list(&dir).map_err(StoreError::io("list", &dir))?;
        let mut files = VecDeque::new();
        for first in names.iter().filter_map(|name| name.strip_suffix(EXTENSION)?.parse::<u64>().ok()) {
            files.push_back(scan(disk.as_ref(), path_of(&dir, first), first)?);
        }
        if files.is_empty() {
            files.push_back(RecordFile { path: path_of(&dir, 0), first: 0, offsets: Vec::new(), bytes: 0 });
        }
        let path = path_of(&dir, files.back().map_or(0, |file| file.first));
        let append = disk.open_append(&path).map_err(StoreError::io("open", &path))?;
        disk.sync_dir(&dir).map_err(StoreError::io("sync", &dir))?;
        Ok(Self { disk, dir, options, files, append, buffer: Vec::new(), poisoned: false })
    }

    /// Adds a record, and returns its number.
    pub fn append(&mut self, bytes: &[u8]) -> Result<u64, StoreError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(StoreError::ItemTooLarge { bytes: bytes.len(), bytes_max: RECORD_BYTES_MAX });
        }
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        if self.is_file_full() {
            self.rotate()?;
        }
        let before = self.buffer.len();
        write_frame(&mut self.buffer, &[bytes]);
        let written = (self.buffer.len() - before) as u64;
        let mut sequence = 0;
        if let Some(file) = self.files.back_mut() {
            sequence = file.end();
            file.offsets.push(file.bytes);
            file.bytes += written;
        }
        if self.buffer.len() >= BUFFER_BYTES_MAX {
            self.flush()?;
        }
        Ok(sequence)
    }

    /// Writes out what was gathered. It survives the end of the process; [`RecordLog::sync`] is for the
    /// machine's.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.append.append(&self.buffer).map_err(StoreError::io("write to", &self.dir));
        self.poisoned = written.is_err();
        self.buffer.clear();
        written
    }

    /// Writes out and makes durable.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        let synced = self.append.sync().map_err(StoreError::io("sync", &self.dir));
        self.poisoned = synced.is_err();
        synced
    }

    /// The newest records, newest first: those before number `before`, or the very newest; at most `limit`.
    pub fn newest(&mut self, limit: usize, before: Option<u64>) -> Result<Vec<Record>, StoreError> {
        self.flush()?;
        let end = before.unwrap_or(u64::MAX).min(self.next_sequence());
        let mut records = Vec::new();
        for file in self.files.iter().rev() {
            let wanted = end.saturating_sub(file.first).min(file.offsets.len() as u64);
            let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
            if wanted == 0 || records.len() >= limit {
                continue;
            }
            let reader = self.disk.open_read(&file.path).map_err(StoreError::io("open", &file.path))?;
            for index in (0..wanted).rev().take(limit - records.len()) {
                let bytes = read_record(reader.as_ref(), file, index)?;
                records.push(Record { sequence: file.first + index as u64, bytes });
            }
        }
        Ok(records)
    }

    /// The number that the next record gets: how many there ever were.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.files.back().map_or(0, RecordFile::end)
    }

    /// How many records are kept now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.iter().map(|file| file.offsets.len()).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_file_full(&self) -> bool {
        self.files.back().is_some_and(|file| {
            file.offsets.len() >= (self.options.records_max / 2).max(1)
                || (file.bytes >= self.options.bytes_max / 2 && !file.offsets.is_empty())
        })
    }

    fn rotate(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        let first = self.next_sequence();
        let path = path_of(&self.dir, first);
        self.append = self.disk.open_append(&path).map_err(StoreError::io("make", &path))?;
        self.files.push_back(RecordFile { path, first, offsets: Vec::new(), bytes: 0 });
        while self.files.len() > 2 {
            if let Some(oldest) = self.files.pop_front() {
                self.disk.remove(&oldest.path).map_err(StoreError::io("remove", &oldest.path))?;
            }
        }
        self.disk.sync_dir(&self.dir).map_err(StoreError::io("sync", &self.dir))
    }
}

fn path_of(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}{EXTENSION}"))
}

/// Finds where the records are, and cuts the file at the first that is not whole.
fn scan(disk: &dyn Disk, path: PathBuf, first: u64) -> Result<RecordFile, StoreError> {
    let bytes = disk.read(&path).map_err(StoreError::io("read", &path))?;
    let mut offsets = Vec::new();
    let mut at = 0;
    while let Some(Parsed::Whole { frame_bytes, .. }) =
        bytes.get(at..).map(|rest| parse_frame(rest, 0..=RECORD_BYTES_MAX))
    {
        offsets.push(at as u64);
        at += frame_bytes;
    }
    if at < bytes.len() {
        disk.truncate(&path, at as u64).map_err(StoreError::io("cut the unfinished end of", &path))?;
    }
    Ok(RecordFile { path, first, offsets, bytes: at as u64 })
}

fn read_record(reader: &dyn ReadFile, file: &RecordFile, index: usize) -> Result<Vec<u8>, StoreError> {
    let start = file.offsets.get(index).copied().unwrap_or(file.bytes);
    let end = file.offsets.get(index + 1).copied().unwrap_or(file.bytes);
    let mut frame = vec![0; usize::try_from(end - start).unwrap_or(0)];
    let mut filled = 0;
    while let Some(rest) = frame.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read_at(rest, start + filled as u64).map_err(StoreError::io("read", &file.path))? {
            0 => break,
            count => filled += count,
        }
    }
    match parse_frame(&frame, 0..=RECORD_BYTES_MAX) {
        Parsed::Whole { .. } => Ok(frame.split_off(FRAME_HEAD_BYTES)),
        Parsed::Short { .. } | Parsed::Damaged => Err(StoreError::CorruptFrame {
            file: file.path.clone(),
            offset: start,
            position: segops_model::Position(file.first + index as u64),
        }),
    }
}
