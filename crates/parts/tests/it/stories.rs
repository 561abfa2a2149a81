//! Single stories, each of one promise.

use std::cell::Cell;
use std::sync::Arc;

use object_store::ObjectStoreExt as _;
use object_store::path::Path as ObjectPath;
use segops_model::{Position, ProfileId};
use segops_parts::{Change, ChangeKind, CompactionWork, Effort, Objects, Parts, PartsError, Place, Tail};

use crate::history::{Numbers, row};
use crate::naive::Naive;
use crate::place::{all_rows, compare, far_future, memory, open, small};

fn history(rows: u64, profiles: u64) -> Naive {
    let (mut naive, mut numbers) = (Naive::default(), Numbers::new(3));
    for position in 0..rows {
        naive.add(row(&mut numbers, Position(position), ProfileId(position % profiles)));
    }
    naive
}

#[test]
fn an_empty_history_is_empty() {
    let parts = open(&memory(), small(1)).expect("opened");
    assert_eq!(parts.held_until(), Position(0));
    assert_eq!(all_rows(&parts.snapshot()), vec![]);
    assert_eq!(parts.compact(Effort::Full).expect("compacted"), None);
    assert_eq!(parts.check().expect("checked").findings, vec![]);
}

#[test]
fn handing_over_the_same_again_does_no_harm() {
    let parts = open(&memory(), small(1)).expect("opened");
    let naive = history(20, 4);
    for _ in 0..2 {
        parts.flush(&naive.tail_from(Position(0))).expect("flushed");
        compare(&parts.snapshot(), &naive);
    }
    assert_eq!(parts.snapshot().manifest().version, 1);
}

#[test]
fn a_watermark_may_move_on_without_rows() {
    let parts = open(&memory(), small(1)).expect("opened");
    parts.flush(&Tail { until: Position(9), ..Tail::default() }).expect("flushed");
    assert_eq!(parts.held_until(), Position(9));
    let beyond = history(3, 1).tail_from(Position(0));
    let refused = parts.flush(&Tail { until: Position(2), ..beyond });
    assert!(matches!(refused, Err(PartsError::BeyondFlush { position: Position(2), .. })), "{refused:?}");
}

#[test]
fn a_snapshot_stays_as_it_is_whatever_happens_after() {
    let store = memory();
    let parts = open(&store, small(1)).expect("opened");
    let mut naive = history(60, 5);
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    let (snapshot, before) = (parts.snapshot(), naive.clone());
    let kind = ChangeKind::Deleted { profile: ProfileId(2) };
    naive.change(Change { position: naive.until, kind });
    parts.flush(&naive.tail_from(parts.held_until())).expect("flushed");
    while parts.compact(Effort::Full).expect("compacted").is_some() {}
    parts.collect_garbage().expect("collected");
    compare(&snapshot, &before);
    compare(&parts.snapshot(), &naive);
    drop(snapshot);
    assert!(parts.collect_garbage().expect("collected") > 0, "nobody reads the old files any more");
    compare(&parts.snapshot(), &naive);
}

#[test]
fn rows_come_in_while_a_compaction_runs() {
    let parts = open(&memory(), small(1)).expect("opened");
    let mut naive = history(60, 5);
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    let mut numbers = Numbers::new(8);
    let kind = ChangeKind::Merged { absorbed: ProfileId(3), survivor: ProfileId(1) };
    naive.change(Change { position: naive.until, kind });
    (0..9).for_each(|_| naive.add(row(&mut numbers, naive.until, ProfileId(4))));
    let flushes = Cell::new(0);
    let comes_in = || {
        if parts.held_until() < naive.until {
            parts.flush(&naive.tail_from(parts.held_until())).expect("flushed");
            flushes.set(flushes.get() + 1);
            compare(&parts.snapshot(), &naive);
        }
        false
    };
    assert!(parts.compact_unless(Effort::Full, &comes_in).expect("compacted").is_some());
    assert_eq!(flushes.get(), 1);
    compare(&parts.snapshot(), &naive);
    while parts.compact(Effort::Full).expect("compacted").is_some() {}
    assert!(parts.snapshot().overlay().is_empty());
    compare(&parts.snapshot(), &naive);
    assert_eq!(parts.check().expect("checked").findings, vec![]);
}

#[test]
fn a_compaction_that_is_called_off_changes_nothing() {
    let parts = open(&memory(), small(1)).expect("opened");
    let naive = history(60, 5);
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    let called_off = parts.compact_unless(Effort::Full, &|| true);
    assert!(matches!(called_off, Err(PartsError::CalledOff)), "{called_off:?}");
    assert_eq!(parts.snapshot().manifest().version, 1);
    compare(&parts.snapshot(), &naive);
}

