//! What a workspace says of itself: checks of live against a rebuild, metrics, what segments cost.

use std::time::Duration;

use serde_json::{Value, json};

use crate::server_process::ServerProcess;
use crate::workspace::{Workspace, order};

#[tokio::test(flavor = "multi_thread")]
async fn checks_and_numbers_are_shown() {
    let workspace = Workspace::new();
    let orders = json!([
        order("ann", "1", "2026-01-02T03:04:05Z", 10),
        order("ann", "2", "2026-01-03T03:04:05Z", 10),
        order("bob", "3", "2026-01-03T03:04:05Z", 10),
    ]);
    assert_eq!(workspace.track(orders).await.status, 200);
    workspace.live_segment("Say \"hi\"", r#"everyone where did "Order Completed" at least 2 times"#).await;
    let none = workspace.call("GET", "/api/v1/verify/last", None).await;
    assert_eq!(none.problem(), (404, "not-found".to_owned()));

    let report = workspace.call("POST", "/api/v1/verify", None).await.json();
    assert_eq!((&report["differences"], &report["scope"]), (&json!(0), &json!("every live segment")));
    let timelines = &report["timelines"][0];
    assert_eq!(timelines["filter"], r#"did "Order Completed""#);
    assert_eq!((&timelines["live"], &timelines["rebuilt"]), (&json!(2), &json!(2)));
    assert_eq!(workspace.get("/api/v1/verify/last").await, report);
    let status = workspace.get("/api/v1/status").await;
    assert_eq!((&status["verified"]["agrees"], &status["verified"]["at"]), (&json!(true), &report["at"]));

    let metrics = workspace.call("GET", "/metrics", None).await;
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    let metrics = metrics.text();
    for line in [
        "# TYPE segops_events_accepted_total counter",
        "segops_events_accepted_total 3",
        "segops_profiles 2",
        "segops_fold_lag_frames 0",
        "segops_verify_agrees 1",
        "segops_verify_differences 0",
        r#"segops_verify_scope{scope="every live segment",from="journal"} 1"#,
    ] {
        assert!(metrics.lines().any(|held| held == line), "no `{line}` in\n{metrics}");
    }
    let members = metrics.lines().find(|line| line.starts_with("segops_segment_members{")).unwrap();
    assert!(members.ends_with(r#",name="Say \"hi\""} 1"#), "{members}");

    let id = workspace.get("/api/v1/segments").await["data"][0]["id"].as_str().unwrap().to_owned();
    let cost = workspace.get(&format!("/api/v1/segments/{id}/cost")).await;
    let timelines = &cost["timelines"][0];
    assert_eq!((&timelines["timelines"], &timelines["entries"]), (&json!(2), &json!(3)));
    assert_eq!((&timelines["read_by"], &timelines["longest"]), (&json!(1), &json!(2)));
    assert!(cost["bytes"].as_u64().unwrap() > 100, "{cost}");
}

#[test]
fn a_server_checks_itself() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(folder.path(), &["--verify-every", "1s"]);
    let rule = json!({ "name": "Any", "rule": "everyone where did any event" });
    assert_eq!(server.post_api("/api/v1/segments", &rule).unwrap().0, 201);
    for _ in 0..600 {
        let (status, report) = server.get("/api/v1/verify/last").unwrap();
        if status == 200 {
            let report: Value = serde_json::from_str(&report).unwrap();
            assert_eq!((&report["scope"], &report["differences"]), (&json!("segment Any"), &json!(0)));
            assert_eq!(server.terminate().0, 0);
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing was checked");
}
