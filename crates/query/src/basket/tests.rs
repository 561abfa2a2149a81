use segops_model::Value;
use serde_json::json;

use crate::sample::{Shop, object};

fn shop() -> Shop {
    let mut shop = Shop::at("2026-12-31");
    let mut order = |profile: u64, day: &str, skus: &[&str]| {
        let line = |sku: &&str| Value::Object(object(&[("sku", (*sku).into()), ("price", 10.into())]));
        let lines = Value::List(skus.iter().map(line).collect());
        shop.did(profile, "Order Completed", &format!("2026-{day}T10:00:00Z"), &[("products", lines)]);
    };
    order(1, "01-01", &["A", "B", "b"]);
    order(1, "01-20", &["C"]);
    order(2, "01-05", &["A", "B"]);
    order(2, "03-05", &["C", "A"]);
    order(3, "01-05", &["A"]);
    order(4, "01-05", &["C"]);
    shop
}

#[test]
fn pairs_of_one_order_have_support_confidence_and_lift() {
    let answer = shop().answer(json!({ "basket": { "item": "items[].sku", "orders_min": 1 } }));
    assert_eq!(answer["orders"], 6);
    let first = &answer["pairs"][0];
    assert_eq!((&first["first"], &first["second"], &first["both"]), (&json!("A"), &json!("B"), &json!(2)));
    assert_eq!((&first["with_first"], &first["with_second"]), (&json!(4), &json!(2)));
    assert_eq!(
        (first["support"].as_f64(), first["confidence"].as_f64(), first["lift"].as_f64()),
        (Some(2.0 / 6.0), Some(0.5), Some(1.5))
    );
    let confident =
        shop().answer(json!({ "basket": { "item": "items[].sku", "orders_min": 1, "confidence_min": 0.6 } }));
    assert_eq!(confident["pairs"].as_array().unwrap().len(), 1);
    assert_eq!(confident["pairs"][0]["first"], "B");
}

#[test]
fn what_comes_next_is_of_the_customers_next_order() {
    let ask = |kind: serde_json::Value| {
        shop().answer(json!({ "basket": { "item": "items[].sku", "orders_min": 1, "kind": kind } }))
    };
    let next = ask(json!("next"));
    assert_eq!(next["orders"], 2);
    let pair = next["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["first"] == "B" && pair["second"] == "A")
        .unwrap();
    assert_eq!((&pair["both"], &pair["lift"]), (&json!(1), &json!(1.0)));
    let soon = ask(json!({ "next_within_days": 30 }));
    assert_eq!(soon["orders"], 1);
}

#[test]
fn items_are_told_by_the_customers_that_they_bring() {
    let answer =
        shop().answer(json!({ "acquisition": { "item": "items[].sku", "days": 30, "customers_min": 1 } }));
    assert_eq!((&answer["customers"], &answer["repeat_share"]), (&json!(4), &json!(0.25)));
    let first = &answer["items"][0];
    assert_eq!(
        (&first["item"], &first["customers"], &first["repeat"]["with_outcome"]),
        (&json!("A"), &json!(3), &json!(1))
    );
    // Three lines and one of the first, two lines, one line.
    assert_eq!(first["value"][0]["net"], 70);
    let none = shop().ask(json!({ "acquisition": { "item": "products[].sku" } }));
    assert!(none.unwrap_err().to_string().contains("items[]"));
}
