use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use segops_collect::segment_api::settings_document;

use super::cors::allow_origin;

/// What the browser SDK reads before it starts. It needs no engine: a page that loads while the server
/// starts would otherwise never collect anything.
pub(crate) async fn settings(Path(write_key): Path<String>, headers: HeaderMap) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or("localhost");
    let protocol = match headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok()) {
        Some("https") => "https",
        _ => "http",
    };
    allow_origin(&headers, Json(settings_document(&write_key, host, protocol)).into_response())
}
