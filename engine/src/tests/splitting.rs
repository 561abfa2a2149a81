//! One profile becomes two.

use serde_json::json;

use super::world::{AUTHOR, DAY_MS, World, identifier};
use crate::shell::Held;
use crate::view::SplitStatus;
use crate::work::Work;

/// A browser that two people have used: `b1` was taken for u1's.
fn shared_browser(world: &mut World) {
    world.send(json!({"anonymousId": "b1", "event": "Product Viewed"}));
    world.send(
        json!({"userId": "u1", "event": "Order Completed", "properties": {"order_id": "o1", "total": 50}}),
    );
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "b1", "traits": {"tier": "gold"}}));
    world.send(json!({"anonymousId": "b1", "event": "Product Viewed"}));
    world.send(json!({"type": "identify", "anonymousId": "b1", "traits": {"tier": "none"}}));
}

#[test]
fn each_row_goes_with_its_anchor() {
    let mut world = World::new();
    world.segment("Viewers", r#"everyone where did "Product Viewed" >= 2 times"#);
    world.segment("Gold", r#"everyone where tier is "gold""#);
    world.segment("Buyers", r#"did "Order Completed""#);
    shared_browser(&mut world);
    let whole = world.profile("user_id", "u1");
    assert_eq!((world.members("Viewers"), world.members("Gold")), (vec!["u1".to_owned()], vec![]));
    let split = world.split(whole, &["anonymous_id:b1"]);
    let made = world.profile("anonymous_id", "b1");
    assert_eq!((split.status, split.made, split.profile), (SplitStatus::Barred, Some(made), whole));
    assert_eq!(world.profile("user_id", "u1"), whole);
    // The identify that linked them is u1's own row, and so is the trait that it set.
    assert_eq!(
        (world.members("Viewers"), world.members("Gold")),
        (vec!["b1".to_owned()], vec!["u1".to_owned()])
    );
    let story = world.story();
    let told: Vec<_> = story.iter().rev().take(3).rev().map(String::as_str).collect();
    assert_eq!(told, ["-Viewers u1 split", "+Gold u1 split", &format!("+Viewers {made} split")]);
    let (left, right) = (world.engine.profile(whole).expect("one"), world.engine.profile(made).expect("two"));
    assert_eq!((left.events, right.events, left.orders.len(), right.orders.len()), (1, 2, 1, 0));
    assert_eq!(right.traits["tier"].value, segops_model::Value::Text("none".into()));
    world.verify();
    let hash = world.engine.state_hash();
    let world = world.restarted();
    assert_eq!(world.engine.state_hash(), hash);
    world.verify();
}

#[test]
fn old_ids_answer_for_the_side_that_they_were() {
    let mut world = World::new();
    world.send(json!({"userId": "u1", "event": "Order Completed"}));
    world.send(json!({"anonymousId": "b1", "event": "Product Viewed"}));
    let browser = world.profile("anonymous_id", "b1");
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "b1"}));
    let split = world.split(world.profile("user_id", "u1"), &["anonymous_id:b1"]);
    assert_eq!(Some(world.engine.profile(browser).expect("the old id answers").id), split.made);
    assert!(world.engine.profile_merges(browser).expect("merges").is_empty());
    assert!(world.engine.profile_merges(split.profile).expect("merges").is_empty());
}

