use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What browser SDKs send beside the safelisted headers. A `*` would not cover `authorization`.
const ALLOWED_HEADERS: &str =
    "authorization, content-type, content-encoding, x-retry-count, anonymousid, x-request-id";
const PREFLIGHT_SECONDS: &str = "86400";

/// Lets a page read the answer: any origin may send events, for a write key is no secret of a person, and
/// cookies are not read here.
pub(crate) fn allow_origin(request: &HeaderMap, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = request.get(header::ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    response
}

/// The answer to a browser that asks before it sends. Pages can have the SDK send headers of their own, and
/// tracing tools add theirs: what is asked for is allowed, since nothing here trusts a header.
pub(crate) fn preflight(request: &HeaderMap) -> Response {
    let asked = request
        .get_all(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .iter()
        .filter_map(|names| names.to_str().ok())
        .fold(ALLOWED_HEADERS.to_owned(), |all, names| all + ", " + names);
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, GET".to_owned()),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, asked),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS.to_owned()),
    ];
    allow_origin(request, (StatusCode::NO_CONTENT, allowed).into_response())
}
