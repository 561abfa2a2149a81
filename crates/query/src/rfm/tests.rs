use serde_json::json;

use crate::sample::{Shop, number};

/// Ten customers: customer n bought n times, last on day n, for 10 a time.
fn shop() -> Shop {
    let mut shop = Shop::at("2026-03-01");
    for customer in 1..=10_u64 {
        for order in 0..customer {
            shop.bought(customer, &format!("2026-01-{customer:02}T{order:02}:00:00Z"), "10");
        }
    }
    shop
}

#[test]
fn scores_are_fifths_of_the_ranks() {
    let answer = shop().answer(json!({ "rfm": {} }));
    let bands: Vec<_> = answer["frequency"]
        .as_array()
        .unwrap()
        .iter()
        .map(|band| {
            (band["score"].clone(), band["from"].clone(), band["to"].clone(), band["customers"].clone())
        })
        .collect();
    assert_eq!(bands[0], (json!(1), json!(1), json!(2), json!(2)));
    assert_eq!(bands[4], (json!(5), json!(9), json!(10), json!(2)));
    assert_eq!(answer["cells"].as_array().unwrap().len(), 5);
    assert_eq!(
        answer["segments"][0],
        json!({ "segment": "champions", "customers": 2, "share": 0.2, "orders": 19, "net": 190 })
    );
}

#[test]
fn equal_values_have_equal_scores() {
    let mut shop = Shop::at("2026-03-01");
    for customer in 1..=10_u64 {
        shop.bought(customer, "2026-01-01T00:00:00Z", if customer == 10 { "20" } else { "10" });
    }
    let answer = shop.answer(json!({ "rfm": {} }));
    assert_eq!(answer["recency"].as_array().unwrap().len(), 1);
    assert_eq!(answer["monetary"][0]["customers"], 9);
    // Nine of ten are below it.
    assert_eq!(answer["monetary"][1]["score"], 5);
}

#[test]
fn several_currencies_ask_for_one() {
    let mut shop = shop();
    let order = |currency: &str| [("total", number("3")), ("currency", currency.into())];
    shop.did(20, "Order Completed", "2026-01-01T00:00:00Z", &order("EUR"));
    shop.did(21, "Order Completed", "2026-01-01T00:00:00Z", &order("USD"));
    let refused = shop.ask(json!({ "rfm": {} })).unwrap_err().to_string();
    assert!(refused.contains("EUR, USD"), "{refused}");
    let answer = shop.answer(json!({ "rfm": { "currency": "eur" } }));
    assert_eq!(answer["customers"], 1);
}
