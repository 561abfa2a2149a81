use segops_model::Instant;
use std::collections::BTreeSet;

use crate::shop::{Deed, Happening, Shop};
use crate::wire::{json, name_of};

fn shop() -> Vec<Happening> {
    let end: Instant = "2026-06-01T00:00:00Z".parse().unwrap();
    Shop::new(7, 100, 20_000, end).collect()
}

#[test]
fn a_shop_is_the_same_for_a_seed_in_order_and_about_as_large_as_asked() {
    let events = shop();
    assert_eq!(events, shop());
    assert!(events.is_sorted_by_key(|event| event.ts));
    assert!((15_000..25_000).contains(&events.len()), "{}", events.len());
}

#[test]
fn twelve_event_names_occur_and_each_is_json_of_its_own() {
    let events = shop();
    let names: BTreeSet<&str> = events.iter().map(|event| name_of(&event.deed)).collect();
    assert_eq!(names.len(), 13, "twelve, and identify calls, which have none: {names:?}");
    let mut ids = BTreeSet::new();
    for event in &events {
        let call: serde_json::Value = serde_json::from_str(&json(event)).unwrap();
        assert!(ids.insert(call["messageId"].to_string()));
        let is_identify = matches!(event.deed, Deed::Identified);
        assert_eq!(call["type"] == "identify", is_identify);
    }
}
