//! Live membership, a rebuild and the oracle are equal: at random instants, at each instant at which a verdict
//! changes by itself, and one millisecond before.

mod history;
mod play;
mod rules;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::test_runner::{Config, FileFailurePersistence, TestError, TestRunner};

use history::history;
use play::play;

/// Histories to play; more by this environment variable, for a long search.
const HISTORIES: &str = "SEGOPS_ORACLE_HISTORIES";
const HISTORIES_BY_DEFAULT: u32 = 400;

/// How often each verdict was asked for in a family, and how often it changed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    rules: u64,
    members: u64,
    others: u64,
    flips: u64,
}

#[test]
fn live_equals_rebuild_equals_oracle() {
    let cases =
        std::env::var(HISTORIES).ok().and_then(|text| text.parse().ok()).unwrap_or(HISTORIES_BY_DEFAULT);
    let persistence = FileFailurePersistence::WithSource("proptest-regressions");
    let config = Config {
        cases,
        failure_persistence: Some(Box::new(persistence)),
        source_file: Some(file!()),
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let tallies: RefCell<BTreeMap<&'static str, Tally>> = RefCell::default();
    let outcome = TestRunner::new(config).run(&history(), |history| {
        play(&history, &mut tallies.borrow_mut()).map_err(proptest::test_runner::TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, history)) => panic!("{reason}\n{history:#?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let tallies = tallies.into_inner();
    println!("{:24} {:>7} {:>9} {:>9} {:>7}", "family", "rules", "true", "false", "flips");
    for (family, Tally { rules, members, others, flips }) in &tallies {
        println!("{family:24} {rules:>7} {members:>9} {others:>9} {flips:>7}");
    }
    for (family, tally) in &tallies {
        let all = tally.members + tally.others;
        assert!(tally.members * 10 >= all, "{family}: under a tenth of the verdicts are true");
        assert!(tally.others * 10 >= all, "{family}: under a tenth of the verdicts are false");
        assert!(tally.flips > 0, "{family}: no verdict ever changed");
    }
}
