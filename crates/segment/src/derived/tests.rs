use expect_test::{Expect, expect};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use segops_model::{Event, EventKind, Instant, Limits, Object, Position, Value};
use segops_rules::made_up::MadeUpNames;
use segops_rules::{parse_derived, resolve_derived};

use super::{DERIVED_FACTS_MAX, Derivation, DerivedFacts, DerivedOccurrence};
use crate::sample::event;

fn derivation(definition: &str, zone: &TimeZone) -> Derivation {
    let named = parse_derived(definition, &Limits::default()).expect("well written");
    let (resolved, _) = resolve_derived(&named, &MadeUpNames::default()).expect("known names");
    Derivation::compile(&resolved, zone)
}

fn at(ts: &str) -> Instant {
    Instant::from_jiff(ts.parse().expect("an instant"))
}

/// An event at an instant: a name, and what its context says of page, referrer and campaign's source.
fn happened(name: &str, ts: &str, said: [&str; 3]) -> Event {
    let [path, referrer, source] = said;
    let mut happened = event(name, at(ts), &[]);
    if name == "Page Viewed" {
        happened.kind = EventKind::Page;
    }
    let mut page = Object::new();
    page.set("url", Value::text("https://www.shop.example/now"));
    for (name, value) in [("path", path), ("referrer", referrer)] {
        if !value.is_empty() {
            page.set(name, Value::text(value));
        }
    }
    happened.context.set("page", Value::Object(page));
    if !source.is_empty() {
        let mut campaign = Object::new();
        campaign.set("source", Value::text(source));
        happened.context.set("campaign", Value::Object(campaign));
    }
    happened
}

fn told(occurrences: &[DerivedOccurrence]) -> String {
    let one = |occurrence: &DerivedOccurrence| {
        let properties = serde_json::to_string(&occurrence.event.properties).expect("JSON");
        format!("{} {} {properties}\n", occurrence.entry.ts, occurrence.entry.position)
    };
    occurrences.iter().map(one).collect()
}

#[track_caller]
fn check(definition: &str, zone: &str, events: &[Event], expected: &Expect) {
    let derivation = derivation(definition, &TimeZone::get(zone).expect("a zone"));
    let mut facts = DerivedFacts::default();
    for (position, event) in (0..).zip(events) {
        if let Some(fact) = derivation.fact(event, Position(position)) {
            facts.add(&derivation, fact);
        }
    }
    expected.assert_eq(&told(&facts.occurrences(&derivation)));
}

