use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use segops_store::{AppendFile, Disk, ReadFile};

/// A disk in memory that knows what is durable. Clones are the same disk.
///
/// A file's bytes are durable up to the last sync, and its name after a sync of its folder; removing and
/// renaming, too, hold only after that. [`MemoryDisk::crash`] gives the disk that a machine would find after
/// a power cut, and [`MemoryDisk::fail_nth`] makes a call fail.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

/// What becomes, at a crash, of bytes that were written and not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TornWrites {
    /// None of them is there.
    Lost,
    /// All of them are there: what the end of the process alone would leave.
    Kept,
    /// Of each file some prefix is there, its length drawn from this seed.
    Prefix { seed: u64 },
}

/// What a call does, for [`MemoryDisk::fail_nth`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Any call that writes, syncs or changes names.
    AnyWrite,
    Create,
    Append,
    SyncFile,
    SyncDir,
    Rename,
    Remove,
    Truncate,
    Read,
}

#[derive(Debug, Default)]
struct State {
    dirs: BTreeSet<PathBuf>,
    files: Vec<File>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    failing: Vec<Failure>,
    counts: BTreeMap<Operation, u64>,
}

#[derive(Debug, Default, Clone)]
struct File {
    bytes: Vec<u8>,
    durable_bytes: usize,
    /// A sync of this file failed: what was not durable then never becomes so, as on a system that drops
    /// the pages it could not write.
    sync_failed: bool,
}

#[derive(Debug)]
struct Failure {
    operation: Operation,
    calls_left: u64,
}

impl MemoryDisk {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the `nth` call from now of this kind fail, the first being 1. An append that fails leaves half
    /// of its bytes. Later calls work again, as they do on real disks, which is why callers must not.
    pub fn fail_nth(&self, operation: Operation, nth: u64) {
        self.state.lock().failing.push(Failure { operation, calls_left: nth });
    }

    /// How many calls of this kind there were.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> u64 {
        self.state.lock().counts.get(&operation).copied().unwrap_or(0)
    }

    /// The disk as it is found after a power cut now. This disk stays as it is.
    #[must_use]
    pub fn crash(&self, torn: TornWrites) -> Self {
        let state = self.state.lock();
        let mut random = match torn {
            TornWrites::Prefix { seed } => seed,
            TornWrites::Lost | TornWrites::Kept => 0,
        };
        let names = if torn == TornWrites::Kept { &state.names } else { &state.durable_names };
        let mut after = State { dirs: state.dirs.clone(), ..State::default() };
        for (path, index) in names {
            let Some(file) = state.files.get(*index) else { continue };
            let unsynced = file.bytes.len() - file.durable_bytes;
            let kept = match torn {
                TornWrites::Lost => 0,
                TornWrites::Kept => unsynced,
                TornWrites::Prefix { .. } => {
                    random = split_mix(random);
                    usize::try_from(random % (unsynced as u64 + 1)).unwrap_or(0)
                }
            };
            let bytes = file.bytes.get(..file.durable_bytes + kept).unwrap_or_default().to_vec();
            after.names.insert(path.clone(), after.files.len());
            after.files.push(File { durable_bytes: bytes.len(), bytes, sync_failed: false });
        }
        after.durable_names = after.names.clone();
        Self { state: Arc::new(Mutex::new(after)) }
    }

    /// Changes one byte of a file in place, as failing hardware does.
    ///
    /// # Panics
    /// If there is no such file or byte.
    pub fn flip_byte(&self, path: &Path, offset: usize) {
        let mut state = self.state.lock();
        let index = state.names[path];
        state.files[index].bytes[offset] ^= 0xff;
    }
}

