//! Every template on a simulated shop: somebody is in it, and not everybody.

use segops_simulate::{Store, StoreConfig, batches};
use serde_json::json;

use crate::workspace::Workspace;

/// Templates that everyone of a small simulated shop may be in, or nobody, and why.
const NOT_HELD: &[&str] = &[];

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
        let body = json!({ "rule": template["default_rule"], "at": "2026-06-01T12:00:00Z", "sample": 0 });
        let answer = workspace.call("POST", "/api/v1/segments/preview", Some(body)).await;
        assert_eq!(answer.status, 200, "{}: {}", template["id"], answer.text());
        let preview = answer.json();
        let of = |counts: &str| preview[counts]["total"].as_u64().unwrap();
        let (found, all) = (of("counts"), of("base_counts"));
        let id = template["id"].as_str().unwrap();
        if (found == 0 || found == all) && !NOT_HELD.contains(&id) {
            wrong.push(format!("{id}: {found} of {all}"));
        }
        let unseen = preview["warnings"].as_array().unwrap();
        assert!(unseen.is_empty(), "{id}: {unseen:?}");
    }
    assert_eq!(wrong, Vec::<String>::new());
}
