//! Where parts are kept: any object store, through blocking calls.
//!
//! What is put is durable when the call returns. Object stores promise that; the local file system is synced
//! here, file and folders, since `object_store` leaves that to the operating system.

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use futures::stream::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use segops_model::Instant;

use crate::error::PartsError;
use crate::place::Place;
use crate::range_cache::RangeCache;
use crate::remote::{Fetched, Remote};
use crate::unreachable::told_by_store;

/// An object store, and the folder in it.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder of a local store, which has to be synced.
    folder: Option<PathBuf>,
    /// Of a store that is reached over the network.
    remote: Option<Arc<Remote>>,
}

/// Where what is read of a bucket is kept, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    pub folder: PathBuf,
    pub bytes_max: u64,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) modified_at: Instant,
}

/// Without what a store holds: credentials are among it.
impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.to_string()).finish()
    }
}

/// As messages call the place, and other tools.
impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.remote, &self.folder) {
            (Some(remote), _) => f.write_str(&remote.place),
            (None, Some(folder)) => write!(f, "{}", folder.display()),
            (None, None) => write!(f, "memory:///{}", self.prefix),
        }
    }
}

impl Objects {
    /// A folder of an object store. Its calls must make progress on the thread that makes them, without a
    /// runtime of their own; what is put must be durable when it is acknowledged.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: Path::from(prefix), folder: None, remote: None }
    }

    /// A folder of this machine, made where it is not there.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn in_folder(folder: &FilePath) -> Result<Self, PartsError> {
        let failed =
            |source| PartsError::Io { action: "make the folder", path: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        let path = folder.display().to_string();
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(|source| PartsError::Objects {
            action: "open",
            path,
            source,
        })?;
        Ok(Self { store: Arc::new(store), prefix: Path::default(), folder: Some(folder), remote: None })
    }

    /// A place in memory, which ends with the last clone.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Arc::new(InMemory::new()), "")
    }

    /// A place that a URL names. What is read of a bucket is kept where `cache` says, if it says so. Nothing is asked of
    /// a bucket yet.
    ///
    /// # Errors
    /// The folder cannot be made, or the environment does not say how a bucket is reached.
    pub fn at(place: &Place, cache: Option<&Cache>) -> Result<Self, PartsError> {
        if let Some(folder) = place.folder() {
            return Self::in_folder(folder);
        }
        let Some(store) = place.bucket()? else { return Ok(Self::in_memory()) };
        Self::over_network(store, place.prefix(), place.to_string(), cache)
    }

    /// As [`Objects::at`], with a store that is handed over: its calls run on a runtime.
    ///
    /// # Errors
    /// The cache's folder can't be made.
    pub fn over_network(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        name: String,
        cache: Option<&Cache>,
    ) -> Result<Self, PartsError> {
        let cache = cache.filter(|cache| cache.bytes_max > 0);
        let cache = cache.map(|cache| RangeCache::open(&cache.folder, cache.bytes_max)).transpose()?;
        let remote = Arc::new(Remote::new(name, cache)?);
        Ok(Self { store, prefix: Path::from(prefix), folder: None, remote: Some(remote) })
    }

    /// Whether it is reached over the network, so that a request costs much more than its bytes.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        self.remote.is_some()
    }

    /// How other tools call it: a folder, or a bucket's URL; `None` where they can't reach it.
    #[must_use]
    pub fn root(&self) -> Option<String> {
        (self.folder.is_some() || self.remote.is_some()).then(|| self.to_string())
    }

    /// What was read over the network since it was opened.
    #[must_use]
    pub fn fetched(&self) -> Fetched {
        self.remote.as_ref().map(|remote| remote.fetched()).unwrap_or_default()
    }

    fn at_path(&self, path: &str) -> Path {
        self.prefix.parts().chain(Path::from(path).parts()).collect()
    }

    /// Runs a call to its end.
    fn run<T: Send + 'static>(
        &self,
        call: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> object_store::Result<T> {
        match &self.remote {
            Some(remote) => remote.run(call),
            None => block_on(call),
        }
    }

    fn failed(&self, action: &'static str, path: &str) -> impl FnOnce(object_store::Error) -> PartsError {
        let place = self.remote.as_ref().map(|remote| remote.place.clone());
        let path = path.to_owned();
        move |source| match place {
            Some(place) => told_by_store(place, action, path, source),
            None => PartsError::Objects { action, path, source },
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Bytes, PartsError> {
        let (store, location) = (Arc::clone(&self.store), self.at_path(path));
        let bytes = self.run(async move { store.get(&location).await?.bytes().await });
        if let Some(remote) = &self.remote {
            remote.note(bytes.as_ref().map_or(0, Bytes::len));
        }
        bytes.map_err(self.failed("read", path))
    }

    /// A file, or nothing where there is none.
    pub(crate) fn get_if_there(&self, path: &str) -> Result<Option<Bytes>, PartsError> {
        match self.get(path) {
            Err(PartsError::Objects { source: object_store::Error::NotFound { .. }, .. }) => Ok(None),
            got => got.map(Some),
        }
    }

    /// A file of this machine, to be read in pieces; `None` where there is no such thing as an open file.
    pub(crate) fn open(&self, path: &str) -> Result<Option<File>, PartsError> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let file = File::open(within(folder, &self.at_path(path)));
        let failed = |source| PartsError::Io { action: "open", path: path.to_owned(), source };
        file.map(Some).map_err(failed)
    }

    /// Bytes of a file that is never changed.
    pub(crate) fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, PartsError> {
        let location = self.at_path(path);
        let bytes = match &self.remote {
            Some(remote) => remote.get_range(&self.store, &location, range),
            None => block_on(self.store.get_range(&location, range)),
        };
        bytes.map_err(self.failed("read", path))
    }

    /// Puts a file whose name says its content: there is no harm in putting it twice.
    pub(crate) fn put(&self, path: &str, bytes: impl Into<Bytes>) -> Result<(), PartsError> {
        let (location, bytes) = (self.at_path(path), bytes.into());
        let put = match &self.remote {
            Some(remote) => remote.put(&self.store, &location, bytes),
            None => block_on(self.store.put(&location, bytes.into())).map(|_| ()),
        };
        put.map_err(self.failed("write", path))?;
        self.sync(path)
    }

    /// Puts a file that must not be there yet; false if it is. The file is whole and durable before it has its
    /// name, so that a crash leaves it as it should be, or not at all.
    pub(crate) fn put_new(&self, path: &str, bytes: Bytes) -> Result<bool, PartsError> {
        let location = self.at_path(path);
        let put = if self.folder.is_some() {
            let staged = format!("{path}.staged");
            self.put(&staged, bytes)?;
            let linked = block_on(self.store.copy_if_not_exists(&self.at_path(&staged), &location));
            self.delete(&staged)?;
            linked
        } else {
            let store = Arc::clone(&self.store);
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            self.run(async move { store.put_opts(&location, bytes.into(), options).await.map(|_| ()) })
        };
        match put {
            Ok(()) => self.sync(path).map(|()| true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(source) => Err(self.failed("write", path)(source)),
        }
    }

    /// Removes a file; one that is gone already is as good.
    pub(crate) fn delete(&self, path: &str) -> Result<(), PartsError> {
        let (store, location) = (Arc::clone(&self.store), self.at_path(path));
        if let Some(remote) = &self.remote {
            remote.forget(&location);
        }
        match self.run(async move { store.delete(&location).await }) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed("remove", path)(source)),
        }
    }

    /// Every file in a folder and those below it, sorted by path.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<Listed>, PartsError> {
        let location = self.at_path(folder);
        let metas = self.store.list(Some(&location));
        let metas = self.run(metas.try_collect::<Vec<_>>()).map_err(self.failed("list", folder))?;
        let within = self.prefix.parts().count();
        let mut listed: Vec<_> = metas
            .into_iter()
            .map(|meta| Listed {
                path: meta.location.parts().skip(within).collect::<Path>().to_string(),
                modified_at: Instant::from_ms(meta.last_modified.timestamp_millis()),
            })
            .collect();
        listed.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(listed)
    }

    /// Makes a local file and the names of the folders above it durable.
    fn sync(&self, path: &str) -> Result<(), PartsError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let failed = |source| PartsError::Io { action: "sync", path: path.to_owned(), source };
        let file = within(folder, &self.at_path(path));
        for ancestor in file.ancestors() {
            File::open(ancestor).and_then(|opened| opened.sync_all()).map_err(failed)?;
            if ancestor == folder {
                break;
            }
        }
        Ok(())
    }
}

/// Where a local store keeps a file.
fn within(folder: &FilePath, path: &Path) -> PathBuf {
    path.parts().fold(folder.to_path_buf(), |at, part| at.join(part.as_ref()))
}
