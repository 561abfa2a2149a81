//! Where parts are kept: any object store, through blocking calls.
//!
//! What is put is durable when the call returns. Object stores promise that; the local file system is synced
//! here, file and folders, since `object_store` leaves that to the operating system.

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use futures::stream::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use segops_model::Instant;

use crate::error::PartsError;

/// An object store, and the folder in it.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder of a local store, which has to be synced.
    folder: Option<PathBuf>,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) modified_at: Instant,
}

impl Objects {
    /// A folder of an object store. Its calls must make progress on the thread that makes them, without a
    /// runtime of their own; what is put must be durable when it is acknowledged.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: Path::from(prefix), folder: None }
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
        Ok(Self { store: Arc::new(store), prefix: Path::default(), folder: Some(folder) })
    }

    /// A place in memory, which ends with the last clone.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Arc::new(InMemory::new()), "")
    }

    /// The place that a URL names: `file:///var/lib/segops/parts`, or `memory:///` for tests.
    ///
    /// # Errors
    /// The URL has another scheme, or names no folder.
    pub fn at_url(url: &str) -> Result<Self, PartsError> {
        if let Some(path) = url.strip_prefix("file://") {
            return Self::in_folder(FilePath::new(path));
        }
        if let Some(prefix) = url.strip_prefix("memory://") {
            return Ok(Self::new(Arc::new(InMemory::new()), prefix));
        }
        let what = "write it as file:///folder; other stores are handed over opened".to_owned();
        Err(PartsError::Place { url: url.to_owned(), what })
    }

    /// The folder on this machine, where there is one: what other tools can open.
    #[must_use]
    pub fn folder(&self) -> Option<&FilePath> {
        self.folder.as_deref()
    }

    fn at(&self, path: &str) -> Path {
        self.prefix.parts().chain(Path::from(path).parts()).collect()
    }

    pub(crate) fn get(&self, path: &str) -> Result<Bytes, PartsError> {
        let location = self.at(path);
        block_on(async { self.store.get(&location).await?.bytes().await }).map_err(failed("read", path))
    }

    pub(crate) fn get_range(&self, path: &str, range: Range<u64>) -> object_store::Result<Bytes> {
        block_on(self.store.get_range(&self.at(path), range))
    }

    /// Puts a file whose name says its content: there is no harm in putting it twice.
    pub(crate) fn put(&self, path: &str, bytes: impl Into<PutPayload>) -> Result<(), PartsError> {
        block_on(self.store.put(&self.at(path), bytes.into())).map_err(failed("write", path))?;
        self.sync(path)
    }

    /// Puts a file that must not be there yet; false if it is. The file is whole and durable before it has its
    /// name, so that a crash leaves it as it should be, or not at all.
    pub(crate) fn put_new(&self, path: &str, bytes: Bytes) -> Result<bool, PartsError> {
        let location = self.at(path);
        let put = if self.folder.is_some() {
            let staged = format!("{path}.staged");
            self.put(&staged, bytes)?;
            let linked = block_on(self.store.copy_if_not_exists(&self.at(&staged), &location));
            self.delete(&staged)?;
            linked
        } else {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            block_on(self.store.put_opts(&location, bytes.into(), options)).map(|_| ())
        };
        match put {
            Ok(()) => self.sync(path).map(|()| true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(source) => Err(failed("write", path)(source)),
        }
    }

    /// Removes a file; one that is gone already is as good.
    pub(crate) fn delete(&self, path: &str) -> Result<(), PartsError> {
        match block_on(self.store.delete(&self.at(path))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(failed("remove", path)(source)),
        }
    }

    /// Every file in a folder and those below it, sorted by path.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<Listed>, PartsError> {
        let location = self.at(folder);
        let metas = block_on(self.store.list(Some(&location)).try_collect::<Vec<_>>());
        let metas = metas.map_err(failed("list", folder))?;
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
        let file = self.at(path).parts().fold(folder.clone(), |at, part| at.join(part.as_ref()));
        for ancestor in file.ancestors() {
            std::fs::File::open(ancestor).and_then(|opened| opened.sync_all()).map_err(failed)?;
            if ancestor == folder {
                break;
            }
        }
        Ok(())
    }
}

fn failed(action: &'static str, path: &str) -> impl FnOnce(object_store::Error) -> PartsError {
    let path = path.to_owned();
    move |source| PartsError::Objects { action, path, source }
}
