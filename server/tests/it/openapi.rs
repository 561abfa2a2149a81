use std::collections::BTreeSet;

use segops_server::http::document;
use serde_json::Value;

use crate::workspace::Workspace;

#[test]
fn the_description_changes_only_on_purpose() {
    insta::assert_json_snapshot!(document());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_operation_is_served_and_asks_for_a_token() {
    let workspace = Workspace::new();
    let description = workspace.get("/api/v1/openapi.json").await;
    assert_eq!(description["openapi"], "3.1.0");
    let mut operations = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.insert(format!("{method} {path}"));
            let open = operation["security"] == serde_json::json!([{}]);
            let concrete = path.replace(['{', '}'], "");
            let request = axum::http::Request::builder().method(method.to_uppercase().as_str()).uri(concrete);
            let answer = workspace.send(request.body(axum::body::Body::empty()).unwrap()).await;
            let expected = if open { 200 } else { 401 };
            assert_eq!(answer.status, expected, "{method} {path}");
            assert!(responses_are_described(operation), "{method} {path}");
        }
    }
    assert!(operations.len() > 25, "{operations:?}");
}

fn responses_are_described(operation: &Value) -> bool {
    let responses = operation["responses"].as_object().unwrap();
    responses.keys().any(|status| status.starts_with('2')) && operation["tags"].is_array()
}
