//! Memberships move on the event, and at the millisecond a window's edge passes.

use serde_json::json;

use super::world::{DAY_MS, World, instant};

#[test]
fn a_member_leaves_at_the_millisecond_the_window_ends() {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 30 days"#);
    world.order("u1");
    assert_eq!(world.members("Recent"), ["u1"]);
    world.pass_ms(30 * DAY_MS - 1);
    assert_eq!(world.members("Recent"), ["u1"]);
    world.pass_ms(1);
    assert!(world.members("Recent").is_empty());
    assert_eq!(world.story(), ["+Recent u1 event", "-Recent u1 expiry"]);
    let left = world.transitions()[1].at;
    assert_eq!(left, instant("2026-03-31T12:00:00Z"));
    world.verify();
}

#[test]
fn timers_fire_at_their_own_instants_after_a_downtime() {
    let mut world = World::new();
    world.segment("Recent", r#"did "Order Completed" in last 1 day"#);
    world.segment("Lapsed", r#"did not "Order Completed" in last 2 days"#);
    world.order("u1");
    world.clock.advance_ms(10 * DAY_MS);
    let world = world.restarted();
    world.pass_ms(0);
    assert_eq!(world.story(), ["+Recent u1 event", "-Recent u1 expiry", "+Lapsed u1 expiry"]);
    let instants: Vec<_> = world.transitions().iter().map(|transition| transition.at).collect();
    assert_eq!(instants[1], instant("2026-03-02T12:00:00Z"));
    assert_eq!(instants[2], instant("2026-03-03T12:00:00Z"));
    world.verify();
}

#[test]
fn late_events_change_history() {
    let mut world = World::new();
    world.segment("Twice", r#"did "Order Completed" >= 2 times in last 30 days"#);
    world.order("u1");
    world.send(json!({"userId": "u1", "event": "Order Completed", "timestamp": "2026-01-01T00:00:00Z"}));
    assert!(world.members("Twice").is_empty());
    world.send(json!({"userId": "u1", "event": "Order Completed", "timestamp": "2026-02-10T00:00:00Z"}));
    assert_eq!(world.story(), ["+Twice u1 late"]);
    world.verify();
}

#[test]
fn a_message_counts_once() {
    let mut world = World::new();
    world.segment("Twice", r#"did "Order Completed" >= 2 times"#);
    for _ in 0..3 {
        world.send(json!({"userId": "u1", "event": "Order Completed", "messageId": "same"}));
    }
    assert!(world.members("Twice").is_empty());
    assert_eq!(world.engine.status().duplicates, 2);
    world.verify();
}

#[test]
fn traits_and_nested_segments_are_live() {
    let mut world = World::new();
    world.segment("Germans", r#"everyone where country is "DE""#);
    world.segment("German buyers", r#"in segment "Germans" and did "Order Completed""#);
    world.segment("Others", r#"identified where not in segment "Germans""#);
    world.order("u1");
    assert_eq!(world.members("Others"), ["u1"]);
    world.send(json!({"type": "identify", "userId": "u1", "traits": {"country": "de"}}));
    assert_eq!(world.members("German buyers"), ["u1"]);
    world.send(json!({"type": "identify", "userId": "u1", "traits": {"country": null}}));
    assert_eq!(
        world.story(),
        [
            "+Others u1 event",
            "+Germans u1 event",
            "+German buyers u1 event",
            "-Others u1 event",
            "-Germans u1 event",
            "-German buyers u1 event",
            "+Others u1 event",
        ]
    );
    world.verify();
}

#[test]
fn an_older_identify_does_not_win_over_a_newer_one() {
    let mut world = World::new();
    world.segment("Gold", r#"everyone where tier is "gold""#);
    world.send(json!({"type": "identify", "userId": "u1", "traits": {"tier": "gold"}}));
    let earlier = "2026-02-01T00:00:00Z";
    world.send(json!({"type": "identify", "userId": "u1", "traits": {"tier": "tin"}, "timestamp": earlier}));
    assert_eq!(world.members("Gold"), ["u1"]);
    world.verify();
}

#[test]
fn rules_of_absence_alone_mean_what_they_say() {
    let mut world = World::new();
    world.segment("Never bought", r#"everyone where did not "Order Completed""#);
    world.send(json!({"anonymousId": "a1", "event": "Product Viewed"}));
    world.order("u2");
    assert_eq!(world.members("Never bought"), ["a1"]);
    world.send(json!({"anonymousId": "a1", "event": "Order Completed"}));
    assert!(world.members("Never bought").is_empty());
    world.verify();
}

#[test]
fn counts_split_by_identity_and_reach() {
    let mut world = World::new();
    world.segment("All", r#"everyone where did any event < 1000 times"#);
    world.send(json!({"anonymousId": "a1", "event": "Product Viewed"}));
    world.send(json!({"type": "identify", "userId": "u1", "traits": {"email": "Ann@Shop.example"}}));
    world.send(json!({"type": "identify", "userId": "u2", "traits": {"email": "b@shop.example", "phone": "+49 170 1"}}));
    world.send(json!({"type": "identify", "userId": "u3", "traits": {"email": "c@shop.example", "phone": "+491701234567"}}));
    world.send(json!({"event": "Unsubscribed", "context": {"traits": {"email": "b@shop.example"}}}));
    let counts = world.engine.segment("All").expect("a segment").counts;
    let split = [counts.total, counts.identified, counts.reachable_email, counts.reachable_sms];
    assert_eq!(split, [4, 3, 2, 1]);
    let preview = world.engine.preview(
        &super::world::rule("everyone where did any event < 1000 times"),
        None,
        0,
        &crate::work::Work::new(),
    );
    assert_eq!(preview.expect("a preview").counts, counts);
}
