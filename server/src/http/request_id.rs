use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static COUNTER: AtomicU64 = AtomicU64::new(1);
/// Longer ids from outside are replaced: they go into every line of the log.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// Gives every request an id (the client's own, where it sent one), answers with it, and logs under it.
pub(crate) async fn with_request_id(request: Request, next: Next) -> Response {
    let id = request.headers().get(&REQUEST_ID).filter(|id| is_usable(id)).cloned().unwrap_or_else(new_id);
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
        caller = tracing::field::Empty,
    );
    let mut response = async {
        let response = next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await;
    response.headers_mut().insert(REQUEST_ID.clone(), id);
    response
}

fn is_usable(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    !bytes.is_empty() && bytes.len() <= REQUEST_ID_BYTES_MAX && bytes.iter().all(u8::is_ascii_graphic)
}

/// Unique within this process; the process id tells runs apart.
fn new_id() -> HeaderValue {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let id = format!("req-{:x}-{number:x}", std::process::id());
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("req"))
}
