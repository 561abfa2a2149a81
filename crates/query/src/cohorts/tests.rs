use serde_json::json;

use crate::sample::{Shop, number};

#[test]
fn what_follows_is_counted_for_those_who_had_the_time() {
    let mut shop = Shop::at("2026-04-01T00:00:00Z");
    shop.bought(1, "2026-01-05T00:00:00Z", "10");
    // Exactly 30 days later is no longer within 30 days.
    shop.bought(1, "2026-02-04T00:00:00Z", "20");
    shop.bought(2, "2026-01-10T00:00:00Z", "5");
    shop.bought(2, "2026-02-08T23:59:59.999Z", "7");
    // Two orders at the same instant.
    shop.bought(3, "2026-03-05T00:00:00Z", "1");
    shop.bought(3, "2026-03-05T00:00:00Z", "2");
    let answer = shop.answer(json!({ "cohorts": { "horizons_days": [30, 0, 60] } }));
    let january = &answer["cohorts"][0];
    assert_eq!(january["customers"], 2);
    let follow_up = january["follow_up"].as_array().unwrap();
    let shown: Vec<_> = follow_up
        .iter()
        .map(|one| {
            (
                one["days"].clone(),
                one["repeat_customers"].clone(),
                one["value"][0]["net"].clone(),
                one["mature"].clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (json!(0), json!(0), json!(15), json!(true)),
            (json!(30), json!(1), json!(22), json!(true)),
            (json!(60), json!(2), json!(42), json!(true)),
        ]
    );
    assert_eq!(follow_up[2]["value"][0]["net_per_customer"], 21);
    let march = &answer["cohorts"][2];
    assert_eq!(
        (&march["follow_up"][1]["followed"], &march["follow_up"][1]["mature"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(march["follow_up"][0]["orders"], 2);
    assert_eq!(answer["overall"][1]["followed"], 2);
}

#[test]
fn refunds_lower_the_value_of_the_cohort_and_tests_are_no_orders() {
    let mut shop = Shop::at("2026-04-01");
    let order = |id: &str, total: &str| {
        [("order_id", id.into()), ("total", number(total)), ("currency", "EUR".into())]
    };
    shop.did(1, "Order Completed", "2026-01-05T00:00:00Z", &order("a", "100"));
    shop.did(1, "Order Refunded", "2026-03-05T00:00:00Z", &order("a", "40"));
    shop.did(1, "Order Completed", "2026-01-06T00:00:00Z", &[("total", number("5")), ("test", true.into())]);
    let answer = shop.answer(json!({ "cohorts": { "horizons_days": [30] } }));
    let follow_up = &answer["cohorts"][0]["follow_up"][0];
    assert_eq!(follow_up["value"], json!([{ "currency": "EUR", "net": 60, "net_per_customer": 60 }]));
    assert_eq!((&follow_up["orders"], &follow_up["repeat_customers"]), (&json!(1), &json!(0)));
}
