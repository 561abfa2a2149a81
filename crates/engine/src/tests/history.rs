//! The history in columns holds every row once, under who has it now, whatever happens in between.

use std::collections::BTreeSet;

use serde_json::json;

use segops_model::{Event, Limits, Position, ProfileId};
use segops_parts::{Effort, PartRow, RowFilter, Snapshot};
use segops_store::Keyspace;

use super::world::{DAY_MS, MINUTE_MS, World, instant, small_parts};
use crate::history::HistoryOptions;
use crate::journal_item::{Input, decode_event};
use crate::work::Work;

fn world() -> World {
    World::keeping(instant("2026-03-01T12:00:00Z"), small_parts(), Limits::default())
}

/// Draws numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn rows_of(snapshot: &Snapshot) -> Vec<PartRow> {
    let mut scan = snapshot.rows(None, RowFilter::default()).expect("a scan");
    let mut rows = Vec::new();
    while let Some(some) = scan.next_rows().expect("rows") {
        rows.extend(some);
    }
    rows
}

/// What a profile has done, by the journal alone: duplicates and identity redone.
fn rows_by_journal(world: &World, until: Position, profile: ProfileId) -> Vec<(Position, Event)> {
    let core = world.engine.core();
    let work = Work::new();
    let backfill = core.journal_backfill(&work);
    let identifiers = core.fold.read().state.profiles.get(&profile).expect("a profile").identifiers.clone();
    let rows = backfill.rows_of(until, &identifiers, &[]).expect("history is read");
    let decoded = rows.into_iter().map(|row| match decode_event(row.position, row.format, &row.item) {
        Ok(Input::Event { event, .. }) => (row.position, event),
        other => panic!("{other:?}"),
    });
    decoded.collect()
}

/// The history is what the journal says, row by row, and each position is in it once.
#[track_caller]
pub(super) fn compare(world: &World) {
    let history = world.engine.history();
    let rows = rows_of(&history.snapshot);
    let profiles: Vec<ProfileId> = {
        let fold = world.engine.core().fold.read();
        assert_eq!(history.until(), fold.state.position);
        fold.state.profiles.iter_sorted().map(|(profile, _)| *profile).collect()
    };
    let positions: BTreeSet<Position> = rows.iter().map(|row| row.position).collect();
    assert_eq!(positions.len(), rows.len(), "a position is there twice");
    let mut expected: Vec<(ProfileId, Position, Event)> = Vec::new();
    for profile in profiles {
        let of_profile = rows_by_journal(world, history.until(), profile);
        expected.extend(of_profile.into_iter().map(|(position, event)| (profile, position, event)));
    }
    expected.sort_by_key(|(profile, position, event)| (*profile, event.ts, *position));
    let found: Vec<_> = rows.into_iter().map(|row| (row.profile, row.position, row.event)).collect();
    assert_eq!(found, expected);
    let check = world.engine.check_parts(&Work::new()).expect("checked");
    assert!(check.findings.is_empty(), "{check:#?}");
}

fn happen(mut world: World, numbers: &mut Numbers) -> World {
    let user = format!("u{}", numbers.below(6));
    let browser = format!("b{}", numbers.below(8));
    match numbers.below(24) {
        0..8 => world.order(&user),
        8..13 => world.send(json!({
            "anonymousId": browser, "event": "Product Viewed",
            "properties": {"price": numbers.below(90), "products": [{"sku": browser, "price": "1.50"}]},
        })),
        13..16 => world.send(json!({
            "type": "identify", "userId": user, "anonymousId": browser, "traits": {"plan": numbers.below(3)},
        })),
        16 => split_or_delete(&world, &user, &browser, numbers.below(3)),
        17 => world.pass_ms(DAY_MS),
        18 | 19 => {
            world.engine.flush_history().expect("flushed");
        }
        20 | 21 => {
            let effort = if numbers.below(3) == 0 { Effort::Full } else { Effort::Due };
            world.engine.compact_parts(effort, &Work::new()).expect("compacted");
        }
        22 => world = world.restarted(),
        _ => world = world.crashed(),
    }
    world
}

fn split_or_delete(world: &World, user: &str, browser: &str, draw: u64) {
    let identifier = segops_model::Identifier::new("anonymous_id", browser);
    let Some(profile) = world.engine.find_profile(&identifier) else { return };
    let identifiers = world.engine.profile(profile).expect("a profile").identifiers;
    if draw > 0 && identifiers.len() > 1 {
        world.split(profile, &[&identifier.to_string()]);
    } else if draw == 0 && user == "u0" {
        world.engine.delete_profile("ann", profile).expect("deleted");
    }
}

#[test]
fn every_position_is_in_it_once_wherever_the_process_ends() {
    let mut changes = 0;
    for seed in 0..12 {
        let mut numbers = Numbers(seed);
        let mut world = world();
        for _ in 0..90 {
            world = happen(world, &mut numbers);
        }
        compare(&world);
        changes += world.engine.status().merges + world.engine.status().splits;
        let world = world.crashed();
        compare(&world);
        world.engine.compact_parts(Effort::Full, &Work::new()).expect("compacted");
        assert_eq!(world.engine.parts_summary().pending_changes, 0);
        assert_eq!(world.engine.parts_summary().tail_rows, 0);
        compare(&world);
    }
    assert!(changes > 20, "only {changes} merges and splits");
}

#[test]
fn rows_leave_the_tail_at_its_bounds_and_inputs_go_on() {
    let limits = Limits { tail_rows_max: 8, ..Limits::default() };
    let mut world = World::keeping(instant("2026-03-01T12:00:00Z"), small_parts(), limits);
    for at in 0..50 {
        world.order(&format!("u{at}"));
        assert!(world.engine.parts_summary().tail_rows <= 8);
    }
    assert!(world.engine.parts_summary().rows >= 42);
    compare(&world);
    // A replay that is given nothing by parts keeps to the bounds too.
    let world = world.restarted();
    assert!(world.engine.parts_summary().tail_rows <= 8);
    compare(&world);
}

#[test]
fn rows_leave_the_tail_after_a_time() {
    let options = HistoryOptions { flush_after_ms: MINUTE_MS, ..small_parts() };
    let mut world = World::keeping(instant("2026-03-01T12:00:00Z"), options, Limits::default());
    world.order("u1");
    world.pass_ms(MINUTE_MS - 1);
    assert_eq!(world.engine.parts_summary().tail_rows, 1);
    world.pass_ms(1);
    world.engine.core().historian.wait_until_empty();
    assert_eq!((world.engine.parts_summary().tail_rows, world.engine.parts_summary().rows), (0, 1));
    compare(&world);
}

#[test]
fn a_question_keeps_to_its_position_while_others_move_on() {
    let mut world = world();
    world.order("u1");
    world.order("u2");
    let before = world.engine.history();
    let rows = rows_of(&before.snapshot);
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "b1"}));
    world.order("u3");
    world.engine.compact_parts(Effort::Full, &Work::new()).expect("compacted");
    assert_eq!((rows_of(&before.snapshot), rows.len()), (rows, 2));
    assert_eq!(rows_of(&world.engine.history().snapshot).len(), 4);
}

#[test]
fn parts_of_another_journal_are_refused() {
    let options = small_parts();
    let mut world = World::keeping(instant("2026-03-01T12:00:00Z"), options.clone(), Limits::default());
    (0..5).for_each(|_| world.order("u1"));
    world.engine.flush_history().expect("flushed");
    let refused = World::try_keeping(instant("2026-03-01T12:00:00Z"), options);
    let message = refused.expect_err("refused").to_string();
    assert!(message.contains("not of one backup"), "{message}");
}
