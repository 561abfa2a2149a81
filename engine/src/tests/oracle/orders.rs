//! Orders: what is sent of them, and rules over them as they stand.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

/// An item that says something of an order. Few ids, so that one order is spoken of often, and by people who
/// turn out to be one.
pub(super) fn order_item(who: BoxedStrategy<Json>) -> BoxedStrategy<Json> {
    let name = prop_oneof![
        6 => Just("Order Completed"),
        1 => Just("Order Updated"),
        3 => Just("Order Refunded"),
        1 => Just("Order Cancelled"),
    ];
    let id = prop::option::weighted(
        0.9,
        select(vec![json!("A"), json!("B"), json!(" B "), json!("C"), json!(7), json!("7")]),
    );
    let worth = prop_oneof![
        5 => select(vec![10, 20, 50, 75, 100, 250]).prop_map(|total| json!({"total": total})),
        1 => Just(json!({"revenue": "40", "shipping": 4.99, "tax": 5.01})),
        1 => Just(json!({"value": -30})),
        2 => Just(json!({})),
    ];
    let line = (
        select(vec!["Shoes", "Bags"]),
        select(vec![json!(10), json!("30"), json!(0.35), json!(null)]),
        select(vec![json!(1), json!(2), json!(null)]),
    )
        .prop_map(
            |(category, price, quantity)| json!({"category": category, "price": price, "quantity": quantity}),
        );
    let products = prop::option::weighted(0.5, prop::collection::vec(line, 0..4));
    let option = prop::option::weighted::<BoxedStrategy<Json>>;
    let rest = (
        option(
            0.6,
            prop_oneof![6 => Just(json!("EUR")), 1 => Just(json!("eur")), 2 => Just(json!("USD"))].boxed(),
        ),
        option(0.3, select(vec![json!(5), json!("0.1"), json!(10.001)]).boxed()),
        option(0.15, select(vec![json!(true), json!("true"), json!(false)]).boxed()),
        option(0.3, select(vec![json!("SPRING"), json!("spring"), json!("VIP")]).boxed()),
    );
    (who, name, id, worth, products, rest)
        .prop_map(|(who, name, id, worth, products, (currency, discount, test, coupon))| {
            let mut properties = worth;
            let products = products.map(Json::Array);
            let named = [
                ("order_id", id),
                ("products", products),
                ("currency", currency),
                ("discount", discount),
                ("test", test),
                ("coupon", coupon),
            ];
            for (name, value) in named {
                if let Some(value) = value {
                    properties[name] = value;
                }
            }
            let mut item = json!({"type": "track", "event": name, "properties": properties});
            for (name, value) in who.as_object().into_iter().flatten() {
                item[name] = value.clone();
            }
            item
        })
        .boxed()
}

const ORDERS: &[&str] = &[
    "has orders {window}",
    "has no orders {window}",
    "has orders >= 2 {window}",
    "has orders < 2 {window}",
    r#"has orders where status is "refunded" {window}"#,
    r#"has orders where status in ("partially_refunded", "cancelled") {window}"#,
    r#"has orders where (status is "completed" and net >= 50) {window}"#,
    r#"has orders where coupon is "spring" {window}"#,
    r#"has orders including test orders where test is true {window}"#,
    "has orders where refunded > 0 {window}",
    r#"has orders where items[](category is "Shoes" and net >= 10) {window}"#,
    "has orders where item_count >= 2 {window}",
    r#"has orders >= 1 from source "Kiosk" {window}"#,
    r#"has orders where id is "7" {window}"#,
];
const SPENDS: &[&str] = &[
    "net spend {window} >= 50",
    "net spend {window} < 60",
    r#"net spend where currency is "EUR" {window} >= 40"#,
    "gross spend {window} > 70",
    "gross spend {window} between 10 and 100",
    "average order value {window} >= 40",
    "average of net over orders {window} != 20",
    "maximum of value over orders {window} >= 75",
    "minimum of net over orders {window} <= 20",
    "median of net over orders {window} >= 30",
    "distinct of currency over orders {window} >= 2",
    "distinct of id over orders including test orders {window} < 3",
    "sum of refunded over orders {window} > 0",
    r#"sum of items[].net over orders where items[].category is "Shoes" {window} >= 20"#,
    "sum of items[].allocated_discount over orders {window} >= 5",
    "sum of items[].price*quantity over orders {window} > 40",
    "net spend {window} < 0.9 times gross spend {window}",
    "net spend {window} > 0.5 times net spend",
    "sum of item_count over orders {window} >= 3",
];
const WINDOWS: &[&str] =
    &["", "in last 36 hours", "in last 3 days", "in last 30 days", "between 1 and 3 days ago", "this month"];

fn windowed(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    (select(texts), select(WINDOWS)).prop_map(|(text, window)| text.replace("{window}", window)).boxed()
}

pub(super) fn orders() -> BoxedStrategy<String> {
    windowed(ORDERS)
}

pub(super) fn spend() -> BoxedStrategy<String> {
    windowed(SPENDS)
}
