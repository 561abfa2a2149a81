//! SQL from outside: every table held against what was sent and what the rest of the API says.

use axum::http::StatusCode;
use segops_server::control::Role;
use serde_json::{Value, json};

use crate::command_line::{command, run};
use crate::workspace::Workspace;

async fn ask(workspace: &Workspace, query: &str) -> Value {
    let answer =
        workspace.call_as(Role::Viewer, "POST", "/api/v1/sql", Some(json!({ "query": query }))).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()["rows"].clone()
}

async fn check(workspace: &Workspace, query: &str, expected: Value) {
    assert_eq!(ask(workspace, query).await, expected, "{query}");
}

fn did(user: &str, event: &str, day: u32, properties: Value) -> Value {
    json!({ "type": "track", "event": event, "userId": user, "messageId": format!("{user}-{event}-{day}"),
        "timestamp": format!("2026-01-{day:02}T10:00:00Z"), "properties": properties })
}

/// Ann, Bob and Cid, and a browser that is seen to be Ann's at the end. Half is in a part.
async fn shop() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .track(json!([
            { "type": "track", "anonymousId": "b1", "messageId": "b1-1", "event": "Product Viewed",
              "timestamp": "2026-01-01T09:00:00Z", "properties": { "sku": "A", "price": "12.50" } },
            did("bob", "Product Viewed", 2, json!({ "sku": "B", "price": 30 })),
            did("cid", "Product Viewed", 3, json!({ "sku": "A", "price": 12.5 })),
            did("ann", "Order Completed", 4, json!({ "order_id": "o1", "total": 40, "currency": "EUR", "products": [
                { "sku": "A", "name": "Mug", "price": 12.5, "quantity": 2 }, { "sku": "C", "price": 15 } ] })),
            { "type": "identify", "userId": "ann", "messageId": "ann-is", "timestamp": "2026-01-04T11:00:00Z",
              "traits": { "plan": "gold", "age": 31, "email": "Ann@Shop.example" } },
        ]))
        .await;
    workspace.engine.flush_history().unwrap();
    workspace
        .track(json!([
            did("bob", "Order Completed", 20, json!({ "order_id": "o2", "total": 60.1, "currency": "EUR" })),
            did("bob", "Order Refunded", 21, json!({ "order_id": "o2", "total": 10, "currency": "EUR" })),
            did("cid", "Order Completed", 22, json!({ "order_id": "o3", "total": 5, "currency": "USD", "test": true })),
            { "type": "identify", "userId": "ann", "anonymousId": "b1", "messageId": "link",
              "timestamp": "2026-01-23T00:00:00Z" },
        ]))
        .await;
    workspace
}

