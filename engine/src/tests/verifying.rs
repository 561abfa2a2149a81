//! What verify finds: each kind of record, corrupted behind the fold's back.

use std::path::Path;
use std::sync::Arc;

use segops_model::{Position, ProfileId};
use segops_segment::Entry;
use segops_store::{Disk, Keyspace};

use super::world::{DAY_MS, World};
use crate::state::{Standing, State};
use crate::verify::{Scope, verify_folder};
use crate::view::VerifyReport;
use crate::work::Work;

/// Two customers, of whom one orders often, and segments that read their orders.
fn world() -> World {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 30 days"#);
    world.segment("Lapsed", r#"did not "Order Completed" in last 10 days"#);
    world.segment("Spent", r#"sum of total over "Order Completed" >= 20"#);
    for _ in 0..6 {
        world.order("u1");
        world.pass_ms(DAY_MS);
    }
    world.order("u2");
    world
}

fn corrupted(world: &World, corrupt: impl FnOnce(&mut State, ProfileId)) -> VerifyReport {
    assert!(verified(world).agrees(), "corrupt before anything was done");
    let profile = world.profile("user_id", "u1");
    corrupt(&mut world.engine.core().fold.write().state, profile);
    let report = verified(world);
    assert!(!report.agrees(), "{report:#?}");
    report
}

fn verified(world: &World) -> VerifyReport {
    world.engine.verify(&Work::new()).expect("a report")
}

fn change_standing(state: &mut State, profile: ProfileId, segment: &str, change: impl FnOnce(&mut Standing)) {
    let segment = state.find_segment(segment).expect("a segment").id;
    state.change_standings(profile, |standings| {
        let mut standing = standings.get(segment).expect("a standing").clone();
        change(&mut standing);
        standings.set(standing);
    });
}

/// Whether the timelines that differ are those of orders, by how many, and what the example says.
fn timelines(report: &VerifyReport) -> Vec<(String, u64, String)> {
    let differing = report.timelines.iter().filter(|timeline| timeline.differences > 0);
    differing
        .map(|timeline| (timeline.filter.clone(), timeline.differences, timeline.examples[0].only_in.clone()))
        .collect()
}

#[test]
fn a_membership_that_nobody_decided_is_found() {
    let world = world();
    let report = corrupted(&world, |state, profile| {
        change_standing(state, profile, "Spent", |standing| standing.membership = None);
    });
    let spent = report.segments.iter().find(|segment| segment.name == "Spent").expect("a segment");
    assert_eq!((spent.differences, spent.examples[0].only_in.as_str()), (1, "rebuilt"));
}

#[test]
fn a_timeline_that_lacks_an_event_is_found() {
    let world = world();
    let report = corrupted(&world, |state, profile| {
        let keys: Vec<_> = state.timelines.iter().map(|(key, _)| *key).collect();
        let key = keys.into_iter().find(|(held, _)| *held == profile).expect("a timeline");
        let timeline = state.timelines.get_mut(&key).expect("a timeline");
        let fewer: Vec<Entry> = timeline.iter().skip(1).collect();
        *timeline = fewer.into_iter().collect();
    });
    assert_eq!(timelines(&report).len(), 1, "{report:#?}");
    assert_eq!(report.differences, 1);
}

#[test]
fn a_timeline_that_is_gone_and_one_that_is_invented_are_found() {
    let world = world();
    let report = corrupted(&world, |state, profile| {
        let keys: Vec<_> = state.timelines.iter().map(|(key, _)| *key).collect();
        let key = keys.into_iter().find(|(held, _)| *held == profile).expect("a timeline");
        let timeline = state.timelines.remove(&key).expect("a timeline");
        state.timelines.insert((ProfileId(4_711), key.1), timeline);
    });
    let found = timelines(&report);
    assert_eq!((found.len(), found[0].1), (1, 2), "{report:#?}");
    assert!(found[0].0.contains("Order Completed"), "{found:?}");
    assert!(!report.timelines.iter().any(|timeline| timeline.read_by.is_empty()));
}

#[test]
fn an_event_that_never_came_is_found_where_a_rule_reads_it() {
    let world = world();
    let report = corrupted(&world, |state, profile| {
        let keys: Vec<_> = state.timelines.iter().map(|(key, _)| *key).collect();
        for key in keys.into_iter().filter(|(held, _)| *held == profile) {
            let newest = state.timelines.get(&key).and_then(segops_segment::Timeline::newest);
            let ts = newest.expect("an entry").ts.plus_ms(1);
            let timeline = state.timelines.get_mut(&key).expect("a timeline");
            timeline.insert(Entry { ts, position: Position(4_711) });
        }
    });
    assert_eq!(timelines(&report)[0].2, "both, with other entries");
}

#[test]
fn timers_that_are_lost_or_late_are_found() {
    let world = world();
    let now = world.now();
    for wrong in [None, Some(now.plus_ms(300 * DAY_MS))] {
        let mut before = None;
        let report = corrupted(&world, |state, profile| {
            change_standing(state, profile, "Recent", |standing| {
                before = standing.due;
                standing.due = wrong;
            });
        });
        let recent = report.segments.iter().find(|segment| segment.name == "Recent").expect("a segment");
        assert_eq!((recent.differing_timers, recent.differences), (1, 0), "{report:#?}");
        assert_eq!(recent.timer_examples[0].rebuilt, before);
        let profile = world.profile("user_id", "u1");
        change_standing(&mut world.engine.core().fold.write().state, profile, "Recent", |standing| {
            standing.due = before;
        });
    }
}

#[test]
fn indexes_that_lack_or_hold_too_much_are_found() {
    let world = world();
    let report = corrupted(&world, |state, profile| {
        let due = state.standings.get(&profile).and_then(crate::state::Standings::earliest).expect("a timer");
        state.timers.remove(&(due, profile));
        state.timers.insert((due.plus_ms(1), profile));
        let recent = state.find_segment("Recent").expect("a segment").id;
        let lapsed = state.find_segment("Lapsed").expect("a segment").id;
        state.members.get_mut(&recent).expect("members").remove(profile.0);
        state.members.entry(lapsed).or_default().insert(profile.0);
        state.members.entry(lapsed).or_default().insert(4_711);
    });
    assert_eq!((report.index_differences, report.differences), (5, 5), "{report:#?}");
}

#[test]
fn one_segment_after_another_is_checked_in_the_background() {
    let world = world();
    let ids: Vec<_> = world.engine.segments().iter().map(|segment| segment.id).collect();
    assert_eq!(world.engine.next_to_verify(None), Some(ids[0]));
    assert_eq!(world.engine.next_to_verify(Some(ids[0])), Some(ids[1]));
    assert_eq!(world.engine.next_to_verify(Some(ids[2])), Some(ids[0]));
    assert_eq!(world.engine.status().verified, None);
    let report = world.engine.verify_scope(Scope::Segment(ids[1]), &Work::new()).expect("a report");
    assert_eq!((report.scope.as_str(), report.segments.len()), ("segment Lapsed", 1));
    let last = world.engine.status().verified.expect("a check");
    assert_eq!((last.agrees, last.runs, last.failed_runs, last.at), (true, 1, 0, report.at));
    let cancelled = Work::new();
    cancelled.cancel();
    assert!(world.engine.verify_scope(Scope::All, &cancelled).is_err());
}

#[test]
fn a_folder_is_verified_without_a_change_to_it() {
    let world = world();
    // What is due by now fires only once someone has the folder open.
    world.clock.advance_ms(100 * DAY_MS);
    world.engine.close();
    let disk: Arc<dyn Disk> = Arc::clone(&world.disk) as _;
    let data = Path::new("/data");
    let bytes = || {
        let folder = data.join("journal");
        let files = disk.list(&folder).expect("files");
        files.iter().map(|file| disk.read(&folder.join(file)).expect("a file")).collect::<Vec<_>>()
    };
    let before = bytes();
    let verified = verify_folder(&disk, data, &*world.clock, &Work::new(), &mut |_| {}).expect("a report");
    assert!(verified.report.agrees(), "{verified:#?}");
    assert_eq!((verified.report.profiles, verified.report.segments.len()), (2, 3));
    assert_eq!(verified.time_zone, "UTC");
    assert_eq!(bytes(), before);
}
