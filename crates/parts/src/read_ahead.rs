//! The bytes of a part as they are asked for, a piece at a time.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, OnceLock};

use bytes::{Buf, Bytes, buf};
use parking_lot::Mutex;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use rustc_hash::FxHashMap;

use crate::error::{PartsError, ReadFailure};
use crate::objects::Objects;

/// A file once it was asked for; none where the store has no such thing as an open file.
pub(crate) type Opened = OnceLock<Option<File>>;

/// What was fetched last of each column chunk, and where it starts.
pub(crate) type Held = Mutex<FxHashMap<usize, (u64, Bytes)>>;

/// A file's bytes through the object store. Of each column it asks for more than is wanted at once, since
/// pages are read one after the other.
pub(crate) struct ReadAhead {
    pub(crate) objects: Objects,
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) chunks: Arc<[Range<u64>]>,
    pub(crate) ahead_bytes: u64,
    /// What was fetched last of each column chunk, and where it starts.
    pub(crate) held: Held,
    /// The file itself, once it was asked for, where it is one of this machine.
    pub(crate) opened: Arc<Opened>,
    pub(crate) failure: Arc<ReadFailure>,
}

impl ReadAhead {
    fn fetch(&self, range: Range<u64>) -> Result<Bytes, ParquetError> {
        self.bytes_of(range).map_err(|error| {
            let told = ParquetError::General(error.to_string());
            self.failure.note(error);
            told
        })
    }

    fn bytes_of(&self, range: Range<u64>) -> Result<Bytes, PartsError> {
        let file = match self.opened.get() {
            Some(file) => file,
            None => {
                let opened = self.objects.open(&self.path)?;
                self.opened.get_or_init(|| opened)
            }
        };
        let Some(file) = file else { return self.objects.get_range(&self.path, range) };
        let mut bytes = vec![0; as_usize(range.end - range.start)];
        let failed = |source| PartsError::Io { action: "read", path: self.path.clone(), source };
        file.read_exact_at(&mut bytes, range.start).map_err(failed)?;
        Ok(bytes.into())
    }

    fn chunk_of(&self, start: u64) -> Option<(usize, &Range<u64>)> {
        let number = self.chunks.partition_point(|chunk| chunk.start <= start).checked_sub(1)?;
        self.chunks.get(number).filter(|chunk| chunk.contains(&start)).map(|chunk| (number, chunk))
    }

    fn read(&self, start: u64, wanted: u64) -> Result<Bytes, ParquetError> {
        // A small file is one piece: it is asked for once.
        let whole = 0..self.bytes;
        let is_small = self.bytes <= self.ahead_bytes;
        let piece = if is_small { Some((usize::MAX, &whole)) } else { self.chunk_of(start) };
        let Some((number, chunk)) = piece else {
            return self.fetch(start..start + wanted);
        };
        let mut held = self.held.lock();
        if is_small && held.is_empty() {
            held.insert(number, (0, self.fetch(whole.clone())?));
        }
        if let Some((from, bytes)) = held.get(&number)
            && *from <= start
            && start + wanted <= from + bytes.len() as u64
        {
            let at = as_usize(start - from);
            return Ok(bytes.slice(at..at + as_usize(wanted)));
        }
        let end = (start + wanted.max(self.ahead_bytes)).min(chunk.end.max(start + wanted));
        let bytes = self.fetch(start..end)?;
        held.insert(number, (start, bytes.clone()));
        Ok(bytes.slice(..as_usize(wanted).min(bytes.len())))
    }
}

impl Length for ReadAhead {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for ReadAhead {
    type T = buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let end = self.chunk_of(start).map_or(self.bytes, |(_, chunk)| chunk.end);
        Ok(self.read(start, end - start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.read(start, length as u64)
    }
}

pub(crate) fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
