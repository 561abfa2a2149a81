//! Segments through their lives: drafts, archives, what is said of them, and what an edit would change.

use std::collections::BTreeSet;

use super::world::{AUTHOR, DAY_MS, World, rule};
use crate::command::{Change, Refusal};
use crate::difference::OtherRule;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::segment_changes::NewSegment;
use crate::settings::Settings;
use crate::state::{DetailsChange, Lifecycle, SegmentChangeKind};
use crate::view::{RuleDifference, SegmentStatus};
use crate::work::Work;
use segops_model::SegmentVersion;

fn draft(world: &World, name: &str, text: &str) {
    let details = DetailsChange::default();
    let new = NewSegment { name: name.to_owned(), rule: rule(text), details, draft: true };
    world.engine.create_segment_as(AUTHOR, new).expect("a draft");
}

fn primed(engine: &Engine, name: &str) {
    let id = engine.segment(name).expect("a segment").id;
    engine.wait_primed(id, &Work::new()).expect("primed");
}

fn difference(world: &World, name: &str, text: &str) -> RuleDifference {
    let other = OtherRule::Given(Box::new(rule(text)));
    world.engine.difference(name, &other, None, 10, &Work::new()).expect("a difference")
}

#[test]
fn a_draft_has_nobody_until_it_is_published() {
    let mut world = World::new();
    world.order("u1");
    draft(&world, "Buyers", r#"did "Order Completed" >= 2 times"#);
    world.order("u2");
    let segment = world.engine.segment("Buyers").expect("a segment");
    assert_eq!((segment.state, segment.status), (Lifecycle::Draft, SegmentStatus::Draft));
    assert_eq!(
        (segment.rule_text.as_str(), segment.pending_version),
        (r#"did "Order Completed" >= 2 times"#, None)
    );
    world.engine.edit_segment(AUTHOR, "Buyers", None, &rule(r#"did "Order Completed""#)).expect("an edit");
    assert!(world.members("Buyers").is_empty());
    let mut world = world.restarted();
    world.pass_ms(DAY_MS);
    assert!(world.story().is_empty());
    world.engine.publish_segment(AUTHOR, "Buyers").expect("published");
    primed(&world.engine, "Buyers");
    assert_eq!(world.story(), ["+Buyers u1 prime", "+Buyers u2 prime"]);
    world.order("u3");
    assert_eq!(world.members("Buyers"), ["u1", "u2", "u3"]);
    let again = world.engine.publish_segment(AUTHOR, "Buyers");
    assert!(matches!(again, Err(EngineError::Refused(Refusal::WrongStatus(..)))), "{again:?}");
    world.verify();
}

#[test]
fn everyone_leaves_an_archived_segment_and_comes_back_with_it() {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 2 days"#);
    world.order("u1");
    let archived = world.engine.archive_segment(AUTHOR, "Recent").expect("archived");
    assert_eq!((archived.status, archived.counts.total), (SegmentStatus::Archived, 0));
    assert_eq!(world.story(), ["+Recent u1 event", "-Recent u1 edit"]);
    world.order("u2");
    world.pass_ms(DAY_MS);
    world.verify();
    let refused = world.engine.edit_segment(AUTHOR, "Recent", None, &rule(r#"did "Order Completed""#));
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::WrongStatus(..)))), "{refused:?}");
    let world = world.restarted();
    world.engine.restore_segment(AUTHOR, "Recent").expect("restored");
    primed(&world.engine, "Recent");
    assert_eq!(world.members("Recent"), ["u1", "u2"]);
    world.pass_ms(DAY_MS);
    assert!(world.members("Recent").is_empty());
    world.verify();
}

#[test]
fn rules_name_only_what_is_live() {
    let world = World::new();
    draft(&world, "A", r#"did "Order Completed""#);
    let named = rule(r#"in segment "A""#);
    let refused = world.engine.create_segment(AUTHOR, "B", &named);
    assert!(
        matches!(refused, Err(EngineError::Refused(Refusal::NotLive(_, Lifecycle::Draft)))),
        "{refused:?}"
    );
    world.engine.publish_segment(AUTHOR, "A").expect("published");
    world.segment("B", r#"in segment "A""#);
    let refused = world.engine.archive_segment(AUTHOR, "A");
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::InUse(_)))), "{refused:?}");
    world.engine.archive_segment(AUTHOR, "B").expect("archived");
    world.engine.archive_segment(AUTHOR, "A").expect("nothing live names it");
    let refused = world.engine.restore_segment(AUTHOR, "B");
    assert!(
        matches!(refused, Err(EngineError::Refused(Refusal::NotLive(_, Lifecycle::Archived)))),
        "{refused:?}"
    );
    let refused = world.engine.delete_segment(AUTHOR, "A");
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::InUse(_)))), "{refused:?}");
    world.engine.restore_segment(AUTHOR, "A").expect("restored");
    world.engine.restore_segment(AUTHOR, "B").expect("restored");
    primed(&world.engine, "B");
    world.verify();
}

