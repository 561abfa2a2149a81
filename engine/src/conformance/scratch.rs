//! What a case runs on: a clock that is set, and a disk that ends with it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::{Mutex, RwLock};

use segops_model::{Clock, Instant};
use segops_store::{AppendFile, Disk, ReadFile};

#[derive(Debug, Clone)]
pub(super) struct ScratchClock(Arc<AtomicI64>);

impl ScratchClock {
    pub(super) fn at(now: Instant) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_ms())))
    }

    pub(super) fn set(&self, now: Instant) {
        self.0.store(now.as_ms(), Ordering::SeqCst);
    }
}

impl Clock for ScratchClock {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.load(Ordering::SeqCst))
    }
}

type Bytes = Arc<RwLock<Vec<u8>>>;

/// Files in memory, and nothing is ever durable: nobody opens them twice.
#[derive(Debug, Default)]
pub(super) struct ScratchDisk(Mutex<BTreeMap<PathBuf, Bytes>>);

#[derive(Debug)]
struct ScratchFile(Bytes);

impl ScratchDisk {
    fn file(&self, path: &Path) -> io::Result<Bytes> {
        self.0.lock().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for ScratchDisk {
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(ScratchFile(Arc::clone(self.0.lock().entry(path.to_owned()).or_default()))))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(ScratchFile(self.file(path)?)))
    }

    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let files = self.0.lock();
        let inside = files.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.file(path).map(drop)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.0.lock();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.lock().remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.file(path)?.write().truncate(usize::try_from(bytes).map_err(io::Error::other)?);
        Ok(())
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        Ok(self.file(path)?.read().len() as u64)
    }
}

impl AppendFile for ScratchFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ReadFile for ScratchFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.0.read();
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..count), rest.get(..count)) {
            target.copy_from_slice(source);
        }
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.read().len() as u64)
    }
}
