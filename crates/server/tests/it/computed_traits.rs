use segops_server::control::Role;
use serde_json::{Value, json};

use crate::command_line::{command, run};
use crate::workspace::{Workspace, order};

const AVERAGE: &str = "sum of total over \"Order Completed\" / count of \"Order Completed\"";

#[tokio::test(flavor = "multi_thread")]
async fn computed_traits_are_made_used_compared_and_kept_from_deletion() {
    let workspace = Workspace::new();
    let orders = json!([
        order("ann", "1", "2026-01-02T00:00:00Z", 30),
        order("ann", "2", "2026-01-03T00:00:00Z", 70),
        order("bob", "3", "2026-01-03T00:00:00Z", 20),
    ]);
    workspace.track(orders).await;
    let body = json!({ "name": "average order", "definition": AVERAGE });
    let made = workspace.call("POST", "/api/v1/computed-traits", Some(body.clone())).await;
    assert_eq!((made.status.as_u16(), &made.json()["computed_trait"]["definition"]), (201, &json!(AVERAGE)));
    let taken = workspace.call("POST", "/api/v1/computed-traits", Some(body.clone())).await;
    assert_eq!(taken.status.as_u16(), 409);
    let forbidden = workspace.call_as(Role::Viewer, "POST", "/api/v1/computed-traits", Some(body)).await;
    assert_eq!(forbidden.status.as_u16(), 403);
    let bad = json!({ "name": "bad", "definition": "sum of total over" });
    let bad = workspace.call("POST", "/api/v1/computed-traits", Some(bad)).await;
    assert_eq!(bad.status.as_u16(), 422);

    let segment = workspace.live_segment("Big", "everyone where computed \"average order\" >= 50").await;
    assert_eq!(segment["counts"]["total"], 1);
    let place = "/api/v1/computed-traits/average%20order";
    let twice = json!({ "definition": format!("2 * ({AVERAGE})"), "sample": 5 });
    let asked = workspace.call("POST", &format!("{place}/diff"), Some(twice)).await.json();
    let difference = &asked["segments"][0];
    assert_eq!(
        (&difference["segment"]["name"], &difference["difference"]["entering"]["total"]),
        (&json!("Big"), &json!(0))
    );
    let thrice = json!({ "definition": format!("3 * {AVERAGE}"), "expected_version": 1 });
    let edited = workspace.call("PUT", place, Some(thrice.clone())).await;
    assert_eq!((edited.status.as_u16(), &edited.json()["computed_trait"]["version"]), (200, &json!(2)));
    assert_eq!(workspace.call("PUT", place, Some(thrice)).await.status.as_u16(), 409);
    let deleted = workspace.call("DELETE", place, None).await;
    assert_eq!(deleted.status.as_u16(), 409);
    assert!(deleted.json()["detail"].as_str().unwrap().contains("Big"));
    let renamed = workspace.call("PATCH", place, Some(json!({ "name": "aov" }))).await.json();
    assert_eq!((&renamed["name"], &renamed["used_by"][0]["name"]), (&json!("aov"), &json!("Big")));
    let listed = workspace.get("/api/v1/computed-traits").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(workspace.call("DELETE", "/api/v1/segments/Big", None).await.status.as_u16(), 204);
    assert_eq!(workspace.call("DELETE", "/api/v1/computed-traits/aov", None).await.status.as_u16(), 204);
    assert_eq!(workspace.call("GET", "/api/v1/computed-traits/aov", None).await.status.as_u16(), 404);
}

#[test]
fn computed_traits_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["simulate", "--customers", "40", "--days", "20", "--seed", "3"]);
    let favourite = "most frequent value of products[].category over \"Order Completed\"";
    run(folder, &["computed-trait", "create", "favourite", favourite]);
    run(folder, &["computed-trait", "create", "average order", AVERAGE]);
    run(
        folder,
        &["segment", "create", "Known", "computed favourite exists and computed \"average order\" > 0"],
    );
    let members: Value =
        serde_json::from_str(&run(folder, &["segment", "members", "Known", "--json"])).unwrap();
    let member = members["data"][0]["profile"].as_str().unwrap().to_owned();
    let shown = run(folder, &["profile", "show", &member]);
    assert!(shown.contains("COMPUTED TRAIT") && shown.contains("favourite"), "{shown}");
    let told = run(folder, &["segment", "explain", "Known", &member]);
    assert!(told.contains("average order is "), "{told}");
    let difference = run(folder, &["computed-trait", "diff", "average order", "count of \"Nothing\" - 1"]);
    assert!(difference.contains("0 would enter") && difference.contains("Known"), "{difference}");
    let listed = run(folder, &["computed-trait", "list"]);
    assert!(listed.contains("favourite") && listed.contains("average order"), "{listed}");
    let refused = command(folder, &["computed-trait", "create", "bad", "sum of total over / 2"]);
    assert!(!refused.status.success());
    run(folder, &["computed-trait", "rename", "favourite", "favourite category"]);
    let segment = run(folder, &["segment", "show", "Known"]);
    assert!(segment.contains("computed \"favourite category\" exists"), "{segment}");
}
