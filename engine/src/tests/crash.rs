//! A crash at any moment: what was acknowledged is there once, and the same journal gives the same state.

use segops_store::{Disk, RecordLog, RecordLogOptions};
use segops_testkit::TornWrites;
use serde_json::json;

use super::world::{DAY_MS, World};

#[test]
fn a_restart_gives_the_same_state_and_transitions() {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 2 days"#);
    world.segment("Not VIP", r#"everyone where not in segment "Recent""#);
    for day in 0..6 {
        world.order(&format!("u{}", day % 3));
        world.send(json!({"anonymousId": format!("a{day}"), "event": "Product Viewed"}));
        world.send(
            json!({"type": "identify", "userId": format!("u{}", day % 3), "anonymousId": format!("a{day}")}),
        );
        world.pass_ms(DAY_MS);
    }
    let (hash, transitions) = (world.engine.state_hash(), world.transitions());
    let world = world.restarted();
    assert_eq!(world.engine.state_hash(), hash);
    assert_eq!(world.transitions(), transitions);
    world.verify();
}

#[test]
fn an_unfinished_priming_starts_again_after_a_crash() {
    let mut world = World::new();
    world.order("u1");
    let (segment, _) = world
        .engine
        .create_segment("ann", "Buyers", &super::world::rule(r#"did "Order Completed""#))
        .expect("a segment");
    // The crash keeps what was synced: the segment, and perhaps its priming, perhaps not.
    let crashed = std::sync::Arc::new(world.disk.crash(TornWrites::Lost));
    let clock = std::sync::Arc::clone(&world.clock);
    world.engine.close();
    let engine = crate::Engine::open(
        crate::EngineOptions {
            data: "/data".into(),
            clock,
            disk: crashed as std::sync::Arc<dyn Disk>,
            limits: segops_model::Limits::default(),
            timers: crate::Timers::Manual,
        },
        &mut |_| {},
    )
    .expect("opens");
    engine.wait_primed(segment.id, &crate::Work::new()).expect("primed");
    assert_eq!(engine.members("Buyers", None, 10).expect("members").len(), 1);
}

#[test]
fn a_failed_sync_refuses_what_follows_and_reads_go_on() {
    let mut world = World::new();
    world.segment("Buyers", r#"did "Order Completed""#);
    world.order("u1");
    world.disk.fail_nth(segops_testkit::Operation::SyncFile, 1);
    assert!(world.engine.tick().is_err() || world.engine.room().is_err());
    assert!(world.engine.room().is_err());
    assert!(world.engine.status().failure.is_some());
    assert_eq!(world.members("Buyers"), ["u1"]);
}

#[test]
fn rejections_are_in_their_file_before_anyone_asks_for_them() {
    let mut world = World::new();
    // `0` is a blocked value, so that the fold turns the event away.
    world.send(json!({"userId": "0", "event": "Product Viewed"}));
    let [(_, rejection)] = world.engine.rejections(None, 10).try_into().expect("one rejection");
    world.engine.reject(&[rejection.clone(), rejection]);
    let disk = std::sync::Arc::clone(&world.disk) as std::sync::Arc<dyn Disk>;
    let log =
        RecordLog::open(disk, "/data".as_ref(), "rejections", RecordLogOptions::default()).expect("opens");
    assert_eq!(log.len(), 3);
}

#[test]
fn what_identity_turned_away_is_listed_once_whatever_happens() {
    let mut world = World::new();
    world.send(json!({"userId": "0", "event": "Product Viewed"}));
    assert_eq!(world.engine.rejections(None, 10).len(), 1);
    // The listing is lazy and the journal is not: after a power cut only the event is there.
    let crashed = std::sync::Arc::new(world.disk.crash(TornWrites::Lost));
    let reopen = || {
        let options = crate::EngineOptions {
            data: "/data".into(),
            clock: std::sync::Arc::clone(&world.clock) as _,
            disk: std::sync::Arc::clone(&crashed) as std::sync::Arc<dyn Disk>,
            limits: segops_model::Limits::default(),
            timers: crate::Timers::Manual,
        };
        crate::Engine::open(options, &mut |_| {}).expect("opens")
    };
    for _ in 0..3 {
        let engine = reopen();
        assert_eq!(engine.rejections(None, 10).len(), 1);
        engine.close();
    }
}