async fn number_of(workspace: &Workspace, who: &str) -> i64 {
    let profile = workspace.get(&format!("/api/v1/profiles/{who}")).await;
    profile["id"].as_str().unwrap().trim_start_matches("p_").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_hold_merges_and_deletions_wherever_they_are() {
    let workspace = shop().await;
    let (ann, bob, cid) = (
        number_of(&workspace, "user_id:ann").await,
        number_of(&workspace, "user_id:bob").await,
        number_of(&workspace, "user_id:cid").await,
    );
    let by_profile = "SELECT profile, count(*) FROM events WHERE kind = 'track' GROUP BY 1 ORDER BY 1";
    let expected = |mut rows: Vec<(i64, u32)>| {
        rows.sort_unstable();
        rows.into_iter().map(|(profile, count)| json!([profile, count])).collect::<Value>()
    };
    check(&workspace, by_profile, expected(vec![(ann, 2), (bob, 3), (cid, 2)])).await;
    check(
        &workspace,
        &format!("SELECT anchor_value FROM events WHERE profile = {ann} AND event = 'Product Viewed'"),
        json!([["b1"]]),
    )
    .await;
    check(
        &workspace,
        "SELECT \"sku:text\", sum(\"price:number\") FROM events WHERE event = 'Product Viewed' GROUP BY 1 ORDER BY 1",
        json!([["A", 25], ["B", 30]]),
    )
    .await;
    let preview = workspace.get("/api/v1/profiles/user_id:bob/deletion").await;
    assert_eq!(preview["rows"], 3);
    let gone = workspace.call("DELETE", &format!("/api/v1/profiles/user_id:bob?confirm=p_{bob}"), None).await;
    assert!(gone.status.is_success(), "{}", gone.text());
    for _ in 0..2 {
        check(&workspace, by_profile, expected(vec![(ann, 2), (cid, 2)])).await;
        check(&workspace, &format!("SELECT count(*) FROM events WHERE profile = {bob}"), json!([[0]])).await;
        check(&workspace, "SELECT count(*) FROM profiles", json!([[2]])).await;
        check(&workspace, "SELECT order_id FROM orders ORDER BY 1", json!([["o1"], ["o3"]])).await;
        // The same when everything is in parts, with the changes written into them.
        workspace.engine.flush_history().unwrap();
        workspace.call("POST", "/api/v1/parts/compact?full=true", None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_as_the_api_shows_them() {
    let workspace = shop().await;
    let ann = number_of(&workspace, "user_id:ann").await;
    check(
        &workspace,
        &format!("SELECT kind, value FROM identifiers WHERE profile = {ann} ORDER BY 1"),
        json!([["anonymous_id", "b1"], ["email", "ann@shop.example"], ["user_id", "ann"]]),
    )
    .await;
    check(
        &workspace,
        &format!("SELECT name, value, number, set_at FROM traits WHERE profile = {ann} AND name <> 'email' ORDER BY name"),
        json!([["age", "31", 31, "2026-01-04T11:00:00.000Z"], ["plan", "gold", null, "2026-01-04T11:00:00.000Z"]]),
    )
    .await;
    let shown = workspace.get("/api/v1/profiles/user_id:ann").await;
    check(
        &workspace,
        &format!("SELECT events, identified, first_seen, last_seen, property(traits, 'plan') FROM profiles WHERE profile = {ann}"),
        json!([[shown["events"], true, shown["first_seen"], shown["last_seen"], "gold"]]),
    )
    .await;
    let merged =
        ask(&workspace, &format!("SELECT merged_profiles FROM profiles WHERE profile = {ann}")).await;
    assert_eq!(shown["merged_ids"].as_array().unwrap().len(), 1);
    assert!(merged[0][0].as_str().unwrap().starts_with('['), "{merged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_stand_as_refunds_left_them() {
    let workspace = shop().await;
    check(
        &workspace,
        "SELECT order_id, status, value, refunded, net, currency, test, placed FROM orders ORDER BY order_id",
        json!([
            ["o1", "completed", 40, 0, 40, "EUR", false, true],
            ["o2", "partially_refunded", 60.1, 10, 50.1, "EUR", false, true],
            ["o3", "completed", 5, 0, 5, "USD", true, true],
        ]),
    )
    .await;
    check(
        &workspace,
        "SELECT order_id, line, sku, name, quantity, price, value, net FROM line_items ORDER BY line",
        json!([["o1", 1, "A", "Mug", 2, 12.5, 25, 25], ["o1", 2, "C", null, null, 15, 15, 15]]),
    )
    .await;
    check(
        &workspace,
        "SELECT currency, sum(net) FROM orders WHERE placed AND NOT test GROUP BY 1",
        json!([["EUR", 90.1]]),
    )
    .await;
    check(
        &workspace,
        "SELECT count(*) FROM scores WHERE score = 'days_since_last_order' AND number > 0",
        json!([[2]]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_members_scores_and_products_are_tables() {
    let workspace = shop().await;
    let made = workspace.live_segment("Buyers", "everyone where did \"Order Completed\"").await;
    let put =
        json!({ "as_of": "2026-01-24T00:00:00Z", "values": [{ "profile": "user_id:ann", "value": 0.25 }] });
    assert_eq!(workspace.call("PUT", "/api/v1/scores/churn_risk", Some(put)).await.status, 200);
    let products = json!({ "products": [{ "id": "A", "title": "Mug", "price": "12.50", "brand": "Acme" }] });
    let put = workspace.call("POST", "/api/v1/products", Some(products)).await;
    assert!(put.status.is_success(), "{}", put.text());
    workspace.settle().await;
    check(
        &workspace,
        "SELECT segment, name, status, members, version FROM segments",
        json!([[made["id"], "Buyers", "live", made["counts"]["total"], 1]]),
    )
    .await;
    check(
        &workspace,
        "SELECT identifiers.value, cause FROM memberships JOIN identifiers USING (profile)
         WHERE name = 'Buyers' AND kind = 'user_id' ORDER BY 1",
        json!([["ann", "prime"], ["bob", "prime"], ["cid", "prime"]]),
    )
    .await;
    check(
        &workspace,
        "SELECT direction, count(*), count(DISTINCT profile) FROM transitions WHERE name = 'Buyers' GROUP BY 1",
        json!([["entered", 3, 3]]),
    )
    .await;
    let ann = number_of(&workspace, "user_id:ann").await;
    check(&workspace, &format!("SELECT count(*) FROM transitions WHERE profile = {ann}"), json!([[1]])).await;
    check(
        &workspace,
        "SELECT number, date, as_of FROM scores WHERE score = 'churn_risk'",
        json!([[0.25, null, "2026-01-24T00:00:00.000Z"]]),
    )
    .await;
    check(
        &workspace,
        "SELECT product_id, name, brand, price FROM products",
        json!([["A", "Mug", "Acme", 12.5]]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_its_place_and_kind() {
    let workspace = shop().await;
    let problem = async |body: Value| {
        let answer = workspace.call("POST", "/api/v1/sql", Some(body)).await;
        (answer.status, answer.json())
    };
    let (status, told) = problem(json!({ "query": "SELECT\n evnt FROM events" })).await;
    assert_eq!(
        (status, &told["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("urn:segops:problem:sql-query"))
    );
    assert_eq!(told["place"], json!({ "line": 2, "column": 2 }));
    assert!(told["detail"].as_str().unwrap().contains("did you mean `event`?"), "{told}");
    for (query, kind) in [
        ("DROP TABLE events", "sql-refused"),
        ("SELECT repeat('x', 2000000000)", "sql-memory"),
        ("SELECT 1 / (position - position) FROM events", "sql-run"),
        ("SELECT 1; SELECT 2", "sql-query"),
    ] {
        let (status, told) = problem(json!({ "query": query })).await;
        assert_eq!(status, 422, "{query}: {told}");
        assert_eq!(told["type"], format!("urn:segops:problem:{kind}"), "{query}: {told}");
    }
    let endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";
    let (_, told) = problem(json!({ "query": endless, "limits": { "seconds": 1 } })).await;
    assert_eq!(told["type"], "urn:segops:problem:sql-time");
    let (status, _) = problem(json!({ "query": "SELECT 1", "format": "xml" })).await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_listed_and_cancelled_by_who_may() {
    let workspace = shop().await;
    let endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";
    let asked = workspace.call("POST", "/api/v1/sql", Some(json!({ "query": endless })));
    let listed = async {
        loop {
            let running = workspace.get("/api/v1/sql/queries").await;
            if let Some(one) = running["data"].get(0) {
                break one.clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let cancelled = async {
        let one = listed.await;
        assert_eq!((&one["query"], &one["asker"]), (&json!(endless), &json!("ann")));
        let path = format!("/api/v1/sql/queries/{}", one["id"]);
        assert_eq!(workspace.call_as(Role::Viewer, "DELETE", &path, None).await.status, 403);
        assert_eq!(workspace.call_as(Role::Analyst, "DELETE", &path, None).await.status, 204);
    };
    let (answer, ()) = tokio::join!(asked, cancelled);
    assert_eq!(answer.json()["type"], "urn:segops:problem:sql-cancelled");
    assert_eq!(workspace.call("DELETE", "/api/v1/sql/queries/999", None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_described_with_the_properties_that_were_seen() {
    let workspace = shop().await;
    let described = workspace.get("/api/v1/sql/tables").await;
    let events = &described["tables"][0];
    assert_eq!(events["name"], "events");
    let names: Vec<&str> =
        events["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    for name in ["event", "properties", "sku:text", "total:number", "test:flag"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert_eq!(described["functions"].as_array().unwrap().len(), 4);
}

#[test]
fn the_command_line_asks_and_writes_files() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..50)
        .map(|at| {
            did(&format!("u{at}"), "Order Completed", at % 28 + 1, json!({ "total": at, "order_id": at }))
                .to_string()
        })
        .collect();
    std::fs::write(folder.path().join("events.ndjson"), lines.join("\n")).unwrap();
    run(folder.path(), &["import", "events.ndjson"]);
    let table = run(folder.path(), &["sql", "SELECT count(*) AS orders, sum(net) AS net FROM orders"]);
    assert_eq!(table, "ORDERS  NET\n    50  1225\n".replace("ORDERS  NET", "orders   net"));
    let csv = run(
        folder.path(),
        &[
            "sql",
            "SELECT order_id FROM orders WHERE net > $1 ORDER BY net",
            "--parameter",
            "47",
            "--format",
            "csv",
        ],
    );
    assert_eq!(csv, "order_id\r\n48\r\n49\r\n");
    std::fs::write(
        folder.path().join("query.sql"),
        "SELECT position, net FROM orders JOIN events USING (profile)",
    )
    .unwrap();
    run(folder.path(), &["sql", "--file", "query.sql", "--format", "parquet", "--out", "orders.parquet"]);
    let written = std::fs::read(folder.path().join("orders.parquet")).unwrap();
    assert!(written.starts_with(b"PAR1") && written.ends_with(b"PAR1"));
    assert!(!folder.path().join("orders.parquet.part").exists());
    let tables = run(folder.path(), &["sql", "--tables"]);
    assert!(tables.contains("total:number") && tables.contains("property_list"), "{tables}");
    assert_eq!(run(folder.path(), &["sql", "--running"]), "No query runs.\n");
    let wrong = command(folder.path(), &["sql", "SELECT evnt FROM events"]);
    assert_eq!(wrong.status.code(), Some(1));
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        told.contains("did you mean `event`? `DESCRIBE events` lists all (line 1, column 8)\n  | SELECT evnt FROM events\n  |        ^"),
        "{told}"
    );
    let json: Value =
        serde_json::from_str(&run(folder.path(), &["sql", "SELECT 1 AS one", "--json"])).unwrap();
    assert_eq!(json["rows"], json!([[1]]));
}
