//! Every template on a simulated shop: at one of several instants somebody is in it, and not everybody.

use segops_simulate::{Store, StoreConfig, batches};
use serde_json::json;

use crate::workspace::Workspace;

/// In a shop this small, what few people do on a few days is seen on one of several.
const INSTANTS: [&str; 8] = [
    "2026-05-20T12:00:00Z",
    "2026-05-13T12:00:00Z",
    "2026-04-29T12:00:00Z",
    "2026-04-15T12:00:00Z",
    "2026-03-25T12:00:00Z",
    "2026-03-11T12:00:00Z",
    "2026-02-18T12:00:00Z",
    "2025-12-23T12:00:00Z",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_template_finds_some_and_not_all() {
    let workspace = Workspace::new();
    let start = "2025-05-01T00:00:00Z".parse().unwrap();
    let config = StoreConfig { bots: 0, strangers_per_customer: 1.0, ..StoreConfig::new(7, 150, 400, start) };
    let store = Store::new(config).unwrap();
    for batch in batches(store, 1_000) {
        let body: serde_json::Value = serde_json::from_str(&batch.json).unwrap();
        let sent = workspace.track(body["batch"].clone()).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
    }
    let templates = workspace.get("/api/v1/templates").await["data"].clone();
    let mut wrong = Vec::new();
    for template in templates.as_array().unwrap() {
        let id = template["id"].as_str().unwrap();
        let mut found = Vec::new();
        for at in INSTANTS {
            let body = json!({ "rule": template["default_rule"], "at": at, "sample": 0 });
            let answer = workspace.call("POST", "/api/v1/segments/preview", Some(body)).await;
            assert_eq!(answer.status, 200, "{id}: {}", answer.text());
            let preview = answer.json();
            let unseen = preview["warnings"].as_array().unwrap();
            assert!(unseen.is_empty(), "{id}: {unseen:?}");
            let of = |counts: &str| preview[counts]["total"].as_u64().unwrap();
            let (some, all) = (of("counts"), of("base_counts"));
            found.push((some, all));
            if some > 0 && some < all {
                break;
            }
        }
        if found.len() == INSTANTS.len() {
            wrong.push(format!("{id}: {found:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
