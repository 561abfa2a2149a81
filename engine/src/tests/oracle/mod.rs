//! Live membership, a rebuild and the oracle are equal: at random instants, at each instant at which a verdict
//! changes by itself, and one millisecond before.

mod history;
mod orders;
mod play;
mod rankings;
mod rules;
mod statistics;

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestCaseError, TestError, TestRunner};

use history::history;
use play::play;
use statistics::Tallies;

/// Histories to play; more by this environment variable, for a long search.
const HISTORIES: &str = "SEGOPS_ORACLE_HISTORIES";
const HISTORIES_BY_DEFAULT: u32 = 400;
/// Where the search starts: a failure names its batch's own. A long search starts anew each time where it is
/// not set; a short one always at the same place, so that a change is judged by what it changes.
const SEED: &str = "SEGOPS_ORACLE_SEED";
const SEED_BY_DEFAULT: u64 = 18_184_983_060_329_024_665;
/// Histories that come from one seed, in order.
const BATCH: u32 = 50;

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Plays the histories of one seed.
fn run(seed: u64, histories: u32) -> Result<Tallies, String> {
    let persistence = FileFailurePersistence::WithSource("proptest-regressions");
    let config = Config {
        cases: histories,
        failure_persistence: Some(Box::new(persistence)),
        source_file: Some(file!()),
        max_shrink_iters: 2_000,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let tallies: RefCell<Tallies> = RefCell::default();
    let outcome = TestRunner::new(config)
        .run(&history(), |history| play(&history, &mut tallies.borrow_mut()).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => Ok(tallies.into_inner()),
        Err(TestError::Fail(reason, history)) => Err(format!("{reason}\n{history:#?}")),
        Err(TestError::Abort(reason)) => Err(reason.to_string()),
    }
}

/// The batches are shared out among as many threads as the machine has cores.
fn run_all(seed: u64, histories: u32) -> Tallies {
    let (next, sum) = (AtomicU32::new(0), Mutex::new(Tallies::new()));
    let work = || {
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            let Some(left) = histories.checked_sub(batch * BATCH).filter(|left| *left > 0) else { return };
            let (seed, size) = (seed.wrapping_add(u64::from(batch)), left.min(BATCH));
            match run(seed, size) {
                Ok(tallies) => statistics::add(&mut sum.lock().expect("no panic"), &tallies),
                Err(reason) => panic!("{reason}\nplay it again with {SEED}={seed} {HISTORIES}={size}"),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        work();
        for other in others {
            if let Err(panic) = other.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    sum.into_inner().expect("no panic")
}

#[test]
fn live_equals_rebuild_equals_oracle() {
    let histories = number(HISTORIES);
    let anew = || if histories.is_some() { RandomState::new().hash_one(SEED) } else { SEED_BY_DEFAULT };
    let seed = number(SEED).unwrap_or_else(anew);
    let tallies = run_all(seed, histories.unwrap_or(HISTORIES_BY_DEFAULT));
    println!("{SEED}={seed}\n{}", statistics::table(&tallies));
    let complaints = statistics::complaints(&tallies);
    assert!(complaints.is_empty(), "{}\nthe seed was {seed}", complaints.join("\n"));
}
