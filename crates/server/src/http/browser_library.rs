use std::io::Write;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::cors::allow_origin;
use super::problem::Problem;

/// The version that is served, and what caches know a file by.
const VERSION: &str = "\"1.84.3\"";
/// The main file's address stays the same when a newer version comes.
const MAIN_CACHED: &str = "public, max-age=300";
/// The name of a bundle says what is in it.
const BUNDLE_CACHED: &str = "public, max-age=31536000, immutable";

/// A file of the browser SDK. It is compressed once, when it is first asked for.
#[derive(Debug)]
struct Asset {
    name: &'static str,
    plain: &'static [u8],
    gzipped: OnceLock<Bytes>,
}

macro_rules! asset {
    ($name:literal) => {
        Asset {
            name: $name,
            plain: include_bytes!(concat!("../../assets/analytics-next/", $name)),
            gzipped: OnceLock::new(),
        }
    };
}

static MAIN: Asset = asset!("standalone.js");

/// What the main file loads where a page or its settings need it.
static BUNDLES: [Asset; 7] = [
    asset!("407.bundle.61efa1acb302134c434b.js"),
    asset!("ajs-destination.bundle.40628baed746e9904edc.js"),
    asset!("auto-track.bundle.f131ce01a05e3a33a8c1.js"),
    asset!("queryString.bundle.34b193ada8fe288d1bd1.js"),
    asset!("remoteMiddleware.bundle.063bbf80c88cda449d9c.js"),
    asset!("schemaFilter.bundle.a6a77355d52c20e3a83d.js"),
    asset!("tsub-middleware.bundle.89bf07058b3d3b126984.js"),
];

/// The browser SDK at the address that snippets load it from. The file is the same for every write key: it finds the key
/// in the address of its own script. It needs no engine, as the settings do not.
pub(crate) async fn main_file(Path(_write_key): Path<String>, headers: HeaderMap) -> Response {
    MAIN.answer(&headers, MAIN_CACHED)
}

pub(crate) async fn bundle(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match BUNDLES.iter().find(|bundle| bundle.name == name) {
        Some(bundle) => bundle.answer(&headers, BUNDLE_CACHED),
        None => {
            let detail = format!("the browser SDK {VERSION} that is served here has no {name}");
            allow_origin(&headers, Problem::not_found(detail).into_response())
        }
    }
}

impl Asset {
    fn answer(&self, request: &HeaderMap, cached: &'static str) -> Response {
        let is_known = request.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == VERSION);
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else if takes_gzip(request) {
            ([(header::CONTENT_ENCODING, "gzip")], self.gzipped()).into_response()
        } else {
            Bytes::from_static(self.plain).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
        headers.insert(header::ETAG, HeaderValue::from_static(VERSION));
        let mut response = allow_origin(request, response);
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }

    fn gzipped(&self) -> Bytes {
        let compress = || -> std::io::Result<Vec<u8>> {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(self.plain)?;
            encoder.finish()
        };
        // Memory takes every write, so that there is always a compressed file.
        self.gzipped.get_or_init(|| compress().map(Bytes::from).unwrap_or_default()).clone()
    }
}

fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(quality.trim(), "q=0" | "q=0.0")
    })
}
