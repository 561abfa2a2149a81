//! Any sequence of what can be done to parts reads back exactly as the naive history does.

use proptest::prelude::*;
use segops_model::Position;
use segops_parts::{Effort, Parts};

use crate::happening::{Happening, happen};
use crate::history::Numbers;
use crate::naive::Naive;
use crate::place::{before, compare, compare_rows, memory, open, small};

#[derive(Debug, Clone)]
enum Step {
    Events(usize),
    Merge,
    Split,
    Delete,
    Flush,
    Compact,
    CompactFully,
    CollectGarbage,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1_usize..30).prop_map(Step::Events),
        2 => Just(Step::Merge),
        1 => Just(Step::Split),
        1 => Just(Step::Delete),
        4 => Just(Step::Flush),
        4 => Just(Step::Compact),
        1 => Just(Step::CompactFully),
        1 => Just(Step::CollectGarbage),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// Each case is a whole history; more are played where more are asked for.
fn cases() -> u32 {
    ProptestConfig::default().cases / 8
}

fn tail_of(parts: &Parts, naive: &Naive) -> segops_parts::Tail {
    naive.tail_from(parts.held_until())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_the_same_rows_come_back(steps in steps(), seed in any::<u64>(), buckets in 1_u32..4) {
        let store = memory();
        let mut parts = open(&store, small(buckets)).expect("opened");
        let (mut naive, mut numbers) = (Naive::default(), Numbers::new(seed));
        for step in &steps {
            match step {
                Step::Events(count) => {
                    for _ in 0..*count {
                        happen(&mut naive, &mut numbers, Happening::Event);
                    }
                }
                Step::Merge => happen(&mut naive, &mut numbers, Happening::Merge),
                Step::Split => happen(&mut naive, &mut numbers, Happening::Split),
                Step::Delete => happen(&mut naive, &mut numbers, Happening::Delete),
                Step::Flush => {
                    let unflushed = parts.snapshot().with_tail(&tail_of(&parts, &naive));
                    parts.flush(&tail_of(&parts, &naive)).expect("flushed");
                    prop_assert_eq!(parts.held_until(), naive.until);
                    compare_rows(&unflushed, &naive);
                }
                Step::Compact => {
                    parts.compact(Effort::Due).expect("compacted");
                }
                Step::CompactFully => {
                    let mut compactions = 0;
                    while parts.compact(Effort::Full).expect("compacted").is_some() {
                        compactions += 1;
                        prop_assert!(compactions < 1_000, "it comes to an end");
                    }
                    prop_assert!(parts.snapshot().overlay().is_empty());
                    prop_assert!(parts.snapshot().manifest().parts.iter().all(|part| part.level > 0));
                }
                Step::CollectGarbage => {
                    parts.collect_garbage().expect("collected");
                }
                Step::Reopen => parts = open(&store, small(buckets)).expect("opened"),
            }
        }
        compare(&parts.snapshot().with_tail(&tail_of(&parts, &naive)), &naive);
        let held: Position = parts.held_until();
        compare_rows(&parts.snapshot(), &before(&naive, held));
        let report = parts.check().expect("checked");
        prop_assert_eq!(report.findings, vec![]);
    }
}
