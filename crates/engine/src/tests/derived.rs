//! Derived events: made, counted, edited, primed together, and not taken away from who uses them.

use serde_json::json;

use super::world::{AUTHOR, World, rule};
use crate::command::Refusal;
use crate::definitions::{ComputedTraits, DerivedEvents};
use crate::error::EngineError;
use crate::shell::Held;
use crate::work::Work;

const MINUTE_MS: i64 = 60_000;
const HALF_HOUR: &str = "sessions of any event with gap of 30 minutes";

fn sees(world: &mut World, user: &str, page: &str) {
    world.send(json!({"userId": user, "event": "Page Seen", "properties": {"path": page}}));
}

#[test]
fn a_rule_follows_what_its_derived_event_is_made_of() {
    let mut world = World::new();
    world.engine.create_definition::<DerivedEvents>(AUTHOR, "Session", HALF_HOUR).expect("made");
    world
        .engine
        .create_definition::<ComputedTraits>(AUTHOR, "visits", r#"count of "Session""#)
        .expect("made");
    world.segment("Regulars", r#"everyone where did "Session" >= 2 times"#);
    world.segment("Often", r#"everyone where computed "visits" >= 2"#);
    sees(&mut world, "u1", "/a");
    sees(&mut world, "u2", "/a");
    world.pass_ms(40 * MINUTE_MS);
    sees(&mut world, "u1", "/b");
    assert_eq!((world.members("Regulars"), world.members("Often")), (vec!["u1".into()], vec!["u1".into()]));
    world.verify();

    let hour = "sessions of any event with gap of 1 hour";
    let asked = world.engine.definition_difference::<DerivedEvents>("Session", hour, None, 5, &Work::new());
    let leaving: Vec<_> =
        asked.expect("a difference").segments.iter().map(|one| one.difference.leaving.total).collect();
    assert_eq!(leaving, [1, 1]);
    world.engine.edit_definition::<DerivedEvents>(AUTHOR, "Session", Some(1), hour).expect("edited");
    for name in ["Regulars", "Often"] {
        let segment = world.engine.segment(name).expect("a segment");
        world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
        assert!(world.members(name).is_empty(), "{name}");
        assert_eq!(world.engine.segment(name).expect("a segment").versions.len(), 2);
    }
    assert_eq!(world.engine.definition::<ComputedTraits>("visits").expect("it").versions.len(), 2);
    world.verify();

    world.checkpoint();
    let hash = world.engine.state_hash();
    let mut world = world.restarted();
    assert_eq!(world.engine.state_hash(), hash);
    world.pass_ms(60 * MINUTE_MS);
    sees(&mut world, "u2", "/c");
    assert_eq!(world.members("Regulars"), ["u2"]);
    assert_eq!(world.engine.definition::<DerivedEvents>("Session").expect("it").versions.len(), 2);
    world.verify();
}

#[test]
fn what_is_known_comes_together_in_whatever_order_primings_end() {
    let mut world = World::new();
    world.engine.create_definition::<DerivedEvents>(AUTHOR, "Session", HALF_HOUR).expect("made");
    sees(&mut world, "u1", "/a");
    world.hold(Held::Primings);
    let all = rule(r#"everyone where did "Session""#);
    let (first, _) = world.engine.create_segment(AUTHOR, "First", &all).expect("a segment");
    let long = rule(r#"everyone where did "Session" where event_count >= 3"#);
    let (second, _) = world.engine.create_segment(AUTHOR, "Second", &long).expect("a segment");
    let early = world.begin_priming(first.id);
    world.pass_ms(10 * MINUTE_MS);
    sees(&mut world, "u1", "/b");
    let late = world.begin_priming(second.id);
    world.pass_ms(10 * MINUTE_MS);
    sees(&mut world, "u1", "/c");
    world.finish_priming(late);
    assert_eq!(world.members("Second"), ["u1"]);
    world.verify();
    world.finish_priming(early);
    assert_eq!(world.members("First"), ["u1"]);
    world.release(Held::Primings);
    world.verify();
    let restarted = world.restarted();
    assert_eq!(restarted.members("Second"), ["u1"]);
    restarted.verify();
}

#[test]
fn nothing_is_kept_of_what_nobody_reads() {
    use segops_store::Keyspace;
    let mut world = World::new();
    world.engine.create_definition::<DerivedEvents>(AUTHOR, "Session", HALF_HOUR).expect("made");
    let kept = |world: &World| world.engine.core().fold.read().state.derived.iter().count();
    sees(&mut world, "u1", "/a");
    assert_eq!(kept(&world), 0);
    world.segment("Visitors", r#"everyone where did "Session""#);
    assert_eq!(kept(&world), 1);
    world.engine.delete_segment(AUTHOR, "Visitors").expect("deleted");
    assert_eq!(kept(&world), 0);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut world = World::new();
    sees(&mut world, "u1", "/a");
    let made = world.engine.create_definition::<DerivedEvents>(AUTHOR, "Session", HALF_HOUR).expect("made").0;
    let taken = world.engine.create_definition::<DerivedEvents>(AUTHOR, "Session ", HALF_HOUR);
    assert!(matches!(taken, Err(EngineError::Refused(Refusal::DerivedEventNameTaken(..)))), "{taken:?}");
    for name in ["Page Seen", "Segment Entered"] {
        let taken = world.engine.create_definition::<DerivedEvents>(AUTHOR, name, HALF_HOUR);
        assert!(matches!(taken, Err(EngineError::Refused(Refusal::EventNameTaken(_)))), "{taken:?}");
    }
    let bad = world.engine.create_definition::<DerivedEvents>(AUTHOR, "Bad", r#"sessions of "Session""#);
    assert!(matches!(bad, Err(EngineError::Rule(_))), "{bad:?}");
    let value = world.engine.create_definition::<ComputedTraits>(
        AUTHOR,
        "entry",
        r#"first value of channel over "Session""#,
    );
    assert!(matches!(value, Err(EngineError::Rule(_))), "{value:?}");

    world.segment("Visitors", r#"everyone where did "Session""#);
    world
        .engine
        .create_definition::<ComputedTraits>(AUTHOR, "visits", r#"count of "Session""#)
        .expect("made");
    let deleted = world.engine.delete_definition::<DerivedEvents>(AUTHOR, "Session");
    let Err(EngineError::Refused(Refusal::DerivedEventInUse(users))) = deleted else { panic!("{deleted:?}") };
    assert_eq!(users, "Visitors, visits");
    let hour = "sessions of any event with gap of 1 hour";
    world.engine.edit_definition::<DerivedEvents>(AUTHOR, "Session", None, hour).expect("edited");
    let late = world.engine.edit_definition::<DerivedEvents>(AUTHOR, "Session", Some(1), HALF_HOUR);
    let is_moved =
        matches!(late, Err(EngineError::Refused(Refusal::DerivedEventMoved { expected: 1, found: 2 })));
    assert!(is_moved, "{late:?}");
    world.engine.delete_definition::<ComputedTraits>(AUTHOR, "visits").expect("deleted");
    world.engine.delete_segment(AUTHOR, "Visitors").expect("deleted");
    world.engine.delete_definition::<DerivedEvents>(AUTHOR, &made.id.to_string()).expect("deleted");
    assert!(world.engine.definitions::<DerivedEvents>().is_empty());
}

#[test]
fn a_session_that_is_over_moves_its_rule_at_that_millisecond() {
    let mut world = World::new();
    let over = "sessions of any event with gap of 30 minutes, counted at end";
    world.engine.create_definition::<DerivedEvents>(AUTHOR, "Session Over", over).expect("made");
    world.segment("Left", r#"everyone where did "Session Over" where order_count is 0 in last 1 hour"#);
    sees(&mut world, "u1", "/a");
    world.pass_ms(29 * MINUTE_MS);
    sees(&mut world, "u1", "/b");
    world.pass_ms(30 * MINUTE_MS - 1);
    assert!(world.members("Left").is_empty());
    world.verify();
    world.pass_ms(1);
    assert_eq!(world.members("Left"), ["u1"]);
    assert_eq!(world.story().last().map(String::as_str), Some("+Left u1 expiry"));
    world.verify();
    world.pass_ms(60 * MINUTE_MS);
    assert!(world.members("Left").is_empty());
    world.verify();
}
