//! A store that is reached over the network: its calls run on threads of their own, and what was read of its files
//! is kept on this machine.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use tokio::runtime::Runtime;

use crate::error::PartsError;
use crate::range_cache::RangeCache;

/// Threads on which requests run. They wait for the network, and do nothing else.
const THREADS: usize = 2;
/// A file past so many bytes is put in pieces, each with a request of its own, so that a slow line does not run into
/// the time that one request may take.
const PIECE_BYTES: usize = 16 * 1024 * 1024;
/// Pieces of one file that are on their way at the same time.
const PIECES_AT_ONCE: usize = 4;

/// What a store over the network needs beside its address.
pub(crate) struct Remote {
    /// The place as messages call it.
    pub(crate) place: String,
    /// There until it is dropped.
    runtime: Option<Runtime>,
    cache: Option<RangeCache>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// What was fetched from a store over the network since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fetched {
    pub requests: u64,
    pub bytes: u64,
}

impl Remote {
    pub(crate) fn new(place: String, cache: Option<RangeCache>) -> Result<Self, PartsError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("segops-bucket")
            .enable_all()
            .build()
            .map_err(|source| PartsError::Io { action: "start threads for", path: place.clone(), source })?;
        let (requests, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { place, runtime: Some(runtime), cache, requests, bytes })
    }

    /// Runs a call to its end on the store's own threads. The caller may be a thread of any runtime, or of none.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        call: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> object_store::Result<T> {
        let stopped = || object_store::Error::Generic { store: "bucket", source: "the process stops".into() };
        let Some(runtime) = &self.runtime else { return Err(stopped()) };
        let (told, outcome) = sync_channel(1);
        runtime.spawn(async move {
            // Nobody listens where the asking thread has ended.
            let _ = told.send(call.await);
        });
        outcome.recv().map_err(|_| stopped())?
    }

    /// Reads bytes of a file that never changes.
    pub(crate) fn get_range(
        &self,
        store: &Arc<dyn ObjectStore>,
        location: &Path,
        range: Range<u64>,
    ) -> object_store::Result<Bytes> {
        let fetch = |range: Range<u64>| {
            let (store, location) = (Arc::clone(store), location.clone());
            let fetched = self.run(async move { store.get_range(&location, range).await });
            self.note(fetched.as_ref().map_or(0, Bytes::len));
            fetched
        };
        match &self.cache {
            Some(cache) => cache.read(location.as_ref(), range, fetch),
            None => fetch(range),
        }
    }

    /// Puts a file whose name says its content, and keeps it: what was written is soon read.
    pub(crate) fn put(
        &self,
        store: &Arc<dyn ObjectStore>,
        location: &Path,
        bytes: Bytes,
    ) -> object_store::Result<()> {
        let (to, at, body) = (Arc::clone(store), location.clone(), bytes.clone());
        self.run(async move {
            if body.len() <= PIECE_BYTES {
                return to.put(&at, body.into()).await.map(|_| ());
            }
            let upload = to.put_multipart(&at).await?;
            let mut writer = WriteMultipart::new_with_chunk_size(upload, PIECE_BYTES);
            let mut rest = body;
            while !rest.is_empty() {
                if let Err(error) = writer.wait_for_capacity(PIECES_AT_ONCE).await {
                    // What came before the error is of no use; the error itself says more than that of this.
                    let _ = writer.abort().await;
                    return Err(error);
                }
                writer.put(rest.split_to(rest.len().min(PIECE_BYTES)));
            }
            writer.finish().await.map(|_| ())
        })?;
        if let Some(cache) = &self.cache {
            cache.keep(location.as_ref(), &bytes);
        }
        Ok(())
    }

    /// Forgets what was kept of a file that is gone.
    pub(crate) fn forget(&self, location: &Path) {
        if let Some(cache) = &self.cache {
            cache.forget(location.as_ref());
        }
    }

    pub(crate) fn note(&self, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn fetched(&self) -> Fetched {
        Fetched { requests: self.requests.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // The last owner may be dropped on a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