#[test]
fn a_deletion_is_physical_after_the_next_compactions() {
    let store = memory();
    let parts = open(&store, small(1)).expect("opened");
    let mut naive = history(200, 50);
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    while parts.compact(Effort::Full).expect("compacted").is_some() {}
    let gone = ProfileId(7);
    let emails: Vec<_> = naive.truth().into_iter().filter(|row| row.profile == gone).collect();
    naive.change(Change { position: naive.until, kind: ChangeKind::Deleted { profile: gone } });
    parts.flush(&naive.tail_from(parts.held_until())).expect("flushed");
    compare(&parts.snapshot(), &naive);
    let mut works = Vec::new();
    while let Some(compacted) = parts.compact(Effort::Due).expect("compacted") {
        works.push(compacted.work);
    }
    assert!(works.contains(&CompactionWork::Applied), "{works:?}");
    assert!(parts.snapshot().overlay().is_empty(), "nothing is left to apply");
    let rows = parts.snapshot().manifest().rows();
    assert_eq!(rows, 200 - emails.len() as u64, "the rows are in no file that is named");
    compare(&parts.snapshot(), &naive);
}

#[test]
fn of_two_writers_one_is_told() {
    let store = memory();
    let (one, other) = (open(&store, small(1)).expect("opened"), open(&store, small(1)).expect("opened"));
    let naive = history(10, 2);
    one.flush(&naive.tail_from(Position(0))).expect("flushed");
    // It looks at what is there before it writes, and so has nothing to add.
    other.flush(&naive.tail_from(Position(0))).expect("flushed");
    compare(&other.snapshot(), &naive);
}

#[test]
fn damage_is_found_and_named() {
    let naive = history(120, 9);
    let (mut seen, mut quiet) = (0, 0);
    for at in 0..8 {
        let store = memory();
        let parts = open(&store, small(1)).expect("opened");
        parts.flush(&naive.tail_from(Position(0))).expect("flushed");
        let entry = parts.snapshot().manifest().parts[0].clone();
        for path in [&entry.path, &entry.sidecar.path] {
            let location = ObjectPath::from(format!("shop/{path}"));
            let bytes = futures::executor::block_on(async { store.get(&location).await?.bytes().await });
            let mut bytes = bytes.expect("there").to_vec();
            let place = at * (bytes.len() / 8);
            bytes[place] ^= 1;
            futures::executor::block_on(store.put(&location, bytes.into())).expect("written");
            let findings = parts.check().expect("checked").findings;
            assert!(!findings.is_empty(), "byte {place} of {path}");
            assert!(findings.iter().all(|finding| finding.path == entry.path));
            seen += 1;
        }
        quiet += usize::from(
            Parts::open(Objects::new(Arc::clone(&store), "shop"), far_future(), small(1)).is_ok(),
        );
    }
    assert_eq!((seen, quiet), (16, 8), "damage of a part does not keep the history from opening");
}

#[test]
fn a_damaged_manifest_is_an_error_that_names_it() {
    let store = memory();
    let parts = open(&store, small(1)).expect("opened");
    parts.flush(&history(10, 2).tail_from(Position(0))).expect("flushed");
    let location = ObjectPath::from("shop/manifest/00000000000000000001.json");
    let bytes = futures::executor::block_on(async { store.get(&location).await?.bytes().await });
    let mut bytes = bytes.expect("there").to_vec();
    bytes[40] ^= 1;
    futures::executor::block_on(store.put(&location, bytes.into())).expect("written");
    let error = open(&store, small(1)).expect_err("damaged");
    assert!(matches!(&error, PartsError::Damaged { path, .. } if path.ends_with("1.json")), "{error}");
}

#[test]
fn a_folder_is_a_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let objects = Objects::in_folder(&folder.path().join("parts here")).expect("a place");
    let naive = history(150, 11);
    let parts = Parts::open(objects.clone(), far_future(), small(2)).expect("opened");
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    while parts.compact(Effort::Full).expect("compacted").is_some() {}
    let parts = Parts::open(objects, far_future(), small(2)).expect("opened again");
    compare(&parts.snapshot(), &naive);
    assert!(parts.collect_garbage().expect("collected") > 0);
    compare(&parts.snapshot(), &naive);
    let first = parts.snapshot().manifest().parts[0].path.clone();
    assert!(first.starts_with("parts/month=2026-0") && first.contains("/bucket="), "{first}");
    let url = format!("file://{}", folder.path().join("parts here").display());
    let by_url = Parts::open(
        Objects::at(&Place::parse(&url).expect("a place"), None).expect("opened"),
        far_future(),
        small(2),
    )
    .expect("opened");
    compare(&by_url.snapshot(), &naive);
    assert!(matches!(Place::parse("gopher://x"), Err(PartsError::Place { .. })));
}
