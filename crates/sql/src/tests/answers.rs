use segops_model::Limits;
use serde_json::{Value, json};

use super::sample::{Shop, query, rows_of, service, start};
use crate::Parameter;

async fn check(text: &str, expected: Value) {
    check_with(text, false, expected).await;
}

async fn check_with(text: &str, has_changes: bool, expected: Value) {
    let rows = rows_of(text, Shop::new(has_changes)).await.unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(rows, expected, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_parts_and_of_memory_are_there_once() {
    check(
        "SELECT count(*), count(DISTINCT position), min(position), max(position) FROM events",
        json!([[60, 60, 0, 59]]),
    )
    .await;
    check(
        "SELECT event, count(*), sum(\"total:number\") FROM events GROUP BY event ORDER BY event",
        json!([["Order Completed", 30, 900], ["Product Viewed", 30, null]]),
    )
    .await;
    check("SELECT profile, count(*) FROM events GROUP BY 1 ORDER BY 1", json!([[1, 20], [2, 20], [3, 20]]))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_and_deletions_that_are_pending_hold() {
    check_with("SELECT profile, count(*) FROM events GROUP BY 1 ORDER BY 1", true, json!([[1, 40]])).await;
    check_with("SELECT count(*) FROM events WHERE profile = 1", true, json!([[40]])).await;
    check_with("SELECT count(*) FROM events WHERE profile IN (2, 3)", true, json!([[0]])).await;
    check_with("SELECT count(*) FROM events WHERE profile = 1 AND position < 6", true, json!([[4]])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_filters_say_leaves_the_same_rows() {
    for (filter, rows) in [
        ("event = 'Order Completed'", 30),
        ("event IN ('Order Completed', 'Product Viewed', 'x', 'y')", 60),
        ("event = 'Order Completed' OR event = 'x'", 30),
        ("event = 'Order Completed' OR profile = 1", 40),
        ("event = 'Order Completed' AND event = 'x'", 0),
        ("event <> 'Order Completed'", 30),
        ("NOT event = 'Order Completed'", 30),
        ("profile = 2", 20),
        ("profile IN (1, 2) AND NOT profile = 1", 20),
        ("profile = -1", 0),
        ("ts >= '2026-01-01T00:30:00Z'", 30),
        ("ts > '2026-01-01T00:30:00Z'", 29),
        ("ts <= '2026-01-01T00:30:00Z'", 31),
        ("ts BETWEEN '2026-01-01T00:10:00Z' AND '2026-01-01T00:19:00Z'", 10),
        ("ts = '2026-01-01T00:30:00Z'", 1),
        ("ts > now() - INTERVAL '100 days'", 60),
        ("ts > now() - INTERVAL '1 day'", 0),
        ("\"total:number\" > 50", 5),
        ("\"total:number\" > 50 AND profile = 3", 2),
    ] {
        check(&format!("SELECT count(*) FROM events WHERE {filter}"), json!([[rows]])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_is_a_column_by_being_named() {
    check("SELECT sum(\"rare:number\"), max(\"rare:text\") FROM events", json!([[7, "7"]])).await;
    check("SELECT DISTINCT \"context.campaign.source:text\" FROM events", json!([["mail"]])).await;
    check(
        "SELECT \"sku:text\", count(*) FROM events GROUP BY 1 ORDER BY 1 NULLS LAST LIMIT 2",
        json!([["s0", 6], ["s1", 6]]),
    )
    .await;
    let error = rows_of("SELECT \"raer:number\" FROM events", Shop::new(false)).await.unwrap_err();
    assert!(error.to_string().contains("did you mean `\"rare:number\"`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_reached_into() {
    check(
        "SELECT property(properties, 'products[].sku'), property_number(properties, 'total'),
           property_list(properties, 'products[].price'), property(properties, 'products')
         FROM events WHERE position = 1",
        json!([["s1", 1, ["3"], "[{\"sku\":\"s1\",\"price\":3}]"]]),
    )
    .await;
    check(
        "SELECT property_instant('{\"at\": \"2026-07-01\"}', 'at'), property('{\"a\": null}', 'a')",
        json!([["2026-06-30T22:00:00.000Z", null]]),
    )
    .await;
    check(
        "SELECT item, count(*) FROM (SELECT unnest(property_list(properties, 'products[].sku')) AS item FROM events)
         GROUP BY 1",
        json!([["s1", 30]]),
    )
    .await;
    check(
        "SELECT identifiers, source, anchor_value FROM events WHERE position = 0",
        json!([["[{\"kind\":\"user_id\",\"value\":\"u1\"}]", "Web", "u1"]]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_join_and_are_described() {
    check(
        "SELECT value, count(*) FROM events JOIN identifiers USING (profile) GROUP BY 1 ORDER BY 1 LIMIT 1",
        json!([["u1@shop.example", 20]]),
    )
    .await;
    check("SELECT traits FROM profiles WHERE profile = 2", json!([["{\"plan\":\"gold\"}"]])).await;
    check("SELECT last_seen FROM profiles LIMIT 1", json!([["1970-01-01T00:00:01.500Z"]])).await;
    check("SELECT now()", json!([["2026-03-01T12:00:00.000Z"]])).await;
    check(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'",
        json!([[crate::Table::ALL.len()]]),
    )
    .await;
    check(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'events' AND column_name = 'total:number'",
        json!([["Decimal128(38, 9)"]]),
    )
    .await;
    for text in ["DESCRIBE profiles", "SHOW TABLES", "SHOW COLUMNS FROM orders", "EXPLAIN SELECT 1"] {
        rows_of(text, Shop::new(false)).await.unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_stand_for_values() {
    let sql = service(Limits::default());
    let parameters = vec![
        Parameter::Text("Order Completed".to_owned()),
        Parameter::Whole(2),
        Parameter::Text("2026-01-01T00:30:00Z".to_owned()),
    ];
    let text = "SELECT count(*) AS events FROM events WHERE event = $1 AND profile = $2 AND ts >= $3";
    let asked = crate::Query { parameters, ..query(text) };
    let answering = start(&sql, asked, Shop::new(false)).await.unwrap();
    let mut pieces = crate::write(&sql, answering, crate::Format::Json, None).await.unwrap();
    let answer: Value = serde_json::from_slice(&pieces.next().await.unwrap().unwrap()).unwrap();
    assert_eq!(
        (&answer["rows"], &answer["truncated"], &answer["position"]),
        (&json!([[5]]), &json!(false), &json!(62))
    );
    let missing = start(&sql, query(text), Shop::new(false)).await;
    assert!(missing.is_err());
}

#[test]
fn every_cell_is_of_its_columns_kind() {
    use crate::column::{Cell, ColumnKind, Row};
    use crate::{Table, Workspace};
    let shop = Shop::new(false);
    shop.profiles(None, &mut |row| {
        for (at, column) in Table::Profiles.columns().iter().enumerate() {
            let fits = match (row.cell(at), column.kind) {
                (Cell::Whole(_), ColumnKind::Whole)
                | (Cell::Flag(_), ColumnKind::Flag)
                | (Cell::Instant(_), ColumnKind::Instant)
                | (Cell::Text(_), ColumnKind::Text | ColumnKind::Json) => true,
                (cell, kind) => panic!("{} is {cell:?}, not {kind:?}", column.name),
            };
            assert!(fits);
        }
        crate::Flow::Continue(())
    });
}
