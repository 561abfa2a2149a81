//! Requests as real SDKs sent them, sent again byte for byte: each is answered with exactly what SDKs take for success,
//! and everything in it is stored once. `tests/captures/README.md` says where they are from.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use expect_test::expect_file;
use flate2::Compression;
use flate2::write::GzEncoder;
use segops_model::{Instant, Limits};
use segops_testkit::SimulatedClock;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::workspace::{Answer, Workspace};

/// After all of the recordings.
const NOW: Instant = Instant::from_ms(1_795_500_000_000);
/// The key that the browser SDK was given by the settings of the recording server.
const BROWSER_KEY: &str = "WK";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Capture<'a> {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    raw_bytes: usize,
    #[serde(borrow)]
    body: &'a RawValue,
}

impl Capture<'_> {
    /// The body as it was on the wire.
    fn wire(&self) -> Vec<u8> {
        let compact = self.body.get();
        if self.raw_bytes == 0 {
            return Vec::new();
        }
        if self.headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(compact.as_bytes()).unwrap();
            return encoder.finish().unwrap();
        }
        let wire = if compact.len() == self.raw_bytes { compact.to_owned() } else { spaced(compact) };
        assert_eq!(wire.len(), self.raw_bytes, "the body of {} is not what was on the wire", self.url);
        wire.into_bytes()
    }

    fn message_ids(&self) -> Vec<String> {
        let Ok(body) = serde_json::from_str::<Value>(self.body.get()) else { return Vec::new() };
        let items = body["batch"].as_array().cloned().unwrap_or_else(|| vec![body]);
        items.iter().filter_map(|item| Some(item["messageId"].as_str()?.to_owned())).collect()
    }
}

/// JSON as Python writes it: with a space after each comma and colon outside of texts.
fn spaced(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let (mut in_text, mut escaped) = (false, false);
    for sign in compact.chars() {
        out.push(sign);
        if in_text {
            in_text = escaped || sign != '"';
            escaped = !escaped && sign == '\\';
        } else {
            in_text = sign == '"';
            if matches!(sign, ',' | ':') {
                out.push(' ');
            }
        }
    }
    out
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures")
}

/// The names of all recordings, without their ending.
fn names() -> BTreeSet<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// What was recorded, sent to a workspace of its own.
struct Replayed {
    workspace: Workspace,
    /// The message ids in the order that they were sent in, also those that were sent before.
    sent: Vec<String>,
}

async fn replay(name: &str) -> Replayed {
    let workspace = Workspace::at(Arc::new(SimulatedClock::at(NOW)), Limits::default());
    workspace.engine.create_source("ann", "Browser", Some(BROWSER_KEY.to_owned())).unwrap();
    let text = std::fs::read_to_string(folder().join(format!("{name}.ndjson"))).unwrap();
    let mut sent = Vec::new();
    for line in text.lines() {
        let capture: Capture<'_> = serde_json::from_str(line).unwrap();
        let mut request = Request::builder().method(capture.method.as_str()).uri(&capture.url);
        for (header, value) in &capture.headers {
            request = request.header(header, value);
        }
        let answer = workspace.send(request.body(Body::from(capture.wire())).unwrap()).await;
        match capture.method.as_str() {
            "POST" => check_success(&answer),
            _ => check_settings(&answer, &capture),
        }
        sent.extend(capture.message_ids());
    }
    workspace.settle().await;
    Replayed { workspace, sent }
}

/// RudderStack's Python SDK takes any other success for a failure, and a browser that gets no origin back for an error.
fn check_success(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, r#"{"success":true}"#));
    let mut headers: Vec<&str> = answer.headers.keys().map(axum::http::HeaderName::as_str).collect();
    headers.sort_unstable();
    assert_eq!(headers, ["content-length", "content-type", "vary", "x-request-id"]);
    assert_eq!((answer.header("content-type"), answer.header("content-length")), ("application/json", "16"));
    assert_eq!(answer.header("vary"), "origin");
}

fn check_settings(answer: &Answer, capture: &Capture<'_>) {
    let host = &capture.headers["host"];
    let expected = json!({
        "integrations": {
            "Segment.io": { "apiKey": "WK_TEST", "apiHost": format!("{host}/v1"), "protocol": "http" }
        },
        "metrics": { "sampleRate": 0 },
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
}

impl Replayed {
    /// What the only customer of the recordings has done, in the order of the journal, as the API shows it.
    async fn stored(&self) -> Vec<Value> {
        let page = self.workspace.get("/api/v1/profiles/user_id:u1/events?limit=1000").await;
        assert_eq!(page["next_cursor"], Value::Null);
        let mut events = page["data"].as_array().unwrap().clone();
        events.sort_by_key(|event| event["position"].as_u64());
        events
    }
}

async fn check(name: &str) {
    let replayed = replay(name).await;
    let stored = replayed.stored().await;
    let ids: Vec<&str> = stored.iter().map(|event| event["message_id"].as_str().unwrap()).collect();
    let mut once = BTreeSet::new();
    let first_times: Vec<&str> =
        replayed.sent.iter().map(String::as_str).filter(|id| once.insert(*id)).collect();
    assert_eq!(ids, first_times, "{name}");

    let status = replayed.workspace.get("/api/v1/status").await;
    let (events, duplicates) = (ids.len(), replayed.sent.len() - ids.len());
    assert_eq!(
        (&status["events"], &status["duplicates"], &status["rejections"], &status["profiles"]),
        (&json!(events), &json!(duplicates), &json!(0), &json!(1)),
        "{name}"
    );
    let lines: String = stored.iter().map(|event| format!("{event}\n")).collect();
    expect_file![folder().join("stored").join(format!("{name}.ndjson"))].assert_eq(&lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sdks_sent_is_answered_with_200_and_stored_once() {
    let names = names();
    assert!(names.len() >= 30, "{names:?}");
    for name in names {
        check(&name).await;
    }
}

#[test]
fn python_writes_spaces_outside_of_texts() {
    let compact = r#"{"a":"x,y: \"z:","b":[1,2]}"#;
    assert_eq!(spaced(compact), r#"{"a": "x,y: \"z:", "b": [1, 2]}"#);
}
