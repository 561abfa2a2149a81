//! Long work behind one request: it goes on in a thread of its own, tells how far it is to who asks for
//! lines, and stops when the client goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use segops_engine::Work;

use super::problem::Problem;

/// The media type of one JSON value a line.
pub const LINES: &str = "application/x-ndjson";

const PROGRESS_PERIOD_MS: u64 = 200;

/// One line of the answer to who asks for lines. The last is a result or a problem.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line<T> {
    Progress {
        done: u64,
        total: u64,
        /// Rows of a file read so far.
        #[serde(default)]
        rows: u64,
    },
    Result(T),
    Problem(Problem),
}

/// What the work says of itself while it runs, and is told.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) work: Work,
    pub(crate) rows: AtomicU64,
}

/// Cancels the work when whoever waits for it is gone.
struct CancelOnDrop(Arc<Progress>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.work.cancel();
    }
}

/// Does the work, and answers with its result, or with lines of progress and then the result.
pub(crate) async fn answer<T: Serialize + Send + 'static>(
    jobs: &Arc<Semaphore>,
    headers: &HeaderMap,
    work: impl FnOnce(&Progress) -> Result<T, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let permit = Arc::clone(jobs).acquire_owned().await.map_err(|error| Problem::internal(&error))?;
    let shared = Arc::new(Progress::default());
    let guard = CancelOnDrop(Arc::clone(&shared));
    let span = tracing::Span::current();
    let task = tokio::task::spawn_blocking(move || {
        let done = span.in_scope(|| work(&shared));
        drop(permit);
        done
    });
    if wants_lines(headers) {
        return Ok(lines(guard, task));
    }
    let result = finished(task.await)?;
    drop(guard);
    Ok(Json(result).into_response())
}

fn wants_lines(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains(LINES))
}

fn finished<T>(joined: Result<Result<T, Problem>, tokio::task::JoinError>) -> Result<T, Problem> {
    joined.unwrap_or_else(|error| Err(Problem::internal(&error)))
}

fn lines<T: Serialize + Send + 'static>(
    guard: CancelOnDrop,
    task: JoinHandle<Result<T, Problem>>,
) -> Response {
    let body = stream::unfold(Some((guard, task)), |state| async move {
        let (guard, mut task) = state?;
        let pause = Duration::from_millis(PROGRESS_PERIOD_MS);
        match tokio::time::timeout(pause, &mut task).await {
            Err(_) => {
                let (done, total) = guard.0.work.progress();
                let rows = guard.0.rows.load(Ordering::Relaxed);
                Some((as_line(&Line::<T>::Progress { done, total, rows }), Some((guard, task))))
            }
            Ok(joined) => {
                let last = match finished(joined) {
                    Ok(result) => Line::Result(result),
                    Err(problem) => Line::Problem(problem),
                };
                Some((as_line(&last), None))
            }
        }
    });
    ([(header::CONTENT_TYPE, LINES)], Body::from_stream(body)).into_response()
}

fn as_line<T: Serialize>(line: &Line<T>) -> Result<Bytes, serde_json::Error> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text.into())
}
