use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};

use segops_collect::segment_api::settings_document;

use super::cors::allow_origin;

/// What the browser SDK reads before it starts. It needs no engine: a page that loads while the server
/// starts would otherwise never collect anything.
pub(crate) async fn settings(Path(write_key): Path<String>, headers: HeaderMap) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or("localhost");
    // Each proxy on the way adds its own; the first is the one that the browser talks to.
    let forwarded = text(HeaderName::from_static("x-forwarded-proto"));
    let protocol = match forwarded.and_then(|list| list.split(',').next()) {
        Some(first) if first.trim().eq_ignore_ascii_case("https") => "https",
        _ => "http",
    };
    allow_origin(&headers, Json(settings_document(&write_key, host, protocol)).into_response())
}
