//! Two profiles become one.

use serde_json::json;

use super::world::{DAY_MS, World};

#[test]
fn the_survivor_takes_everything_along() {
    let mut world = World::new();
    world.segment("Viewed twice", r#"everyone where did "Product Viewed" >= 2 times"#);
    world.segment("Gold", r#"everyone where tier is "gold""#);
    world.send(json!({"anonymousId": "a1", "event": "Product Viewed"}));
    world.send(json!({"userId": "u1", "event": "Product Viewed"}));
    world.send(json!({"type": "identify", "userId": "u1", "traits": {"tier": "gold"}}));
    let (old, anonymous) = (world.profile("user_id", "u1"), world.profile("anonymous_id", "a1"));
    assert_ne!(old, anonymous);
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "a1"}));
    let survivor = world.profile("user_id", "u1");
    assert_eq!(survivor, anonymous.min(old));
    assert_eq!(world.members("Viewed twice"), ["u1"]);
    assert_eq!(world.members("Gold"), ["u1"]);
    assert_eq!(world.engine.profile(old).expect("the old id answers").id, survivor);
    assert_eq!(world.engine.profile(survivor).expect("a profile").events, 2);
    // The old id leaves no exit behind; the survivor enters what only the other was in.
    assert_eq!(world.story(), ["+Gold u1 event", "+Viewed twice u1 merge", "+Gold u1 merge"]);
    world.verify();
}

#[test]
fn the_earliest_open_entry_is_kept() {
    let mut world = World::new();
    world.segment("Viewed", r#"everyone where did "Product Viewed""#);
    world.send(json!({"userId": "u1", "event": "Other"}));
    world.send(json!({"anonymousId": "a1", "event": "Product Viewed"}));
    let entered = world.now();
    world.pass_ms(DAY_MS);
    world.send(json!({"userId": "u1", "event": "Product Viewed"}));
    world.pass_ms(DAY_MS);
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "a1"}));
    let members = world.engine.members("Viewed", None, 10).expect("members");
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].since, entered);
    // A repeated merge changes nothing.
    let before = world.transitions().len();
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "a1"}));
    assert_eq!(world.transitions().len(), before);
    world.verify();
}

#[test]
fn a_merge_can_end_a_membership() {
    let mut world = World::new();
    world.segment("Once", r#"everyone where did "Product Viewed" exactly 1 time"#);
    world.send(json!({"userId": "u1", "event": "Product Viewed"}));
    world.send(json!({"anonymousId": "a1", "event": "Product Viewed"}));
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "a1"}));
    assert!(world.members("Once").is_empty());
    assert_eq!(world.story().last().map(String::as_str), Some("-Once u1 merge"));
    world.verify();
}

#[test]
fn what_was_true_of_the_absorbed_alone_is_decided_anew_in_silence() {
    let mut world = World::new();
    world.segment("Quiet", r#"everyone where did not "Order Completed""#);
    world.order("u1");
    world.send(json!({"anonymousId": "a1", "event": "Product Viewed"}));
    let before = world.transitions().len();
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "a1"}));
    // a1 was in, u1 was not and is not: nobody who is still there has moved.
    assert_eq!(world.transitions().len(), before);
    assert!(world.members("Quiet").is_empty());
    world.verify();
}

#[test]
fn two_user_ids_stay_two_profiles() {
    let mut world = World::new();
    world.send(json!({"type": "identify", "userId": "u1", "traits": {"email": "shared@shop.example"}}));
    world.send(json!({"type": "identify", "userId": "u2", "traits": {"email": "shared@shop.example"}}));
    assert_ne!(world.profile("user_id", "u1"), world.profile("user_id", "u2"));
    assert_eq!(world.profile("email", "shared@shop.example"), world.profile("user_id", "u1"));
    world.verify();
}

#[test]
fn orders_move_with_a_merge() {
    let mut world = World::new();
    let order = |total: i64| json!({"order_id": "o1", "total": total, "currency": "EUR"});
    world.send(json!({"anonymousId": "a1", "event": "Order Completed", "properties": order(50)}));
    world.send(json!({"userId": "u1", "event": "Order Refunded", "properties": order(20)}));
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "a1"}));
    let profile = world.engine.profile(world.profile("user_id", "u1")).expect("a profile");
    assert_eq!(profile.orders.len(), 1);
    assert_eq!(profile.net_spend.get("EUR").map(String::as_str), Some("30"));
    assert_eq!(profile.orders[0].status, "partially_refunded");
}

#[test]
fn why_profiles_are_one_is_known() {
    let mut world = World::new();
    world.send(json!({"anonymousId": "a1", "event": "Product Viewed"}));
    world.send(json!({"userId": "u1", "event": "Product Viewed"}));
    world.send(json!({"anonymousId": "a2", "event": "Product Viewed"}));
    let (browser, user, other) = (
        world.profile("anonymous_id", "a1"),
        world.profile("user_id", "u1"),
        world.profile("anonymous_id", "a2"),
    );
    world.send(json!({"type": "identify", "userId": "u1", "anonymousId": "a2", "messageId": "linking"}));
    world.pass_ms(DAY_MS);
    world.send(json!({"userId": "u1", "anonymousId": "a1", "event": "Signed In"}));
    // Whatever was merged answers, and more of the same adds nothing.
    world.send(json!({"userId": "u1", "anonymousId": "a1", "event": "Signed In"}));
    let merges = world.engine.profile_merges(other).expect("merges");
    assert_eq!(merges, world.engine.profile_merges(browser).expect("merges"));
    let [first, second] = merges.as_slice() else { panic!("{merges:#?}") };
    assert_eq!((first.survivor, first.absorbed.as_slice()), (user, [other].as_slice()));
    assert_eq!((second.survivor, second.absorbed.as_slice()), (browser, [user].as_slice()));
    assert_eq!(
        first.sentence,
        format!(
            "{other} became part of {user} at 2026-03-01T12:00:00.000Z, by the event `identify` of \
             2026-03-01T12:00:00.000Z (message linking, from Shop): it carried user_id:u1, which was of {user} and \
             anonymous_id:a2, which was of {other}."
        )
    );
    assert_eq!((second.event.name.as_str(), second.at), ("Signed In", world.now()));
    let linked: Vec<_> =
        second.linked.iter().map(|link| (link.identifier.to_string(), link.profile)).collect();
    assert_eq!(linked, [("user_id:u1".to_owned(), user), ("anonymous_id:a1".to_owned(), browser)]);
}
