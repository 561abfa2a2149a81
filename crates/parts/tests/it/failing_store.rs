//! An object store whose n-th operation fails: before it has done anything, or after it has done it all.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failing {
    Undone,
    Done,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// Whatever writes, removes or lists.
    Changes,
    Reads,
}

#[derive(Debug, Clone)]
pub(crate) struct FailingStore {
    inner: Arc<dyn ObjectStore>,
    calls: Arc<AtomicU64>,
    counted: Calls,
    nth: u64,
    failing: Failing,
}

impl FailingStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, counted: Calls, nth: u64, failing: Failing) -> Self {
        Self { inner, calls: Arc::default(), counted, nth, failing }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.nth
    }

    /// True if this call is the one.
    fn fails(&self, call: Calls) -> bool {
        call == self.counted && self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.nth
    }

    fn before(&self, fails: bool) -> Result<()> {
        if fails && self.failing == Failing::Undone { Err(failure()) } else { Ok(()) }
    }

    fn after<T>(&self, fails: bool, done: Result<T>) -> Result<T> {
        if fails && self.failing == Failing::Done { done.and(Err(failure())) } else { done }
    }
}

fn failure() -> Error {
    Error::Generic { store: "failing", source: "as the test wants it".into() }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fails = self.fails(Calls::Changes);
        self.before(fails)?;
        self.after(fails, self.inner.put_opts(path, payload, options).await)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let fails = self.fails(Calls::Reads);
        self.before(fails)?;
        self.after(fails, self.inner.get_opts(path, options).await)
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let fails = self.fails(Calls::Reads);
        self.before(fails)?;
        self.after(fails, self.inner.get_ranges(path, ranges).await)
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let fails = self.fails(Calls::Changes);
        if let Err(error) = self.before(fails) {
            return futures::stream::once(async { Err(error) }).boxed();
        }
        let store = self.clone();
        self.inner.delete_stream(paths).map(move |deleted| store.after(fails, deleted)).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let fails = self.fails(Calls::Changes);
        if fails { futures::stream::once(async { Err(failure()) }).boxed() } else { self.inner.list(prefix) }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let fails = self.fails(Calls::Changes);
        self.before(fails)?;
        self.after(fails, self.inner.copy_opts(from, to, options).await)
    }
}
