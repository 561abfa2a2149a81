use segops_server::control::Role;
use serde_json::{Value, json};

use crate::command_line::{command, run};
use crate::workspace::{Workspace, order};

const SESSIONS: &str = "sessions of any event with gap of 30 minutes";

#[tokio::test(flavor = "multi_thread")]
async fn derived_events_are_made_counted_compared_and_kept_from_deletion() {
    let workspace = Workspace::new();
    let orders = json!([
        order("ann", "1", "2026-01-02T00:00:00Z", 30),
        order("ann", "2", "2026-01-02T00:40:00Z", 70),
        order("bob", "3", "2026-01-03T00:00:00Z", 20),
    ]);
    workspace.track(orders).await;
    let body = json!({ "name": "Session", "definition": SESSIONS });
    let made = workspace.call("POST", "/api/v1/derived-events", Some(body.clone())).await;
    assert_eq!((made.status.as_u16(), &made.json()["derived_event"]["definition"]), (201, &json!(SESSIONS)));
    let taken = workspace.call("POST", "/api/v1/derived-events", Some(body.clone())).await;
    assert_eq!(taken.status.as_u16(), 409);
    let received = json!({ "name": "Order Completed", "definition": SESSIONS });
    assert_eq!(workspace.call("POST", "/api/v1/derived-events", Some(received)).await.status.as_u16(), 409);
    let forbidden = workspace.call_as(Role::Viewer, "POST", "/api/v1/derived-events", Some(body)).await;
    assert_eq!(forbidden.status.as_u16(), 403);
    let bad = json!({ "name": "Bad", "definition": "sessions of" });
    assert_eq!(workspace.call("POST", "/api/v1/derived-events", Some(bad)).await.status.as_u16(), 422);

    let segment = workspace.live_segment("Often", "everyone where did \"Session\" >= 2 times").await;
    assert_eq!(segment["counts"]["total"], 1);
    let place = "/api/v1/derived-events/Session";
    let hour = "sessions of any event with gap of 1 hour";
    let asked = json!({ "definition": hour, "sample": 5 });
    let asked = workspace.call("POST", &format!("{place}/diff"), Some(asked)).await.json();
    assert_eq!(asked["segments"][0]["difference"]["leaving"]["total"], 1);
    let edit = json!({ "definition": hour, "expected_version": 1 });
    let edited = workspace.call("PUT", place, Some(edit.clone())).await;
    assert_eq!((edited.status.as_u16(), &edited.json()["derived_event"]["version"]), (200, &json!(2)));
    assert_eq!(workspace.call("PUT", place, Some(edit)).await.status.as_u16(), 409);
    let deleted = workspace.call("DELETE", place, None).await;
    assert_eq!(deleted.status.as_u16(), 409);
    assert!(deleted.json()["detail"].as_str().unwrap().contains("Often"));
    assert_eq!(workspace.get("/api/v1/derived-events").await["data"].as_array().unwrap().len(), 1);
    assert_eq!(workspace.call("DELETE", "/api/v1/segments/Often", None).await.status.as_u16(), 204);
    assert_eq!(workspace.call("DELETE", place, None).await.status.as_u16(), 204);
    assert_eq!(workspace.call("GET", place, None).await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn analyses_count_derived_events() {
    let workspace = Workspace::new();
    let orders = json!([
        order("ann", "1", "2026-01-02T10:00:00Z", 30),
        order("ann", "2", "2026-01-02T10:10:00Z", 70),
        order("ann", "3", "2026-01-03T10:00:00Z", 5),
        order("bob", "4", "2026-01-03T10:00:00Z", 20),
    ]);
    workspace.track(orders).await;
    let body = json!({ "name": "Session", "definition": SESSIONS });
    workspace.call("POST", "/api/v1/derived-events", Some(body)).await;
    let touch = r#"first touch of any event before "Order Completed" within 90 days"#;
    let body = json!({ "name": "First Touch", "definition": touch });
    workspace.call("POST", "/api/v1/derived-events", Some(body)).await;
    let window = json!({ "range": { "from": "2026-01-02", "to": "2026-01-04" } });
    let trend = json!({
        "series": [
            { "event": { "text": "Session" } },
            { "event": { "text": "Session where event_count >= 2" } },
            { "event": { "text": "Session" }, "measure": { "sum": "order_value" } },
            { "event": { "text": "Order Completed" } },
        ],
        "interval": "day", "window": window,
    });
    let body = json!({ "analysis": { "trend": trend } });
    let answer = workspace.call("POST", "/api/v1/analyses", Some(body)).await.json();
    let rows = answer["answer"]["trend"]["rows"].as_array().expect("rows").clone();
    let told: Vec<_> = rows.iter().map(|row| (row["values"].clone(), row["total"].clone())).collect();
    let expected = [
        (json!([1, 2]), json!(3)),
        (json!([1, 0]), json!(1)),
        (json!([100, 25]), json!(125)),
        (json!([2, 2]), json!(4)),
    ];
    assert_eq!(told, expected, "{answer}");
    let late = "\"First Touch\" where touch.seconds_before >= 86400";
    let funnel = json!({
        "steps": [{ "event": { "text": "Session where event_count >= 2" } }, { "event": { "text": late } }],
        "conversion_window": { "count": 7, "unit": "day" }, "window": window,
    });
    let body = json!({ "analysis": { "funnel": funnel } });
    let answer = workspace.call("POST", "/api/v1/analyses", Some(body)).await.json();
    let steps = &answer["answer"]["funnel"]["rows"][0]["steps"];
    assert_eq!((&steps[0]["customers"], &steps[1]["customers"]), (&json!(1), &json!(1)), "{answer}");
}

#[test]
fn derived_events_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["simulate", "--customers", "40", "--days", "20", "--seed", "3"]);
    run(folder, &["derived-event", "create", "Session", SESSIONS]);
    let touch = "first touch of \"Page Viewed\" before \"Order Completed\" within 90 days";
    run(folder, &["derived-event", "create", "First Touch", touch]);
    run(folder, &["segment", "create", "Visitors", "everyone where did \"Session\" where event_count >= 2"]);
    let members: Value =
        serde_json::from_str(&run(folder, &["segment", "members", "Visitors", "--json"])).unwrap();
    let member = members["data"][0]["profile"].as_str().unwrap().to_owned();
    let told = run(folder, &["segment", "explain", "Visitors", &member]);
    assert!(told.contains("Session"), "{told}");
    let difference = run(folder, &["derived-event", "diff", "Session", "sessions of \"Nothing\""]);
    assert!(difference.contains("0 would enter") && difference.contains("Visitors"), "{difference}");
    let listed = run(folder, &["derived-event", "list"]);
    assert!(listed.contains("Session") && listed.contains("First Touch"), "{listed}");
    let shown = run(folder, &["derived-event", "show", "Session"]);
    assert!(shown.contains("duration_seconds") && shown.contains("Used by Visitors."), "{shown}");
    let refused = command(folder, &["derived-event", "create", "Bad", "sessions of"]);
    assert!(!refused.status.success());
    run(folder, &["verify"]);
}
