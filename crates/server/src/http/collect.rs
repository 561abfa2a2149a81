#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use compact_str::CompactString;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use segops_collect::segment_api::{self, Call, Credentials, Received, RequestError};
use segops_engine::{Busy, Engine};
use segops_model::{Instant, Limits};

use super::cors::{allow_origin, preflight};
use super::problem::Problem;
use super::read_body::{BodyError, read_body};
use super::state::App;

/// Seconds after which a client that was told to come back should.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The address that a connection comes from; set by whoever accepts connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

/// Bodies from this size on are decoded away from the threads that serve connections.
const LARGE_BODY_BYTES: usize = 256 * 1024;

/// Everything that is at no path of its own: calls of the tracking API, and what there is nothing for.
pub(crate) async fn collect_or_not_found(State(app): State<App>, request: Request) -> Response {
    let Some(call) = Call::from_path(request.uri().path()) else {
        let path = request.uri().path();
        return Problem::not_found(format!("there is nothing at {path}; see /api/v1/openapi.json"))
            .into_response();
    };
    let headers = request.headers().clone();
    match *request.method() {
        Method::OPTIONS => preflight(&headers),
        Method::POST => {
            let answer = collect(&app, call, request).await;
            allow_origin(&headers, answer.unwrap_or_else(IntoResponse::into_response))
        }
        _ => {
            let wrong = Problem::wrong_method(request.method().as_str(), request.uri().path());
            allow_origin(&headers, ([(header::ALLOW, "POST, OPTIONS")], wrong).into_response())
        }
    }
}

/// Why a request was not taken in, in the two keys that SDKs show.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// What is known of a request beside its body.
struct Arrival {
    call: Call,
    path: String,
    credentials: Credentials,
    encoding: Option<String>,
    client_ip: Option<String>,
    received_at: Instant,
}

/// The answer is exactly 200, and only once every accepted event is durable: SDKs take any other success
/// for a failure and send again, and any 4xx for the end of the batch.
async fn collect(app: &App, call: Call, request: Request) -> Result<Response, Refused> {
    let engine = app.engine().map_err(|problem| Refused::unavailable(problem.detail))?.clone();
    let arrival = Arrival::of(call, &request, app.now());
    let body = read_body(request.into_body(), app.limits().body_bytes_max).await.map_err(|error| {
        let refused = not_read(error, app.limits());
        refuse(&engine, &arrival, refused, &[])
    })?;
    let received = if body.len() < LARGE_BODY_BYTES {
        decode(&engine, &arrival, &body)?
    } else {
        let engine = engine.clone();
        tokio::task::spawn_blocking(move || decode(&engine, &arrival, &body))
            .await
            .map_err(|error| Refused::unavailable(Problem::internal(&error).detail))??
    };
    keep(&engine, received).await?;
    Ok((StatusCode::OK, Json(json!({ "success": true }))).into_response())
}

impl Arrival {
    fn of(call: Call, request: &Request, received_at: Instant) -> Self {
        let headers = request.headers();
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            call,
            path: request.uri().path().to_owned(),
            credentials: Credentials {
                basic: text(header::AUTHORIZATION).and_then(segment_api::parse_basic),
                query: query_key(request.uri()),
            },
            encoding: text(header::CONTENT_ENCODING).map(str::to_owned),
            client_ip: client_ip(request),
            received_at,
        }
    }
}

fn query_key(uri: &Uri) -> Option<String> {
    #[derive(Deserialize)]
    struct Key {
        #[serde(rename = "writeKey")]
        write_key: Option<String>,
    }
    Query::<Key>::try_from_uri(uri).ok()?.0.write_key
}

/// The caller's address, where a browser calls: a server's own address says nothing of a customer. Behind a
/// proxy on this machine it is the one that the proxy saw.
fn client_ip(request: &Request) -> Option<String> {
    request.headers().get(header::ORIGIN)?;
    let peer = request.extensions().get::<PeerAddress>()?.0.ip();
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let seen_by_proxy = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    Some(seen_by_proxy.filter(|_| peer.is_loopback()).unwrap_or(peer).to_string())
}

fn decode(engine: &Engine, arrival: &Arrival, body: &[u8]) -> Result<Received, Refused> {
    let limits = engine.limits();
    let request = segment_api::Request {
        call: arrival.call,
        path: &arrival.path,
        auth: &arrival.credentials,
        received_at: arrival.received_at,
        client_ip: arrival.client_ip.as_deref().map(Into::into),
        limits,
    };
    segment_api::read_body(arrival.encoding.as_deref(), body, limits)
        .and_then(|plain| {
            segment_api::read(&request, &plain, &mut fallback_id, &|key| engine.source_of_key(key))
        })
        .map_err(|error| refuse(engine, arrival, error, body))
}

/// Lists what was refused, and makes the answer that says so.
fn refuse(engine: &Engine, arrival: &Arrival, error: RequestError, body: &[u8]) -> Refused {
    let refused = Refused {
        status: StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST),
        code: error.code,
        message: error.message.clone(),
    };
    let rejection = error.into_rejection(&arrival.path, body, arrival.received_at, engine.limits());
    engine.reject(&[rejection]);
    refused
}

/// Waits until what was accepted is durable. What was rejected is listed only then: a client that is told
/// to come back sends all of it again.
async fn keep(engine: &Engine, received: Received) -> Result<(), Refused> {
    if !received.accepted.is_empty() {
        let (tell, told) = oneshot::channel();
        let done = move |result| {
            // Nobody is told where the client has gone away; its events are kept all the same.
            let _gone = tell.send(result);
        };
        engine.submit(received.accepted, Box::new(done)).map_err(Refused::from)?;
        told.await.unwrap_or(Err(Busy::Stopping)).map_err(Refused::from)?;
    }
    if !received.rejected.is_empty() {
        engine.reject(&received.rejected);
    }
    Ok(())
}

/// An id for an event that came without one: never the same twice, also after a restart.
fn fallback_id() -> CompactString {
    static RUN: OnceLock<u64> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let run = RUN.get_or_init(|| {
        let mut bytes = [0_u8; 8];
        match getrandom::fill(&mut bytes) {
            Ok(()) => u64::from_le_bytes(bytes),
            // Without random numbers the process id tells runs apart well enough.
            Err(_) => u64::from(std::process::id()),
        }
    });
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    compact_str::format_compact!("segops-{run:016x}-{number:x}")
}

fn not_read(error: BodyError, limits: &Limits) -> RequestError {
    let (status, code, message) = match error {
        BodyError::TooLarge => {
            let message =
                format!("the body has more than {} bytes; send smaller batches", limits.body_bytes_max);
            (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
        }
        BodyError::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "the body came too slowly; send it again".to_owned(),
        ),
        BodyError::Broken => (
            StatusCode::BAD_REQUEST,
            "invalid_body",
            "the body ended before its end; send it again".to_owned(),
        ),
    };
    RequestError { status: status.as_u16(), code, message }
}

impl Refused {
    fn unavailable(message: String) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code: "unavailable", message }
    }
}

impl From<Busy> for Refused {
    fn from(busy: Busy) -> Self {
        match busy {
            Busy::QueueFull => {
                Self { status: StatusCode::TOO_MANY_REQUESTS, code: "busy", message: busy.to_string() }
            }
            Busy::Stopping | Busy::Failed(_) | Busy::History(_) => Self::unavailable(busy.to_string()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Json(json!({ "code": self.code, "message": self.message }));
        let mut response = (self.status, body).into_response();
        if matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}