#[test]
fn a_session_ends_where_the_gap_has_passed() {
    let events = [
        happened("Page Viewed", "2026-03-01T10:00:00Z", ["/a", "https://www.google.com/search?q=tea", ""]),
        happened("Product Viewed", "2026-03-01T10:29:59.999Z", ["/b", "https://shop.example/a", ""]),
        happened("Page Viewed", "2026-03-01T10:59:59.998Z", ["/c", "", ""]),
        happened("Page Viewed", "2026-03-01T11:29:59.998Z", ["/d", "https://t.co/x", "Mail"]),
    ];
    check(
        "sessions of any event",
        "UTC",
        &events,
        &expect![[r#"
            2026-03-01T10:00:00.000Z 0 {"started_at":"2026-03-01T10:00:00.000Z","ended_at":"2026-03-01T10:59:59.998Z","duration_seconds":3599.998,"event_count":3,"page_count":2,"order_count":0,"has_order":false,"order_value":0,"channel":"organic","entry_page":"/a","exit_page":"/c","referrer":"https://www.google.com/search?q=tea"}
            2026-03-01T11:29:59.998Z 3 {"started_at":"2026-03-01T11:29:59.998Z","ended_at":"2026-03-01T11:29:59.998Z","duration_seconds":0,"event_count":1,"page_count":1,"order_count":0,"has_order":false,"order_value":0,"channel":"campaign","entry_page":"/d","exit_page":"/d","referrer":"https://t.co/x","campaign":{"source":"Mail"}}
        "#]],
    );
}

#[test]
fn a_session_that_is_counted_at_its_end_stands_where_it_is_over() {
    let events = [
        happened("Page Viewed", "2026-03-28T22:50:00Z", ["", "", ""]),
        happened("Page Viewed", "2026-03-28T23:10:00Z", ["", "", "Mail"]),
        happened("Page Viewed", "2026-03-28T23:15:00Z", ["", "", "Mail"]),
    ];
    check(
        "sessions of any event with gap of 30 minutes, split at midnight, split at campaign, counted at end",
        "Europe/Berlin",
        &events,
        &expect![[r#"
            2026-03-28T23:00:00.000Z 0 {"started_at":"2026-03-28T22:50:00.000Z","ended_at":"2026-03-28T22:50:00.000Z","duration_seconds":0,"event_count":1,"page_count":1,"order_count":0,"has_order":false,"order_value":0,"channel":"direct","entry_page":"https://www.shop.example/now","exit_page":"https://www.shop.example/now"}
            2026-03-28T23:45:00.000Z 2 {"started_at":"2026-03-28T23:10:00.000Z","ended_at":"2026-03-28T23:15:00.000Z","duration_seconds":300,"event_count":2,"page_count":2,"order_count":0,"has_order":false,"order_value":0,"channel":"campaign","entry_page":"https://www.shop.example/now","exit_page":"https://www.shop.example/now","campaign":{"source":"Mail"}}
        "#]],
    );
}

#[test]
fn another_campaign_begins_another_session() {
    let events = [
        happened("Page Viewed", "2026-03-01T10:00:00Z", ["", "", "Mail"]),
        happened("Page Viewed", "2026-03-01T10:01:00Z", ["", "", ""]),
        happened("Page Viewed", "2026-03-01T10:02:00Z", ["", "", "Ads"]),
        happened("Page Viewed", "2026-03-01T10:03:00Z", ["", "", "Ads"]),
    ];
    let counts = |definition: &str| -> Vec<Value> {
        let derivation = derivation(definition, &TimeZone::UTC);
        let mut facts = DerivedFacts::default();
        for (position, event) in (0..).zip(&events) {
            facts.add(&derivation, derivation.fact(event, Position(position)).expect("a fact"));
        }
        let sessions = facts.occurrences(&derivation);
        sessions.iter().filter_map(|one| one.event.properties.get("event_count").cloned()).collect()
    };
    assert_eq!(counts("sessions of any event"), [4.into()]);
    assert_eq!(counts("sessions of any event split at campaign"), [2.into(), 2.into()]);
}

#[test]
fn an_outcome_has_the_touch_that_led_to_it() {
    let events = [
        happened("Page Viewed", "2026-03-01T10:00:00Z", ["/a", "", "Mail"]),
        happened("Page Viewed", "2026-03-02T10:00:00Z", ["/b", "https://blog.example/", ""]),
        happened("Order Completed", "2026-03-02T11:00:00Z", ["", "", ""]),
        happened("Order Completed", "2026-03-04T10:00:00Z", ["", "", ""]),
    ];
    check(
        r#"first touch of "Page Viewed" before "Order Completed" within 2 days"#,
        "UTC",
        &events,
        &expect![[r#"
            2026-03-02T11:00:00.000Z 2 {"touch":{"at":"2026-03-01T10:00:00.000Z","event":"Page Viewed","seconds_before":90000,"channel":"campaign","page":"/a","campaign":{"source":"Mail"}}}
            2026-03-04T10:00:00.000Z 3 {}
        "#]],
    );
    check(
        r#"last touch of "Page Viewed" before "Order Completed" within 7 days"#,
        "UTC",
        &events,
        &expect![[r#"
            2026-03-02T11:00:00.000Z 2 {"touch":{"at":"2026-03-02T10:00:00.000Z","event":"Page Viewed","seconds_before":3600,"channel":"referral","page":"/b","referrer":"https://blog.example/"}}
            2026-03-04T10:00:00.000Z 3 {"touch":{"at":"2026-03-02T10:00:00.000Z","event":"Page Viewed","seconds_before":172800,"channel":"referral","page":"/b","referrer":"https://blog.example/"}}
        "#]],
    );
}

#[test]
fn only_the_newest_events_are_known() {
    let derivation = derivation("sessions of any event with gap of 1 second", &TimeZone::UTC);
    let mut facts = DerivedFacts::default();
    let mut held: Vec<DerivedOccurrence> = Vec::new();
    let count = DERIVED_FACTS_MAX as u64 + 5;
    for position in 0..count {
        let mut event = happened("Page Viewed", "2026-03-01T10:00:00Z", ["", "", ""]);
        event.ts = event.ts.plus_ms(i64::try_from(position).expect("small") * 1_000);
        let change = facts.add(&derivation, derivation.fact(&event, Position(position)).expect("a fact"));
        held.retain(|one| !change.before.contains(one));
        held.extend(change.after.into_iter().filter(|one| !change.before.contains(one)));
    }
    assert_eq!(facts.occurrences(&derivation).len(), DERIVED_FACTS_MAX);
    assert_eq!(facts.occurrences(&derivation).first().map(|one| one.entry.position), Some(Position(5)));
}

const DEFINITIONS: [&str; 5] = [
    "sessions of any event with gap of 2 minutes",
    r#"sessions of ("Page Viewed", "Order Completed") with gap of 3 minutes, split at midnight, split at campaign"#,
    "sessions of any event with gap of 2 minutes, split at campaign, counted at end",
    r#"first touch of "Page Viewed" before "Order Completed" within 5 minutes"#,
    r#"last touch of ("Page Viewed", "Order Completed") before "Order Completed" within 4 minutes"#,
];

proptest! {
    /// However events come in, and however they are shared out before they are brought together, the same derived
    /// events come of them; and what each changes is what it says that it changes.
    #[test]
    fn changes_add_up_to_the_whole(
        number in 0..DEFINITIONS.len(),
        drawn in prop::collection::vec((0_i64..30, 0_usize..2, 0_usize..3), 1..25),
        order in any::<u64>(),
    ) {
        let derivation = derivation(DEFINITIONS[number], &TimeZone::UTC);
        let mut events: Vec<(u64, Event)> = (0..).zip(&drawn).map(|(position, (minutes, name, campaign))| {
            let name = ["Page Viewed", "Order Completed"][*name];
            let mut event = happened(name, "2026-03-01T23:45:00Z", ["/a", "", ["", "Mail", "Ads"][*campaign]]);
            event.ts = event.ts.plus_ms(minutes * 60_000);
            (position, event)
        }).collect();
        let mut whole = DerivedFacts::default();
        for (position, event) in &events {
            if let Some(fact) = derivation.fact(event, Position(*position)) {
                whole.gather(fact);
            }
        }
        events.sort_by_key(|(position, _)| position.wrapping_mul(order | 1).rotate_left(17));
        let (mut facts, mut held): (DerivedFacts, Vec<DerivedOccurrence>) = Default::default();
        let mut halves = [DerivedFacts::default(), DerivedFacts::default()];
        for (position, event) in &events {
            let Some(fact) = derivation.fact(event, Position(*position)) else { continue };
            halves[usize::from(position % 2 == 0)].gather(fact.clone());
            let change = facts.add(&derivation, fact.clone());
            for gone in &change.before {
                let at = held.iter().position(|one| one == gone);
                held.remove(at.expect("what is taken out was there"));
            }
            held.extend(change.after);
            let again = facts.add(&derivation, fact);
            prop_assert_eq!(again.before, again.after);
        }
        held.sort_by_key(|one| one.entry);
        let mut all = whole.occurrences(&derivation);
        all.sort_by_key(|one| one.entry);
        prop_assert_eq!(&held, &all);
        let [mut left, right] = halves;
        left.merge(&right);
        prop_assert_eq!(&left, &whole);
        prop_assert_eq!(&facts, &whole);
    }
}

#[test]
fn an_event_under_another_name_has_all_that_it_has_and_its_own_values() {
    let definition = r#"each "Page Viewed" where context.page.path is "/a" with context.page.path as page, nothing as path"#;
    let derivation = derivation(definition, &TimeZone::UTC);
    let mut seen = happened("Page Viewed", "2026-03-01T10:00:00Z", ["/a", "", "Mail"]);
    seen.properties.set("path", Value::text("/own"));
    let other = happened("Page Viewed", "2026-03-01T10:00:00Z", ["/b", "", ""]);
    assert_eq!(derivation.renamed(&other, Position(1)), None);
    assert_eq!(derivation.fact(&seen, Position(1)), None);
    let found = derivation.renamed(&seen, Position(1)).expect("another name");
    assert_eq!((found.entry().ts, found.entry().position), (seen.ts, Position(1)));
    assert_eq!(found.event().properties.get("page"), Some(&Value::text("/a")));
    assert_eq!(found.event().properties.get("path"), None);
    assert_eq!(found.event().context, seen.context);
}
