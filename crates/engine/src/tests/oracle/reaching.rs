//! What is said of addresses, who is put into lists, and whom results name.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use super::history::Step;

/// What lists name: people of these histories, and one who never turns up.
const LISTED: &[&str] = &[
    "user_id:u0",
    "user_id:u1",
    "user_id:u2",
    "email:X0@shop.example",
    "x1@shop.example",
    "anonymous_id:b0",
    "anonymous_id:b1",
    "+491510000001",
    "user_id:nobody",
];

/// An event that says something of consent.
pub(super) fn said_item(who: BoxedStrategy<Json>) -> impl Strategy<Value = Json> {
    let names = select(vec!["Subscribed", "Unsubscribed", "Unsubscribed", "Email Bounced"]);
    let properties = select(vec![json!({}), json!({}), json!({"topic": "Offers"})]);
    (who, names, properties).prop_map(|(mut item, name, properties)| {
        item["type"] = json!("track");
        item["event"] = json!(name);
        item["properties"] = properties;
        item
    })
}

pub(super) fn say() -> impl Strategy<Value = Step> {
    let of = select(vec![
        ("email", "x0@shop.example"),
        ("email", "X1@shop.example"),
        ("sms", "+49 151 0000001"),
        ("sms", "+491510000002"),
    ]);
    let topic = select(vec![None, None, Some("offers"), Some("OFFERS")]);
    let state = select(vec!["opted_in", "opted_in", "opted_out", "suppressed", "unsuppressed"]);
    let hours_ago = prop_oneof![2 => Just(0_i64), 1 => 1_i64..72];
    (of, topic, state, hours_ago).prop_map(|((channel, address), topic, state, hours_ago)| Step::Say {
        channel,
        address,
        topic,
        state,
        hours_ago,
    })
}

pub(super) fn list() -> impl Strategy<Value = Step> {
    (0_u8..2, select(LISTED), prop::bool::weighted(0.7)).prop_map(|(list, entry, is_in)| Step::List {
        list,
        entry,
        is_in,
    })
}

pub(super) fn name() -> impl Strategy<Value = Step> {
    (0_u8..2, any::<u64>()).prop_map(|(result, seed)| Step::Name { result, seed })
}
