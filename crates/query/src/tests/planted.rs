//! What is planted into a simulated store is found, and nothing where nothing is planted.

use std::collections::BTreeMap;

use segops_model::{DAY_MS, Instant, Object};
use segops_simulate::{Delivery, PlantedCause, Store, StoreConfig};
use serde_json::{Value as Json, json};

use crate::features::Feature;
use crate::groups::Group;
use crate::sample::{Shop, instant};
use crate::{Answer, Cause, ChangeAnswer, Effect, PredictorsAnswer};

const SEEDS: u64 = 20;
/// For what is not about the causes of a change.
const SEEDS_OF_OTHERS: u64 = 8;
const CUSTOMERS: u32 = 6_000;
const START: &str = "2025-06-01";
/// From here on causes are at work: in the second of the two periods.
const FROM_DAY: i64 = 110;
const PERIOD_DAYS: i64 = 110;
/// What is waited for after the second period.
const REPEAT_DAYS: i64 = 45;

/// Everything that the shop's own system says.
fn shop(seed: u64, cause: Option<&str>) -> Shop {
    let days = u32::try_from(2 * PERIOD_DAYS + REPEAT_DAYS + 1).unwrap();
    let causes: Vec<PlantedCause> = cause.iter().map(|cause| cause.parse().unwrap()).collect();
    let config = StoreConfig {
        only_orders: true,
        strangers_per_customer: 0.0,
        bots: 0,
        causes,
        ..StoreConfig::new(seed, CUSTOMERS, days, instant(START))
    };
    let end = config.start.plus_ms(i64::from(days) * DAY_MS);
    let mut shop = Shop::at(&end.to_string());
    let mut devices: BTreeMap<String, u64> = BTreeMap::new();
    for event in Store::new(config).unwrap().filter(|event| event.delivery != Delivery::Duplicate) {
        let call: Json = serde_json::from_str(&event.json).unwrap();
        let device =
            call["anonymousId"].as_str().filter(|device| !device.starts_with("kiosk")).map(str::to_owned);
        let named = customer_of(&call);
        if let (Some(device), Some(customer)) = (&device, named) {
            devices.insert(device.clone(), customer);
        }
        // Guests say who they are once on each device.
        let known = || devices.get(device.as_ref()?).copied();
        if let Some(customer) = named.or_else(known) {
            let object = |name: &str| -> Object {
                call.get(name).map(|value| serde_json::from_value(value.clone()).unwrap()).unwrap_or_default()
            };
            let name = if event.name == "identify" { "" } else { event.name };
            shop.add(customer, name, event.timestamp, object("properties"), object("traits"));
        }
    }
    shop
}

/// The number in `c-000123`, and in `ada.123@mail.example`: this shop's addresses are never mistaken.
fn customer_of(call: &Json) -> Option<u64> {
    let number = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok();
    let user = call["userId"].as_str().filter(|user| user.starts_with("c-"));
    user.or_else(|| call["context"]["traits"]["email"].as_str()).and_then(number)
}

fn period(number: i64) -> Json {
    let day = |day: i64| instant(START).plus_ms(day * DAY_MS).to_string();
    json!({ "range": { "from": day(number * PERIOD_DAYS), "to": day((number + 1) * PERIOD_DAYS) } })
}

fn why(shop: &Shop, metric: &Json) -> ChangeAnswer {
    why_by(shop, metric, &json!([]))
}

