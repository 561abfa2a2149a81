use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use proptest::prelude::*;

use crate::{FrozenKeyspace, Keyspace, MemoryKeyspace};

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, u32),
    Add(u8, u32),
    ChangeIfThere(u8, u32),
    Remove(u8),
    Freeze,
    DropView(usize),
    CloneView(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_u8, any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        3 => (0..40_u8, any::<u32>()).prop_map(|(key, value)| Step::Add(key, value)),
        2 => (0..40_u8, any::<u32>()).prop_map(|(key, value)| Step::ChangeIfThere(key, value)),
        3 => (0..40_u8).prop_map(Step::Remove),
        1 => Just(Step::Freeze),
        1 => any::<usize>().prop_map(Step::DropView),
        1 => any::<usize>().prop_map(Step::CloneView),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn behaves_as_a_map_and_its_views_as_copies(steps in prop::collection::vec(step(), 0..200)) {
        let mut keyspace = MemoryKeyspace::new();
        let mut map: BTreeMap<u8, u32> = BTreeMap::new();
        let mut views: Vec<(FrozenKeyspace<u8, u32>, BTreeMap<u8, u32>)> = Vec::new();
        for step in steps {
            match step {
                Step::Insert(key, value) => prop_assert_eq!(keyspace.insert(key, value), map.insert(key, value)),
                Step::Add(key, value) => {
                    let here = keyspace.get_mut_or_insert_with(&key, || 1);
                    *here = here.wrapping_add(value);
                    let there = map.entry(key).or_insert(1);
                    *there = there.wrapping_add(value);
                }
                Step::ChangeIfThere(key, value) => {
                    let (here, there) = (keyspace.get_mut(&key), map.get_mut(&key));
                    prop_assert_eq!(&here, &there);
                    if let (Some(here), Some(there)) = (here, there) {
                        (*here, *there) = (value, value);
                    }
                }
                Step::Remove(key) => prop_assert_eq!(keyspace.remove(&key), map.remove(&key)),
                Step::Freeze => views.push((keyspace.freeze(), map.clone())),
                Step::DropView(at) if !views.is_empty() => drop(views.swap_remove(at % views.len())),
                Step::CloneView(at) if !views.is_empty() => views.push(views[at % views.len()].clone()),
                Step::DropView(_) | Step::CloneView(_) => {}
            }
            prop_assert_eq!(keyspace.len(), map.len());
            for (view, copy) in views.iter().map(|(view, copy)| (view, copy)) {
                prop_assert!(view.iter_sorted().eq(copy.iter()));
                prop_assert_eq!(view.len(), copy.len());
            }
            prop_assert!(keyspace.iter_sorted().eq(map.iter()));
            prop_assert_eq!(keyspace.iter().count(), map.len());
            for key in 0..40 {
                prop_assert_eq!(keyspace.get(&key), map.get(&key));
            }
        }
        for (view, copy) in &views {
            for key in 0..40 {
                prop_assert_eq!(view.get(&key), copy.get(&key));
            }
        }
        // Without views, a bounded number of writes brings everything back into one generation.
        drop(views);
        for round in 0..200 {
            keyspace.insert(0, round);
        }
        prop_assert_eq!(keyspace.layers(), 0);
    }
}

#[test]
fn views_held_in_turn_do_not_pile_up_overlays() {
    let mut keyspace: MemoryKeyspace<u64, u64> =
        (0..1_000).fold(MemoryKeyspace::new(), |mut keyspace, key| {
            keyspace.insert(key, 0);
            keyspace
        });
    let long_held = keyspace.freeze();
    for round in 1..200 {
        let short_held = keyspace.freeze();
        for key in 0..20 {
            keyspace.insert(key * 7 + round, round);
        }
        assert_eq!(short_held.len(), 1_000);
        drop(short_held);
        for key in 0..20 {
            keyspace.insert(key, round);
        }
        assert!(keyspace.layers() <= 4, "{} overlays in round {round}", keyspace.layers());
    }
    assert!(long_held.iter().all(|(_, value)| *value == 0));
}

#[test]
fn a_view_reads_one_instant_on_another_thread() {
    let mut keyspace: MemoryKeyspace<u64, u64> = MemoryKeyspace::new();
    for key in 0..5_000 {
        keyspace.insert(key, 1);
    }
    thread::scope(|scope| {
        for round in 2..30 {
            let view = keyspace.freeze();
            scope.spawn(move || {
                let sum: u64 = view.iter().map(|(_, value)| *value).sum();
                assert_eq!(sum, 5_000 * (round - 1), "a view saw a part of a round");
            });
            for key in 0..5_000 {
                *keyspace.get_mut_or_insert_with(&key, || 0) = round;
            }
        }
    });
}

static CLONED: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct CountsClones;

impl Clone for CountsClones {
    fn clone(&self) -> Self {
        CLONED.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

#[test]
fn only_what_is_written_while_a_view_is_out_is_copied() {
    let mut keyspace = MemoryKeyspace::new();
    for key in 0..1_000_u32 {
        keyspace.insert(key, CountsClones);
    }
    let view = keyspace.freeze();
    assert_eq!(CLONED.load(Ordering::SeqCst), 0);
    for key in 0..10 {
        keyspace.get_mut(&key);
        keyspace.get_mut(&key);
    }
    assert_eq!(CLONED.load(Ordering::SeqCst), 10);
    drop(view);
    for key in 0..1_000 {
        keyspace.get_mut(&key);
    }
    assert_eq!(CLONED.load(Ordering::SeqCst), 10);
    assert_eq!(keyspace.layers(), 0);
}

#[test]
fn views_go_to_other_threads() {
    fn check<T: Send + Sync>(_: &T) {}
    let mut keyspace: MemoryKeyspace<u64, HashMap<u8, u8>> = MemoryKeyspace::new();
    check(&keyspace.freeze());
    check(&keyspace);
}
