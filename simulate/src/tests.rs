use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use segops_model::{DAY_MS, Instant};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use crate::{Delivery, SimulateError, SimulatedEvent, Statistics, Store, StoreConfig, batches, to_ndjson};

fn start() -> Instant {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn config(seed: u64, customers: u32, days: u32) -> StoreConfig {
    StoreConfig { bot_page_views: 400, ..StoreConfig::new(seed, customers, days, start()) }
}

fn events(config: StoreConfig) -> Vec<SimulatedEvent> {
    Store::new(config).unwrap().collect()
}

fn hash(config: StoreConfig) -> u64 {
    let mut hasher = Xxh3::new();
    for event in Store::new(config).unwrap() {
        hasher.update(event.json.as_bytes());
        hasher.update(&event.arrives_at.as_ms().to_le_bytes());
    }
    hasher.digest()
}

fn json(event: &SimulatedEvent) -> Value {
    serde_json::from_str(&event.json).unwrap_or_else(|error| panic!("{error}: {}", event.json))
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(hash(config(7, 60, 40)), hash(config(7, 60, 40)));
    assert_ne!(hash(config(7, 60, 40)), hash(config(8, 60, 40)));
    assert_ne!(hash(config(7, 60, 40)), hash(config(7, 60, 41)));
}

/// Whoever changes what a seed gives changes this number, and says so: published runs name their seed.
#[test]
fn the_bytes_of_a_seed_are_these_on_every_machine() {
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let config = StoreConfig { time_zone: berlin, bad_share: 0.01, ..config(42, 50, 120) };
    assert_eq!(format!("{:016x}", hash(config)), "5cffe3bd67cedb81");
}

#[test]
fn events_come_in_order_of_arrival_and_never_before_they_happen() {
    let events = events(config(1, 200, 60));
    let end = start().plus_ms(60 * DAY_MS);
    assert!(events.is_sorted_by_key(|event| event.arrives_at));
    for event in &events {
        assert!(event.timestamp >= start() && event.timestamp < event.arrives_at && event.arrives_at < end);
    }
}

#[test]
fn every_good_event_is_a_valid_call_with_the_time_and_ids_it_claims() {
    for event in events(config(2, 150, 60)) {
        let call = json(&event);
        assert_eq!(call["timestamp"], event.timestamp.to_string());
        assert!(call["messageId"].as_str().is_some_and(|id| !id.is_empty() && id.len() <= 100));
        let name = match call["type"].as_str() {
            Some("track") => call["event"].as_str().unwrap(),
            Some("page") => "Page Viewed",
            Some("identify") => "identify",
            other => panic!("unexpected type {other:?}"),
        };
        assert_eq!(name, event.name);
        let has_id = call["userId"].is_string()
            || call["anonymousId"].is_string()
            || call["context"]["traits"]["email"].is_string();
        assert!(has_id, "{}", event.json);
        assert!(!event.json.contains('\n') && event.json.len() < 32 * 1024);
    }
}

#[test]
fn a_store_has_everything_that_happens_in_one() {
    let mut store = Store::new(config(3, 600, 120)).unwrap();
    let mut delivered = BTreeMap::new();
    for event in &mut store {
        *delivered.entry(event.delivery).or_insert(0_u64) += 1;
    }
    let statistics = store.statistics();
    for name in [
        "Page Viewed",
        "identify",
        "Product List Viewed",
        "Product Viewed",
        "Products Searched",
        "Product Added",
        "Product Removed",
        "Cart Viewed",
        "Checkout Started",
        "Order Completed",
        "Order Refunded",
        "Order Cancelled",
        "Email Delivered",
        "Email Opened",
        "Email Link Clicked",
        "Unsubscribed",
    ] {
        assert!(statistics.by_name.get(name).is_some_and(|count| *count > 0), "no {name}: {statistics}");
    }
    assert!(delivered[&Delivery::Late] > 0 && delivered[&Delivery::Duplicate] > 0);
    assert_eq!(delivered.get(&Delivery::Malformed), None);
    assert_eq!(delivered.values().sum::<u64>(), statistics.events);
    assert_eq!(statistics.orders, statistics.by_name["Order Completed"]);
}

#[test]
fn the_totals_of_an_order_add_up() {
    let cents = |value: &Value| (value.as_f64().unwrap() * 100.0).round() as i64;
    let mut orders = 0;
    let mut ids = BTreeSet::new();
    for event in events(config(4, 300, 90)) {
        if event.name != "Order Completed" || event.delivery == Delivery::Duplicate {
            continue;
        }
        let order = &json(&event)["properties"];
        let products = order["products"].as_array().unwrap();
        assert!(!products.is_empty());
        let value: i64 =
            products.iter().map(|line| cents(&line["price"]) * line["quantity"].as_i64().unwrap()).sum();
        assert_eq!(value - cents(&order["discount"]), cents(&order["subtotal"]));
        let total = cents(&order["subtotal"]) + cents(&order["shipping"]) + cents(&order["tax"]);
        assert_eq!(total, cents(&order["total"]));
        assert!(ids.insert(order["order_id"].as_str().unwrap().to_owned()), "two orders with one id");
        orders += 1;
    }
    assert!(orders > 100, "{orders} orders");
}

#[test]
fn people_are_seen_before_they_say_who_they_are_and_on_several_devices() {
    let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut identified_later = 0;
    for event in events(config(5, 300, 90)) {
        let call = json(&event);
        let Some(anonymous_id) = call["anonymousId"].as_str() else { continue };
        if let Some(user_id) = call["userId"].as_str() {
            let is_new = devices.entry(user_id.to_owned()).or_default().insert(anonymous_id.to_owned());
            identified_later += usize::from(is_new && seen.contains(anonymous_id));
        }
        seen.insert(anonymous_id.to_owned());
    }
    let several = devices.values().filter(|devices| devices.len() > 1).count();
    assert!(identified_later > 50 && several > 20, "{identified_later} later, {several} with several");
    assert!(devices.contains_key("null"), "nobody sends a placeholder");
    assert!(seen.contains("kiosk-1"), "nobody uses the kiosk");
}

#[test]
fn late_events_are_late_and_duplicates_repeat_an_earlier_event() {
    let mut bodies: BTreeMap<String, String> = BTreeMap::new();
    let mut sent = BTreeMap::new();
    for event in events(config(6, 200, 60)) {
        let id = json(&event)["messageId"].as_str().unwrap().to_owned();
        match event.delivery {
            Delivery::Duplicate => assert_eq!(bodies.get(&id), Some(&event.json)),
            Delivery::Late => assert!(event.arrives_at.ms_since(event.timestamp) > 3_600_000),
            _ => assert!(event.arrives_at.ms_since(event.timestamp) <= 1_500),
        }
        *sent.entry(id.clone()).or_insert(0) += 1;
        bodies.insert(id, event.json);
    }
    assert!(sent.values().all(|times| *times <= 2));
}

#[test]
fn malformed_events_come_on_top_and_change_nothing_else() {
    let good = events(config(9, 80, 30));
    let mixed = events(StoreConfig { bad_share: 0.2, ..config(9, 80, 30) });
    let (bad, rest): (Vec<_>, Vec<_>) =
        mixed.into_iter().partition(|event| event.delivery == Delivery::Malformed);
    assert_eq!(rest, good);
    let share = bad.len() as f64 / (bad.len() + good.len()) as f64;
    assert!((share - 0.2).abs() < 0.02, "{share}");
    for event in bad {
        let call = json(&event);
        let has_type = ["track", "page", "identify"].contains(&call["type"].as_str().unwrap_or_default());
        let has_name = call["event"].as_str().is_some_and(|name| !name.is_empty());
        let has_id = call["userId"].is_string() || call["anonymousId"].is_string();
        assert!(!(has_type && has_name && has_id), "not malformed: {}", event.json);
    }
}

#[test]
fn bots_view_pages_by_the_thousand() {
    let config = StoreConfig { bots: 2, bot_page_views: 3_000, ..config(10, 20, 30) };
    let mut by_id: BTreeMap<String, u32> = BTreeMap::new();
    for event in events(config).iter().filter(|event| event.delivery == Delivery::OnTime) {
        if let Some(id) = json(event)["anonymousId"].as_str() {
            *by_id.entry(id.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(by_id.values().filter(|views| **views > 2_500).count(), 2);
}

#[test]
fn truth_agrees_with_what_is_seen() {
    let mut store = Store::new(StoreConfig { keep_truth: true, ..config(11, 400, 365) }).unwrap();
    let orders =
        (&mut store).filter(|event| event.name == "Order Completed" && event.delivery == Delivery::OnTime);
    let on_time = orders.count() as u64;
    let truth = store.truth();
    assert_eq!(truth.len(), 400);
    let placed: u64 = truth.iter().map(|customer| u64::from(customer.orders)).sum();
    assert!(placed >= on_time && placed <= on_time + on_time / 10, "{placed} placed, {on_time} seen");
    let lost = truth.iter().filter(|customer| customer.alive_until.is_some()).count();
    assert!((100..350).contains(&lost), "{lost} lost");
    let repeat = truth.iter().filter(|customer| customer.orders >= 2).count();
    assert!((60..300).contains(&repeat), "{repeat} repeat buyers");
    assert!(truth.iter().any(|customer| customer.orders > 8));
}

#[test]
fn memory_follows_people_and_not_events() {
    let mut store = Store::new(config(12, 100, 3_000)).unwrap();
    let mut most_waiting = 0;
    let mut count = 0_u64;
    while store.next().is_some() {
        count += 1;
        most_waiting = most_waiting.max(store.waiting());
    }
    assert!(count > 20_000, "{count}");
    assert!(most_waiting < 1_500, "{most_waiting} waiting of {count}");
}

#[test]
fn live_traffic_starts_at_once_at_about_the_rate_asked_for_and_does_not_end() {
    let mut store = Store::new(StoreConfig::live(13, 1_000, start(), 5.0)).unwrap();
    let after = |seconds: i64| start().plus_ms(seconds * 1_000);
    let mut count = |until: Instant| {
        let mut count = 0;
        while store.next_arrival().is_some_and(|at| at < until) {
            let event = store.next().unwrap();
            assert!(event.timestamp >= start() && event.timestamp < until);
            count += 1;
        }
        count
    };
    assert!(count(after(120)) > 0);
    count(after(3_600));
    let hour = count(after(7_200));
    assert!((9_000..36_000).contains(&hour), "{hour} events in the second hour");
}

#[test]
fn another_start_shares_people_but_no_message_or_order() {
    let ids = |start: Instant| {
        let mut messages = BTreeSet::new();
        let mut people = BTreeSet::new();
        for event in events(StoreConfig { start, ..config(14, 60, 60) }) {
            let call = json(&event);
            messages.insert(call["messageId"].as_str().unwrap().to_owned());
            if let Some(order) = call["properties"]["order_id"].as_str() {
                messages.insert(order.to_owned());
            }
            people.extend(call["userId"].as_str().map(str::to_owned));
        }
        (messages, people)
    };
    let (first, second) = (ids(start()), ids(start().plus_ms(90 * DAY_MS)));
    assert!(first.0.is_disjoint(&second.0));
    assert!(first.1.intersection(&second.1).count() > 10);
}

#[test]
fn batches_hold_every_event_once_and_lines_are_ndjson() {
    let mut items = Vec::new();
    let config = || StoreConfig { bad_share: 0.05, ..config(15, 30, 20) };
    for batch in batches(Store::new(config()).unwrap(), 100) {
        let body: Value = serde_json::from_str(&batch.json).unwrap();
        let batched = body["batch"].as_array().unwrap().clone();
        assert!(batched.len() == batch.events && batch.events <= 100);
        items.extend(batched);
    }
    let mut file = Vec::new();
    let mut store = Store::new(config()).unwrap();
    let lines = to_ndjson(&mut store, &mut file).unwrap();
    let text = String::from_utf8(file).unwrap();
    let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, items);
    assert_eq!(lines, store.statistics().events);
}

#[test]
fn what_cannot_be_is_refused() {
    let check = |config: StoreConfig, expected: &SimulateError| {
        assert_eq!(Store::new(config).err().as_ref(), Some(expected));
    };
    check(StoreConfig { products: 0, ..config(1, 1, 1) }, &SimulateError::Products);
    check(StoreConfig { speedup: f64::NAN, ..config(1, 1, 1) }, &SimulateError::Speedup);
    check(
        StoreConfig { bad_share: 1.0, ..config(1, 1, 1) },
        &SimulateError::Share { name: "bad_share", share: 1.0 },
    );
    check(config(1, 1, 40_000), &SimulateError::Days);
}

#[test]
fn nobody_and_no_time_are_empty_stores() {
    let nobody = StoreConfig { bots: 0, ..config(1, 0, 30) };
    assert_eq!(events(nobody), []);
    let mut no_time = Store::new(config(1, 50, 0)).unwrap();
    assert_eq!(no_time.next(), None);
    assert_eq!(no_time.statistics(), &Statistics::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_small_store_ends_in_order_with_unique_ids(
        seed: u64, customers in 0_u32..40, days in 0_u32..400, products in 1_u32..30,
        speedup in prop_oneof![Just(1.0), 1.0..1e6_f64], shared in 0.0..0.9_f64,
    ) {
        let config = StoreConfig { products, speedup, shared_share: shared, ..config(seed, customers, days.min(30)) };
        // Very fast lives have no natural end; a bounded look is enough.
        let taken: Vec<_> = Store::new(config).unwrap().take(5_000).collect();
        prop_assert!(taken.is_sorted_by_key(|event| event.arrives_at));
        let mut ids = BTreeSet::new();
        for event in taken.iter().filter(|event| event.delivery != Delivery::Duplicate) {
            prop_assert!(ids.insert(json(event)["messageId"].as_str().unwrap().to_owned()));
        }
    }
}
