use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use segops_model::Limits;
use segops_server::control::Role;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::workspace::{Workspace, order};

/// Reads a stream of events until there are `count`; each as (id, event, data).
struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    async fn open(workspace: &Workspace, query: &str, last: Option<&str>) -> Self {
        let mut request = Request::get(format!("/api/v1/transitions/stream{query}"))
            .header("authorization", format!("Bearer {}", workspace.token(Role::Viewer)));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = workspace.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                        .unwrap_or("")
                        .to_owned()
                };
                let (id, name, data) = (field("id"), field("event"), field("data"));
                let rest = rest.to_owned();
                self.text = rest;
                if name.is_empty() {
                    continue;
                }
                return Some((id, name, serde_json::from_str(&data).unwrap()));
            }
            let frame = tokio::time::timeout(Duration::from_secs(30), self.body.frame()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transitions_are_streamed_and_go_on_from_the_last() {
    let workspace = Workspace::new();
    workspace.live_segment("Buyers", "did \"Order Completed\"").await;
    workspace.live_segment("Repeat", "did \"Order Completed\" at least 2 times").await;
    let mut live = Stream::open(&workspace, "?segment=Buyers", None).await;
    workspace.track(json!([order("ann", "1", "2026-01-02T03:04:05Z", 10)])).await;
    workspace.track(json!([order("ann", "2", "2026-01-03T03:04:05Z", 10)])).await;
    workspace.track(json!([order("bob", "3", "2026-01-03T03:04:05Z", 10)])).await;

    let (first, name, data) = live.next().await.unwrap();
    assert_eq!(
        (name.as_str(), &data["direction"], &data["id"]),
        ("entered", &json!("entered"), &json!(first))
    );
    let (second, _, data) = live.next().await.unwrap();
    assert_ne!(first, second);

    let mut resumed = Stream::open(&workspace, "?segment=Buyers", Some(&first)).await;
    assert_eq!(resumed.next().await.unwrap(), (second.clone(), "entered".to_owned(), data));

    let page = workspace.get("/api/v1/transitions?segment=Buyers").await;
    let ids: Vec<&Value> = page["data"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [first.as_str(), second.as_str()]);
    let all = workspace.get(&format!("/api/v1/transitions?after={first}")).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 2);

    workspace.app.stop();
    assert_eq!(resumed.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_too_far_behind_learns_it() {
    let workspace =
        Workspace::with_limits(Limits { transitions_kept_max: 1, streams_max: 1, ..Limits::default() });
    workspace.live_segment("Buyers", "did \"Order Completed\"").await;
    workspace.track(json!([order("ann", "1", "2026-01-02T03:04:05Z", 10)])).await;
    let first = workspace.get("/api/v1/transitions").await["data"][0]["id"].as_str().unwrap().to_owned();
    for number in 2..5 {
        let user = format!("user {number}");
        workspace.track(json!([order(&user, &number.to_string(), "2026-01-02T03:04:05Z", 10)])).await;
    }
    for path in ["/api/v1/transitions", "/api/v1/transitions/stream"] {
        let behind = workspace.call("GET", &format!("{path}?after={first}"), None).await;
        assert_eq!(behind.problem(), (410, "transitions-gone".to_owned()));
    }
    let wrong = workspace.call("GET", "/api/v1/transitions?after=first", None).await;
    assert_eq!(wrong.problem(), (400, "bad-request".to_owned()));

    let _open = Stream::open(&workspace, "?from_start=true", None).await;
    let refused = workspace.call("GET", "/api/v1/transitions/stream", None).await;
    assert_eq!(refused.problem(), (503, "too-many-streams".to_owned()));
}
