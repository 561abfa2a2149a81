use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::state::App;

/// How long a client may be silent within a body.
const BODY_PAUSE_SECONDS_MAX: u64 = 15;
/// How long a whole body may take.
const BODY_SECONDS_MAX: u64 = 120;

/// Bytes past the limit that are read to be dropped.
const DROPPED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge,
    TooSlow,
    /// The client went away or sent a broken frame.
    Broken,
}

/// Reads a body of at most `bytes_max`, and gives up on clients that only keep the connection busy.
///
/// Of a body past that the rest is dropped, within reason, before it is refused: most clients read no
/// answer while they still send, see only a broken connection, and send the same again and again.
pub(crate) async fn read_body(mut body: Body, bytes_max: usize) -> Result<Bytes, BodyError> {
    let whole = Duration::from_secs(BODY_SECONDS_MAX);
    let read = async {
        let read = read_frames(&mut body, bytes_max).await;
        if read == Err(BodyError::TooLarge) {
            drop_rest(&mut body).await;
        }
        read
    };
    tokio::time::timeout(whole, read).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn drop_rest(body: &mut Body) {
    let mut dropped = 0;
    while dropped < DROPPED_BYTES_MAX {
        let Ok(Some(data)) = next_data(body).await else { return };
        dropped += data.len();
    }
}

async fn read_frames(body: &mut Body, bytes_max: usize) -> Result<Bytes, BodyError> {
    let declared = usize::try_from(http_body::Body::size_hint(body).lower()).unwrap_or(usize::MAX);
    if declared > bytes_max {
        return Err(BodyError::TooLarge);
    }
    let mut first = None;
    let mut joined = BytesMut::new();
    while let Some(data) = next_data(body).await? {
        if first.is_none() && joined.is_empty() {
            first = Some(data);
        } else {
            if let Some(first) = first.take() {
                joined.reserve(declared.max(first.len() + data.len()));
                joined.extend_from_slice(&first);
            }
            joined.extend_from_slice(&data);
        }
        if joined.len().max(first.as_ref().map_or(0, Bytes::len)) > bytes_max {
            return Err(BodyError::TooLarge);
        }
    }
    Ok(first.unwrap_or_else(|| joined.freeze()))
}

/// The next bytes of a body, or its end.
pub(crate) async fn next_data(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    let pause = Duration::from_secs(BODY_PAUSE_SECONDS_MAX);
    loop {
        match tokio::time::timeout(pause, body.frame()).await {
            Err(_) => return Err(BodyError::TooSlow),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(BodyError::Broken),
            // Trailers hold no data.
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::too_large("the body is past the limit; send less at once"),
            BodyError::TooSlow => {
                let detail = format!(
                    "the body paused for {BODY_PAUSE_SECONDS_MAX} seconds, or took {BODY_SECONDS_MAX}; send it again"
                );
                Self::too_slow(detail)
            }
            BodyError::Broken => Self::bad_request("the body ended before its end; send it again"),
        }
    }
}

/// A JSON body of the API, whatever its content type says.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let bytes = read_body(request.into_body(), app.limits().body_bytes_max).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Problem::bad_request(format!("the body is not what is expected here: {error}")))
    }
}

/// Query parameters, refused as a problem.
#[derive(Debug)]
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|error: QueryRejection| Problem::bad_request(error.body_text()))
    }
}

/// Parts of the path, refused as a problem.
#[derive(Debug)]
pub(crate) struct PathOf<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for PathOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Path::from_request_parts(parts, app)
            .await
            .map(|Path(path)| Self(path))
            .map_err(|error| Problem::not_found(error.body_text()))
    }
}
