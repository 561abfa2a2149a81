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

/// Members order shoes and open mails; some who are no members do the one, the other, both, or neither.
fn lookalikes() -> Shop {
    let mut shop = Shop::at("2026-03-10");
    for profile in 1..=400_u64 {
        let (opens, shoes) = match profile {
            1..=100 => (profile % 10 != 0, profile % 7 != 0),
            101..=160 => (profile % 2 == 0, profile % 3 == 0),
            _ => (profile % 20 == 0, profile % 25 == 0),
        };
        let category = if shoes { "Shoes" } else { "Hats" };
        let line = segops_model::Value::Object(crate::sample::object(&[("category", category.into())]));
        let lines = segops_model::Value::List(vec![line]);
        shop.did(profile, "Order Completed", "2026-02-01", &[("products", lines)]);
        if opens {
            shop.did(profile, "Email Opened", "2026-02-02", &[]);
        }
    }
    shop.segment("VIP", &(1..=100).collect::<Vec<_>>());
    shop
}

#[test]
fn the_most_alike_have_what_members_have_and_are_no_members() {
    let shop = lookalikes();
    let asked = json!({ "alike": {
        "segment": "VIP", "count": 20, "dimensions": [{ "property": "items[].category" }] } });
    let answer = shop.answer(asked.clone());
    assert_eq!((&answer["members"], &answer["others"]), (&json!(100), &json!(300)));
    let profiles = answer["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), 20);
    let ids: Vec<u64> = profiles.iter().map(id_of).collect();
    let has_both = |id: u64| match id {
        101..=160 => id.is_multiple_of(6),
        _ => id.is_multiple_of(100),
    };
    // Those with both come first, of equals the lower id; then those with the weightier of the two alone.
    let both: Vec<u64> = (101..=400).filter(|id| has_both(*id)).collect();
    assert_eq!(ids[..both.len()], both, "{ids:?}");
    assert!(ids[both.len()..].iter().all(|id| *id > 100 && !has_both(*id)), "{ids:?}");
    let likeness: Vec<f64> = profiles.iter().map(|one| one["likeness"].as_f64().unwrap()).collect();
    assert!(likeness.is_sorted_by(|left, right| left >= right), "{likeness:?}");
    assert!(likeness.iter().all(|one| *one > 0.0 && *one < 1.0));
    let named: Vec<&str> =
        answer["features"].as_array().unwrap().iter().map(|one| one["feature"].as_str().unwrap()).collect();
    assert!(named.contains(&"did Email Opened") && named.contains(&"items[].category Shoes"), "{named:?}");
    let reasons = profiles[0]["reasons"].as_array().unwrap();
    assert!(!reasons.is_empty() && reasons[0]["adds"].as_f64().unwrap() > 0.0, "{reasons:?}");
    assert_eq!(shop.answer(asked), answer, "the same again");
}

fn id_of(profile: &serde_json::Value) -> u64 {
    profile["profile"].as_str().unwrap().trim_start_matches("p_").parse().unwrap()
}

#[test]
fn additions_and_the_average_come_to_the_likeness() {
    let shop = lookalikes();
    let answer = shop.answer(json!({ "alike": {
        "segment": "VIP", "count": 300, "dimensions": [{ "property": "items[].category" }] } }));
    // Of everyone whom the model sees, the probabilities add up to the number of members, as those of every logistic
    // regression with an intercept do, but for what the ridge takes off.
    let of_others: f64 =
        answer["profiles"].as_array().unwrap().iter().map(|one| one["likeness"].as_f64().unwrap()).sum();
    assert!(of_others > 10.0 && of_others < 100.0, "{of_others}");
    let none = shop.ask(json!({ "alike": { "segment": "VIP", "count": 0 } })).unwrap_err();
    let none = format!("{none:?}");
    assert!(none.contains("1 to 1000"), "{none}");
}