/// By some dimensions; none: all.
fn why_by(shop: &Shop, metric: &Json, by: &Json) -> ChangeAnswer {
    let change = json!({ "metric": metric, "before": period(0), "after": period(1), "dimensions": by });
    match shop.ask(json!({ "change": change })).unwrap() {
        Answer::Change(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// What does not change as the shop grows older: it has ever fewer first orders, with their coupon, and more of higher
/// tiers.
fn ageless() -> Json {
    json!([{ "property": "payment_method" }, { "property": "country" }, { "trait": "city" }, { "trait": "plan" }])
}

fn repeat_rate() -> Json {
    json!({ "repeat_rate": { "days": REPEAT_DAYS } })
}

fn values(cause: &Cause) -> Vec<&str> {
    let mut values: Vec<&str> = cause
        .groups
        .iter()
        .filter_map(|group| match &group.group {
            Group::Value(value) => Some(value.as_str()),
            _ => None,
        })
        .collect();
    values.sort_unstable();
    values
}

fn planted(text: &str) -> String {
    format!("{text},from={FROM_DAY}")
}

#[test]
fn the_planted_cause_of_fewer_repeat_buyers_comes_first() {
    for seed in 0..SEEDS {
        let answer = why(&shop(seed, Some(&planted("lose=0.9,payment_method=invoice"))), &repeat_rate());
        let first = answer.causes.first().unwrap_or_else(|| panic!("seed {seed}: {}", answer.summary));
        assert_eq!((values(first), first.effect), (vec!["invoice"], Effect::Rate), "seed {seed}: {first:?}");
        assert!(first.contribution < 0.0 && first.high < 0.0, "seed {seed}: {first:?}");
        let others = answer.causes.iter().filter(|cause| cause.related_to != Some(0)).count();
        assert_eq!(others, 1, "seed {seed}: {:?}", answer.causes);
    }
}

#[test]
fn the_planted_cause_in_a_pair_comes_first() {
    for seed in 0..SEEDS {
        let answer =
            why(&shop(seed, Some(&planted("return=0.9,payment_method=wallet,country=DE"))), &repeat_rate());
        let first = answer.causes.first().unwrap_or_else(|| panic!("seed {seed}: {}", answer.summary));
        assert_eq!(
            (values(first), first.effect),
            (vec!["DE", "wallet"], Effect::Rate),
            "seed {seed}: {first:?}"
        );
        assert!(first.contribution > 0.0, "seed {seed}: {first:?}");
    }
}

#[test]
fn without_a_planted_cause_none_is_claimed() {
    for seed in 0..SEEDS {
        let shop = shop(seed, None);
        assert_eq!(why(&shop, &repeat_rate()).causes, [], "seed {seed}");
        for metric in [json!("average_order_value"), json!("orders"), json!("revenue")] {
            let answer = why_by(&shop, &metric, &ageless());
            assert_eq!(answer.causes, [], "seed {seed}, {metric}");
        }
    }
}

#[test]
fn orders_that_are_given_up_are_missed_where_they_were() {
    for seed in 0..SEEDS_OF_OTHERS {
        let answer =
            why_by(&shop(seed, Some(&planted("abandon=0.8,country=US"))), &json!("orders"), &ageless());
        let first = answer.causes.first().unwrap_or_else(|| panic!("seed {seed}: {}", answer.summary));
        assert_eq!((values(first), first.effect), (vec!["US"], Effect::Mix), "seed {seed}: {first:?}");
    }
}

#[test]
fn the_planted_attribute_predicts_the_second_order_best() {
    for seed in 0..SEEDS_OF_OTHERS {
        let shop = shop(seed, Some("lose=0.85,brand=Corvo"));
        let answer = predictors(&shop);
        let first = answer.predictors.first().unwrap();
        let Feature::Value { group: Group::Value(value), .. } = &first.feature else {
            panic!("seed {seed}: {first:?}")
        };
        assert_eq!(value, "Corvo", "seed {seed}: {first:?}");
        let adjusted = first.adjusted.as_ref().map(|adjusted| adjusted.odds_ratio.high);
        assert!(adjusted.is_some_and(|high| high < 0.7), "seed {seed}: {first:?}");
    }
}

fn predictors(shop: &Shop) -> PredictorsAnswer {
    let until: Instant = instant(START).plus_ms(2 * PERIOD_DAYS * DAY_MS);
    let window = json!({ "range": { "from": START, "to": until.to_string() } });
    let of_order = [
        "items[].brand",
        "items[].category",
        "items[].color",
        "items[].price_band",
        "coupon",
        "payment_method",
    ];
    let mut by: Vec<Json> = of_order.iter().map(|path| json!({ "property": path })).collect();
    by.extend(["country", "plan"].iter().map(|path| json!({ "trait_at_event": path })));
    match shop
        .ask(json!({ "predictors": { "days": REPEAT_DAYS, "window": window, "dimensions": by } }))
        .unwrap()
    {
        Answer::Predictors(answer) => answer,
        other => panic!("{other:?}"),
    }
}
