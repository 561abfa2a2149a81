use segops_model::{Decimal, ProfileId};
use serde_json::{Value as Json, json};

use super::decompose::{Found, decompose};
use super::units::Units;
use super::{Effect, Kind};
use crate::groups::{Dimension, Group};
use crate::sample::{Shop, number};
use crate::tests::Numbers;

const DIMENSIONS: [(&str, &[(&str, f64)]); 4] = [
    ("channel", &[("ads", 0.3), ("mail", 0.25), ("search", 0.35), ("direct", 0.1)]),
    ("country", &[("DE", 0.5), ("FR", 0.3), ("UK", 0.2)]),
    ("device", &[("phone", 0.6), ("desk", 0.4)]),
    ("coupon", &[("none", 0.8), ("SPRING", 0.2)]),
];

fn draw(numbers: &mut Numbers, weights: &[(&'static str, f64)]) -> &'static str {
    let mut left = numbers.share() * weights.iter().map(|(_, weight)| weight).sum::<f64>();
    for (value, weight) in weights {
        left -= weight;
        if left < 0.0 {
            return value;
        }
    }
    weights[0].0
}

/// Customers of two periods, of which a share comes back. In the second, `planted` may change the share of a
/// customer, and `weights` how many of a channel there are.
fn customers(seed: u64, planted: impl Fn(&[&str]) -> f64, ads_after: f64) -> Found {
    let mut numbers = Numbers(seed.wrapping_mul(7_919) + 1);
    let names = DIMENSIONS.iter().map(|(name, _)| (Dimension::Property(name.parse().unwrap()), false));
    let mut units = Units::new(names);
    for is_after in [false, true] {
        for profile in 0..6_000 {
            let groups: Vec<&str> = DIMENSIONS
                .iter()
                .map(|(name, weights)| {
                    let mut weights = weights.to_vec();
                    if is_after && *name == "channel" {
                        weights[0].1 *= ads_after;
                    }
                    draw(&mut numbers, &weights)
                })
                .collect();
            // Customers differ also without any change.
            let base =
                if groups[0] == "ads" { 0.2 } else { 0.32 } + if groups[1] == "DE" { 0.05 } else { 0.0 };
            let share = if is_after { base + planted(&groups) } else { base };
            let value = if numbers.share() < share { Decimal::ONE } else { Decimal::ZERO };
            let groups = groups.into_iter().map(|group| (group.to_owned(), Group::Value(group.to_owned())));
            units.add(ProfileId(profile + 6_000 * u64::from(is_after)), is_after, value, groups);
        }
    }
    decompose(units, Kind::Ratio, [1.0, 1.0])
}

fn named(found: &Found, at: usize) -> (Vec<String>, Effect) {
    let cause = &found.causes[at];
    let name = |group: &Group| match group {
        Group::Value(value) => value.clone(),
        other => format!("{other:?}"),
    };
    (cause.groups.iter().map(|one| name(&one.group)).collect(), cause.effect)
}

#[test]
fn a_planted_cause_of_one_group_comes_first() {
    for seed in 0..20 {
        let found = customers(seed, |groups| if groups[0] == "mail" { -0.14 } else { 0.0 }, 1.0);
        assert_eq!(named(&found, 0), (vec!["mail".to_owned()], Effect::Rate), "seed {seed}");
        let cause = &found.causes[0];
        assert!(cause.contribution < 0.0 && cause.low < -0.025 && cause.high > -0.045, "{cause:?}");
        // Nothing that does not share a group with it is told.
        assert!(found.causes.iter().skip(1).all(|cause| cause.related_to == Some(0)), "seed {seed}");
    }
}

#[test]
fn a_planted_cause_of_a_pair_comes_first() {
    for seed in 0..20 {
        let is_hit = |groups: &[&str]| groups[0] == "search" && groups[1] == "FR";
        let found = customers(seed, |groups| if is_hit(groups) { -0.25 } else { 0.0 }, 1.0);
        assert_eq!(
            named(&found, 0),
            (vec!["search".to_owned(), "FR".to_owned()], Effect::Rate),
            "seed {seed}"
        );
    }
}

#[test]
fn a_planted_shift_of_the_mix_comes_first() {
    for seed in 0..20 {
        let found = customers(seed, |_| 0.0, 2.2);
        assert_eq!(named(&found, 0), (vec!["ads".to_owned()], Effect::Mix), "seed {seed}");
        assert!(found.causes[0].contribution < 0.0, "more of those who come back less lower the whole");
    }
}

#[test]
fn without_a_cause_none_is_claimed() {
    for seed in 0..20 {
        assert!(customers(seed, |_| 0.0, 1.0).causes.is_empty(), "seed {seed}");
        // A change of all alike is no group's.
        let all = customers(seed + 100, |_| -0.1, 1.0);
        assert!(all.change.to_f64() < -0.07);
        assert!(all.causes.is_empty(), "seed {seed}: {:?}", all.causes);
    }
}

#[test]
fn contributions_come_to_the_change_exactly() {
    for seed in 0..20 {
        let found = customers(seed, |groups| if groups[2] == "desk" { 0.03 } else { 0.0 }, 1.3);
        assert_eq!(found.dimensions.len(), 4);
        for dimension in &found.dimensions {
            let sum: Decimal = dimension.groups.iter().map(|group| group.contribution).sum();
            assert_eq!(sum, found.change, "{:?}", dimension.by);
            for group in &dimension.groups {
                assert_eq!([group.mix, group.rate].into_iter().sum::<Decimal>(), group.contribution);
            }
        }
    }
}

/// Revenue by hand: DE from 2 orders of 10 to 1 of 30, FR from 1 of 5 to 2 of 5.
#[test]
fn revenue_is_taken_apart_into_how_many_and_how_much() {
    let mut shop = Shop::at("2026-03-10");
    let mut bought = |day: &str, country: &str, total: &str| {
        shop.did(
            1,
            "Order Completed",
            &format!("{day}T10:00:00Z"),
            &[("total", number(total)), ("country", country.into())],
        );
    };
    bought("2026-01-05", "DE", "10");
    bought("2026-01-06", "DE", "10");
    bought("2026-01-07", "FR", "5");
    bought("2026-02-05", "DE", "30");
    bought("2026-02-06", "FR", "5");
    bought("2026-02-07", "FR", "5");
    let month = |month: u32| json!({ "range": { "from": format!("2026-{month:02}-01"), "to": format!("2026-{:02}-01", month + 1) } });
    let answer =
        shop.answer(json!({ "change": { "metric": "revenue", "before": month(1), "after": month(2) } }));
    assert_eq!(answer["change"], 15);
    let groups = answer["dimensions"][0]["groups"].as_array().unwrap();
    let shown: Vec<_> = groups
        .iter()
        .map(|one| (&one["group"]["value"], &one["mix"], &one["rate"], &one["contribution"]))
        .collect();
    // (1 - 2) * (10 + 30) / 2 and (30 - 10) * (2 + 1) / 2; one more of 5.
    assert_eq!(
        shown,
        [
            (&json!("DE"), &json!(-20), &json!(30), &json!(10)),
            (&json!("FR"), &json!(5), &json!(0), &json!(5)),
        ]
    );
    let text = answer["summary"].as_str().unwrap();
    assert_eq!(
        text,
        "The revenue rose from 25 to 40, by +15.00; no group stands out from the others beyond chance."
    );
}

#[test]
fn rates_count_those_who_had_the_time() {
    let mut shop = Shop::at("2026-04-01");
    let mut order = |profile: u64, day: &str| shop.bought(profile, &format!("{day}T00:00:00Z"), "1");
    for (profile, days) in [
        (1, &["2026-01-05", "2026-01-20"][..]),
        (2, &["2026-01-06"]),
        (3, &["2026-02-03", "2026-03-20"]),
        (4, &["2026-03-25", "2026-03-26"]),
    ] {
        for day in days {
            order(profile, day);
        }
    }
    let month = |from: &str, to: &str| json!({ "range": { "from": from, "to": to } });
    let ask = |metric: Json| {
        shop.answer(json!({ "change": { "metric": metric,
        "before": month("2026-01-01", "2026-02-01"), "after": month("2026-02-01", "2026-04-01") } }))
    };
    let repeat = ask(json!({ "repeat_rate": { "days": 30 } }));
    // The fourth's thirty days are not over.
    assert_eq!(
        (&repeat["before"], &repeat["after"]),
        (&json!({ "units": 2, "value": 0.5 }), &json!({ "units": 1, "value": 0 }))
    );
    let returning = ask(json!("returning_share"));
    assert_eq!((&returning["before"]["value"], &returning["after"]["units"]), (&json!(0), &json!(2)));
    let event = |text: &str| json!({ "text": text });
    let conversion = ask(
        json!({ "conversion": { "from": event("Order Completed"), "to": event("Order Completed"), "days": 50 } }),
    );
    assert_eq!(conversion["before"], json!({ "units": 2, "value": 0.5 }));
    assert_eq!(conversion["after"], json!({ "units": 1, "value": 1 }));
}

#[test]
fn windows_that_overlap_are_refused() {
    let window = json!({ "last": { "count": 9, "unit": "day" } });
    let asked = json!({ "change": { "metric": "orders", "before": window, "after": window, "dimensions": [{ "property": "products[].sku" }] } });
    let Err(crate::AnalysisError::Definition(problems)) = Shop::at("2026-04-01").ask(asked) else {
        panic!("it was taken")
    };
    let places: Vec<_> = problems.iter().filter_map(|problem| problem.place.as_deref()).collect();
    assert!(places.contains(&"after") && places.contains(&"dimensions[0]"), "{places:?}");
}
