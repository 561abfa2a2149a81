use serde_json::json;

use crate::sample::Shop;

#[test]
fn stages_partition_by_their_last_orders() {
    let mut shop = Shop::at("2026-06-01T00:00:00Z");
    shop.bought(1, "2026-05-20T00:00:00Z", "1");
    shop.bought(2, "2026-05-20T00:00:00Z", "1");
    shop.bought(2, "2026-04-20T00:00:00Z", "1");
    shop.bought(3, "2026-05-20T00:00:00Z", "1");
    shop.bought(3, "2025-04-20T00:00:00Z", "1");
    shop.bought(4, "2026-04-20T00:00:00Z", "1");
    shop.bought(5, "2025-04-20T00:00:00Z", "1");
    // 30 days before the second instant, to the millisecond: no longer active.
    shop.bought(6, "2026-05-02T00:00:00Z", "1");
    let answer = shop.answer(json!({ "lifecycle": {
        "from": "2026-05-02T00:00:00Z", "active_days": 30, "lapsed_days": 90 } }));
    let flows: Vec<_> = answer["flows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flow| {
            (
                flow["from"].as_str().unwrap(),
                flow["to"].as_str().unwrap(),
                flow["customers"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        flows,
        [
            ("not_yet", "new", 1),
            ("new", "active", 1),
            ("new", "at_risk", 2),
            ("lapsed", "won_back", 1),
            ("lapsed", "lapsed", 1),
        ]
    );
    assert_eq!(answer["stages"][0], json!({ "stage": "new", "before": 3, "after": 1 }));
}

#[test]
fn instants_and_days_have_to_fit() {
    let refused = Shop::at("2026-06-01").ask(json!({ "lifecycle": {
        "from": "2026-07-01", "active_days": 90, "lapsed_days": 90 } }));
    let Err(crate::AnalysisError::Definition(problems)) = refused else { panic!("it was taken") };
    let places: Vec<_> = problems.iter().filter_map(|problem| problem.place.as_deref()).collect();
    assert_eq!(places, ["lapsed_days", "from"]);
}
