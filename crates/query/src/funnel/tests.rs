use serde_json::{Value as Json, json};

use crate::sample::Shop;

fn funnel(names: &[&str], more: Json) -> Json {
    let steps: Vec<Json> = names.iter().map(|name| json!({ "event": { "text": name } })).collect();
    let mut funnel = json!({ "steps": steps, "window": "all_time" });
    for (name, value) in more.as_object().unwrap() {
        funnel[name] = value.clone();
    }
    json!({ "funnel": funnel })
}

fn counts(answer: &Json, row: usize) -> Vec<u64> {
    answer["rows"][row]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["customers"].as_u64().unwrap())
        .collect()
}

/// A shop in which each profile does what a word says, an event a minute: `vcp` views, adds to the cart, pays.
fn shop(words: &[&str]) -> Shop {
    let mut shop = Shop::at("2026-03-10");
    for (profile, word) in (1..).zip(words) {
        for (minute, letter) in word.chars().enumerate() {
            if letter != '.' {
                let at = format!("2026-03-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
                shop.did(profile, &letter.to_string(), &at, &[]);
            }
        }
    }
    // So that there are events of every name.
    for name in ["v", "c", "p", "x"] {
        shop.did(99, name, "2026-02-01T00:00:00Z", &[]);
    }
    shop.population.members = Some(std::sync::Arc::new((1..99).collect()));
    shop
}

fn check(words: &[&str], more: Json, expected: &[u64]) {
    let answer = shop(words).answer(funnel(&["v", "c", "p"], more.clone()));
    assert_eq!(counts(&answer, 0), expected, "{words:?} {more}");
}

#[test]
fn steps_come_one_after_the_other() {
    check(&["vcp", "vpc", "cvp", "pcv", "", "vxxcxxp"], json!({}), &[5, 3, 2]);
    // An older way that goes on counts, whatever came in between.
    check(&["vcvvvp", "vcpvc"], json!({}), &[2, 2, 2]);
    let answer = shop(&["vcp"]).answer(funnel(&["v", "v", "c"], json!({})));
    // No event serves two steps.
    assert_eq!(counts(&answer, 0), [1, 0, 0]);
}

#[test]
fn the_conversion_window_counts_from_the_first_step_and_its_end_is_out() {
    let window = |minutes: u32| json!({ "conversion_window": { "count": minutes, "unit": "minute" } });
    check(&["v.c.p"], window(4), &[1, 1, 0]);
    check(&["v.c.p"], window(5), &[1, 1, 1]);
    // A later start is in time.
    check(&["v.....vcp"], window(3), &[1, 1, 1]);
    check(&["vc.v.cp"], window(4), &[1, 1, 1]);
    check(&["v.c.v.p"], window(4), &[1, 1, 0]);
}

#[test]
fn each_step_can_have_a_time_of_its_own() {
    let steps = json!([{ "event": { "text": "v" } },
        { "event": { "text": "c" }, "within": { "count": 2, "unit": "minute" } },
        { "event": { "text": "p" }, "within": { "count": 10, "unit": "minute" } }]);
    check(&["vc........p", "v.cp", "vvcp"], json!({ "steps": steps }), &[3, 2, 2]);
}

#[test]
fn what_is_excluded_ends_an_attempt() {
    let anywhere = json!({ "exclude": [{ "event": { "text": "x" } }] });
    check(&["vxcp", "vcxp", "vxvcp", "xvcp", "vcpx"], anywhere, &[5, 4, 3]);
    let after_first = json!({ "exclude": [{ "event": { "text": "x" }, "after": 1 }] });
    check(&["vxcp", "vcxp"], after_first, &[2, 1, 1]);
}

#[test]
fn in_any_order_the_steps_done_within_one_window_count() {
    let any = |minutes: u32| json!({ "order": "any_order", "conversion_window": { "count": minutes, "unit": "minute" } });
    check(&["pcv", "p.....c.v", "vvv", "c"], any(4), &[4, 2, 1]);
    let excluded = json!({ "order": "any_order", "exclude": [{ "event": { "text": "x" } }] });
    check(&["pxcv", "cpv"], excluded, &[2, 2, 1]);
}

#[test]
fn a_property_is_held_constant_also_in_line_items() {
    let mut shop = Shop::at("2026-03-10");
    let mut minute = 0;
    let mut did = |profile: u64, name: &str, product: &str| {
        minute += 1;
        let at = format!("2026-03-01T00:{minute:02}:00Z");
        if name == "p" {
            let line = crate::sample::object(&[("sku", product.into())]);
            let lines = segops_model::Value::List(vec![segops_model::Value::Object(line)]);
            shop.did(profile, name, &at, &[("products", lines)]);
        } else {
            shop.did(profile, name, &at, &[("sku", product.into())]);
        }
    };
    for (name, product) in [("v", "A"), ("v", "B"), ("c", "a"), ("p", "B"), ("p", "A")] {
        did(1, name, product);
    }
    for (name, product) in [("v", "A"), ("c", "B"), ("p", "B")] {
        did(2, name, product);
    }
    let answer = shop.answer(funnel(&["v", "c", "p"], json!({ "same": "sku" })));
    assert_eq!(counts(&answer, 0), [2, 1, 1]);
}

#[test]
fn durations_are_of_the_way_that_came_farthest_first() {
    let answer = shop(&["v.c", "vcp", "v...c", "v"]).answer(funnel(&["v", "c", "p"], json!({})));
    let step = &answer["rows"][0]["steps"][1];
    // One, two and four minutes.
    assert_eq!(step["duration"], json!({ "median_ms": 120_000.0, "p90_ms": 216_000.0 }));
    assert_eq!(answer["rows"][0]["to_convert"], json!({ "median_ms": 120_000.0, "p90_ms": 120_000.0 }));
    assert_eq!(step["dropped"], 2);
}

#[test]
fn who_is_still_in_time_is_open() {
    let mut shop = Shop::at("2026-03-10T00:00:00Z");
    shop.did(1, "v", "2026-03-09T23:00:00Z", &[]);
    shop.did(2, "v", "2026-03-09T22:00:00Z", &[]);
    shop.did(3, "v", "2026-03-09T21:59:00Z", &[]);
    shop.did(3, "c", "2026-03-09T23:30:00Z", &[]);
    let answer =
        shop.answer(funnel(&["v", "c"], json!({ "conversion_window": { "count": 2, "unit": "hour" } })));
    let first = &answer["rows"][0]["steps"][0];
    assert_eq!((&first["dropped"], &first["still_open"]), (&json!(2), &json!(1)));
}

#[test]
fn a_profile_is_of_the_groups_of_the_event_that_its_attempt_began_with() {
    let mut shop = Shop::at("2026-03-10");
    shop.did(1, "v", "2026-03-01T00:00:00Z", &[("channel", "ads".into())]);
    shop.did(1, "v", "2026-03-01T01:00:00Z", &[("channel", "mail".into())]);
    shop.did(1, "c", "2026-03-01T02:00:00Z", &[]);
    shop.did(2, "v", "2026-03-01T00:00:00Z", &[("channel", "ads".into())]);
    shop.did(3, "v", "2026-03-01T00:00:00Z", &[]);
    let answer =
        shop.answer(funnel(&["v", "c"], json!({ "breakdown": { "by": { "property": "channel" } } })));
    let groups: Vec<_> = answer["rows"].as_array().unwrap().iter().map(|row| row["group"].clone()).collect();
    assert_eq!(
        groups,
        [json!("all"), json!("missing"), json!({ "value": "ads" }), json!({ "value": "mail" })]
    );
    assert_eq!(counts(&answer, 0), [3, 1]);
    assert_eq!(counts(&answer, 2), [1, 0]);
    assert_eq!(counts(&answer, 3), [1, 1]);
}

#[test]
fn contradictions_are_refused_with_their_places() {
    let asked = funnel(
        &["v", "c"],
        json!({
            "order": "any_order", "conversion_window": { "count": 0, "unit": "day" },
            "exclude": [{ "event": { "text": "x" }, "after": 2 }]
        }),
    );
    let Err(crate::AnalysisError::Definition(problems)) = shop(&["vc"]).ask(asked) else {
        panic!("it was taken")
    };
    let places: Vec<_> = problems.iter().filter_map(|problem| problem.place.as_deref()).collect();
    assert!(places.contains(&"exclude[0].after") && places.contains(&"conversion_window"), "{places:?}");
}
