//! Computed traits: made, used, edited, shown, and not taken away from who uses them.

use std::collections::BTreeMap;

use serde_json::json;

use segops_model::Value;

use super::world::{AUTHOR, DAY_MS, World, rule};
use crate::command::Refusal;
use crate::definitions::ComputedTraits;
use crate::error::EngineError;
use crate::view::{ComputedFrom, ComputedTraitValue};
use crate::work::Work;

const RATE: &str = r#"count of "Order Refunded" / count of "Order Completed""#;

fn refund(world: &mut World, user: &str) {
    world.send(json!({"userId": user, "event": "Order Refunded"}));
}

fn value_of(world: &World, user: &str, name: &str) -> Option<ComputedTraitValue> {
    let profile = world.engine.profile(world.profile("user_id", user)).expect("a profile");
    profile.computed_traits.get(name).cloned()
}

/// All of them, with those that no live segment uses.
fn from_history(world: &World, user: &str) -> BTreeMap<String, ComputedTraitValue> {
    let profile = world.engine.profile_with_history(world.profile("user_id", user));
    profile.expect("a profile").computed_traits
}

#[test]
fn a_rule_follows_what_its_computed_trait_is_made_of() {
    let mut world = World::new();
    world.engine.create_definition::<ComputedTraits>(AUTHOR, "return rate", RATE).expect("made");
    world.segment("Returners", r#"computed "return rate" >= 0.5"#);
    for user in ["u1", "u1", "u2", "u3"] {
        world.order(user);
    }
    refund(&mut world, "u1");
    refund(&mut world, "u2");
    assert_eq!(world.members("Returners"), ["u1", "u2"]);
    world.verify();

    let fewer = r#"count of "Order Refunded" / (count of "Order Completed" + 1)"#;
    let asked =
        world.engine.definition_difference::<ComputedTraits>("return rate", fewer, None, 5, &Work::new());
    let [difference] = &asked.expect("a difference").segments[..] else { panic!("one segment") };
    assert_eq!((difference.difference.leaving.total, difference.difference.entering.total), (1, 0));
    assert_eq!(world.members("Returners"), ["u1", "u2"]);

    world.engine.edit_definition::<ComputedTraits>(AUTHOR, "return rate", Some(1), fewer).expect("edited");
    let segment = world.engine.segment("Returners").expect("a segment");
    world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    assert_eq!(world.members("Returners"), ["u2"]);
    assert_eq!(world.story().last().map(String::as_str), Some("-Returners u1 edit"));
    let segment = world.engine.segment("Returners").expect("a segment");
    assert_eq!(segment.versions.len(), 2);
    assert_eq!(segment.rule_text, r#"computed "return rate" >= 0.5"#);
    refund(&mut world, "u1");
    assert_eq!(world.members("Returners"), ["u1", "u2"]);
    world.verify();

    let hash = world.engine.state_hash();
    let world = world.restarted();
    assert_eq!(world.engine.state_hash(), hash);
    assert_eq!(world.engine.definition::<ComputedTraits>("return rate").expect("it").versions.len(), 2);
    world.verify();
}

#[test]
fn what_cannot_be_is_refused() {
    let world = World::new();
    let made = world.engine.create_definition::<ComputedTraits>(AUTHOR, "return rate", RATE).expect("made").0;
    let taken = world.engine.create_definition::<ComputedTraits>(AUTHOR, "Return Rate ", "count of A");
    assert!(matches!(taken, Err(EngineError::Refused(Refusal::ComputedTraitNameTaken(..)))), "{taken:?}");
    let bad = world.engine.create_definition::<ComputedTraits>(AUTHOR, "bad", "count of A / 0");
    assert!(matches!(bad, Err(EngineError::Rule(_))), "{bad:?}");
    let unknown = world.engine.create_segment(AUTHOR, "S", &rule(r#"computed "return rat" > 1"#));
    let Err(EngineError::Rule(problems)) = unknown else { panic!("{unknown:?}") };
    assert_eq!(problems[0].suggestion.as_deref(), Some("did you mean `return rate`?"));
    let no_number = world.engine.create_segment(AUTHOR, "S", &rule(r#"computed "return rate" contains "x""#));
    assert!(matches!(no_number, Err(EngineError::Rule(_))), "{no_number:?}");

    world.segment("Returners", r#"computed "return rate" >= 0.5"#);
    let deleted = world.engine.delete_definition::<ComputedTraits>(AUTHOR, "return rate");
    let Err(EngineError::Refused(Refusal::ComputedTraitInUse(users))) = deleted else {
        panic!("{deleted:?}")
    };
    assert_eq!(users, "Returners");
    let value = "last value of category over A";
    let other_kind = world.engine.edit_definition::<ComputedTraits>(AUTHOR, "return rate", None, value);
    assert!(
        matches!(other_kind, Err(EngineError::Refused(Refusal::ComputedTraitKind(..)))),
        "{other_kind:?}"
    );
    world
        .engine
        .edit_definition::<ComputedTraits>(AUTHOR, "return rate", None, "count of A")
        .expect("edited");
    let late = world.engine.edit_definition::<ComputedTraits>(AUTHOR, "return rate", Some(1), "count of B");
    assert!(
        matches!(late, Err(EngineError::Refused(Refusal::ComputedTraitMoved { expected: 1, found: 2 }))),
        "{late:?}"
    );
    let renamed =
        world.engine.rename_computed_trait(AUTHOR, "return rate", "rate of returns").expect("renamed");
    assert_eq!((renamed.id, renamed.used_by.len()), (made.id, 1));
    let segment = world.engine.segment("Returners").expect("a segment");
    assert_eq!(segment.rule_text, r#"computed "rate of returns" >= 0.5"#);
    world.engine.delete_segment(AUTHOR, "Returners").expect("deleted");
    world.engine.delete_definition::<ComputedTraits>(AUTHOR, &made.id.to_string()).expect("deleted");
    assert!(world.engine.definitions::<ComputedTraits>().is_empty());
}

#[test]
fn drafts_follow_an_edit_and_are_primed_with_it() {
    let mut world = World::new();
    world
        .engine
        .create_definition::<ComputedTraits>(AUTHOR, "orders", r#"count of "Order Completed""#)
        .expect("made");
    let new = crate::NewSegment {
        name: "Twice".to_owned(),
        rule: rule(r#"computed "orders" >= 2"#),
        details: crate::view::DetailsChange::default(),
        draft: true,
    };
    world.engine.create_segment_as(AUTHOR, new).expect("a draft");
    world.order("u1");
    let twofold = r#"2 * count of "Order Completed""#;
    world.engine.edit_definition::<ComputedTraits>(AUTHOR, "orders", None, twofold).expect("edited");
    let segment = world.engine.publish_segment(AUTHOR, "Twice").expect("published");
    world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    assert_eq!(world.members("Twice"), ["u1"]);
    world.verify();
}

#[test]
fn profiles_and_explanations_show_values_and_what_they_are_made_of() {
    let mut world = World::new();
    world.engine.create_definition::<ComputedTraits>(AUTHOR, "return rate", RATE).expect("made");
    let favourite = r#"most frequent value of category over "Viewed" in last 3 days"#;
    world.engine.create_definition::<ComputedTraits>(AUTHOR, "favourite", favourite).expect("made");
    world.engine.create_definition::<ComputedTraits>(AUTHOR, "unused", "count of A").expect("made");
    world.order("u1");
    world.order("u1");
    world.order("u1");
    refund(&mut world, "u1");
    for category in ["Hats", "shoes", "hats", "Shoes"] {
        world.send(json!({"userId": "u1", "event": "Viewed", "properties": {"category": category}}));
    }
    let third = Some(Value::Number(segops_model::Decimal::parse("0.333333333").expect("a third")));
    let missing = value_of(&world, "u1", "return rate").expect("it is named");
    assert_eq!((missing.value, missing.from), (None, ComputedFrom::NotComputed));
    let read = from_history(&world, "u1");
    assert_eq!((&read["return rate"].value, read["return rate"].from), (&third, ComputedFrom::History));
    assert_eq!((&read["favourite"].value, read["favourite"].count), (&Some("Shoes".into()), Some(2)));
    assert_eq!(read["unused"].value, Some(0.into()));
    world.segment("Shod", r#"computed "favourite" is "shoes" and computed "return rate" < 0.5"#);
    let rate = value_of(&world, "u1", "return rate").expect("a rate");
    assert_eq!((rate.value, rate.from), (third, ComputedFrom::Live));
    let shown = value_of(&world, "u1", "favourite").expect("a favourite");
    assert_eq!((shown.value, shown.count, shown.seen_at), (Some("Shoes".into()), Some(2), Some(world.now())));
    assert_eq!(value_of(&world, "u1", "unused").expect("it is named").value, None);
    let read = from_history(&world, "u1");
    assert_eq!((read["unused"].from, read["return rate"].from), (ComputedFrom::History, ComputedFrom::Live));

    let profile = world.profile("user_id", "u1");
    let told = world.engine.explain("Shod", profile).expect("an explanation").sentence;
    assert!(told.contains("favourite is Shoes (needs shoes) (twice, last on "), "{told}");
    assert!(told.contains("return rate is 0.333333333 (needs under 0.5): "), "{told}");
    assert!(told.contains(r#"count of "Order Refunded" is 1, count of "Order Completed" is 3"#), "{told}");

    world.pass_ms(3 * DAY_MS);
    assert!(world.members("Shod").is_empty());
    let gone = value_of(&world, "u1", "favourite").expect("none, but kept");
    assert_eq!(
        gone,
        ComputedTraitValue { value: None, seen_at: None, count: None, from: ComputedFrom::Live }
    );
    let told = world.engine.explain("Shod", profile).expect("an explanation").sentence;
    assert!(told.contains("favourite has no value, needs shoes"), "{told}");
}
