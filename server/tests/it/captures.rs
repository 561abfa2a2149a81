//! Requests as real SDKs sent them, replayed byte for byte.

use axum::body::Body;
use axum::http::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::workspace::Workspace;

#[derive(Deserialize)]
struct Capture {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/captures")
}

async fn replay(name: &str) -> Workspace {
    let workspace = Workspace::new();
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    for line in text.lines() {
        let capture: Capture = serde_json::from_str(line).unwrap();
        // The settings that this SDK was given named another key.
        let authorization = capture.headers.get("authorization").map(|_| "Basic V0tfVEVTVDo=");
        let mut body =
            if capture.body.is_string() { Vec::new() } else { capture.body.to_string().into_bytes() };
        let mut request = Request::builder().method(capture.method.as_str()).uri(&capture.url);
        for (header, value) in &capture.headers {
            if header != "authorization" && header != "content-length" {
                request = request.header(header, value);
            }
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if capture.headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&body).unwrap();
            body = encoder.finish().unwrap();
        }
        let answer = workspace.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
    workspace.settle().await;
    workspace
}

async fn check(name: &str, events: u64, product: &str, user: &str) {
    let workspace = replay(name).await;
    assert_eq!(workspace.get("/api/v1/rejections").await["data"], serde_json::json!([]), "{name}");
    let status = workspace.get("/api/v1/status").await;
    assert_eq!(status["duplicates"], 0, "{name}");
    let catalogue = workspace.get("/api/v1/catalogue").await;
    let seen: BTreeMap<&str, u64> = catalogue["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["name"].as_str().unwrap(), event["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(seen.values().sum::<u64>(), events, "{name}: {seen:?}");
    assert_eq!(seen.get(product), Some(&1), "{name}: {seen:?}");
    let profile = workspace.get(&format!("/api/v1/profiles/user_id:{user}")).await;
    assert_eq!(profile["traits"]["email"]["value"], "ann@example.com", "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn segment_node() {
    check("segment-node.ndjson", 3, "Order Completed", "u1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segment_python() {
    check("segment-python.ndjson", 2, "Order Completed", "u1").await;
    check("segment-python-gzip.ndjson", 2, "Order Completed", "u1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rudder_node() {
    check("rudder-node.ndjson", 2, "Order Completed", "u1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rudder_python() {
    check("rudder-python.ndjson", 2, "Order Completed", "u1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser() {
    check("analytics-next-cdn.ndjson", 3, "Product Viewed", "u1").await;
    check("analytics-next-batch.ndjson", 3, "Product Viewed", "u1").await;
}
