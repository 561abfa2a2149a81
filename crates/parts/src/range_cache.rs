//! What was read of a bucket's files, kept on this machine within a budget of bytes.
//!
//! A file is kept in blocks of one length, each a file of the cache's folder: its bytes, then their checksum. The files of
//! the bucket never change, so that a block is right for as long as it is there. Whatever goes wrong with the folder
//! costs a request to the bucket, and nothing else: nothing is synced, a block that is damaged or gone is fetched
//! again, and the whole folder may be removed at any time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use parking_lot::{Condvar, Mutex};
use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use crate::error::PartsError;

/// Bytes of a block: a footer and a page are in one or two, and a request for one is mostly waiting all the same.
const BLOCK_BYTES: u64 = 512 * 1024;
const CHECKSUM_BYTES: usize = 16;

/// A block: the hash of its file's path, and its number in the file.
type Key = (u128, u64);

#[derive(Debug)]
pub(crate) struct RangeCache {
    folder: PathBuf,
    bytes_max: u64,
    held: Mutex<Held>,
    /// A block that was being fetched is there, or is not to be had.
    settled: Condvar,
}

#[derive(Debug, Default)]
struct Held {
    /// Each block with its length and when it was last used.
    blocks: FxHashMap<Key, (u64, u64)>,
    /// By when they were last used, so that the first goes first.
    used: BTreeMap<u64, Key>,
    bytes: u64,
    uses: u64,
    /// Blocks that someone fetches at the moment.
    fetching: FxHashSet<Key>,
}

/// Where the next bytes are to come from.
enum Next {
    Held(Key),
    /// So many blocks that follow each other: whoever gets this has to fetch them.
    Missing(u64),
}

impl RangeCache {
    /// Opens a folder, made where it is not there, with what an earlier process has left in it.
    pub(crate) fn open(folder: &Path, bytes_max: u64) -> Result<Self, PartsError> {
        let failed = |action: &'static str, path: &Path| {
            let path = path.display().to_string();
            move |source| PartsError::Io { action, path, source }
        };
        std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed("list", folder))? {
            let entry = entry.map_err(failed("list", folder))?;
            let name = entry.file_name();
            let Ok(metadata) = entry.metadata() else { continue };
            match name.to_str().and_then(key_of) {
                Some(key) => found.push((metadata.modified().ok(), key, metadata.len())),
                // What a crash has left half written.
                None if metadata.is_file() => drop(std::fs::remove_file(entry.path())),
                None => {}
            }
        }
        found.sort_unstable();
        let cache =
            Self { folder: folder.to_owned(), bytes_max, held: Mutex::default(), settled: Condvar::new() };
        let mut held = cache.held.lock();
        for (_, key, bytes) in found {
            held.add(key, bytes);
        }
        cache.evict(&mut held);
        drop(held);
        Ok(cache)
    }

    /// Bytes of a file, fetched where they are not there. Blocks that are missing beside each other are asked for in one
    /// request, and by one thread.
    pub(crate) fn read(
        &self,
        path: &str,
        range: Range<u64>,
        fetch: impl Fn(Range<u64>) -> object_store::Result<Bytes>,
    ) -> object_store::Result<Bytes> {
        let file = xxh3_128(path.as_bytes());
        let mut out = Pieces::of(range.clone());
        while let Some(block) = out.next_block() {
            match self.next(file, block, out.blocks_until()) {
                Next::Held(key) => match self.load(key) {
                    Some(bytes) if out.take(block, &bytes) => {}
                    _ => self.drop_block(key),
                },
                Next::Missing(count) => {
                    let claimed = Claimed { cache: self, file, blocks: block..block + count };
                    let fetched = fetch(block * BLOCK_BYTES..(block + count) * BLOCK_BYTES)?;
                    self.store(file, block, &fetched);
                    drop(claimed);
                    if !out.take(block, &fetched) {
                        // The file is shorter than whoever asks believes: the store says so.
                        return fetch(range);
                    }
                }
            }
        }
        Ok(out.finish())
    }

    /// Keeps a whole file.
    pub(crate) fn keep(&self, path: &str, bytes: &Bytes) {
        // One file must not push everything else out.
        if bytes.len() as u64 <= self.bytes_max / 4 {
            self.store(xxh3_128(path.as_bytes()), 0, bytes);
        }
    }

    /// Lets go of a file.
    pub(crate) fn forget(&self, path: &str) {
        let file = xxh3_128(path.as_bytes());
        let keys: Vec<Key> = self.held.lock().blocks.keys().filter(|(of, _)| *of == file).copied().collect();
        for key in keys {
            self.drop_block(key);
        }
    }

    /// Waits for a block that another thread fetches.
    fn next(&self, file: u128, block: u64, until: u64) -> Next {
        let mut held = self.held.lock();
        while held.fetching.contains(&(file, block)) {
            self.settled.wait(&mut held);
        }
        if held.touch((file, block)) {
            return Next::Held((file, block));
        }
        let is_missing = |number: &u64| {
            let key = (file, *number);
            !held.blocks.contains_key(&key) && !held.fetching.contains(&key)
        };
        let count = (block..until).take_while(is_missing).count() as u64;
        held.fetching.extend((block..block + count).map(|number| (file, number)));
        Next::Missing(count)
    }

    fn load(&self, key: Key) -> Option<Bytes> {
        let bytes = Bytes::from(std::fs::read(self.file_of(key)).ok()?);
        let content = bytes.slice(..bytes.len().checked_sub(CHECKSUM_BYTES)?);
        let (_, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        (*checksum == checksum_of(key, &content)).then_some(content)
    }

    /// Stores the blocks of bytes that begin with one. What cannot be stored is fetched again when it is wanted.
    fn store(&self, file: u128, first: u64, bytes: &Bytes) {
        let block_bytes = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
        for (number, content) in (first..).zip(bytes.chunks(block_bytes)) {
            let key = (file, number);
            let path = self.file_of(key);
            let draft = path.with_extension("draft");
            let whole = [content, &checksum_of(key, content)].concat();
            let stored = std::fs::write(&draft, &whole).and_then(|()| std::fs::rename(&draft, &path));
            if stored.is_ok() {
                let mut held = self.held.lock();
                held.add(key, whole.len() as u64);
                self.evict(&mut held);
            }
        }
    }

    fn drop_block(&self, key: Key) {
        self.held.lock().remove(key);
        let _gone_is_as_good = std::fs::remove_file(self.file_of(key));
    }

    fn evict(&self, held: &mut Held) {
        while held.bytes > self.bytes_max {
            let Some((_, key)) = held.used.first_key_value().map(|(used, key)| (*used, *key)) else { return };
            held.remove(key);
            let _gone_is_as_good = std::fs::remove_file(self.file_of(key));
        }
    }

    fn file_of(&self, (file, number): Key) -> PathBuf {
        self.folder.join(format!("{file:032x}-{number}"))
    }
}