#[test]
fn the_bar_holds_until_it_is_lifted() {
    let mut world = World::new();
    world.segment("Viewers", r#"everyone where did "Product Viewed" >= 3 times"#);
    shared_browser(&mut world);
    let split = world.split(world.profile("user_id", "u1"), &["anonymous_id:b1"]);
    world.send(json!({"userId": "u1", "anonymousId": "b1", "event": "Product Viewed"}));
    assert_ne!(world.profile("user_id", "u1"), world.profile("anonymous_id", "b1"));
    world.verify();
    let lifted = world.engine.lift_bar(AUTHOR, split.id).expect("lifted");
    assert_eq!(lifted.status, SplitStatus::Lifted);
    assert!(world.engine.lift_bar(AUTHOR, split.id).is_err());
    // Lifting alone makes nobody one.
    assert_ne!(world.profile("user_id", "u1"), world.profile("anonymous_id", "b1"));
    world.send(json!({"userId": "u1", "anonymousId": "b1", "event": "Other"}));
    assert_eq!(world.profile("user_id", "u1"), world.profile("anonymous_id", "b1"));
    assert_eq!(world.members("Viewers"), ["u1"]);
    world.verify();
}

#[test]
fn what_comes_in_while_history_is_read_is_not_lost() {
    let mut world = World::new();
    world.segment("Viewers", r#"everyone where did "Product Viewed" >= 3 times"#);
    shared_browser(&mut world);
    world.hold(Held::Splits);
    let whole = world.profile("user_id", "u1");
    let asked = world.engine.split_profile(AUTHOR, whole, &[identifier("anonymous_id:b1")]).expect("asked");
    let attempt = world.attempt(asked.id);
    world.send(json!({"anonymousId": "b1", "event": "Product Viewed"}));
    world.send(json!({"userId": "u1", "event": "Product Viewed"}));
    assert_eq!(world.engine.split(asked.id).expect("it waits").status, SplitStatus::Waiting);
    assert!(world.carry_out(asked.id, attempt));
    assert_eq!(world.members("Viewers"), ["b1"]);
    world.verify();
    let world = world.restarted();
    world.verify();
}

#[test]
fn an_attempt_during_which_the_profile_merges_is_made_again() {
    let mut world = World::new();
    world.segment("Viewers", r#"everyone where did "Product Viewed" >= 2 times"#);
    shared_browser(&mut world);
    world.send(json!({"anonymousId": "b2", "event": "Product Viewed"}));
    world.hold(Held::Splits);
    let whole = world.profile("user_id", "u1");
    let asked = world.engine.split_profile(AUTHOR, whole, &[identifier("anonymous_id:b1")]).expect("asked");
    let (attempt, artefact) = world.attempt(asked.id).expect("begun");
    world.send(json!({"userId": "u1", "anonymousId": "b2", "event": "Product Viewed"}));
    assert!(crate::shell::finish_split(world.engine.core(), &attempt, artefact).is_err());
    assert_eq!(world.engine.split(asked.id).expect("it waits").status, SplitStatus::Waiting);
    // A restart in between begins again as well.
    let world = world.restarted();
    world.engine.wait_split(asked.id, &Work::new()).expect("in effect");
    assert_eq!(world.members("Viewers"), ["b1", "u1"]);
    world.verify();
}

/// How far a split has come when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Asked,
    Begun,
    InEffect,
}

#[test]
fn a_crash_at_any_stage_is_made_good() {
    for reached in [Reached::Asked, Reached::Begun, Reached::InEffect] {
        let mut world = World::new();
        world.segment("Viewers", r#"everyone where did "Product Viewed" >= 3 times"#);
        shared_browser(&mut world);
        world.hold(Held::Splits);
        let whole = world.profile("user_id", "u1");
        let asked =
            world.engine.split_profile(AUTHOR, whole, &[identifier("anonymous_id:b1")]).expect("asked");
        let attempt = if reached >= Reached::Begun { world.attempt(asked.id) } else { None };
        world.send(json!({"anonymousId": "b1", "event": "Product Viewed"}));
        if reached == Reached::InEffect {
            assert!(world.carry_out(asked.id, attempt));
        }
        let world = world.crashed();
        world.engine.wait_split(asked.id, &Work::new()).expect("in effect");
        assert_eq!(world.members("Viewers"), ["b1"], "{reached:?}");
        world.verify();
        let hash = world.engine.state_hash();
        let world = world.restarted();
        assert_eq!(world.engine.state_hash(), hash, "{reached:?}");
    }
}

#[test]
fn a_priming_that_reads_meanwhile_gives_each_side_its_own() {
    let mut world = World::new();
    shared_browser(&mut world);
    world.hold(Held::Primings);
    let rule = super::world::rule(r#"everyone where did "Product Viewed" >= 2 times"#);
    let (segment, _) = world.engine.create_segment(AUTHOR, "Viewers", &rule).expect("a segment");
    let priming = world.begin_priming(segment.id);
    world.split(world.profile("user_id", "u1"), &["anonymous_id:b1"]);
    world.finish_priming(priming);
    assert_eq!(world.members("Viewers"), ["b1"]);
    world.verify();
}

#[test]
fn a_side_without_rows_is_nobody_until_one_comes() {
    let mut world = World::new();
    world.segment("Quiet", r#"everyone where did not "Order Completed""#);
    world.send(json!({"userId": "u1", "anonymousId": "b1", "event": "Product Viewed"}));
    world.split(world.profile("user_id", "u1"), &["anonymous_id:b1"]);
    assert_eq!((world.members("Quiet"), world.engine.status().profiles), (vec!["u1".to_owned()], 1));
    world.verify();
    world.send(json!({"anonymousId": "b1", "event": "Product Viewed"}));
    assert_eq!(world.members("Quiet"), ["b1", "u1"]);
    world.verify();
}

#[test]
fn a_profile_that_all_rows_leave_leaves_every_segment() {
    let mut world = World::new();
    world.segment("Quiet", r#"everyone where did not "Order Completed""#);
    world.send(json!({"userId": "u1", "anonymousId": "b1", "event": "Product Viewed"}));
    let made = world.split(world.profile("user_id", "u1"), &["user_id:u1"]).made.expect("made");
    assert_eq!(world.profile("user_id", "u1"), made);
    assert_eq!((world.members("Quiet"), world.engine.status().profiles), (vec!["u1".to_owned()], 1));
    world.verify();
}

#[test]
fn windows_end_for_both_sides() {
    let mut world = World::new();
    world.segment("Recent", r#"everyone where did "Product Viewed" in last 2 days"#);
    world.send(json!({"userId": "u1", "event": "Product Viewed"}));
    world.pass_ms(DAY_MS);
    world.send(json!({"anonymousId": "b1", "event": "Product Viewed"}));
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "b1"}));
    world.split(world.profile("user_id", "u1"), &["anonymous_id:b1"]);
    assert_eq!(world.members("Recent"), ["b1", "u1"]);
    world.pass_ms(DAY_MS);
    assert_eq!(world.members("Recent"), ["b1"]);
    world.pass_ms(DAY_MS);
    assert!(world.members("Recent").is_empty());
    world.verify();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut world = World::new();
    shared_browser(&mut world);
    let whole = world.profile("user_id", "u1");
    let refused = |identifiers: &[&str]| {
        let identifiers: Vec<_> = identifiers.iter().map(|text| identifier(text)).collect();
        world.engine.split_profile(AUTHOR, whole, &identifiers).expect_err("refused").to_string()
    };
    assert!(refused(&[]).contains("at least one"));
    assert!(refused(&["anonymous_id:b2"]).contains("`anonymous_id:b2` is not an identifier"));
    assert!(refused(&["anonymous_id:b1", "user_id:u1"]).contains("all the identifiers"));
    assert!(world.engine.lift_bar(AUTHOR, segops_model::SplitId(7)).is_err());
}
