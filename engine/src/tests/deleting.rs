//! A person is deleted.

use serde_json::json;

use super::world::{AUTHOR, DAY_MS, World};
use crate::command::{Change, Refusal};
use crate::error::EngineError;
use crate::shell::Held;

/// Someone with a trace in every kind of record. `secret` is in every value of theirs.
fn someone(world: &mut World) {
    world.send(json!({"anonymousId": "secret-browser", "event": "Product Viewed"}));
    world.send(json!({"userId": "secret-user", "event": "Order Completed",
        "properties": {"order_id": "secret-order", "total": 50}}));
    world.send(json!({"type": "identify", "userId": "secret-user", "anonymousId": "secret-browser",
        "traits": {"email": "secret@shop.example", "nickname": "secret"}}));
}

#[test]
fn nothing_of_the_person_is_left_in_the_state() {
    let mut world = World::new();
    world.segment("Buyers", r#"did "Order Completed""#);
    world.segment("Secretive", r#"everyone where nickname exists"#);
    world.order("other");
    someone(&mut world);
    let old = world.profile("user_id", "secret-user");
    world.split(old, &["email:secret@shop.example"]);
    let preview = world.engine.deletion_preview(old).expect("a preview");
    assert_eq!((preview.rows, preview.orders, preview.segments.len()), (3, 1, 2));
    let deletion = world.engine.delete_profile(AUTHOR, old).expect("deleted");
    assert_eq!(deletion.removed, preview);
    let address = world.profile("email", "secret@shop.example");
    world.engine.delete_profile(AUTHOR, address).expect("deleted");
    assert_eq!(world.members("Buyers"), ["other"]);
    let story = world.story();
    assert!(story.contains(&format!("-Buyers {old} deletion")), "{story:?}");
    assert!(world.engine.profile(old).expect_err("gone").to_string().contains("was deleted at"));
    assert!(world.engine.find_profile(&segops_model::Identifier::new("user_id", "secret-user")).is_none());
    world.verify();
    // The catalogue lists values of traits and properties that many have; it is told of in the docs.
    let mut fold = world.engine.core().fold.write();
    fold.state.catalogue = crate::state::Catalogue::default();
    let left = format!("{:?}", fold.state);
    drop(fold);
    let at = left.find("secret").map(|at| &left[at.saturating_sub(200)..(at + 100).min(left.len())]);
    assert_eq!(at, None);
}

#[test]
fn rows_from_before_are_dropped_and_listed_and_newer_ones_are_someone_new() {
    let mut world = World::new();
    world.segment("Viewers", r#"everyone where did "Product Viewed""#);
    someone(&mut world);
    let old = world.profile("user_id", "secret-user");
    let before = world.now();
    world.pass_ms(1);
    world.engine.delete_profile(AUTHOR, old).expect("deleted");
    world.pass_ms(DAY_MS);
    world.send(json!({"userId": "secret-user", "event": "Product Viewed", "timestamp": before.to_string()}));
    assert!(world.members("Viewers").is_empty());
    assert_eq!(world.engine.status().deleted_arrivals, 1);
    let [(_, rejection)] = world.engine.rejections(None, 10).try_into().expect("one");
    assert_eq!(rejection.code, segops_collect::RejectionCode::DeletedProfile);
    assert!(!format!("{rejection:?}").contains("secret"));
    world.verify();
    world.send(json!({"userId": "secret-user", "event": "Product Viewed"}));
    assert_eq!(world.members("Viewers"), ["secret-user"]);
    let new = world.engine.profile(world.profile("user_id", "secret-user")).expect("a profile");
    assert_eq!((new.events, new.orders.len(), new.identifiers.len()), (1, 0, 1));
    assert_ne!(new.id, old);
    world.verify();
    let hash = world.engine.state_hash();
    let world = world.restarted();
    assert_eq!(world.engine.state_hash(), hash);
    world.verify();
}

#[test]
fn someone_elses_row_keeps_what_is_theirs() {
    let mut world = World::new();
    someone(&mut world);
    let before = world.now();
    world.pass_ms(1);
    world.engine.delete_profile(AUTHOR, world.profile("user_id", "secret-user")).expect("deleted");
    world.send(json!({"userId": "other", "anonymousId": "secret-browser", "event": "Product Viewed",
        "timestamp": before.to_string()}));
    let other = world.engine.profile(world.profile("user_id", "other")).expect("a profile");
    assert_eq!((other.events, other.identifiers.len()), (1, 1));
    world.verify();
}

#[test]
fn a_profile_that_has_changed_in_between_is_not_deleted() {
    let mut world = World::new();
    someone(&mut world);
    let profile = world.profile("user_id", "secret-user");
    let change = Change::DeleteProfile { profile, identifiers: Vec::new() };
    let refused = world.engine.change(AUTHOR, change);
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::ProfileMoved(_)))));
    assert!(world.engine.profile(profile).is_ok());
    world.verify();
}

#[test]
fn a_priming_that_reads_meanwhile_brings_nobody_back() {
    let mut world = World::new();
    someone(&mut world);
    world.order("other");
    world.hold(Held::Primings);
    let rule = super::world::rule(r#"everyone where did "Order Completed""#);
    let (segment, _) = world.engine.create_segment(AUTHOR, "Buyers", &rule).expect("a segment");
    let priming = world.begin_priming(segment.id);
    let gone = world.profile("user_id", "secret-user");
    world.engine.delete_profile(AUTHOR, gone).expect("deleted");
    world.finish_priming(priming);
    assert_eq!(world.members("Buyers"), ["other"]);
    let left = format!("{:?}", world.engine.core().fold.read().state.timelines);
    assert!(!left.contains(&format!("ProfileId({})", gone.0)));
    world.verify();
}

#[test]
fn a_split_that_waits_ends_with_the_profile() {
    let mut world = World::new();
    someone(&mut world);
    world.hold(Held::Splits);
    let profile = world.profile("user_id", "secret-user");
    let taken = [super::world::identifier("anonymous_id:secret-browser")];
    let split = world.engine.split_profile(AUTHOR, profile, &taken).expect("asked");
    let attempt = world.attempt(split.id);
    world.engine.delete_profile(AUTHOR, profile).expect("deleted");
    assert!(!world.carry_out(split.id, attempt));
    assert!(world.engine.split(split.id).is_err());
    assert_eq!(world.engine.status().profiles, 0);
    world.verify();
}
