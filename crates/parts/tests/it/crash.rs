//! The n-th operation of the object store fails, for every n: what is there is readable, nothing that was held is
//! lost, and work goes on where it stopped.

use std::sync::Arc;

use object_store::ObjectStore;
use segops_parts::{Effort, Parts, PartsError, PartsOptions};

use crate::failing_store::{Calls, Failing, FailingStore};
use crate::happening::{Happening, happen};
use crate::history::Numbers;
use crate::naive::Naive;
use crate::place::{before, compare_rows, memory, open, small};

/// Three flushes with changes, what is due and then everything compacted, and garbage collected.
fn work(parts: &Parts, histories: &[Naive]) -> Result<(), PartsError> {
    for naive in histories {
        parts.flush(&naive.tail_from(parts.held_until()))?;
        parts.compact(Effort::Due)?;
    }
    while parts.compact(Effort::Full)?.is_some() {}
    parts.collect_garbage()?;
    Ok(())
}

/// Rows come in fewer, larger reads than in other tests: every one of them is made to fail.
fn options() -> PartsOptions {
    PartsOptions { row_group_rows: 64, read_ahead_bytes: 1 << 20, ..small(2) }
}

fn histories() -> Vec<Naive> {
    let (mut naive, mut numbers) = (Naive::default(), Numbers::new(7));
    let kinds = [Happening::Merge, Happening::Split, Happening::Delete];
    kinds
        .into_iter()
        .map(|kind| {
            (0..12).for_each(|_| happen(&mut naive, &mut numbers, Happening::Event));
            happen(&mut naive, &mut numbers, kind);
            (0..3).for_each(|_| happen(&mut naive, &mut numbers, Happening::Event));
            naive.clone()
        })
        .collect()
}

/// Plays the work with its n-th call failing, for every n. Says how many there were.
fn fail_each(counted: Calls, failing: Failing) -> u64 {
    let histories = histories();
    let whole = histories.last().expect("there are some");
    for nth in 1.. {
        let store = memory();
        let failing_store = Arc::new(FailingStore::new(Arc::clone(&store), counted, nth, failing));
        let as_store: Arc<dyn ObjectStore> = Arc::clone(&failing_store) as _;
        let mut held = segops_model::Position(0);
        let outcome = open(&as_store, options()).and_then(|parts| {
            let outcome = work(&parts, &histories);
            held = parts.held_until();
            outcome
        });
        if !failing_store.has_failed() {
            assert!(outcome.is_ok(), "nothing failed, and {outcome:?}");
            return nth;
        }
        let parts = open(&store, options()).expect("readable after any failure");
        assert!(parts.held_until() >= held, "call {nth}: what was held stays held");
        compare_rows(&parts.snapshot(), &before(whole, parts.held_until()));
        work(&parts, &histories).expect("goes on");
        compare_rows(&parts.snapshot(), whole);
        assert_eq!(parts.check().expect("checked").findings, vec![], "call {nth}");
    }
    unreachable!("the work ends")
}

#[test]
fn the_nth_write_that_is_not_done_leaves_a_readable_history() {
    assert!(fail_each(Calls::Changes, Failing::Undone) > 50);
}

#[test]
fn the_nth_write_that_is_done_and_fails_leaves_a_readable_history() {
    assert!(fail_each(Calls::Changes, Failing::Done) > 50);
}

#[test]
fn the_nth_read_that_fails_leaves_a_readable_history() {
    assert!(fail_each(Calls::Reads, Failing::Undone) > 50);
}

/// The same process goes on after a failure, without being opened anew.
#[test]
fn work_goes_on_after_a_failure_in_the_same_process() {
    let histories = histories();
    let whole = histories.last().expect("there are some");
    for failing in [Failing::Undone, Failing::Done] {
        for nth in (1..90).step_by(7) {
            let store: Arc<dyn ObjectStore> =
                Arc::new(FailingStore::new(memory(), Calls::Changes, nth, failing));
            let Ok(parts) = open(&store, options()) else { continue };
            if work(&parts, &histories).is_err() {
                work(&parts, &histories).expect("goes on");
            }
            compare_rows(&parts.snapshot(), whole);
        }
    }
}
