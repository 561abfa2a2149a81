use std::process::Command;

use axum::body::Body;
use axum::http::Request;
use segops_server::control::Role;
use serde_json::{Value, json};

use crate::server_process::BINARY;
use crate::workspace::Workspace;

/// Ann and Bob view and buy, Cid only views.
fn events() -> Vec<Value> {
    let mut events = Vec::new();
    let mut did = |user: &str, event: &str, day: u32, properties: Value| {
        let id = format!("m{}", events.len());
        events.push(json!({ "type": "track", "event": event, "userId": user, "messageId": id,
            "timestamp": format!("2026-01-{day:02}T10:00:00Z"), "properties": properties }));
    };
    for (user, day) in [("ann", 1), ("bob", 2), ("cid", 3)] {
        did(user, "Product Viewed", day, json!({ "sku": "A" }));
    }
    did("ann", "Order Completed", 4, json!({ "order_id": "1", "total": 40, "currency": "EUR" }));
    did("bob", "Order Completed", 20, json!({ "order_id": "2", "total": 60, "currency": "EUR" }));
    did("bob", "Order Refunded", 21, json!({ "order_id": "2", "total": 10, "currency": "EUR" }));
    events
}

async fn shop() -> Workspace {
    let workspace = Workspace::new();
    workspace.track(events().into()).await;
    workspace
}

