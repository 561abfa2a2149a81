use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use segops_model::DAY_MS;

use super::{config, events, json, start};
use crate::{CauseError, Delivery, PlantedCause, SimulatedEvent, StoreConfig};

fn cause(text: &str) -> PlantedCause {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Every customer's orders: the day, and how they were paid.
fn orders(events: &[SimulatedEvent]) -> BTreeMap<String, Vec<(i64, String)>> {
    let mut orders: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.delivery != Delivery::Duplicate) {
        let call = json(event);
        if let (Some(user), "Order Completed") = (call["userId"].as_str(), event.name) {
            let paid = call["properties"]["payment_method"].as_str().unwrap().to_owned();
            let day = event.timestamp.ms_since(start()) / DAY_MS;
            orders.entry(user.to_owned()).or_default().push((day, paid));
        }
    }
    orders.values_mut().for_each(|orders| orders.sort());
    orders
}

#[test]
fn planted_causes_are_read_and_written_as_text() {
    for text in
        ["lose=0.6,from=90,payment_method=invoice,country=DE", "abandon=1", "return=0.25,brand=Fjord & Co"]
    {
        assert_eq!(cause(text).to_string(), text);
    }
    let refused = |text: &str| text.parse::<PlantedCause>().unwrap_err();
    assert_eq!(refused("lose"), CauseError::Part("lose".to_owned()));
    assert_eq!(refused("lose=0.1,colour=red"), CauseError::Name("colour".to_owned()));
    assert_eq!(refused("lose=0.1,return=0.1"), CauseError::Consequence);
    assert_eq!(refused("country=DE"), CauseError::Consequence);
    assert_eq!(refused("lose=2").to_string(), "`lose=2` needs a share from 0 to 1");
}

#[test]
fn the_lost_order_once_and_nothing_else_changes_before() {
    let plain = events(config(21, 500, 200));
    let planted =
        StoreConfig { causes: vec![cause("lose=1,from=60,payment_method=invoice")], ..config(21, 500, 200) };
    let planted = events(planted);
    let until = start().plus_ms(60 * DAY_MS);
    let before = |events: &[SimulatedEvent]| {
        events.iter().filter(|event| event.arrives_at < until).cloned().collect::<Vec<_>>()
    };
    assert_eq!(before(&plain), before(&planted));
    let is_hit =
        |orders: &[(i64, String)]| orders.first().is_some_and(|(day, paid)| *day >= 60 && paid == "invoice");
    let again = |events: &[SimulatedEvent]| {
        let (mut hit, mut again) = (0, 0);
        for orders in orders(events).values().filter(|orders| is_hit(orders)) {
            (hit, again) = (hit + 1, again + usize::from(orders.len() > 1));
        }
        (hit, again)
    };
    let ((hit, again_plain), (hit_planted, again_planted)) = (again(&plain), again(&planted));
    assert!(hit > 15 && again_plain > 5, "{hit} {again_plain}");
    assert_eq!((hit_planted, again_planted), (hit, 0));
}

#[test]
fn those_who_return_order_again_within_weeks() {
    let config = StoreConfig {
        causes: vec![cause("return=1,coupon=WELCOME10")],
        shared_share: 0.0,
        ..config(22, 400, 200)
    };
    let mut first = BTreeMap::new();
    let mut second = BTreeMap::new();
    for event in events(config).iter().filter(|event| event.name == "Order Completed") {
        let call = json(event);
        let Some(user) = call["userId"].as_str().map(str::to_owned) else { continue };
        let coupon = call["properties"]["coupon"].as_str().unwrap_or_default().to_owned();
        if event.delivery == Delivery::Duplicate {
            continue;
        }
        match first.entry(user) {
            Entry::Occupied(ordered) => drop(second.entry(ordered.key().clone()).or_insert(event.timestamp)),
            Entry::Vacant(new) => drop(new.insert((event.timestamp, coupon))),
        }
    }
    let mut welcomed = 0;
    for (user, (at, coupon)) in &first {
        // Late events may have been cut off by the end.
        if coupon == "WELCOME10" && at.ms_since(start()) < 130 * DAY_MS {
            welcomed += 1;
            let days = second.get(user).map(|second| second.ms_since(*at) / DAY_MS);
            assert!(days.is_some_and(|days| days <= i64::from(crate::RETURN_DAYS)), "{user}: {days:?}");
        }
    }
    assert!(welcomed > 40, "{welcomed}");
}

#[test]
fn orders_that_are_given_up_end_at_the_checkout() {
    let config = StoreConfig { causes: vec![cause("abandon=1,country=DE")], ..config(23, 300, 120) };
    let events = events(config);
    let count = |name: &str| events.iter().filter(|event| event.name == name).count();
    let of_germany = events
        .iter()
        .filter(|event| event.name == "Order Completed" && json(event)["properties"]["country"] == "DE");
    assert_eq!(of_germany.count(), 0);
    assert!(count("Order Completed") > 50 && count("Checkout Started") > count("Order Completed"));
}

#[test]
fn landing_pages_say_where_visits_come_from() {
    let mut sources: BTreeMap<String, usize> = BTreeMap::new();
    for event in events(config(24, 300, 60)) {
        let call = json(&event);
        let source = call["context"]["campaign"]["source"].as_str();
        if let Some(source) = source {
            assert_eq!(event.name, "Page Viewed");
            assert!(call["properties"]["url"].as_str().unwrap().contains(&format!("?utm_source={source}&")));
            *sources.entry(source.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(sources.keys().collect::<Vec<_>>(), ["google", "instagram", "newsletter"], "{sources:?}");
}

#[test]
fn a_shop_without_tracking_knows_only_orders_and_who_customers_are() {
    let config =
        StoreConfig { only_orders: true, strangers_per_customer: 0.0, bots: 0, ..config(25, 300, 120) };
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events(config) {
        *names.entry(event.name).or_default() += 1;
    }
    let known = ["Order Cancelled", "Order Completed", "Order Refunded", "identify"];
    assert_eq!(names.keys().copied().collect::<Vec<_>>(), known, "{names:?}");
    assert!(names["Order Completed"] > 100, "{names:?}");
}
