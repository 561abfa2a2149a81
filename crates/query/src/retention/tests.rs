use serde_json::{Value as Json, json};

use crate::sample::Shop;

fn shop() -> Shop {
    let mut shop = Shop::at("2026-03-25T00:00:00Z");
    // Weeks from Monday: 2 March, 9, 16, 23 (not over).
    for (profile, days) in
        [(1, &["02", "03", "10"][..]), (2, &["04", "17"]), (3, &["10"]), (4, &["09", "23", "24"])]
    {
        for day in days {
            shop.did(profile, "Seen", &format!("2026-03-{day}T12:00:00Z"), &[]);
        }
    }
    // Came before the window: of no cohort.
    shop.did(5, "Seen", "2026-02-01T12:00:00Z", &[]);
    shop.did(5, "Seen", "2026-03-03T12:00:00Z", &[]);
    shop
}

fn asked(more: Json) -> Json {
    let mut retention = json!({ "first": { "text": "Seen" }, "return": { "text": "Seen" }, "periods": 3,
        "window": { "range": { "from": "2026-03-02", "to": "2026-03-16" } } });
    for (name, value) in more.as_object().unwrap() {
        retention[name] = value.clone();
    }
    json!({ "retention": retention })
}

fn table(answer: &Json) -> Vec<Vec<u64>> {
    let cells = |cohort: &Json| -> Vec<u64> {
        cohort["periods"].as_array().unwrap().iter().map(|cell| cell["retained"].as_u64().unwrap()).collect()
    };
    answer["cohorts"].as_array().unwrap().iter().map(cells).collect()
}

#[test]
fn cohorts_come_back_in_periods_of_the_calendar() {
    let answer = shop().answer(asked(json!({})));
    assert_eq!(table(&answer), [vec![1, 1, 1, 0], vec![0, 0, 1]]);
    let sizes: Vec<_> =
        answer["cohorts"].as_array().unwrap().iter().map(|cohort| cohort["customers"].clone()).collect();
    assert_eq!(sizes, [json!(2), json!(2)]);
    // The week of the 23rd is not over.
    assert_eq!(answer["cohorts"][0]["periods"][3]["complete"], false);
    assert_eq!(answer["cohorts"][1]["periods"][2]["complete"], false);
    assert_eq!(
        answer["overall"][2],
        json!({ "period": 2, "retained": 1, "of": 2, "share": 0.5, "complete": true })
    );
    assert_eq!(answer["overall"].as_array().unwrap().len(), 3);
}

#[test]
fn or_later_counts_whoever_is_still_there() {
    let answer = shop().answer(asked(json!({ "count": "in_period_or_later" })));
    assert_eq!(table(&answer), [vec![2, 2, 1, 0], vec![1, 1, 1]]);
}

#[test]
fn the_first_of_the_window_may_count_instead() {
    let answer = shop().answer(asked(json!({ "first_ever": false })));
    assert_eq!(answer["cohorts"][0]["customers"], 3);
}
