use std::io::Write;

use axum::body::Body;
use axum::http::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use segops_model::Limits;
use serde_json::{Value, json};

use crate::workspace::{WRITE_KEY, Workspace};

const KEY: &str = "Basic V0tfVEVTVDo=";

fn track(user: &str) -> Value {
    json!({ "type": "track", "event": "Product Viewed", "userId": user })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_and_every_place_of_the_key_is_taken() {
    let workspace = Workspace::new();
    let single = track("u1").to_string();
    let batch = json!({ "batch": [track("u1")] }).to_string();
    let keyed = json!({ "batch": [track("u1")], "writeKey": WRITE_KEY }).to_string();
    let mut inner = track("u1");
    inner["writeKey"] = json!(WRITE_KEY);
    let inner = json!({ "batch": [inner] }).to_string();
    for (path, key, body) in [
        ("/v1/track", KEY, &single),
        ("/v1/t", KEY, &single),
        ("/v1/t/", KEY, &single),
        ("/v1/batch", KEY, &batch),
        ("/v1/b", KEY, &batch),
        ("/v1/import", KEY, &batch),
        ("/v1/batch", "", &keyed),
        ("/v1/batch", "", &inner),
        ("/beacon/v1/batch?writeKey=WK_TEST", "", &batch),
        ("/v1/m", "", &"{\"series\":[]}".to_owned()),
    ] {
        let request = Request::post(path).header("authorization", key).header("content-type", "text/plain");
        let answer = workspace.send(request.body(Body::from(body.clone())).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "success": true })), "{path}");
    }
    workspace.settle().await;
    assert_eq!(workspace.get("/api/v1/status").await["events"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_event_does_not_lose_the_others() {
    let workspace = Workspace::new();
    let answer =
        workspace.track(json!([track("u1"), { "type": "track", "event": "Lost" }, 7, track("u2")])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(workspace.get("/api/v1/status").await["events"], 2);
    let rejections = workspace.get("/api/v1/rejections").await;
    let places: Vec<&Value> =
        rejections["data"].as_array().unwrap().iter().map(|one| &one["place"]).collect();
    assert_eq!(places, ["batch[2]", "batch[1]"]);
    let lost = workspace.get("/api/v1/rejections?code=missing_identifier&source=Default").await;
    assert_eq!(lost["data"][0]["origin"], json!({ "api": { "path": "/v1/batch" } }));
    assert_eq!(lost["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_two_keys_and_are_listed() {
    let workspace = Workspace::with_limits(Limits { body_bytes_max: 4_096, ..Limits::default() });
    let large =
        json!({ "batch": [{ "type": "track", "event": "x".repeat(5_000), "userId": "u" }] }).to_string();
    for (key, body, status, code) in [
        (KEY, "{", 400, "invalid_json"),
        (KEY, "{}", 400, "invalid_body"),
        ("Basic d3Jvbmc6", "{\"batch\":[]}", 401, "invalid_write_key"),
        (KEY, large.as_str(), 413, "body_too_large"),
    ] {
        let request =
            Request::post("/v1/batch").header("authorization", key).header("origin", "https://shop.example");
        let answer = workspace.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        let json = answer.json();
        assert_eq!((answer.status.as_u16(), json["code"].as_str().unwrap()), (status, code));
        assert!(json["message"].is_string());
        assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
    }
    let rejections = workspace.get("/api/v1/rejections").await;
    assert_eq!(rejections["data"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_is_read_and_a_bomb_is_not() {
    let workspace = Workspace::new();
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let send = async |body: Vec<u8>| {
        let request =
            Request::post("/v1/batch").header("authorization", KEY).header("content-encoding", "gzip");
        workspace.send(request.body(Body::from(body)).unwrap()).await.status.as_u16()
    };
    assert_eq!(send(gzip(json!({ "batch": [track("u1")] }).to_string().as_bytes())).await, 200);
    assert_eq!(send(gzip(&vec![b' '; 64 * 1024 * 1024])).await, 413);
    assert_eq!(send(b"\x1f\x8bbroken".to_vec()).await, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_may_ask_first() {
    let workspace = Workspace::new();
    let request = Request::options("/v1/t")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,traceparent,x-of-the-page");
    let answer = workspace.send(request.body(Body::empty()).unwrap()).await;
    assert!(answer.status.is_success());
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    for name in
        ["authorization", "content-type", "x-retry-count", "anonymousid", "traceparent", "x-of-the-page"]
    {
        assert!(answer.header("access-control-allow-headers").contains(name), "{name}");
    }
    let request = Request::get("/v1/projects/OTHER/settings")
        .header("origin", "https://shop.example")
        .header("host", "cdp.example.com")
        .header("x-forwarded-proto", "https, http");
    let answer = workspace.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
    let integration = &answer.json()["integrations"]["Segment.io"];
    let expected = json!({ "apiKey": "OTHER", "apiHost": "cdp.example.com/v1", "protocol": "https" });
    assert_eq!(*integration, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_load_the_browser_sdk_from_here() {
    let workspace = Workspace::new();
    let get = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        workspace.send(request.body(Body::empty()).unwrap()).await
    };
    let main = "/analytics.js/v1/WK_TEST/analytics.min.js";
    let plain = get(main, &[]).await;
    assert_eq!(
        (plain.status.as_u16(), plain.header("content-type")),
        (200, "text/javascript; charset=utf-8")
    );
    assert!(plain.text().contains("analytics-next/bundles/"));
    let packed =
        get(main, &[("accept-encoding", "br, gzip;q=0.8"), ("origin", "https://shop.example")]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("access-control-allow-origin"), "https://shop.example");
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut unpacked).unwrap();
    assert!(unpacked == plain.body && packed.body.len() * 3 < plain.body.len());
    assert_eq!(get(main, &[("accept-encoding", "gzip;q=0")]).await.body.len(), plain.body.len());
    let known = get(main, &[("if-none-match", plain.header("etag"))]).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));

    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/analytics-next");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name.contains(".bundle.") {
            let bundle = get(&format!("/analytics-next/bundles/{name}"), &[]).await;
            assert_eq!(bundle.status, 200, "{name}");
            assert!(bundle.header("cache-control").contains("immutable"));
        }
    }
    let absent = get("/analytics-next/bundles/absent.js", &[]).await;
    assert_eq!(absent.problem(), (404, "not-found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_to_come_back_before_the_start_and_after_the_end() {
    let workspace = Workspace::new();
    let send = async || {
        let request =
            Request::post("/v1/track").header("authorization", KEY).header("origin", "https://shop.example");
        workspace.send(request.body(Body::from(track("u1").to_string())).unwrap()).await
    };
    assert_eq!(send().await.status, 200);
    workspace.engine.close();
    let refused = send().await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    // A browser reads neither where it may not.
    assert_eq!(refused.header("access-control-allow-origin"), "https://shop.example");
    assert_eq!(refused.header("access-control-expose-headers"), "retry-after");
    assert_eq!(refused.json()["code"], "unavailable");

    let folder = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(segops_model::SystemClock);
    let starting = segops_server::http::App::new(folder.path(), clock, Limits::default()).unwrap();
    starting.opening(3, 10);
    let router = segops_server::http::router(starting);
    for (path, ready) in [("/readyz", false), ("/healthz", true), ("/health", false)] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        assert_eq!(answer.status().as_u16(), if ready { 200 } else { 503 }, "{path}");
    }
    let request = Request::post("/v1/track").header("authorization", KEY).body(Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"1".parse().unwrap()));
}