/// The right, and the duty, to fetch blocks. Whoever waits for them looks again when it ends.
struct Claimed<'a> {
    cache: &'a RangeCache,
    file: u128,
    blocks: Range<u64>,
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        let mut held = self.cache.held.lock();
        for number in self.blocks.clone() {
            held.fetching.remove(&(self.file, number));
        }
        self.cache.settled.notify_all();
    }
}

impl Held {
    fn add(&mut self, key: Key, bytes: u64) {
        self.remove(key);
        self.uses += 1;
        self.blocks.insert(key, (bytes, self.uses));
        self.used.insert(self.uses, key);
        self.bytes += bytes;
    }

    fn remove(&mut self, key: Key) {
        if let Some((bytes, used)) = self.blocks.remove(&key) {
            self.used.remove(&used);
            self.bytes -= bytes;
        }
    }

    /// Notes that a block is used; false if it is not there.
    fn touch(&mut self, key: Key) -> bool {
        let Some((bytes, _)) = self.blocks.get(&key).copied() else { return false };
        self.add(key, bytes);
        true
    }
}

/// The bytes of a range, gathered from the front.
struct Pieces {
    range: Range<u64>,
    /// Everything before is gathered.
    at: u64,
    pieces: Vec<Bytes>,
}

impl Pieces {
    const fn of(range: Range<u64>) -> Self {
        let at = range.start;
        Self { range, at, pieces: Vec::new() }
    }

    fn next_block(&self) -> Option<u64> {
        (self.at < self.range.end).then_some(self.at / BLOCK_BYTES)
    }

    /// The number after the last block that is wanted.
    const fn blocks_until(&self) -> u64 {
        self.range.end.div_ceil(BLOCK_BYTES)
    }

    /// Takes what is wanted of bytes that begin with a block; false if there is nothing in them.
    fn take(&mut self, block: u64, bytes: &Bytes) -> bool {
        let begins = block * BLOCK_BYTES;
        let ends = (begins + bytes.len() as u64).min(self.range.end);
        if ends <= self.at {
            return false;
        }
        let place = |at: u64| usize::try_from(at - begins).unwrap_or(usize::MAX);
        self.pieces.push(bytes.slice(place(self.at)..place(ends)));
        self.at = ends;
        true
    }

    fn finish(mut self) -> Bytes {
        if self.pieces.len() <= 1 {
            return self.pieces.pop().unwrap_or_default();
        }
        let mut whole = BytesMut::with_capacity(self.pieces.iter().map(Bytes::len).sum());
        self.pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
        whole.freeze()
    }
}

fn key_of(name: &str) -> Option<Key> {
    let (file, number) = name.split_once('-')?;
    Some((u128::from_str_radix(file, 16).ok().filter(|_| file.len() == 32)?, number.parse().ok()?))
}

/// Of the content and of the block that it belongs to.
fn checksum_of((file, number): Key, content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    xxh3_128_with_seed(content, (file as u64) ^ number).to_le_bytes()
}
