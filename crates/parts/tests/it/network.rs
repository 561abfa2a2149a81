//! A store that is reached over the network: what was read is kept, nobody else writes, and what it says is told.

use std::sync::Arc;

use object_store::ObjectStore;
use segops_model::{Position, ProfileId};
use segops_parts::{Cache, Effort, Objects, Parts, PartsError, PartsOptions, copy_history};

use crate::failing_store::{Calls, Failing, FailingStore};
use crate::happening::{Happening, happen};
use crate::history::{Numbers, row};
use crate::naive::Naive;
use crate::place::{compare, far_future, memory, open, small};

fn over_network(store: &Arc<dyn ObjectStore>, cache: Option<&Cache>) -> Objects {
    Objects::over_network(Arc::clone(store), "shop", "s3://b/shop".to_owned(), cache).expect("a place")
}

fn history(rows: u64) -> Naive {
    let (mut naive, mut numbers) = (Naive::default(), Numbers::new(11));
    for position in 0..rows {
        naive.add(row(&mut numbers, Position(position), ProfileId(position % 7)));
    }
    happen(&mut naive, &mut numbers, Happening::Merge);
    happen(&mut naive, &mut numbers, Happening::Delete);
    naive
}

#[test]
fn a_history_over_the_network_is_the_same_and_is_fetched_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Cache { folder: folder.path().join("cache"), bytes_max: 1 << 26 };
    let store = memory();
    let naive = history(120);
    let parts = Parts::open(over_network(&store, None), far_future(), small(2)).expect("opened");
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    while parts.compact(Effort::Full).expect("compacted").is_some() {}
    parts.collect_garbage().expect("collected");
    compare(&parts.snapshot(), &naive);
    drop(parts);

    let objects = over_network(&store, Some(&cache));
    let parts = Parts::open(objects.clone(), far_future(), small(2)).expect("opened again");
    compare(&parts.snapshot(), &naive);
    let once = objects.fetched();
    assert!(once.requests > 0 && once.bytes > 0, "{once:?}");
    compare(&parts.snapshot(), &naive);
    assert_eq!(objects.fetched(), once, "nothing is fetched again");
    drop(parts);
    // Only the manifest and the overlay are asked for by the next process.
    let objects = over_network(&store, Some(&cache));
    let parts = Parts::open(objects.clone(), far_future(), small(2)).expect("opened again");
    compare(&parts.snapshot(), &naive);
    assert!(objects.fetched().requests <= 2, "{:?}", objects.fetched());
    // What is held against its checksums is not what was kept of it.
    let before = objects.fetched().bytes;
    assert_eq!(parts.check().expect("checked").findings, vec![]);
    assert!(objects.fetched().bytes > before);
}

#[test]
fn opened_parts_are_kept_within_a_budget_of_bytes() {
    let store = memory();
    let options = PartsOptions { opened_bytes_max: 1, ..small(2) };
    let parts = Parts::open(over_network(&store, None), far_future(), options).expect("opened");
    let naive = history(120);
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    compare(&parts.snapshot(), &naive);
}

#[test]
fn once_another_process_has_written_this_one_never_may_again() {
    let store = memory();
    let writer = |name: &str| PartsOptions { writer: name.to_owned(), ..small(1) };
    let first = Parts::open(over_network(&store, None), far_future(), writer("one")).expect("opened");
    let second = Parts::open(over_network(&store, None), far_future(), writer("two")).expect("opened");
    let naive = history(40);
    first.flush(&naive.tail_from(Position(0))).expect("the first to write");
    for _ in 0..2 {
        let refused = second.flush(&naive.tail_from(Position(0)));
        assert!(matches!(refused, Err(PartsError::Conflict(1))), "{refused:?}");
        assert!(matches!(second.compact(Effort::Full), Err(PartsError::Conflict(_))));
        assert!(matches!(second.collect_garbage(), Err(PartsError::Conflict(_))));
    }
    while first.compact(Effort::Full).expect("goes on").is_some() {}
    compare(&first.snapshot(), &naive);
}

