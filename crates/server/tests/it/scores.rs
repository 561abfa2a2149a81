use segops_server::control::Role;
use serde_json::{Value, json};

use crate::command_line::run;
use crate::workspace::Workspace;

async fn with_two() -> Workspace {
    let workspace = Workspace::new();
    let viewed = |user: &str| {
        json!({ "type": "track", "event": "Product Viewed", "userId": user, "messageId": user,
            "timestamp": "2026-01-02T00:00:00Z", "properties": {} })
    };
    workspace.track(json!([viewed("ann"), viewed("bob")])).await;
    workspace
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_come_in_and_rules_ask_for_them() {
    let workspace = with_two().await;
    let batch = json!({ "as_of": "2026-01-03T00:00:00Z", "version": "7", "values": [
        { "profile": "user_id:ann", "value": 0.7 },
        { "profile": "user_id:bob", "value": "0.2" },
        { "profile": "user_id:nobody", "value": 1 },
    ] });
    let put = workspace.call("PUT", "/api/v1/scores/churn_risk", Some(batch)).await;
    let expected = json!({ "recorded": 2, "unknown": 1, "unknown_profiles": ["user_id:nobody"] });
    assert_eq!((put.status.as_u16(), put.json()), (200, expected));

    let segment = workspace.live_segment("Risk", "everyone where churn_risk >= 0.7").await;
    assert_eq!(segment["rule_text"], "everyone where score churn_risk >= 0.7");
    assert_eq!(segment["counts"]["total"], 1);
    let explained = workspace.get("/api/v1/segments/Risk/explain/user_id:ann").await;
    let condition = &explained["explanation"]["condition"];
    assert_eq!(condition["observed"]["score"]["as_of"], "2026-01-03T00:00:00.000Z");
    let sentence = explained["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("In, because: churn_risk is 0.7, as of 3 Jan")
            && sentence.contains("at least 0.7"),
        "{sentence}"
    );

    let newer = json!({ "values": [{ "profile": "user_id:bob", "value": 0.9 }] });
    workspace.call("PUT", "/api/v1/scores/churn_risk", Some(newer)).await;
    assert_eq!(workspace.get("/api/v1/segments/Risk").await["counts"]["total"], 2);

    let listed = workspace.get("/api/v1/scores").await;
    let names: Vec<&str> =
        listed["data"].as_array().unwrap().iter().filter_map(|score| score["name"].as_str()).collect();
    assert_eq!(names, ["days_since_last_order", "usual_next_order", "churn_risk"]);
    assert_eq!((&listed["data"][2]["kind"], &listed["data"][2]["values"]), (&json!("number"), &json!(3)));

    let used = workspace.call("DELETE", "/api/v1/scores/churn_risk", None).await;
    assert_eq!(used.status.as_u16(), 409);
    workspace.call("DELETE", "/api/v1/segments/Risk", None).await;
    assert_eq!(workspace.call("DELETE", "/api/v1/scores/churn_risk", None).await.status.as_u16(), 204);
    assert_eq!(workspace.call("DELETE", "/api/v1/scores/churn_risk", None).await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_score_is_refused() {
    let workspace = with_two().await;
    let refused = async |name: &str, batch: Value, said: &str| {
        let answer = workspace.call("PUT", &format!("/api/v1/scores/{name}"), Some(batch)).await;
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status.is_client_error() && detail.contains(said), "{name}: {detail}");
    };
    let one = |value: Value| json!({ "values": [{ "profile": "user_id:ann", "value": value }] });
    refused("churn", one(json!("high")), "the value of user_id:ann is \"high\"; send a number").await;
    refused("churn%20risk", one(json!(1)), "is no name of a score").await;
    refused("usual_next_order", one(json!(1)), "is computed here").await;
    workspace.call("PUT", "/api/v1/scores/churn", Some(one(json!(1)))).await;
    let date = json!({ "kind": "date", "values": [{ "profile": "user_id:ann", "value": "2026-03-01" }] });
    refused("churn", date, "`churn` is a number, and these are dates").await;
    let many: Vec<Value> = (0..10_001).map(|_| json!({ "profile": "user_id:ann", "value": 1 })).collect();
    refused("churn", json!({ "values": many }), "the limit is 10000").await;
    let forbidden = workspace.call_as(Role::Viewer, "PUT", "/api/v1/scores/churn", Some(one(json!(1)))).await;
    assert_eq!(forbidden.status.as_u16(), 403);
    let rule = json!({ "rule": "everyone where score chrun > 0.5" });
    let unknown = workspace.call("POST", "/api/v1/rules/check", Some(rule)).await;
    let text = String::from_utf8(unknown.body).unwrap();
    assert!(text.contains("there is no score `chrun`") && text.contains("did you mean `churn`?"), "{text}");
}

#[test]
fn scores_come_in_by_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("churn.csv", "user_id,churn_risk,country\n1,0.9,DE\n2,,AT\nnobody,0.5,DE\n");
    write("visits.ndjson", "{\"profile\": \"user_id:2\", \"value\": \"2026-03-01\"}\n\n");
    run(folder.path(), &["simulate", "--customers", "3", "--days", "5"]);
    let import = ["score", "import", "churn.csv", "--name", "churn_risk"];
    let taken = run(folder.path(), &import);
    assert!(
        taken.contains("nobody here knows user_id:nobody") || taken.contains("user_id:nobody."),
        "{taken}"
    );
    let listed: Value =
        serde_json::from_str(&run(folder.path(), &[&import[..], &["--json"]].concat())).unwrap();
    let unknown = listed["unknown_profiles"].as_array().unwrap();
    assert!(unknown.contains(&json!("user_id:nobody")), "{listed}");
    assert_eq!(listed["recorded"].as_u64().unwrap() as usize + unknown.len(), 3, "{listed}");
    // What was not taken in comes back as a file, which is taken in once its people are known.
    let written = run(folder.path(), &[&import[..], &["--unknown", "later.ndjson"]].concat());
    assert!(written.contains("They are in later.ndjson"), "{written}");
    let later = std::fs::read_to_string(folder.path().join("later.ndjson")).unwrap();
    assert_eq!(later.lines().count(), unknown.len());
    assert!(later.contains(r#"{"profile":"user_id:nobody","value":"0.5"}"#), "{later}");
    let again = ["score", "import", "later.ndjson", "--name", "churn_risk", "--json"];
    let again: Value = serde_json::from_str(&run(folder.path(), &again)).unwrap();
    assert_eq!(again["unknown_profiles"], listed["unknown_profiles"]);
    run(folder.path(), &["score", "import", "visits.ndjson", "--name", "next_visit", "--kind", "date"]);
    let listed = run(folder.path(), &["score", "list"]);
    assert!(
        ["days_since_last_order", "churn_risk", "next_visit"].iter().all(|name| listed.contains(name)),
        "{listed}"
    );
    assert_eq!(run(folder.path(), &["score", "delete", "next_visit"]), "Deleted.\n");
}
