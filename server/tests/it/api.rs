use segops_server::control::Role;
use serde_json::{Value, json};

use crate::workspace::{Workspace, order};

const RULE: &str = "did \"Order Completed\" at least 2 times";

async fn with_orders() -> Workspace {
    let workspace = Workspace::new();
    let sent = workspace
        .track(json!([
            { "type": "identify", "userId": "ann", "messageId": "i1", "traits": { "email": "ann@example.com", "country": "DE" } },
            order("ann", "1", "2026-01-02T03:04:05Z", 10),
            order("ann", "2", "2026-02-02T03:04:05Z", 20),
            order("bob", "3", "2026-02-02T03:04:05Z", 30),
        ]))
        .await;
    assert_eq!((sent.status.as_u16(), sent.json()), (200, json!({ "success": true })));
    workspace
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_goes_through_its_whole_life() {
    let workspace = with_orders().await;
    let segment = workspace.live_segment("Repeat", RULE).await;
    let id = segment["id"].as_str().unwrap();
    assert_eq!((&segment["status"], &segment["counts"]["total"]), (&json!("live"), &json!(1)));
    assert_eq!(segment["owner"], "ann");

    let members = workspace.get("/api/v1/segments/Repeat/members").await;
    let member = &members["data"][0];
    assert_eq!((members["data"].as_array().unwrap().len(), &members["next_cursor"]), (1, &Value::Null));
    assert_eq!(member["cause"], "prime");
    let explained = workspace.get("/api/v1/segments/Repeat/explain/email:ann@example.com").await;
    assert_eq!(
        (&explained["explanation"]["member"], &explained["profile"]),
        (&json!(true), &member["profile"])
    );
    let sentence = explained["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("In, because: 2 orders"), "{sentence}");

    let edit = json!({ "rule": "did \"Order Completed\"", "expected_version": 1 });
    let edited = workspace.call("PUT", &format!("/api/v1/segments/{id}"), Some(edit.clone())).await;
    assert_eq!(edited.status, 200, "{}", edited.text());
    assert_eq!(edited.header("etag"), "\"2\"");
    let again = workspace.call("PUT", &format!("/api/v1/segments/{id}"), Some(edit)).await;
    assert_eq!(again.problem(), (409, "version-moved".to_owned()));

    let renamed = workspace.call("PATCH", "/api/v1/segments/Repeat", Some(json!({ "name": "Buyers" }))).await;
    assert_eq!(renamed.json()["name"], "Buyers");
    let paused = workspace.call("POST", "/api/v1/segments/Buyers/pause", None).await;
    assert_eq!(paused.json()["status"], "paused", "{}", paused.text());
    let resumed = workspace.call("POST", "/api/v1/segments/Buyers/resume", None).await;
    assert_eq!(resumed.status, 200, "{}", resumed.text());
    assert_eq!(workspace.call("DELETE", "/api/v1/segments/Buyers", None).await.status, 204);
    let gone = workspace.call("GET", "/api/v1/segments/Buyers", None).await;
    assert_eq!(gone.problem(), (404, "not-found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_at_an_instant_and_says_how_far_it_is() {
    let workspace = with_orders().await;
    let count = async |at: &str| {
        let body = json!({ "rule": RULE, "at": at });
        let answer = workspace.call("POST", "/api/v1/segments/preview", Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["counts"]["total"].as_u64().unwrap()
    };
    assert_eq!((count("2026-01-15T00:00:00Z").await, count("2026-03-01T00:00:00Z").await), (0, 1));

    let everyone = json!({ "rule": "country is \"DE\"", "base": "everyone" });
    let answer = workspace.call("POST", "/api/v1/segments/preview", Some(everyone)).await.json();
    assert_eq!((&answer["base"], &answer["counts"]["total"]), (&json!("everyone"), &json!(1)));
    assert_eq!(answer["base_counts"]["total"], 2);

    let body = axum::body::Body::from(json!({ "rule": RULE }).to_string());
    let request = axum::http::Request::post("/api/v1/segments/preview")
        .header("authorization", format!("Bearer {}", workspace.token(Role::Viewer)))
        .header("accept", "application/x-ndjson");
    let lines = workspace.send(request.body(body).unwrap()).await.text();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["result"]["counts"]["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_rule_comes_with_all_its_problems() {
    let workspace = with_orders().await;
    for path in ["/api/v1/rules/check", "/api/v1/segments/preview"] {
        let body = json!({ "rule": "did \"Order Completed\" atleast 2 times and" });
        let refused = workspace.call("POST", path, Some(body)).await;
        assert_eq!(refused.problem(), (422, "rule-refused".to_owned()));
        assert!(refused.json()["problems"][0]["span"].is_array(), "{}", refused.text());
    }
    let both = json!({ "rule": RULE, "rule_json": {} });
    let refused = workspace.call("POST", "/api/v1/rules/check", Some(both)).await;
    assert_eq!(refused.problem(), (400, "bad-request".to_owned()));
    let unknown = workspace.call("POST", "/api/v1/rules/check", Some(json!({ "rule": RULE, "x": 1 }))).await;
    assert_eq!(unknown.problem(), (400, "bad-request".to_owned()));

    let checked = workspace
        .call("POST", "/api/v1/rules/check", Some(json!({ "rule": "did \"Order Complete\"" })))
        .await;
    assert_eq!(checked.status, 200);
    assert!(checked.json()["warnings"][0]["suggestion"].as_str().unwrap().contains("Order Completed"));
    let again = json!({ "rule_json": checked.json()["rule_json"] });
    let again = workspace.call("POST", "/api/v1/rules/check", Some(again)).await;
    assert_eq!(again.json()["rule"], checked.json()["rule"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_are_found_by_any_identifier() {
    let workspace = with_orders().await;
    let by_kind = workspace.get("/api/v1/profiles?identifier=email:ANN@example.com").await;
    let by_text = workspace.get("/api/v1/profiles?q=ann").await;
    let id = by_kind["data"][0]["id"].as_str().unwrap();
    assert_eq!(by_text["data"][0]["id"], id);
    let profile = workspace.get(&format!("/api/v1/profiles/{id}")).await;
    assert_eq!(profile["traits"]["country"]["value"], "DE");
    assert_eq!(profile["net_spend"]["EUR"], "30");
    assert_eq!(workspace.get("/api/v1/profiles?q=nobody").await["data"], json!([]));
    let missing = workspace.call("GET", "/api/v1/profiles/user_id:nobody", None).await;
    assert_eq!(missing.problem(), (404, "not-found".to_owned()));
    let neither = workspace.call("GET", "/api/v1/profiles", None).await;
    assert_eq!(neither.problem(), (400, "bad-request".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_its_own() {
    let workspace = with_orders().await;
    let new = |name: &str| Some(json!({ "name": name, "rule": RULE }));
    for (role, reads, writes, administers) in [
        (Role::Viewer, 200, 403, 403),
        (Role::Marketer, 200, 201, 403),
        (Role::Analyst, 200, 201, 403),
        (Role::Admin, 200, 201, 200),
    ] {
        let read = workspace.call_as(role, "GET", "/api/v1/segments", None).await;
        let written = workspace.call_as(role, "POST", "/api/v1/segments", new(role.as_str())).await;
        let administered = workspace.call_as(role, "GET", "/api/v1/tokens", None).await;
        let found = [read.status, written.status, administered.status].map(|status| status.as_u16());
        assert_eq!(found, [reads, writes, administers], "{role:?}");
    }
    let keys = workspace.call_as(Role::Viewer, "GET", "/api/v1/sources", None).await.json();
    assert_eq!(keys["data"][0]["write_key"], "");

    for authorization in ["", "Bearer segops_wrong", "Basic d3Jvbmc6"] {
        let request = axum::http::Request::get("/api/v1/status").header("authorization", authorization);
        let refused = workspace.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(refused.problem(), (401, "unauthorized".to_owned()));
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_from_its_making_to_its_end() {
    let workspace = Workspace::new();
    let made =
        workspace.call("POST", "/api/v1/tokens", Some(json!({ "name": "carl", "role": "viewer" }))).await;
    assert_eq!(made.status, 201);
    let secret = made.json()["token"].as_str().unwrap().to_owned();
    let status = async || {
        let request =
            axum::http::Request::get("/api/v1/status").header("authorization", format!("Bearer {secret}"));
        workspace.send(request.body(axum::body::Body::empty()).unwrap()).await.status.as_u16()
    };
    assert_eq!(status().await, 200);
    assert!(!workspace.call("GET", "/api/v1/tokens", None).await.text().contains(&secret));
    assert_eq!(workspace.call("DELETE", "/api/v1/tokens/carl", None).await.status, 204);
    assert_eq!(status().await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages() {
    let workspace = with_orders().await;
    for name in ["a", "b", "c"] {
        workspace.live_segment(name, &format!("{RULE} in last {} days", name.len())).await;
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = workspace.get(&format!("/api/v1/segments?limit=2{cursor}")).await;
        names.extend(
            page["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names, ["a", "b", "c"]);
    let refused = workspace.call("GET", "/api/v1/segments?cursor=nonsense!", None).await;
    assert_eq!(refused.problem(), (400, "bad-request".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_and_verify_agrees() {
    let workspace = with_orders().await;
    workspace.live_segment("Repeat", RULE).await;
    let mut settings = workspace.get("/api/v1/settings").await;
    settings["time_zone"] = json!("Europe/Berlin");
    let changed = workspace.call("PUT", "/api/v1/settings", Some(settings.clone())).await;
    assert_eq!(changed.json()["time_zone"], "Europe/Berlin", "{}", changed.text());
    let patch = |body: Value| workspace.call("PATCH", "/api/v1/settings", Some(body));
    let merged =
        patch(json!({ "week_start": "sunday", "identity": { "value_bytes_max": 100 } })).await.json();
    assert_eq!((&merged["week_start"], &merged["time_zone"]), (&json!("sunday"), &json!("Europe/Berlin")));
    assert_eq!(merged["identity"]["kinds"], settings["identity"]["kinds"]);
    assert_eq!(patch(json!({ "week_start": null })).await.json()["week_start"], "monday");
    let unknown = patch(json!({ "time_zon": "Europe/Berlin" })).await;
    assert_eq!(unknown.problem(), (422, "refused".to_owned()));
    settings["time_zone"] = json!("Europe/Nowhere");
    let refused = workspace.call("PUT", "/api/v1/settings", Some(settings)).await;
    assert_eq!(refused.problem(), (422, "refused".to_owned()));
    let report = workspace.call("POST", "/api/v1/verify", None).await.json();
    assert_eq!((&report["differences"], &report["profiles_agree"]), (&json!(0), &json!(true)));
    assert_eq!(report["segments"][0]["live"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nowhere_is_a_problem() {
    let workspace = Workspace::new();
    let missing = workspace.call("GET", "/api/v1/nothing", None).await;
    assert_eq!(missing.problem(), (404, "not-found".to_owned()));
    let wrong = workspace.call("DELETE", "/api/v1/status", None).await;
    assert_eq!(wrong.problem(), (405, "wrong-method".to_owned()));
    let wrong = workspace.call("GET", "/v1/track", None).await;
    assert_eq!(wrong.problem(), (405, "wrong-method".to_owned()));
    let large = Some(json!({ "name": "x".repeat(6 * 1024 * 1024) }));
    let refused = workspace.call("POST", "/api/v1/sources", large).await;
    assert_eq!(refused.problem(), (413, "too-large".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_have_ids() {
    let workspace = Workspace::new();
    let own = axum::http::Request::get("/healthz").header("x-request-id", "mine-1");
    let answer = workspace.send(own.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-request-id")), (200, "mine-1"));
    let made = workspace.call("GET", "/readyz", None).await;
    assert_eq!(made.json()["ready"], true);
    assert!(made.header("x-request-id").starts_with("req-"));
}
