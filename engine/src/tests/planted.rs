//! Each mistake planted in the incremental apply alone is found by verify: the rebuild shares the evaluator
//! with the live side, not the apply.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::property::{differences_over, history};
use crate::fold::PlantedBug;

/// Histories tried for each mistake.
const HISTORIES: usize = 1_500;

fn finds(bug: Option<PlantedBug>) -> Option<usize> {
    // A fixed seed: the same histories every time.
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..HISTORIES).find(|_| {
        let steps = history().new_tree(&mut runner).expect("a history").current();
        differences_over(&steps, bug) > 0
    })
}

#[test]
fn verify_finds_every_planted_mistake() {
    assert_eq!(finds(None), None, "a difference with nothing planted");
    let mut missed = Vec::new();
    for bug in PlantedBug::ALL {
        let found = finds(Some(bug));
        println!("{bug:?}: found in history {found:?}");
        missed.extend(found.is_none().then_some(bug));
    }
    assert!(missed.is_empty(), "not found in {HISTORIES} histories: {missed:?}");
}