#[test]
fn circles_are_spelled_out() {
    let world = World::new();
    world.segment("A", r#"did "Order Completed""#);
    world.segment("B", r#"in segment "A""#);
    world.segment("C", r#"in segment "B" and did "Product Viewed""#);
    let circle = rule(r#"in segment "C""#);
    let refused = world.engine.edit_segment(AUTHOR, "A", None, &circle);
    let told = |error: &EngineError| match error {
        EngineError::Rule(problems) => problems[0].message.clone(),
        other => other.to_string(),
    };
    assert!(told(&refused.expect_err("a circle")).contains("`A` -> `C` -> `B` -> `A`"));
    // The fold checks again what the command brings.
    let (a, c) =
        (world.engine.segment("A").expect("a segment"), world.engine.segment("C").expect("a segment"));
    let rule = segops_rules::from_json(&format!(r#"{{"when":{{"segment":{{"segment":"{}"}}}}}}"#, c.id));
    let resolved = serde_json::from_value(segops_rules::to_json(&rule.expect("a rule"))).expect("resolved");
    let change = Change::EditSegment {
        segment: a.id,
        expected_version: SegmentVersion(1),
        rule: resolved,
        restored_from: None,
    };
    let refused = world.engine.change(AUTHOR, change).expect_err("a circle");
    assert!(told(&refused).contains("A -> C -> B -> A"), "{refused}");
    let own = world.engine.edit_segment(AUTHOR, "A", None, &crate::tests::world::rule(r#"in segment "A""#));
    assert!(told(&own.expect_err("a circle")).contains("refer to itself"));
}

#[test]
fn an_edit_is_shown_before_it_is_saved() {
    let mut world = World::new();
    for user in ["u1", "u1", "u1", "u2", "u2", "u3"] {
        world.order(user);
    }
    world
        .send(serde_json::json!({"type": "identify", "userId": "u3", "traits": {"email": "u3@example.com"}}));
    world.segment("Buyers", r#"did "Order Completed" >= 2 times"#);
    let found = difference(&world, "Buyers", r#"did "Order Completed" != 3 times"#);
    assert_eq!((found.before.total, found.after.total), (2, 2));
    assert_eq!((found.entering.total, found.entering.reachable_email, found.leaving.total), (1, 1, 1));
    assert_eq!(found.entering_sample[0].profile, world.profile("user_id", "u3"));
    assert_eq!(found.leaving_sample[0].profile, world.profile("user_id", "u1"));
    assert!(found.takes_effect);
    world.edit("Buyers", r#"did "Order Completed" != 3 times"#);
    assert_eq!(world.members("Buyers"), ["u2", "u3"]);
    let old = OtherRule::Version(SegmentVersion(1));
    let back = world.engine.difference("Buyers", &old, None, 10, &Work::new()).expect("a difference");
    assert_eq!((back.entering.total, back.leaving.total), (1, 1));
    let (segment, _) =
        world.engine.restore_version(AUTHOR, "Buyers", SegmentVersion(1), None).expect("restored");
    world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    assert_eq!(world.members("Buyers"), ["u1", "u2"]);
    let version = world.engine.segment_version("Buyers", SegmentVersion(3)).expect("a version");
    assert_eq!((version.restored_from, version.serves), (Some(SegmentVersion(1)), true));
    let missing = world.engine.segment_version("Buyers", SegmentVersion(9)).expect_err("no version");
    assert!(missing.to_string().contains("its newest is 3"), "{missing}");
    world.verify();
}

#[test]
fn a_difference_reads_the_segments_that_either_rule_names() {
    let mut world = World::new();
    world.segment("Buyers", r#"did "Order Completed""#);
    world.segment("Viewers", r#"everyone where did "Product Viewed""#);
    world.segment("Asked", r#"everyone where in segment "Buyers""#);
    world.order("u1");
    world.send(serde_json::json!({"userId": "u2", "event": "Product Viewed"}));
    let found = difference(&world, "Asked", r#"everyone where in segment "Viewers""#);
    assert_eq!((found.before.total, found.after.total), (1, 1));
    assert_eq!((found.entering.total, found.leaving.total), (1, 1));
    let users = difference(&world, "Buyers", r#"did "Order Completed" >= 9 times"#).used_by;
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["Asked"]);
}

#[test]
fn the_same_rule_is_pointed_out() {
    let world = World::new();
    world.segment("Buyers", r#"did "Order Completed" >= 1 times and country is "DE""#);
    let same = rule(r#"country is "de" and did "Order Completed""#);
    let (_, warnings) = world.engine.create_segment(AUTHOR, "Again", &same).expect("a segment");
    assert!(
        warnings.iter().any(|warning| warning.message.contains("`Buyers` has the same rule")),
        "{warnings:?}"
    );
    world.engine.delete_segment(AUTHOR, "Again").expect("deleted");
    let (_, warnings) = world.engine.edit_segment(AUTHOR, "Buyers", None, &same).expect("an edit");
    assert!(warnings.iter().all(|warning| !warning.message.contains("same rule")), "{warnings:?}");
}

#[test]
fn changes_have_authors_and_times() {
    let world = World::new();
    world.segment("Buyers", r#"did "Order Completed""#);
    world.pass_ms(DAY_MS);
    let tags: BTreeSet<String> = [" email ", "Email", "weekly"].map(str::to_owned).into();
    let details = DetailsChange {
        name: Some("Customers".to_owned()),
        folder: Some(" Retention / Win-back/".to_owned()),
        tags: Some(tags),
        ..DetailsChange::default()
    };
    let segment = world.engine.describe_segment("bob", "Buyers", details).expect("described");
    assert_eq!((segment.name.as_str(), segment.folder.as_str()), ("Customers", "Retention/Win-back"));
    assert_eq!(
        (segment.owner.as_str(), segment.tags),
        (AUTHOR, vec!["email".to_owned(), "weekly".to_owned()])
    );
    let settings = Settings { time_zone: "Europe/Berlin".to_owned(), ..world.engine.settings() };
    world.engine.change_settings("carl", settings).expect("settings");
    let world = world.restarted();
    let changes = world.engine.segment_changes("Customers").expect("changes");
    let told: Vec<_> = changes.iter().map(|change| (change.author.as_str(), &change.what)).collect();
    assert_eq!(
        told,
        [
            ("carl", &SegmentChangeKind::CalendarChanged { version: SegmentVersion(2) }),
            ("bob", &SegmentChangeKind::Renamed { from: "Buyers".to_owned(), to: "Customers".to_owned() }),
            ("bob", &SegmentChangeKind::Described { fields: vec!["folder".to_owned(), "tags".to_owned()] }),
            (AUTHOR, &SegmentChangeKind::Created),
        ]
    );
    assert_eq!(changes[1].at, world.now());
    let long = DetailsChange { description: Some("x".repeat(2_001)), ..DetailsChange::default() };
    let refused = world.engine.describe_segment("bob", "Customers", long);
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::BadDetails(_)))), "{refused:?}");
}

#[test]
fn commands_of_before_segments_had_details_are_read() {
    let old = r#"{"author":"ann","change":{"create_segment":{"name":"A","rule":{"version":1,"base":"customers","when":{"event":{"event":{"name":"X"}}}}}}}"#;
    let command: crate::command::Command = serde_json::from_str(old).expect("a command");
    let Change::CreateSegment { details, draft, .. } = command.change else { panic!("another command") };
    assert_eq!((details, draft), (DetailsChange::default(), false));
    let old = r#"{"author":"ann","change":{"edit_segment":{"segment":"seg_1","expected_version":1,"rule":{"version":1,"when":{"event":{"event":{"name":"X"}}}}}}}"#;
    let command: crate::command::Command = serde_json::from_str(old).expect("a command");
    assert!(matches!(command.change, Change::EditSegment { restored_from: None, .. }));
}

#[test]
fn who_was_in_is_kept_apart_from_who_would_have_been() {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 2 days"#);
    world.order("u1");
    let first = world.now();
    world.pass_ms(DAY_MS);
    world.order("u2");
    let second = world.now();
    world.pass_ms(3 * DAY_MS);
    // It had happened on the first day, and nobody knew then.
    world.send(
        serde_json::json!({"userId": "u3", "event": "Order Completed", "timestamp": first.to_string()}),
    );
    let world = world.restarted();
    let recorded = |at| {
        let members = world.engine.members_recorded("Recent", at, None, 10).expect("members");
        members.into_iter().map(|member| (member.profile, member.since)).collect::<Vec<_>>()
    };
    let as_of = |at| {
        let members = world.engine.members_as_of("Recent", at, None, 10, &Work::new()).expect("members");
        members.into_iter().map(|member| member.profile).collect::<Vec<_>>()
    };
    let [u1, u2, u3] = ["u1", "u2", "u3"].map(|user| world.profile("user_id", user));
    assert_eq!(recorded(first.plus_ms(-1)), []);
    assert_eq!(recorded(first), [(u1, first)]);
    assert_eq!(recorded(second), [(u1, first), (u2, second)]);
    assert_eq!(recorded(first.plus_ms(2 * DAY_MS)), [(u2, second)]);
    assert_eq!(recorded(world.now()), []);
    assert_eq!(as_of(first), [u1, u3]);
    assert_eq!(as_of(second), [u1, u2, u3]);
    let page = world.engine.members_as_of("Recent", second, Some(u1), 1, &Work::new()).expect("members");
    assert_eq!(page.iter().map(|member| member.profile).collect::<Vec<_>>(), [u2]);
}

#[test]
fn days_follow_the_workspaces_clock() {
    let mut world = World::new();
    let settings = Settings { time_zone: "Europe/Berlin".to_owned(), ..world.engine.settings() };
    world.engine.change_settings(AUTHOR, settings).expect("settings");
    world.segment("Recent", r#"did "Order Completed" in last 2 days"#);
    world.order("u1");
    // 23:30 on 1 March in UTC is 2 March in Berlin.
    world.pass_ms(11 * segops_model::HOUR_MS + 30 * super::world::MINUTE_MS);
    world.order("u2");
    world.pass_ms(2 * DAY_MS);
    world.engine.archive_segment(AUTHOR, "Recent").expect("archived");
    let date = |text: &str| Some(text.parse().expect("a date"));
    let history = world.engine.segment_history("Recent", date("2026-02-28"), None).expect("a history");
    let days: Vec<_> =
        history.days.iter().map(|day| (day.date.as_str(), day.entered, day.exited, day.size)).collect();
    assert_eq!(
        days,
        [
            ("2026-02-28", 0, 0, 0),
            ("2026-03-01", 1, 0, 1),
            ("2026-03-02", 1, 0, 2),
            ("2026-03-03", 0, 1, 1),
            ("2026-03-04", 0, 1, 0),
        ]
    );
    assert_eq!(history.days[3].exited_by_cause, [("expiry".to_owned(), 1)].into());
    let later =
        world.engine.segment_history("Recent", date("2026-03-03"), date("2026-03-03")).expect("a history");
    assert_eq!((later.days.len(), later.days[0].size), (1, 1));
    for (from, to) in [("2026-03-02", "2026-03-01"), ("1999-01-01", "2026-01-01")] {
        let refused = world.engine.segment_history("Recent", date(from), date(to));
        assert!(matches!(refused, Err(EngineError::Asked(_))), "{refused:?}");
    }
}
