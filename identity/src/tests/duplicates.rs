use proptest::prelude::*;
use segops_model::Instant;

use crate::Duplicates;

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
