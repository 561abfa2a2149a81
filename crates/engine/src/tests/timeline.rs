//! One customer's timeline with what is derived of it.

use serde_json::json;

use segops_model::{Decimal, Limits, ProfileId, Value};

use super::world::{AUTHOR, World, instant, small_parts};
use crate::definitions::DerivedEvents;
use crate::timeline::EventsAsked;
use crate::view::{EventPlace, ProfileEvent};

const MINUTE_MS: i64 = 60_000;
const DEFINED: [(&str, &str); 4] = [
    ("Session", "sessions of any event with gap of 30 minutes"),
    ("Over", "sessions of any event with gap of 30 minutes, counted at end"),
    ("Last Touch", r#"last touch of "Viewed" before "Order Completed" within 1 day"#),
    ("Dear View", r#"each "Viewed" where price > 40 with price as worth"#),
];

/// Someone who comes and goes, with events that come late, at the same instant, and of a profile that is merged into
/// theirs.
fn visited(limits: Limits) -> (World, ProfileId) {
    let mut world = World::keeping(instant("2026-03-01T00:00:00Z"), small_parts(), limits);
    for (name, definition) in DEFINED {
        world.engine.create_definition::<DerivedEvents>(AUTHOR, name, definition).expect("made");
    }
    for number in 0..60_i64 {
        world.pass_ms(number % 7 * 9 * MINUTE_MS);
        let event = if number % 5 == 4 { "Order Completed" } else { "Viewed" };
        let mut item = json!({"userId": "u1", "event": event, "properties": {"price": number % 9 * 10}});
        if number % 11 == 3 {
            let earlier = world.now().plus_ms(-100 * MINUTE_MS);
            item["timestamp"] = json!(earlier.to_string());
        }
        if number % 13 == 0 {
            item["userId"] = json!(null);
            item["anonymousId"] = json!("b1");
        }
        world.send(item);
        world.stir_history(u64::try_from(number).expect("small"));
    }
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "b1"}));
    let profile = world.profile("user_id", "u1");
    (world, profile)
}

fn asked(profile: ProfileId) -> EventsAsked {
    EventsAsked { profile, before: None, names: Vec::new(), limit: 500, derived: true }
}

fn all(world: &World, asked: &EventsAsked) -> Vec<ProfileEvent> {
    let found = world.engine.profile_events(asked).expect("events");
    assert_eq!(found.left_out, Vec::<String>::new());
    found.events
}

fn by_pages(world: &World, asked: &EventsAsked, rows: usize) -> Vec<ProfileEvent> {
    let mut events: Vec<ProfileEvent> = Vec::new();
    loop {
        let before = events.last().map(EventPlace::of).or(asked.before);
        // As it is sent from page to page.
        let before = before.map(|place| place.to_string().parse().expect("a place"));
        let page = all(world, &EventsAsked { before, limit: rows, ..asked.clone() });
        if page.is_empty() {
            return events;
        }
        assert!(page.len() <= rows);
        events.extend(page);
    }
}

fn named<'a>(events: &'a [ProfileEvent], name: &str) -> Vec<&'a ProfileEvent> {
    events.iter().filter(|event| event.name == name).collect()
}

