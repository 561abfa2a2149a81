use std::collections::BTreeMap;

use proptest::prelude::*;
use segops_model::Instant;

use crate::{Duplicates, SEEN_CHUNK_ENTRIES, SeenChunk};

const WINDOW_MS: i64 = 100;

#[test]
fn the_window_is_measured_from_the_first_time() {
    let mut duplicates = Duplicates::new(WINDOW_MS);
    let mut check = |id: &str, at: i64, first: bool| {
        assert_eq!(duplicates.contains(id, Instant::from_ms(at)), !first, "{id} at {at}");
        assert_eq!(duplicates.check_and_insert(id, Instant::from_ms(at)), first, "{id} at {at}");
    };
    check("a", 0, true);
    check("a", 0, false);
    check("b", 50, true);
    check("a", 99, false);
    check("a", 100, true);
    check("b", 149, false);
    check("b", 150, true);
    check("a", 199, false);
    check("a", 200, true);
}

#[test]
fn a_quiet_week_is_cleared_a_few_at_a_time() {
    let mut duplicates = Duplicates::new(WINDOW_MS);
    for id in 0..1_000 {
        assert!(duplicates.check_and_insert(&id.to_string(), Instant::from_ms(0)));
    }
    assert_eq!(
        (duplicates.oldest(), duplicates.newest()),
        (Some(Instant::from_ms(0)), Some(Instant::from_ms(0)))
    );
    assert!(
        duplicates.check_and_insert("999", Instant::from_ms(1_000)),
        "past the window, though still there"
    );
    assert!(!duplicates.check_and_insert("999", Instant::from_ms(1_001)));
    assert!(duplicates.len() > 900);
    for id in 0..400 {
        assert!(duplicates.check_and_insert(&format!("new {id}"), Instant::from_ms(1_002)));
    }
    assert!(!duplicates.check_and_insert("999", Instant::from_ms(1_003)), "its old entry took nothing along");
    assert_eq!(duplicates.len(), 401);
    assert_eq!(duplicates.oldest(), Some(Instant::from_ms(1_000)));
}

#[test]
fn chunks_of_changes_add_up_to_the_whole() {
    let mut duplicates = Duplicates::new(WINDOW_MS);
    let mut held: BTreeMap<u64, SeenChunk> = BTreeMap::new();
    let ids_each = SEEN_CHUNK_ENTRIES as u64 * 2 / 3;
    for round in 0..12_u64 {
        for id in 0..ids_each {
            let at = Instant::from_ms(i64::try_from(round * 30 + id * 30 / ids_each).expect("small"));
            duplicates.check_and_insert(&format!("{round} {id}"), at);
        }
        let changes = duplicates.take_changes(round == 7);
        if round == 7 {
            held.clear();
        }
        changes.gone.for_each(|number| drop(held.remove(&number)));
        let written = changes.chunks.len();
        assert!(round == 7 || written <= 2, "{written} chunks in round {round}");
        held.extend(changes.chunks);
        let (first, past) = (changes.first, changes.past);
        let again = Duplicates::of_chunks(WINDOW_MS, first, past, held.clone()).expect("whole");
        let json = |duplicates: &Duplicates| serde_json::to_string(duplicates).expect("writes");
        assert_eq!((json(&again), again.len()), (json(&duplicates), duplicates.len()));
        assert!(held.keys().all(|number| *number >= first), "what is gone was said to be");
    }
    assert!(duplicates.len() < ids_each as usize * 6, "old ones went");
    let last = *held.keys().next_back().expect("chunks");
    let first = *held.keys().next().expect("chunks");
    let mut cut = held.clone();
    cut.remove(&(first + 1));
    assert!(last > first + 1 && Duplicates::of_chunks(WINDOW_MS, first, 0, cut).is_none());
}

proptest! {
    #[test]
    fn behaves_as_a_list_of_all_that_was_seen(
        calls in prop::collection::vec((0..20_u8, 0..30_i64), 0..300),
        restart_at in 0..300_usize,
    ) {
        let mut duplicates = Duplicates::new(WINDOW_MS);
        let mut seen: Vec<(u8, i64)> = Vec::new();
        let mut now = 0;
        for (index, (id, later)) in calls.into_iter().enumerate() {
            if index == restart_at {
                let json = serde_json::to_string(&duplicates).expect("writes");
                duplicates = serde_json::from_str(&json).expect("reads");
                prop_assert_eq!(serde_json::to_string(&duplicates).expect("writes"), json);
            }
            now += later;
            let first = !seen.iter().any(|(other, at)| *other == id && now - at < WINDOW_MS);
            if first {
                seen.push((id, now));
            }
            prop_assert_eq!(duplicates.check_and_insert(&id.to_string(), Instant::from_ms(now)), first);
            prop_assert!(duplicates.len() <= 20);
        }
    }
}
