use serde_json::json;

use crate::sample::Shop;

#[test]
fn regions_are_a_partition() {
    let mut shop = Shop::at("2026-03-10");
    shop.segment("A", &[1, 2, 3, 4]);
    shop.segment("B", &[3, 4, 5]);
    shop.segment("C", &[4, 9]);
    let answer = shop.answer(json!({ "overlap": { "segments": ["A", "B", "C"] } }));
    assert_eq!(answer["sizes"], json!([4, 3, 2]));
    assert_eq!(
        answer["pairs"][0],
        json!({ "first": 0, "second": 1, "both": 2, "of_first": 0.5, "of_second": 2.0 / 3.0, "jaccard": 0.4 })
    );
    let regions: Vec<_> = answer["regions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|region| (region["segments"].clone(), region["customers"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        regions,
        [(json!([0]), 2), (json!([0, 1]), 1), (json!([0, 1, 2]), 1), (json!([1]), 1), (json!([2]), 1),]
    );
    let part = serde_json::from_value(
        json!({ "overlap": [{ "segments": ["A", "B", "C"] }, { "segments": [0, 1] }] }),
    )
    .unwrap();
    let customers = shop.customers(&part);
    assert_eq!(customers.profiles.iter().collect::<Vec<_>>(), [3]);
    let text = segops_rules::format(&customers.rule.unwrap());
    assert_eq!(text, "everyone where in segment \"A\" and in segment \"B\" and not in segment \"C\"");
}

#[test]
fn what_members_have_more_often_sets_them_apart() {
    let mut shop = Shop::at("2026-03-10");
    for profile in 1..=400_u64 {
        let country = if profile % 2 == 0 { "DE" } else { "FR" };
        shop.is(profile, "2026-01-01", &[("country", country.into())]);
        let category = if profile <= 100 || profile % 4 == 0 { "Shoes" } else { "Hats" };
        let line = segops_model::Value::Object(crate::sample::object(&[("category", category.into())]));
        shop.did(
            profile,
            "Order Completed",
            "2026-02-01",
            &[("products", segops_model::Value::List(vec![line]))],
        );
        if profile <= 100 {
            shop.did(profile, "Email Opened", "2026-02-02", &[]);
        }
    }
    shop.segment("VIP", &(1..=100).collect::<Vec<_>>());
    let answer = shop.answer(json!({ "apart": { "segment": "VIP", "dimensions": [{ "trait": "country" }, { "property": "items[].category" }] } }));
    assert_eq!((&answer["members"], &answer["others"]), (&json!(100), &json!(300)));
    let first = &answer["features"][0];
    assert_eq!(first["feature"], json!({ "did": "Email Opened" }));
    assert_eq!(
        (&first["contrast"]["share_with"], &first["contrast"]["share_without"]),
        (&json!(1.0), &json!(0.0))
    );
    let text = answer["features"].to_string();
    let country = answer["features"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["sentence"].as_str().unwrap().starts_with("country DE"))
        .unwrap();
    assert!(country["contrast"]["q"].as_f64().unwrap() > 0.9, "{text}");
    let shoes = answer["features"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["sentence"].as_str().unwrap().starts_with("items[].category Shoes"))
        .unwrap();
    assert!(
        shoes["contrast"]["q"].as_f64().unwrap() < 1e-6 && shoes["contrast"]["lift"]["estimate"] == 4.0,
        "{shoes}"
    );
}
