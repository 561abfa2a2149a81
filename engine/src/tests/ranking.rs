//! Places in a ranking: when thresholds are taken, and what holds in between.

use serde_json::json;

use segops_model::{Decimal, HOUR_MS, Instant};
use segops_segment::Observed;

use super::world::{AUTHOR, DAY_MS, World, instant, rule};
use crate::settings::Settings;
use crate::view::PreviewThreshold;
use crate::work::Work;

const TOP: &str = "top 20% by net spend";

fn order(world: &mut World, user: &str, total: i64) {
    world.send(json!({"userId": user, "event": "Order Completed", "properties": {"total": total}}));
}

/// Four customers at noon on 1 March 2026, and a segment of the best of them.
fn shop() -> World {
    let mut world = World::new();
    for (user, total) in [("u1", 10), ("u2", 20), ("u3", 30), ("u4", 40)] {
        order(&mut world, user, total);
    }
    world.segment("Top", TOP);
    world
}

/// The number, the threshold, when it was taken and among how many.
fn ranked(world: &World, user: &str) -> (Option<Decimal>, Option<Decimal>, Option<Instant>, Option<u64>) {
    let explained = world.engine.explain("Top", world.profile("user_id", user)).expect("an explanation");
    match explained.explanation.condition.observed {
        Some(Observed::Ranked { value, threshold, as_of, population }) => {
            (value, threshold, as_of, population)
        }
        other => panic!("{other:?}"),
    }
}

fn number(whole: i64) -> Option<Decimal> {
    Some(Decimal::from_i64(whole))
}

fn previewed(world: &World, at: &str) -> Vec<PreviewThreshold> {
    let preview = world.engine.preview(&rule(TOP), Some(instant(at)), 10, &Work::new());
    preview.expect("a preview").thresholds
}

#[test]
fn a_threshold_is_taken_when_saved_and_at_midnight() {
    let mut world = shop();
    assert_eq!(world.members("Top"), ["u4"]);
    let noon = instant("2026-03-01T12:00:00Z");
    assert_eq!(ranked(&world, "u3"), (number(30), number(40), Some(noon), Some(4)));
    order(&mut world, "u5", 50);
    assert_eq!(world.members("Top"), ["u4", "u5"]);
    world.pass_ms(12 * HOUR_MS - 1);
    assert_eq!(world.members("Top"), ["u4", "u5"]);
    world.verify();
    world.pass_ms(1);
    assert_eq!(world.members("Top"), ["u5"]);
    let midnight = instant("2026-03-02T00:00:00Z");
    assert_eq!(ranked(&world, "u4"), (number(40), number(50), Some(midnight), Some(5)));
    assert_eq!(world.story(), ["+Top u4 prime", "+Top u5 event", "-Top u4 model"]);
    world.verify();
}

#[test]
fn a_restart_keeps_thresholds_and_downtime_makes_up_for_the_newest_midnight() {
    let mut world = shop();
    order(&mut world, "u5", 50);
    let world = world.restarted();
    assert_eq!(world.members("Top"), ["u4", "u5"]);
    world.verify();
    world.clock.advance_ms(3 * DAY_MS);
    let world = world.restarted();
    world.engine.wait_ranked().expect("ranked");
    let midnight = instant("2026-03-04T00:00:00Z");
    assert_eq!(ranked(&world, "u5"), (number(50), number(50), Some(midnight), Some(5)));
    assert_eq!(world.members("Top"), ["u5"]);
    world.verify();
}

#[test]
fn another_time_zone_has_other_midnights() {
    let mut world = shop();
    let settings = Settings { time_zone: "Europe/Berlin".to_owned(), ..Settings::default() };
    world.engine.change_settings(AUTHOR, settings).expect("settings");
    let segment = world.engine.segment("Top").expect("a segment");
    world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
    assert_eq!(world.engine.status().next_timer_at, Some(instant("2026-03-01T23:00:00Z")));
    order(&mut world, "u5", 50);
    world.pass_ms(11 * HOUR_MS);
    assert_eq!(ranked(&world, "u5").2, Some(instant("2026-03-01T23:00:00Z")));
    assert_eq!(world.members("Top"), ["u5"]);
    world.verify();
}

#[test]
fn a_preview_of_the_past_uses_what_was_recorded_then() {
    let mut world = World::new();
    for (user, total) in [("u1", 10), ("u2", 20)] {
        order(&mut world, user, total);
    }
    world.pass_ms(HOUR_MS);
    world.segment("Top", TOP);
    order(&mut world, "u3", 30);
    world.pass_ms(HOUR_MS);
    let shown = |value: &str, as_of: &str, population, recorded| {
        let ranking = TOP.to_owned();
        vec![PreviewThreshold {
            ranking,
            value: Some(value.to_owned()),
            as_of: instant(as_of),
            population,
            recorded,
        }]
    };
    let made = previewed(&world, "2026-03-01T12:30:00Z");
    assert_eq!(made, shown("20", "2026-03-01T12:30:00Z", 2, false));
    let recorded = previewed(&world, "2026-03-01T13:30:00Z");
    assert_eq!(recorded, shown("20", "2026-03-01T13:00:00Z", 2, true));
}

#[test]
fn a_rule_is_edited_and_refined_by_rank() {
    let mut world = shop();
    world.segment("Best of the best", r#"in segment "Top" and top 50% by orders"#);
    world.edit("Top", "top 50% by net spend");
    assert_eq!(world.members("Top"), ["u3", "u4"]);
    assert_eq!(world.members("Best of the best"), ["u3", "u4"]);
    order(&mut world, "u4", 1);
    world.pass_ms(DAY_MS);
    // The second of four by orders has one, as all others have: equals are in together.
    assert_eq!(world.members("Best of the best"), ["u3", "u4"]);
    world.verify();
}