#[test]
fn the_same_process_finds_what_it_has_written_although_that_was_told_as_failed() {
    for nth in 1..12 {
        let failing = FailingStore::new(memory(), Calls::Changes, nth, Failing::Done);
        let store: Arc<dyn ObjectStore> = Arc::new(failing);
        let options = PartsOptions { writer: "one".to_owned(), ..small(1) };
        let open = || Parts::open(over_network(&store, None), far_future(), options.clone());
        let parts = open().or_else(|_| open()).expect("opened");
        let naive = history(40);
        if parts.flush(&naive.tail_from(Position(0))).is_err() {
            parts.flush(&naive.tail_from(parts.held_until())).expect("goes on");
        }
        compare(&parts.snapshot(), &naive);
    }
}

#[test]
fn a_place_belongs_to_one_workspace() {
    let store = memory();
    over_network(&store, None).claim("ws_ann").expect("new");
    over_network(&store, None).claim("ws_ann").expect("its own");
    let refused = over_network(&store, None).claim("ws_bob").expect_err("another's");
    assert_eq!(
        refused.to_string(),
        "s3://b/shop holds the history of another workspace; choose another prefix"
    );
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        Objects::in_folder(folder.path()).expect("a place").claim("ws_ann").expect("a folder is claimed too");
    }
}

#[test]
fn a_store_that_fails_is_told_as_one_that_cannot_be_reached() {
    let store = memory();
    let naive = history(40);
    let parts = open(&store, small(1)).expect("opened");
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    drop(parts);
    let mut unreachable = 0;
    for nth in 1.. {
        let failing = Arc::new(FailingStore::new(Arc::clone(&store), Calls::Reads, nth, Failing::Undone));
        let as_store: Arc<dyn ObjectStore> = Arc::clone(&failing) as _;
        let read = Parts::open(over_network(&as_store, None), far_future(), small(1))
            .and_then(|parts| parts.snapshot().timeline(ProfileId(1), 10));
        match read {
            Err(error) => {
                assert!(error.is_unreachable(), "read {nth}: {error}");
                assert!(
                    error.to_string().starts_with("the history at s3://b/shop cannot be reached"),
                    "{error}"
                );
                unreachable += 1;
            }
            Ok(_) => break,
        }
        assert!(failing.has_failed());
    }
    assert!(unreachable > 4, "{unreachable}");
}

#[test]
fn a_history_is_taken_to_another_place_whole_or_not_at_all() {
    let store = memory();
    let naive = history(120);
    let from = Objects::new(Arc::clone(&store), "shop");
    let parts = Parts::open(from.clone(), far_future(), small(2)).expect("opened");
    parts.flush(&naive.tail_from(Position(0))).expect("flushed");
    parts.compact(Effort::Due).expect("compacted");
    for nth in 1.. {
        let target = memory();
        let failing = Arc::new(FailingStore::new(Arc::clone(&target), Calls::Changes, nth, Failing::Undone));
        let as_store: Arc<dyn ObjectStore> = Arc::clone(&failing) as _;
        let first = copy_history(&from, &over_network(&as_store, None), &mut |_, _| {});
        let there = Parts::open(over_network(&target, None), far_future(), small(2)).expect("readable");
        if first.is_err() {
            assert_eq!(there.held_until(), Position(0), "call {nth}: nothing is there before all is");
        }
        let mut told = Vec::new();
        let files = copy_history(&from, &over_network(&target, None), &mut |done, of| told.push((done, of)));
        let files = files.expect("copied");
        assert!(told.is_empty() || told.last() == Some(&(files, files)), "{told:?}");
        let there = Parts::open(over_network(&target, None), far_future(), small(2)).expect("opened");
        compare(&there.snapshot(), &naive);
        assert_eq!(there.check().expect("checked").findings, vec![]);
        if !failing.has_failed() {
            assert!(nth > 4);
            break;
        }
    }
    // A place with a history of its own is left alone.
    let other = memory();
    let theirs = history(20);
    open(&other, small(1)).expect("opened").flush(&theirs.tail_from(Position(0))).expect("flushed");
    let refused = copy_history(&from, &over_network(&other, None), &mut |_, _| {});
    assert!(matches!(refused, Err(PartsError::Claimed { .. })), "{refused:?}");
}
