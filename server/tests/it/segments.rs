//! Segments through their lives over HTTP: details, drafts, archives, versions, differences.

use segops_server::control::Role;
use serde_json::{Value, json};

use crate::workspace::{Workspace, order};

const RULE: &str = "did \"Order Completed\" at least 2 times";

async fn with_orders() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .track(json!([
            order("ann", "1", "2026-01-02T03:04:05Z", 10),
            order("ann", "2", "2026-02-02T03:04:05Z", 20),
            order("bob", "3", "2026-02-02T03:04:05Z", 30),
        ]))
        .await;
    workspace
}

fn names(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_found_by_what_is_said_of_them() {
    let workspace = with_orders().await;
    let new = |name: &str, folder: &str, tags: Value, draft: bool| {
        Some(
            json!({ "name": name, "rule": RULE, "folder": folder, "tags": tags, "draft": draft, "owner": "carl" }),
        )
    };
    for (name, folder, tags, draft) in [
        ("A", "Retention/Win-back", json!(["mail"]), false),
        ("B", "Retentionist", json!(["Mail", "weekly"]), true),
        ("C", "", json!([]), false),
    ] {
        let made = workspace.call("POST", "/api/v1/segments", new(name, folder, tags, draft)).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let found = async |query: &str| workspace.get(&format!("/api/v1/segments?{query}")).await;
    assert_eq!(names(&found("folder=retention").await), ["A"]);
    assert_eq!(names(&found("folder=Retention/Win-back&state=live").await), ["A"]);
    assert_eq!(names(&found("tag=mail").await), ["A", "B"]);
    assert_eq!(names(&found("state=draft").await), ["B"]);
    assert_eq!(names(&found("owner=Carl&limit=2").await), ["A", "B"]);
    assert_eq!(names(&found("owner=ann").await), Vec::<&str>::new());
    let refused = workspace.call("GET", "/api/v1/segments?state=dead", None).await;
    assert_eq!(refused.problem().0, 400);

    let described = json!({ "description": "Two or more", "tags": [] });
    let described = workspace.call("PATCH", "/api/v1/segments/A", Some(described)).await.json();
    assert_eq!(
        (&described["description"], &described["folder"]),
        (&json!("Two or more"), &json!("Retention/Win-back"))
    );
    let taken =
        workspace.call("PATCH", "/api/v1/segments/A", Some(json!({ "name": "b", "folder": "X" }))).await;
    assert_eq!(taken.problem(), (409, "taken".to_owned()));
    assert_eq!(workspace.get("/api/v1/segments/A").await["folder"], "Retention/Win-back", "all or nothing");
    let long = json!({ "folder": "x".repeat(300) });
    let refused = workspace.call("PATCH", "/api/v1/segments/A", Some(long)).await;
    assert_eq!(refused.problem(), (422, "refused".to_owned()));
    let unknown = workspace.call("PATCH", "/api/v1/segments/A", Some(json!({ "flder": "x" }))).await;
    assert_eq!(unknown.problem(), (400, "bad-request".to_owned()));
    let changes = workspace.get("/api/v1/segments/A/changes").await;
    assert_eq!(changes["data"][0]["what"], json!({ "kind": "described", "fields": ["description", "tags"] }));
    assert_eq!(changes["data"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_published_archived_and_restored() {
    let workspace = with_orders().await;
    let draft = json!({ "name": "Repeat", "rule": RULE, "draft": true });
    let made = workspace.call("POST", "/api/v1/segments", Some(draft)).await.json();
    assert_eq!((&made["segment"]["state"], &made["segment"]["status"]), (&json!("draft"), &json!("draft")));
    let naming = json!({ "name": "Again", "rule": "in segment \"Repeat\"" });
    let refused = workspace.call("POST", "/api/v1/segments", Some(naming)).await;
    assert_eq!(refused.problem(), (409, "conflict".to_owned()));
    let checked = json!({ "rule": "in segment \"Repeat\"" });
    let refused = workspace.call("POST", "/api/v1/rules/check", Some(checked)).await;
    assert_eq!(refused.problem(), (409, "conflict".to_owned()));

    let verb =
        async |verb: &str| workspace.call("POST", &format!("/api/v1/segments/Repeat/{verb}"), None).await;
    let total = async || {
        let engine = workspace.engine.clone();
        let primed = tokio::task::spawn_blocking(move || {
            let id = engine.segment("Repeat").unwrap().id;
            engine.wait_primed(id, &segops_engine::Work::new()).unwrap().counts.total
        });
        primed.await.unwrap()
    };
    assert_eq!(verb("publish").await.status, 200);
    assert_eq!(total().await, 1);
    assert_eq!(verb("publish").await.problem(), (409, "conflict".to_owned()));
    let archived = verb("archive").await.json();
    assert_eq!((&archived["status"], &archived["counts"]["total"]), (&json!("archived"), &json!(0)));
    assert_eq!(verb("restore").await.status, 200);
    assert_eq!(total().await, 1);
    for verb in ["publish", "archive", "restore", "versions/1/restore"] {
        let path = format!("/api/v1/segments/Repeat/{verb}");
        assert_eq!(workspace.call_as(Role::Viewer, "POST", &path, None).await.status, 403, "{verb}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_counted_before_it_is_saved_and_can_be_taken_back() {
    let workspace = with_orders().await;
    workspace.live_segment("Repeat", RULE).await;
    let diff = async |body: Value| workspace.call("POST", "/api/v1/segments/Repeat/diff", Some(body)).await;
    let found = diff(json!({ "rule": "did \"Order Completed\" = 1 time" })).await.json();
    assert_eq!((&found["before"]["total"], &found["after"]["total"]), (&json!(1), &json!(1)));
    assert_eq!((&found["entering"]["total"], &found["leaving"]["total"]), (&json!(1), &json!(1)));
    assert_eq!(found["entering_sample"][0]["identifiers"][0]["value"], "bob");
    let refused = diff(json!({ "rule": "in segment \"Repeat\"" })).await;
    assert_eq!(refused.problem(), (422, "rule-refused".to_owned()));
    assert_eq!(refused.json()["problems"][0]["span"], json!([0, 19]), "{}", refused.text());
    assert_eq!(diff(json!({ "rule": "did A", "version": 1 })).await.problem().0, 400);
    assert_eq!(diff(json!({ "version": 7 })).await.problem(), (404, "not-found".to_owned()));

    let edit = json!({ "rule": "did \"Order Completed\" = 1 time" });
    assert_eq!(workspace.call("PUT", "/api/v1/segments/Repeat", Some(edit)).await.status, 200);
    let old = workspace.get("/api/v1/segments/Repeat/versions/1").await;
    assert_eq!(old["rule_text"], "did \"Order Completed\" >= 2 times");
    let back = workspace.call("POST", "/api/v1/segments/Repeat/versions/1/restore", None).await;
    assert_eq!((back.status.as_u16(), back.header("etag")), (200, "\"3\""), "{}", back.text());
    assert_eq!(back.json()["segment"]["versions"][2]["restored_from"], 1);
    let request = axum::http::Request::post("/api/v1/segments/Repeat/versions/2/restore")
        .header("authorization", format!("Bearer {}", workspace.token(Role::Admin)))
        .header("if-match", "\"2\"");
    let moved = workspace.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(moved.problem(), (409, "version-moved".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_and_warnings_have_their_places_in_the_text() {
    let workspace = with_orders().await;
    workspace.live_segment("Repeat", RULE).await;
    let check =
        async |rule: &str| workspace.call("POST", "/api/v1/rules/check", Some(json!({ "rule": rule }))).await;
    let refused =
        check("did \"Order Complete\" and in segment \"Nobody\" and in segment \"Noone\"").await.json();
    let spans: Vec<_> =
        refused["problems"].as_array().unwrap().iter().map(|one| one["span"].clone()).collect();
    assert_eq!(spans, [json!([25, 44]), json!([49, 67]), json!([0, 20])], "{refused}");
    let same = check("did \"order completed\" >= 2 times or did \"Order Completed\" >= 2 times").await.json();
    assert!(same["warnings"].is_array(), "{same}");
    let same = check("not did \"Order Completed\" < 2 times").await.json();
    assert!(
        same["warnings"][0]["message"].as_str().unwrap().contains("`Repeat` has the same rule"),
        "{same}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_rules_is_served() {
    let workspace = Workspace::new();
    let schema = workspace.get("/api/v1/rules/schema.json").await;
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_of_others_are_read() {
    let workspace = Workspace::new();
    let body = json!({ "dialect": "segment", "definitions": "event('X').count() >= 2" });
    let read = workspace.call("POST", "/api/v1/rules/read", Some(body)).await;
    assert_eq!(read.json()["data"][0]["rule_text"], "everyone where did \"X\" >= 2 times", "{}", read.text());
    let body = json!({ "dialect": "klaviyo", "definitions": "nonsense" });
    let refused = workspace.call("POST", "/api/v1/rules/read", Some(body)).await;
    assert_eq!(refused.problem(), (400, "bad-request".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_starts_from_a_template() {
    let workspace = with_orders().await;
    let body = json!({ "name": "Many", "template": "repeat-customers", "parameters": { "orders": "3" } });
    let made = workspace.call("POST", "/api/v1/segments", Some(body)).await;
    assert_eq!(made.json()["segment"]["rule_text"], "did \"Order Completed\" >= 3 times", "{}", made.text());
    assert_eq!(made.json()["segment"]["description"], "Customers with several orders.");
    for (body, status) in [
        (json!({ "name": "X", "template": "nothing" }), 404),
        (json!({ "name": "X", "template": "repeat-customers", "parameters": { "x": "1" } }), 400),
        (json!({ "name": "X", "template": "repeat-customers", "rule": RULE }), 400),
        (json!({ "name": "X", "rule": RULE, "parameters": { "x": "1" } }), 400),
        (json!({ "name": "X" }), 400),
    ] {
        assert_eq!(
            workspace.call("POST", "/api/v1/segments", Some(body.clone())).await.problem().0,
            status,
            "{body}"
        );
    }
}