impl State {
    fn begin(&mut self, operation: Operation) -> io::Result<()> {
        let mut fails = false;
        let also = (operation != Operation::Read).then_some(Operation::AnyWrite);
        for kind in also.into_iter().chain([operation]) {
            *self.counts.entry(kind).or_default() += 1;
            self.failing.retain_mut(|failure| {
                if failure.operation == kind {
                    failure.calls_left = failure.calls_left.saturating_sub(1);
                    fails |= failure.calls_left == 0;
                }
                failure.calls_left > 0
            });
        }
        if fails { Err(io::Error::other(format!("{operation:?} was told to fail"))) } else { Ok(()) }
    }

    fn index(&self, path: &Path) -> io::Result<usize> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("no file {}", path.display()));
        self.names.get(path).copied().ok_or_else(missing)
    }

    fn file(&mut self, index: usize) -> io::Result<&mut File> {
        self.files.get_mut(index).ok_or_else(|| io::Error::other("a handle of another disk"))
    }

    fn sync(&mut self, index: usize) -> io::Result<()> {
        let begun = self.begin(Operation::SyncFile);
        let file = self.file(index)?;
        file.sync_failed |= begun.is_err();
        if !file.sync_failed {
            file.durable_bytes = file.bytes.len();
        }
        begun
    }

    fn need_dir(&self, dir: &Path) -> io::Result<()> {
        if self.dirs.contains(dir) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no folder {}", dir.display())))
    }
}

impl Disk for MemoryDisk {
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let mut state = self.state.lock();
        state.need_dir(path.parent().unwrap_or(Path::new("")))?;
        if !state.names.contains_key(path) {
            state.begin(Operation::Create)?;
            let index = state.files.len();
            state.files.push(File::default());
            state.names.insert(path.to_owned(), index);
        }
        let index = state.index(path)?;
        Ok(Box::new(Handle { state: self.state.clone(), index }))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let index = self.state.lock().index(path)?;
        Ok(Box::new(Handle { state: self.state.clone(), index }))
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.state.lock().dirs.extend(dir.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state.lock();
        state.need_dir(dir)?;
        let inside = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let index = state.index(path)?;
        state.sync(index)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.begin(Operation::SyncDir)?;
        let inside = |path: &PathBuf| path.parent() == Some(dir);
        let now: Vec<_> =
            state.names.iter().filter(|(path, _)| inside(path)).map(|(p, i)| (p.clone(), *i)).collect();
        state.durable_names.retain(|path, _| !inside(path));
        state.durable_names.extend(now);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let index = state.index(from)?;
        state.begin(Operation::Rename)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), index);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.index(path)?;
        state.begin(Operation::Remove)?;
        state.names.remove(path);
        Ok(())
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        let index = state.index(path)?;
        state.begin(Operation::Truncate)?;
        let file = state.file(index)?;
        file.bytes.resize(usize::try_from(bytes).map_err(io::Error::other)?, 0);
        file.durable_bytes = file.bytes.len();
        Ok(())
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let mut state = self.state.lock();
        let index = state.index(path)?;
        Ok(state.file(index)?.bytes.len() as u64)
    }
}

/// An open file: it stays the same file when it is renamed or removed.
#[derive(Debug)]
struct Handle {
    state: Arc<Mutex<State>>,
    index: usize,
}

impl AppendFile for Handle {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        let begun = state.begin(Operation::Append);
        let written = if begun.is_ok() { bytes } else { bytes.get(..bytes.len() / 2).unwrap_or_default() };
        state.file(self.index)?.bytes.extend_from_slice(written);
        begun
    }

    fn sync(&mut self) -> io::Result<()> {
        self.state.lock().sync(self.index)
    }
}

impl ReadFile for Handle {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.state.lock();
        state.begin(Operation::Read)?;
        let file = state.file(self.index)?;
        let from = usize::try_from(offset).map_err(io::Error::other)?.min(file.bytes.len());
        let bytes = file.bytes.get(from..).unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        let mut state = self.state.lock();
        Ok(state.file(self.index)?.bytes.len() as u64)
    }
}

/// One step of the SplitMix64 generator: enough to draw lengths from a seed.
fn split_mix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