#[test]
fn derived_events_stand_in_their_places() {
    let (world, profile) = visited(Limits::default());
    let events = all(&world, &asked(profile));
    assert!(events.is_sorted_by(|newer, older| EventPlace::of(newer) > EventPlace::of(older)));
    let received: Vec<&ProfileEvent> = events.iter().filter(|event| event.derived.is_none()).collect();
    assert_eq!(received.len(), 61);

    // Sessions, put together by hand of what was received.
    let mut counted: Vec<&&ProfileEvent> = received.iter().filter(|event| !event.name.is_empty()).collect();
    counted.reverse();
    let begins: Vec<_> = (0..counted.len())
        .filter(|at| *at == 0 || counted[*at].ts.ms_since(counted[at - 1].ts) >= 30 * MINUTE_MS)
        .collect();
    let sessions = named(&events, "Session");
    let starts: Vec<_> = sessions.iter().rev().map(|event| (event.ts, event.position)).collect();
    assert_eq!(starts, begins.iter().map(|at| (counted[*at].ts, counted[*at].position)).collect::<Vec<_>>());
    assert!(begins.len() > 10 && begins.len() < 60, "{}", begins.len());
    // The last of them goes on.
    assert_eq!(named(&events, "Over").len(), begins.len() - 1);

    let price = |event: &ProfileEvent| event.properties.get("price").and_then(Value::as_number);
    let is_dear = |event: &ProfileEvent| event.name == "Viewed" && price(event) > Some(Decimal::from_u64(40));
    let dear: Vec<_> = counted.iter().filter(|event| is_dear(event)).map(|event| event.position).collect();
    let found = named(&events, "Dear View");
    assert_eq!(found.iter().rev().map(|event| event.position).collect::<Vec<_>>(), dear);
    assert!(found.iter().all(|event| event.source_name.as_deref() == Some("Shop")
        && event.properties.get("worth") == event.properties.get("price")));
    assert_eq!(named(&events, "Last Touch").len(), named(&events, "Order Completed").len());
    let versions: Vec<_> =
        sessions.iter().filter_map(|event| event.derived).map(|from| from.version).collect();
    assert_eq!(versions, vec![1; sessions.len()]);
    assert!(sessions.iter().all(|event| event.source.is_none() && event.message_id.is_none()));
}

#[test]
fn pages_give_each_of_them_once() {
    let (world, profile) = visited(Limits::default());
    let everything = asked(profile);
    let events = all(&world, &everything);
    let without = EventsAsked { derived: false, ..everything.clone() };
    let received: Vec<_> = events.iter().filter(|event| event.derived.is_none()).cloned().collect();
    assert_eq!(all(&world, &without), received);
    for names in [&["Dear View", "Viewed"][..], &["Session"], &["Over", "Last Touch", "Order Completed"]] {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let some: Vec<_> = events.iter().filter(|event| names.contains(&event.name)).cloned().collect();
        let only = EventsAsked { names, ..everything.clone() };
        assert_eq!(all(&world, &only), some);
        for rows in [1, 3, 10] {
            assert_eq!(by_pages(&world, &only, rows), some);
        }
    }
    for rows in [1, 2, 7, 30] {
        assert_eq!(by_pages(&world, &everything, rows), events);
        assert_eq!(by_pages(&world, &without, rows), received);
    }

    // What a live segment has at hand is what is read.
    for (name, _) in DEFINED {
        world.segment(&format!("With {name}"), &format!(r#"everyone where did "{name}""#));
    }
    assert_eq!(all(&world, &everything), events);
    assert_eq!(by_pages(&world, &everything, 4), events);
    world.verify();
    let world = world.restarted();
    assert_eq!(all(&world, &everything), events);
}

#[test]
fn what_would_take_too_many_events_to_make_is_named() {
    let (world, profile) = visited(Limits { profile_history_rows_max: 60, ..Limits::default() });
    let everything = asked(profile);
    let found = world.engine.profile_events(&everything).expect("events");
    assert_eq!(found.left_out, ["Session", "Over", "Last Touch"]);
    assert!(!named(&found.events, "Dear View").is_empty());
    assert!(named(&found.events, "Session").is_empty());
    let only = EventsAsked { names: vec!["Dear View".to_owned()], ..everything.clone() };
    assert_eq!(world.engine.profile_events(&only).expect("events").left_out, ["Dear View"]);
    world.segment("Visitors", r#"everyone where did "Session""#);
    let found = world.engine.profile_events(&everything).expect("events");
    assert_eq!(found.left_out, ["Over", "Last Touch"]);
    assert!(!named(&found.events, "Session").is_empty());
}
