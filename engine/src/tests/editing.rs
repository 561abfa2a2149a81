//! Creating, editing, pausing and deleting segments while traffic goes on.

use serde_json::json;

use super::world::{AUTHOR, DAY_MS, World, rule};
use crate::command::Refusal;
use crate::error::EngineError;
use crate::settings::Settings;
use crate::view::SegmentStatus;
use crate::work::Work;

#[test]
fn a_new_segment_finds_history() {
    let mut world = World::new();
    world.order("u1");
    world.order("u1");
    world.order("u2");
    world.pass_ms(DAY_MS);
    world.segment("Twice", r#"did "Order Completed" >= 2 times in last 10 days"#);
    assert_eq!(world.story(), ["+Twice u1 prime"]);
    world.pass_ms(9 * DAY_MS);
    assert_eq!(world.story(), ["+Twice u1 prime", "-Twice u1 expiry"]);
    world.verify();
}

#[test]
fn an_edit_moves_only_who_differs() {
    let mut world = World::new();
    world.segment("Buyers", r#"did "Order Completed" >= 1 times"#);
    for user in ["u1", "u1", "u1", "u2", "u2", "u3"] {
        world.order(user);
    }
    let since = world.engine.members("Buyers", None, 1).expect("members")[0].since;
    world.pass_ms(DAY_MS);
    world.edit("Buyers", r#"did "Order Completed" >= 2 times"#);
    assert_eq!(world.members("Buyers"), ["u1", "u2"]);
    assert_eq!(world.story()[3..], ["-Buyers u3 edit"]);
    assert_eq!(world.engine.members("Buyers", None, 1).expect("members")[0].since, since);
    let segment = world.engine.segment("Buyers").expect("a segment");
    assert_eq!((segment.status, segment.versions.len()), (SegmentStatus::Live, 2));
    world.verify();
    world.order("u3");
    assert_eq!(world.members("Buyers"), ["u1", "u2", "u3"]);
    world.verify();
}

#[test]
fn an_edit_of_what_someone_else_has_edited_is_refused() {
    let world = World::new();
    world.segment("Buyers", r#"did "Order Completed""#);
    let version = world.engine.segment("Buyers").expect("a segment").serving_version;
    world.edit("Buyers", r#"did "Order Completed" >= 2 times"#);
    let late =
        world.engine.edit_segment(AUTHOR, "Buyers", version, &rule(r#"did "Order Completed" >= 9 times"#));
    assert!(
        matches!(late, Err(EngineError::Refused(Refusal::VersionMoved { expected: 1, found: 2 }))),
        "{late:?}"
    );
}

#[test]
fn a_paused_segment_holds_its_members() {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 1 day"#);
    world.order("u1");
    world.engine.pause_segment(AUTHOR, "Recent").expect("paused");
    world.order("u2");
    world.pass_ms(3 * DAY_MS);
    assert_eq!(world.members("Recent"), ["u1"]);
    world.verify();
    world.order("u3");
    let segment = world.engine.resume_segment(AUTHOR, "Recent").expect("resumed");
    world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    assert_eq!(world.members("Recent"), ["u3"]);
    assert_eq!(world.story(), ["+Recent u1 event", "-Recent u1 prime", "+Recent u3 prime"]);
    world.verify();
}

#[test]
fn what_others_depend_on_is_not_taken_away() {
    let world = World::new();
    world.segment("VIP", r#"did "Order Completed" >= 5 times"#);
    world.segment("Quiet VIP", r#"in segment "VIP" and did not "Order Completed" in last 30 days"#);
    let refused = world.engine.delete_segment(AUTHOR, "VIP");
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::InUse(_)))), "{refused:?}");
    let circle = world.engine.edit_segment(AUTHOR, "VIP", None, &rule(r#"in segment "Quiet VIP""#));
    assert!(circle.is_err(), "{circle:?}");
    world.engine.delete_segment(AUTHOR, "Quiet VIP").expect("deleted");
    world.engine.delete_segment(AUTHOR, "VIP").expect("deleted");
    assert!(world.engine.segments().is_empty());
}

#[test]
fn a_change_of_time_zone_is_an_edit_of_every_rule() {
    let mut world = World::new();
    world.segment("Today", r#"did "Order Completed" today"#);
    // 23:30 on 1 March in UTC is already 2 March in Berlin.
    world.pass_ms(11 * segops_model::HOUR_MS + 30 * super::world::MINUTE_MS);
    world.order("u1");
    world.pass_ms(segops_model::HOUR_MS);
    assert!(world.members("Today").is_empty());
    let settings = Settings { time_zone: "Europe/Berlin".to_owned(), ..world.engine.settings() };
    world.engine.change_settings(AUTHOR, settings).expect("settings");
    let id = world.engine.segment("Today").expect("a segment").id;
    world.engine.wait_primed(id, &Work::new()).expect("primed");
    assert_eq!(world.members("Today"), ["u1"]);
    assert_eq!(world.story().last().map(String::as_str), Some("+Today u1 settings"));
    world.verify();
}

#[test]
fn previews_look_back() {
    let mut world = World::new();
    world.order("u1");
    let then = world.now();
    world.pass_ms(DAY_MS);
    world.order("u2");
    let buyers = rule(r#"did "Order Completed""#);
    let total = |at| world.engine.preview(&buyers, at, 5, &Work::new()).expect("a preview").counts.total;
    assert_eq!((total(None), total(Some(then)), total(Some(then.plus_ms(-1)))), (2, 1, 0));
}

#[test]
fn unseen_names_are_warnings_and_unknown_segments_errors() {
    let mut world = World::new();
    world.order("u1");
    let (_, warnings) =
        world.engine.create_segment(AUTHOR, "Typo", &rule(r#"did "Order Complete""#)).expect("a segment");
    assert!(format!("{warnings:?}").contains("Order Completed"), "{warnings:?}");
    let error =
        world.engine.create_segment(AUTHOR, "Bad", &rule(r#"in segment "Nowhere""#)).expect_err("refused");
    assert!(matches!(error, EngineError::Rule(_)), "{error:?}");
    world.send(json!({"userId": "u1", "event": "Order Complete"}));
    let id = world.engine.segment("Typo").expect("a segment").id;
    world.engine.wait_primed(id, &Work::new()).expect("primed");
    assert_eq!(world.members("Typo"), ["u1"]);
}

#[test]
fn no_rule_names_a_paused_segment() {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 1 day"#);
    world.order("u1");
    world.engine.pause_segment(AUTHOR, "Recent").expect("paused");
    let named = rule(r#"in segment "Recent""#);
    let refused = world.engine.create_segment(AUTHOR, "Quiet", &named);
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::Paused(_)))), "{refused:?}");
    let refused = world.engine.preview(&named, None, 0, &Work::new());
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::Paused(_)))), "{refused:?}");
    let segment = world.engine.resume_segment(AUTHOR, "Recent").expect("resumed");
    world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    world.segment("Quiet", r#"in segment "Recent""#);
    assert_eq!(world.members("Quiet"), ["u1"]);
    world.verify();
}
