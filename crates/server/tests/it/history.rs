//! The history in parts, one customer's timeline, and counts of a rule's conditions, from outside.

use segops_server::control::Role;
use serde_json::{Value, json};

use crate::command_line::run;
use crate::workspace::Workspace;

fn event(user: &str, name: &str, number: u64) -> Value {
    json!({
        "type": "track", "event": name, "userId": user, "messageId": format!("{user}-{number}"),
        "timestamp": format!("2026-01-02T00:00:{number:02}Z"), "properties": { "total": number, "deep": { "a": [1, "x"] } },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_timeline_comes_in_pages_with_all_that_was_sent() {
    let workspace = Workspace::new();
    let events: Vec<Value> = (0..10)
        .map(|number| {
            event("ann", if number % 2 == 0 { "Order Completed" } else { "Product Viewed" }, number)
        })
        .collect();
    workspace.track(json!(events[..6])).await;
    workspace.engine.flush_history().unwrap();
    workspace.track(json!(events[6..])).await;
    let path = "/api/v1/profiles/user_id:ann/events";
    let whole = workspace.get(path).await;
    let numbers = |page: &Value| -> Vec<u64> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["properties"]["total"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers(&whole), (0..10).rev().collect::<Vec<_>>());
    let newest = &whole["data"][0];
    assert_eq!(newest["properties"], json!({ "total": 9, "deep": { "a": [1, "x"] } }));
    assert_eq!((&newest["message_id"], &newest["source_name"]), (&json!("ann-9"), &json!("Default")));

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = workspace.get(&format!("{path}?limit=3{cursor}")).await;
        seen.extend(numbers(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, (0..10).rev().collect::<Vec<_>>());
    let orders = workspace.get(&format!("{path}?name=Order%20Completed&before=2026-01-02T00:00:06Z")).await;
    assert_eq!(numbers(&orders), [4, 2, 0]);
    let both = workspace.get(&format!("{path}?name=Order%20Completed&name=Product%20Viewed&limit=2")).await;
    assert_eq!(numbers(&both), [9, 8]);
    for wrong in ["?before=yesterday", "?limit=many", "?cursor=x"] {
        assert_eq!(
            workspace.call("GET", &format!("{path}{wrong}"), None).await.status.as_u16(),
            400,
            "{wrong}"
        );
    }
    assert_eq!(workspace.call("GET", "/api/v1/profiles/p_99/events", None).await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_listed_checked_and_compacted() {
    let workspace = Workspace::new();
    workspace.track(json!([event("ann", "Order Completed", 1)])).await;
    let before = workspace.get("/api/v1/parts").await;
    assert_eq!((&before["summary"]["rows"], &before["summary"]["tail_rows"]), (&json!(0), &json!(1)));
    let compacted = workspace.call("POST", "/api/v1/parts/compact?full=true", None).await.json();
    assert_eq!((&compacted["now"]["rows"], &compacted["now"]["tail_rows"]), (&json!(1), &json!(0)));
    assert_eq!(compacted["compactions"][0]["work"], "split");
    let parts = workspace.get("/api/v1/parts").await;
    assert_eq!(parts["parts"][0]["month"], "2026-01");
    let checked = workspace.call("POST", "/api/v1/parts/check", None).await.json();
    assert_eq!((&checked["rows"], &checked["findings"]), (&json!(1), &json!([])));
    let metrics = workspace.call("GET", "/metrics", None).await.text();
    for line in ["segops_parts_rows 1", "segops_tail_rows 0", "segops_parts_up 1"] {
        assert!(metrics.lines().any(|held| held == line), "no `{line}` in\n{metrics}");
    }
    let sql = workspace.call("GET", "/api/v1/parts/sql-view", None).await;
    assert_eq!(sql.status.as_u16(), 200);
    assert!(sql.text().contains("CREATE OR REPLACE VIEW events"), "{}", sql.text());
    for (method, path) in [("POST", "/api/v1/parts/compact"), ("POST", "/api/v1/parts/check")] {
        assert_eq!(workspace.call_as(Role::Viewer, method, path, None).await.status.as_u16(), 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_each_condition() {
    let workspace = Workspace::new();
    let events = [
        event("ann", "Order Completed", 1),
        event("ann", "Product Viewed", 2),
        event("bob", "Order Completed", 1),
        event("eve", "Product Viewed", 1),
    ];
    workspace.track(json!(events)).await;
    let preview = async |rule: &str| {
        let body = json!({ "rule": rule });
        workspace.call("POST", "/api/v1/segments/preview", Some(body)).await.json()
    };
    let counts = |preview: &Value| -> Vec<(u64, u64)> {
        let conditions = preview["conditions"].as_array().unwrap().iter();
        let count = |one: &Value, name: &str| one[name].as_u64().unwrap();
        conditions.map(|one| (count(one, "alone"), count(one, "with_those_before"))).collect()
    };
    let all = preview(r#"everyone where did "Order Completed" and did "Product Viewed""#).await;
    assert_eq!(
        (counts(&all), &all["joined"], &all["counts"]["total"]),
        (vec![(2, 2), (2, 1)], &json!("all"), &json!(1))
    );
    assert_eq!(all["conditions"][1]["condition"], r#"did "Product Viewed""#);
    let any = preview(r#"everyone where did "Order Completed" or did "Product Viewed""#).await;
    assert_eq!((counts(&any), &any["joined"]), (vec![(2, 2), (2, 3)], &json!("any")));
    let one = preview(r#"everyone where did "Order Completed""#).await;
    assert_eq!(counts(&one), []);
}

#[test]
fn a_folders_parts_are_kept_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..5)
        .map(|number| {
            format!("{{\"type\":\"track\",\"event\":\"Order Completed\",\"userId\":\"ann\",\"messageId\":\"m{number}\",\"timestamp\":\"2026-01-0{}T00:00:00Z\",\"properties\":{{\"total\":{number}}}}}\n", number + 1)
        })
        .collect();
    std::fs::write(folder.path().join("events.ndjson"), lines).unwrap();
    run(folder.path(), &["import", "events.ndjson"]);
    // A command ends with a checkpoint, before which parts take in what is in memory.
    assert!(run(folder.path(), &["parts", "list"]).contains("5 rows in 1 part"));
    assert!(run(folder.path(), &["checkpoint", "list"]).contains("0 inputs since"));
    assert!(run(folder.path(), &["checkpoint", "now"]).contains("0 inputs since"));
    assert!(run(folder.path(), &["status"]).contains("Checkpoint of position"));
    assert!(run(folder.path(), &["parts", "compact", "--full"]).contains("5 rows in 1 part"));
    assert!(run(folder.path(), &["parts", "check"]).starts_with("0 findings: 1 part, 5 rows"));
    assert!(run(folder.path(), &["parts", "sql-view"]).contains("VIEW events"));
    let events = run(folder.path(), &["profile", "events", "user_id:ann", "--limit", "2", "--json"]);
    let events: Value = serde_json::from_str(&events).unwrap();
    assert_eq!(events["data"][0]["properties"], json!({ "total": 4 }));
    assert_eq!(events["data"].as_array().unwrap().len(), 2);
    let shown = run(folder.path(), &["profile", "events", "user_id:ann", "--before", "2026-01-03T00:00:00Z"]);
    assert!(shown.contains("Order Completed") && !shown.contains("\"total\":2"), "{shown}");
    // Without its folder the history is made anew.
    std::fs::remove_dir_all(folder.path().join("shop/history")).unwrap();
    assert!(run(folder.path(), &["parts", "list"]).contains("5 rows in memory"));
    let listed = run(folder.path(), &["checkpoint", "now", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed["files"][0]["whole"], &listed["summary"]["failure"]), (&json!(true), &Value::Null));
}
