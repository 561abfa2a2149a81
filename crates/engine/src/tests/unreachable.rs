//! A history that cannot be written for a while: inputs wait, and nothing is lost.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use serde_json::json;

use segops_collect::{Accepted, FORMAT_SEGMENT_V1, decode};
use segops_model::{Channel, Envelope, Limits, Position, SourceId};
use segops_parts::Objects;

use super::world::{AUTHOR, World, instant, rule, small_parts};
use crate::error::{Busy, EngineError};
use crate::history::HistoryOptions;
use crate::work::Work;

const ROWS_MAX: usize = 8;

/// A world whose history is in a folder of this machine, in which parts cannot be written for now.
fn blocked(folder: &Path) -> World {
    let objects = Objects::in_folder(folder).expect("a place");
    let history = HistoryOptions { objects, flush_rows: 4, retry_ms: 0, ..small_parts() };
    let limits = Limits { tail_rows_max: ROWS_MAX, ..Limits::default() };
    let world = World::keeping(instant("2026-03-01T12:00:00Z"), history, limits);
    // A file stands where the folder of the parts would be.
    std::fs::write(folder.join("parts"), b"in the way").expect("written");
    world
}

type Told = Receiver<Result<Position, Busy>>;

/// Hands in an order of each of some users, without waiting for it to be applied; `None` where there is no room by now.
fn hand_in(world: &World, source: SourceId, first: usize, count: usize) -> Option<Told> {
    let items = (first..first + count).map(|number| {
        let envelope = Envelope {
            source,
            channel: Channel::Api,
            received_at: world.now(),
            sent_at: None,
            client_ip: None,
            fallback_message_id: format!("o{number}").into(),
        };
        let item = json!({"type": "track", "event": "Order Completed", "userId": format!("u{number}")});
        let raw = serde_json::to_vec(&item).expect("json").into_boxed_slice();
        let event = decode(FORMAT_SEGMENT_V1, &raw, &envelope, world.engine.limits()).expect("an event");
        Accepted { envelope, raw, event }
    });
    let (sender, receiver) = channel();
    let done = Box::new(move |result| sender.send(result).expect("a receiver"));
    match world.engine.submit(items.collect(), done) {
        Ok(()) => Some(receiver),
        Err(Busy::History(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

/// Hands in what memory has no room for, until the engine says so. Gives the position of the last order that was taken,
/// and how many were.
fn fill(world: &World) -> (Position, usize) {
    let source = world.engine.sources().first().expect("one").id;
    // Frames are applied some hundreds at a time, and there is room while there is any.
    let mut taken = 0;
    let mut told = Vec::new();
    for count in [ROWS_MAX, 300, 20] {
        let Some(one) = hand_in(world, source, taken, count) else { break };
        taken += count;
        told.push(one);
    }
    let durable = told.into_iter().map(|told| told.recv().expect("told").expect("durable"));
    let durable = durable.max().expect("the first are taken");
    while world.engine.room().is_ok() {
        std::thread::yield_now();
    }
    (durable, taken)
}

#[test]
fn inputs_wait_while_it_cannot_be_written_and_go_on_when_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = blocked(folder.path());
    let (durable, taken) = fill(&world);
    let told = world.engine.room().expect_err("no room").to_string();
    assert!(
        told.starts_with("there is no room for more until the history can be written: cannot write"),
        "{told}"
    );
    let refused = world.engine.create_segment(AUTHOR, "VIP", &rule("did \"Order Completed\""));
    assert!(matches!(refused, Err(EngineError::Busy(Busy::History(_)))), "{refused:?}");

    std::fs::remove_file(folder.path().join("parts")).expect("removed");
    world.engine.wait_applied(durable);
    while world.engine.room().is_err() {
        std::thread::yield_now();
    }
    world.segment("VIP", "did \"Order Completed\"");
    assert_eq!(world.members("VIP").len(), taken);
    world.engine.flush_history().expect("flushed");
    assert_eq!(world.engine.parts_summary().failure, None);
    assert_eq!(world.engine.parts_summary().rows, taken as u64);
    assert_eq!(world.engine.check_parts(&Work::new()).expect("checked").findings, vec![]);
}

#[test]
fn an_engine_that_waits_for_its_history_stops_in_order_and_starts_with_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = blocked(folder.path());
    let (_, taken) = fill(&world);
    world.engine.close();
    std::fs::remove_file(folder.path().join("parts")).expect("removed");
    let world = world.restarted();
    world.segment("VIP", "did \"Order Completed\"");
    assert_eq!(world.members("VIP").len(), taken);
}
