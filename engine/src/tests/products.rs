//! Products change, and with them what events match, for those who did something with them.

use serde_json::{Value as Json, json};

use segops_model::{Instant, Position, SegmentId, SegmentVersion};

use super::world::{AUTHOR, DAY_MS, World};
use crate::artefact::{Artefact, ProfileVerdict};
use crate::product_change;

fn change(world: &World, product: Json) {
    let change = product_change(product, world.engine.limits()).expect("a product");
    world.engine.change_products(AUTHOR, vec![change]).expect("a change");
}

fn view(world: &mut World, user: &str, product: &str) {
    world.send(json!({"userId": user, "event": "Product Viewed", "properties": {"product_id": product}}));
}

#[test]
fn only_those_who_did_something_with_a_product_move_with_it() {
    let mut world = World::new();
    change(&world, json!({"id": "p", "price": 30}));
    change(&world, json!({"id": "q", "price": 30}));
    world.segment("Cheap", r#"everyone where did "Product Viewed" where current_product.price < 20"#);
    view(&mut world, "ann", "p");
    view(&mut world, "bob", "q");
    world.verify();
    assert!(world.members("Cheap").is_empty());
    world.pass_ms(DAY_MS);
    change(&world, json!({"id": "p", "price": 10}));
    assert_eq!(world.story(), ["+Cheap ann product"]);
    world.verify();
    change(&world, json!({"id": "p", "deleted": true}));
    assert_eq!(world.story(), ["+Cheap ann product", "-Cheap ann product"]);
    world.verify();
    let world = world.restarted();
    world.verify();
    change(&world, json!({"id": "p", "price": 5}));
    assert_eq!(world.members("Cheap"), ["ann"]);
    world.verify();
}

#[test]
fn a_late_version_is_taken_as_if_it_had_always_been_there() {
    let mut world = World::new();
    world.segment("Summer", r#"everyone where did "Product Viewed" where product.collection is "Summer""#);
    view(&mut world, "ann", "p");
    world.pass_ms(DAY_MS);
    view(&mut world, "bob", "p");
    // As of between the two, said a day after the second.
    let between = world.now().plus_ms(-DAY_MS / 2).to_string();
    world.pass_ms(DAY_MS);
    change(&world, json!({"id": "p", "collections": ["Summer"], "updated_at": between}));
    assert_eq!(world.members("Summer"), ["bob"]);
    world.verify();
}

#[test]
fn a_segment_made_later_knows_what_names_products() {
    let mut world = World::new();
    change(&world, json!({"id": "p", "price": 30, "variants": [{"id": "v", "price": 10}]}));
    view(&mut world, "ann", "p");
    world.send(
        json!({"anonymousId": "browser", "event": "Product Viewed", "properties": {"variant_id": "v"}}),
    );
    world.segment("Cheap", r#"everyone where sum of current_product.price over "Product Viewed" < 20"#);
    world.send(json!({"type": "identify", "userId": "bob", "anonymousId": "browser"}));
    assert_eq!(world.members("Cheap"), ["bob"]);
    change(&world, json!({"id": "p", "price": 5}));
    assert_eq!(world.members("Cheap"), ["ann", "bob"]);
    world.verify();
    change(&world, json!({"id": "p", "price": 40, "variants": [{"id": "v", "price": 25}]}));
    assert!(world.members("Cheap").is_empty());
    world.verify();
}

#[test]
fn an_artefact_from_before_there_were_products_is_read() {
    let verdict = ProfileVerdict { profile: segops_model::ProfileId(3), member: true, next_change: None };
    let (segment, version) = (SegmentId(1), SegmentVersion(2));
    let (position, instant) = (Position(9), Instant::from_ms(5));
    // Of timelines there were none: in the stored form a list of nothing is the same, whatever of.
    let timelines: Vec<u64> = Vec::new();
    let old = (segment, version, position, instant, timelines, vec![verdict]);
    let read = Artefact::decode(&postcard::to_allocvec(&old).expect("bytes")).expect("an artefact");
    let mut expected = Artefact::empty(segment, version, position, instant);
    expected.verdicts.push(verdict);
    assert_eq!(read, expected);
    let bytes = postcard::to_allocvec(&expected).expect("bytes");
    assert_eq!(Artefact::decode(&bytes).expect("an artefact"), expected);
}

#[test]
fn what_is_no_product_is_refused_with_its_reason() {
    let limits = segops_model::Limits::default();
    for (sent, reason) in [
        (json!(3), "it is not an object"),
        (json!({"price": 3}), "its `id` is missing"),
        (json!({"id": " "}), "its `id` is missing, blank"),
        (json!({"id": "p", "updated_at": "soon"}), "its `updated_at` is no date"),
        (json!({"id": "p", "deleted": "yes"}), "its `deleted` is neither"),
        (json!({"id": "p", "variants": ["v"]}), "its `variants` are not a list of objects"),
        (json!({"id": "p", "text": "x".repeat(70_000)}), "the limit is 65536"),
    ] {
        let refused = product_change(sent, &limits).expect_err("no product");
        assert!(refused.contains(reason), "{refused}");
    }
}