fn funnel() -> Value {
    json!({ "steps": [{ "event": { "text": "Product Viewed" } }, { "event": { "text": "Order Completed" } }],
        "conversion_window": { "count": 7, "unit": "day" },
        "window": { "range": { "from": "2026-01-01", "to": "2026-02-01" } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_reads_everything_that_was_acknowledged() {
    let workspace = shop().await;
    let body = json!({ "analysis": { "funnel": funnel() } });
    let answer = workspace.call("POST", "/api/v1/analyses", Some(body)).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.json());
    let steps = &answer.json()["answer"]["funnel"]["rows"][0]["steps"];
    assert_eq!(
        (&steps[0]["customers"], &steps[1]["customers"], &steps[0]["dropped"]),
        (&json!(3), &json!(1), &json!(2))
    );

    let trend = json!({ "series": [{ "event": { "text": "orders" }, "measure": { "sum": "net" } }], "interval": "month",
        "window": { "range": { "from": "2026-01-01", "to": "2026-02-01" } } });
    // As of an instant before the refund, which so does not exist.
    for (at, expected) in [("2026-03-01T00:00:00Z", 90), ("2026-01-20T12:00:00Z", 100)] {
        let body = json!({ "analysis": { "trend": trend }, "at": at });
        let answer = workspace.call("POST", "/api/v1/analyses", Some(body)).await.json();
        let row = &answer["answer"]["trend"]["rows"][0];
        assert_eq!((&row["values"][0], &row["currency"]), (&json!(expected), &json!("EUR")), "at {at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_gives_its_profiles_and_a_rule_that_previews_as_many() {
    let workspace = shop().await;
    let body = json!({ "part": { "funnel": [funnel(), { "step": 1, "outcome": "dropped" }] } });
    let found = workspace.call("POST", "/api/v1/analyses/customers", Some(body)).await.json();
    assert_eq!((&found["count"], found["profiles"].as_array().unwrap().len()), (&json!(2), 2), "{found}");
    let preview = json!({ "rule": found["rule"], "at": found["at"] });
    let preview = workspace.call("POST", "/api/v1/segments/preview", Some(preview)).await.json();
    assert_eq!(preview["counts"]["total"], 2, "{preview}");
    let preview = json!({ "rule_json": found["rule_json"], "at": found["at"] });
    let preview = workspace.call("POST", "/api/v1/segments/preview", Some(preview)).await.json();
    assert_eq!(preview["counts"]["total"], 2, "{preview}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_can_be_of_a_segment_or_of_a_rule() {
    let workspace = shop().await;
    workspace.live_segment("Buyers", "everyone where did \"Order Completed\"").await;
    let ask = async |whom: Value| {
        let mut body = json!({ "part": { "funnel": [funnel(), { "step": 1 }] } });
        for (name, value) in whom.as_object().unwrap() {
            body[name] = value.clone();
        }
        workspace.call("POST", "/api/v1/analyses/customers", Some(body)).await
    };
    let of_segment = ask(json!({ "segment": "Buyers" })).await.json();
    assert_eq!(of_segment["count"], 2);
    assert!(of_segment["rule"].as_str().unwrap().contains("in segment \"Buyers\""), "{of_segment}");
    let of_rule = ask(json!({ "rule": "everyone where did not \"Order Completed\"" })).await.json();
    assert_eq!(of_rule["count"], 1);
    let overlap = json!({ "analysis": { "overlap": { "segments": ["Buyers", "Buyers"] } } });
    let overlap = workspace.call("POST", "/api/v1/analyses", Some(overlap)).await.json();
    assert_eq!(overlap["answer"]["overlap"]["regions"], json!([{ "segments": [0, 1], "customers": 2 }]));
    assert_eq!(ask(json!({ "segment": "Byers" })).await.status.as_u16(), 404);
    assert_eq!(ask(json!({ "rule": "everyone where did" })).await.status.as_u16(), 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_a_definition_is_told_with_its_place() {
    let workspace = shop().await;
    let body = json!({ "analysis": { "funnel": { "steps": [{ "event": { "text": "Product Viewd" } }],
        "exclude": [{ "event": { "text": "Order Completed" }, "after": 4 }] } } });
    let refused = workspace.call("POST", "/api/v1/analyses", Some(body)).await;
    let problem = refused.json();
    assert_eq!(
        (refused.status.as_u16(), &problem["type"]),
        (422, &json!("urn:segops:problem:analysis-refused"))
    );
    let places: Vec<&str> =
        problem["problems"].as_array().unwrap().iter().filter_map(|one| one["place"].as_str()).collect();
    assert_eq!(places, ["steps[0].event", "exclude[0].after"]);
    assert!(problem["problems"][0]["expected"].as_str().unwrap().contains("Product Viewed"), "{problem}");
    let unknown = json!({ "analysis": { "funnel": { "steps": [], "windw": 1 } } });
    assert_eq!(workspace.call("POST", "/api/v1/analyses", Some(unknown)).await.status.as_u16(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_comes_as_csv() {
    let workspace = shop().await;
    let body = json!({ "analysis": { "funnel": funnel() } });
    let request = Request::builder()
        .method("POST")
        .uri("/api/v1/analyses")
        .header("authorization", format!("Bearer {}", workspace.token(Role::Viewer)))
        .header("content-type", "application/json")
        .header("accept", "text/csv");
    let answer = workspace.send(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(answer.headers.get("content-type").unwrap(), "text/csv");
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.starts_with("group,step,customers,of first"), "{text}");
    assert_eq!(text.lines().nth(1).unwrap(), "(all),1,3,100.0%,100.0%,2,0,,");
}

#[test]
fn the_command_line_asks_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = events().iter().map(Value::to_string).collect();
    std::fs::write(folder.path().join("events.ndjson"), lines.join("\n")).unwrap();
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(BINARY);
        command.current_dir(folder.path()).env("SEGOPS_DATA", "shop");
        command.env_remove("SEGOPS_URL").env_remove("SEGOPS_TOKEN").args(arguments).output().unwrap()
    };
    let run = |arguments: &[&str]| {
        let output = ask(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["import", "events.ndjson"]);
    let window = ["--window", "from 2026-01-01 to 2026-02-01"];
    let steps = ["analyse", "funnel", "\"Product Viewed\"", "\"Order Completed\"", "--within", "7 days"];
    let table = run(&[&steps[..], &window].concat());
    assert!(table.contains("CUSTOMERS") && table.lines().count() == 3, "{table}");
    let dropped =
        run(&[&steps[..], &window, &["--customers", "{\"step\": 1, \"outcome\": \"dropped\"}"]].concat());
    assert!(
        dropped.contains("2 profiles") && dropped.contains("Their rule: everyone where did"),
        "{dropped}"
    );
    let csv = run(&[
        "analyse",
        "trend",
        "orders",
        "--measure",
        "sum:net",
        "--interval",
        "month",
        "--csv",
        window[0],
        window[1],
    ]);
    assert_eq!(csv.lines().nth(1).unwrap(), "2026-01-01,yes,A,(all),EUR,90", "{csv}");
    for arguments in [
        &["analyse", "retention", "\"Product Viewed\"", "\"Order Completed\""][..],
        &["analyse", "cohorts", "--days", "0,5"],
        &["analyse", "rfm"],
        &["analyse", "lifecycle", "--from", "2026-01-10"],
        &[
            "analyse",
            "change",
            "revenue",
            "--before",
            "from 2026-01-01 to 2026-01-10",
            "--after",
            "from 2026-01-10 to 2026-02-01",
        ],
        &["analyse", "predictors", "--days", "1"],
        &["analyse", "basket", "items[].sku"],
        &["analyse", "acquisition", "items[].sku", "--days", "1"],
    ] {
        let printed = run(arguments);
        assert!(!printed.trim().is_empty(), "{arguments:?}");
    }
    let refused = ask(&["analyse", "trend", "orders", "--window", "yestermonth"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is no window"));
}
