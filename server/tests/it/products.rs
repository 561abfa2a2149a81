use std::path::Path;
use std::process::Command;

use segops_server::control::Role;
use serde_json::{Value, json};

use crate::server_process::BINARY;
use crate::workspace::Workspace;

const IN_SUMMER: &str = "everyone where did \"Product Viewed\" where product.collection is \"Summer\"";

#[tokio::test(flavor = "multi_thread")]
async fn products_come_in_and_events_are_joined_with_them() {
    let workspace = Workspace::new();
    let viewed = json!({ "type": "track", "event": "Product Viewed", "userId": "ann", "messageId": "m1",
        "timestamp": "2026-01-02T00:00:00Z", "properties": { "product_id": "p1" } });
    workspace.track(json!([viewed])).await;
    let batch = json!({ "products": [
        { "id": "p1", "title": "Tee", "collections": ["Summer"], "updated_at": "2026-01-01T00:00:00Z" },
        { "id": "p2", "title": "Cap" },
    ] });
    let changed = workspace.call("POST", "/api/v1/products", Some(batch)).await;
    assert_eq!((changed.status.as_u16(), changed.json()), (200, json!({ "changed": 2 })));

    let first = workspace.get("/api/v1/products?limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = workspace.get(&format!("/api/v1/products?limit=1&cursor={cursor}")).await;
    assert_eq!((&first["data"][0]["id"], &second["data"][0]["id"]), (&json!("p1"), &json!("p2")));
    assert_eq!(second["next_cursor"], Value::Null);

    let segment = workspace.live_segment("Summer", IN_SUMMER).await;
    assert_eq!(segment["counts"]["total"], 1);
    let deleted =
        json!({ "products": [{ "id": "p1", "deleted": true, "updated_at": "2026-01-01T12:00:00Z" }] });
    workspace.call("POST", "/api/v1/products", Some(deleted)).await;
    assert_eq!(workspace.get("/api/v1/segments/Summer").await["counts"]["total"], 0);
    let history = workspace.get("/api/v1/products/p1").await;
    assert_eq!((&history["versions_kept"], &history["versions"][0]["product"]), (&json!(2), &Value::Null));
    assert_eq!(workspace.get("/api/v1/products").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_product_is_refused_as_a_whole() {
    let workspace = Workspace::new();
    let batch = json!({ "products": [{ "id": "p1" }, { "title": "no id" }, 3] });
    let refused = workspace.call("POST", "/api/v1/products", Some(batch)).await;
    assert_eq!(refused.status.as_u16(), 400);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("product 2: its `id`") && detail.contains("product 3: it is not an object"),
        "{detail}"
    );
    assert!(workspace.get("/api/v1/products").await["data"].as_array().unwrap().is_empty());
    assert_eq!(workspace.call("GET", "/api/v1/products/p1", None).await.status.as_u16(), 404);
    let one = json!({ "products": [{ "id": "p1" }] });
    let forbidden = workspace.call_as(Role::Viewer, "POST", "/api/v1/products", Some(one)).await;
    assert_eq!(forbidden.status.as_u16(), 403);
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(BINARY)
        .current_dir(folder)
        .env("SEGOPS_DATA", "shop")
        .env_remove("SEGOPS_URL")
        .env_remove("SEGOPS_TOKEN")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn products_come_in_by_files() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "id,title,collections,variant_id,variant_size,sku,price,stock\n\
        p1,Tee,Summer; Sale,v1,S,TEE-S,20,0\np1,,,v2,M,TEE-M,25,4\np2,Cap,,,,CAP,9.5,1\n";
    std::fs::write(folder.path().join("products.csv"), rows).unwrap();
    std::fs::write(folder.path().join("more.ndjson"), "{\"id\": \"p3\", \"title\": \"Hat\"}\n\n").unwrap();
    let taken = run(folder.path(), &["products", "import", "products.csv"]);
    assert_eq!(taken, "2 products taken in.\n");
    run(folder.path(), &["products", "import", "more.ndjson"]);
    let listed = run(folder.path(), &["products", "list"]);
    assert!(["Tee", "Cap", "Hat"].iter().all(|title| listed.contains(title)), "{listed}");
    let shown: Value =
        serde_json::from_str(&run(folder.path(), &["products", "show", "p1", "--json"])).unwrap();
    let expected = json!({ "title": "Tee", "collections": ["Summer", "Sale"], "variants": [
        { "id": "v1", "size": "S", "sku": "TEE-S", "price": "20", "stock": "0" },
        { "id": "v2", "size": "M", "sku": "TEE-M", "price": "25", "stock": "4" },
    ] });
    assert_eq!(shown["versions"][0]["product"], expected);
    let cap: Value =
        serde_json::from_str(&run(folder.path(), &["products", "show", "p2", "--json"])).unwrap();
    let expected = json!({ "title": "Cap", "sku": "CAP", "price": "9.5", "stock": "1" });
    assert_eq!(cap["versions"][0]["product"], expected);
}
