//! Who is who, over the API.

use segops_server::control::Role;
use serde_json::{Value, json};

use crate::workspace::Workspace;

/// A browser that was taken for ann's.
async fn linked() -> Workspace {
    let workspace = Workspace::new();
    let sent = workspace
        .track(json!([
            { "type": "track", "anonymousId": "b1", "messageId": "m1", "event": "Product Viewed" },
            { "type": "track", "userId": "ann", "messageId": "m2", "event": "Order Completed" },
            { "type": "identify", "userId": "ann", "anonymousId": "b1", "messageId": "m3" },
        ]))
        .await;
    assert_eq!(sent.status, 200);
    workspace
}

async fn id_of(workspace: &Workspace, identifier: &str) -> String {
    let profile = workspace.get(&format!("/api/v1/profiles/{identifier}")).await;
    profile["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_told_split_and_lifted() {
    let workspace = linked().await;
    let whole = id_of(&workspace, "user_id:ann").await;
    let merges = workspace.get("/api/v1/profiles/anonymous_id:b1/merges").await;
    let merge = &merges["data"][0];
    assert_eq!(
        (&merge["event"]["message_id"], &merge["event"]["source_name"]),
        (&json!("m3"), &json!("Default"))
    );
    assert!(
        merge["sentence"].as_str().unwrap().contains("it carried user_id:ann, which was of p_"),
        "{merge}"
    );

    let split = |body: Value| workspace.call("POST", "/api/v1/profiles/user_id:ann/split", Some(body));
    let foreign = split(json!({ "identifiers": ["anonymous_id:b2"] })).await;
    assert_eq!(foreign.problem(), (422, "refused".to_owned()));
    let misspelt = split(json!({ "identifiers": ["b1"] })).await;
    assert_eq!(misspelt.problem(), (400, "bad-request".to_owned()));
    let asked = split(json!({ "identifiers": ["anonymous_id:b1"] })).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let number = id.parse().unwrap();
    let engine = workspace.engine.clone();
    tokio::task::spawn_blocking(move || engine.wait_split(number, &segops_engine::Work::new()).unwrap())
        .await
        .unwrap();
    let done = workspace.get(&format!("/api/v1/splits/{id}")).await;
    assert_eq!((&done["status"], &done["profile"]), (&json!("barred"), &json!(whole)));
    assert_eq!(done["made"].as_str().unwrap(), id_of(&workspace, "anonymous_id:b1").await);
    assert_eq!(workspace.get("/api/v1/splits").await["data"], json!([done]));

    let viewer = workspace.call_as(Role::Viewer, "POST", &format!("/api/v1/splits/{id}/lift"), None).await;
    assert_eq!(viewer.status, 403);
    let lifted = workspace.call("POST", &format!("/api/v1/splits/{id}/lift"), None).await;
    assert_eq!(lifted.json()["status"], "lifted", "{}", lifted.text());
    let again = workspace.call("POST", &format!("/api/v1/splits/{id}/lift"), None).await;
    assert_eq!(again.problem(), (409, "conflict".to_owned()));
    let nothing = workspace.call("POST", "/api/v1/splits/split_1/lift", None).await;
    assert_eq!(nothing.problem(), (404, "not-found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_shown_confirmed_and_final() {
    let workspace = linked().await;
    let whole = id_of(&workspace, "user_id:ann").await;
    let preview = workspace.get("/api/v1/profiles/user_id:ann/deletion").await;
    assert_eq!((&preview["profile"], &preview["rows"]), (&json!(whole), &json!(3)));
    let unconfirmed = workspace.call("DELETE", "/api/v1/profiles/user_id:ann", None).await;
    assert_eq!(unconfirmed.problem(), (400, "bad-request".to_owned()));
    assert!(unconfirmed.text().contains(&format!("confirm={whole}")), "{}", unconfirmed.text());
    let path = format!("/api/v1/profiles/user_id:ann?confirm={whole}");
    assert_eq!(workspace.call_as(Role::Marketer, "DELETE", &path, None).await.status, 403);
    let deleted = workspace.call("DELETE", &path, None).await;
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    assert_eq!(deleted.json()["removed"], preview);
    for profile in ["user_id:ann", "anonymous_id:b1", &whole] {
        let gone = workspace.call("GET", &format!("/api/v1/profiles/{profile}"), None).await;
        assert_eq!(gone.problem(), (404, "not-found".to_owned()));
    }
    assert_eq!(workspace.get("/api/v1/status").await["deletions"], 1);
}
