use proptest::prelude::*;

use segops_model::{Decimal, Event, Instant, Position, Value};

use super::{Order, OrderFact, OrderFacts, OrderKey, OrderStatus, REFUNDS_PER_ORDER_MAX};
use crate::sample::{event, list, object};

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn money(text: &str) -> Value {
    Value::Number(decimal(text))
}

type Sent<'a> = (&'a str, &'a [(&'a str, Value)]);

fn back<'a>(properties: &'a [(&'a str, Value)]) -> Sent<'a> {
    ("Order Refunded", properties)
}

/// The one order that some events make, a minute apart.
fn order(sent: &[Sent<'_>]) -> Option<Order> {
    let mut facts = OrderFacts::default();
    let mut last_key = None;
    for (at, (name, properties)) in (0_u64..).zip(sent) {
        let event = event(name, Instant::from_ms(at.cast_signed() * 60_000), properties);
        let (key, fact) = OrderFact::of_event(&event, Position(at))?;
        facts.add(fact);
        last_key = Some(key);
    }
    facts.order(&last_key?)
}

fn check(sent: &[Sent<'_>], status: OrderStatus, value: &str, refunded: &str, net: &str) {
    let order = order(sent).unwrap();
    let found = (order.status, order.value, order.refunded, order.net);
    assert_eq!(found, (status, decimal(value), decimal(refunded), decimal(net)), "{sent:?}");
}

#[test]
fn the_value_is_read_by_one_precedence() {
    let line = |price: &str, quantity: &str| {
        Value::Object(object(&[("price", price.into()), ("quantity", quantity.into())]))
    };
    let lines = || ("products", list(&[line("10", "2"), line("0.5", "3"), Value::Object(object(&[]))]));
    let id = || ("order_id", Value::from(7));
    let worth = |properties: &[(&str, Value)], value: &str| {
        check(&[("Order Completed", properties)], OrderStatus::Completed, value, "0", value);
    };
    let (revenue, shipping, tax) =
        (("revenue", "80".into()), ("shipping", money("4.99")), ("tax", money("15.2")));
    worth(&[id(), ("total", "99.90".into()), revenue.clone(), ("value", 5.into())], "99.9");
    worth(&[id(), revenue.clone(), shipping.clone(), tax, ("value", 5.into())], "100.19");
    worth(&[id(), revenue, shipping], "84.99");
    worth(&[id(), ("value", "5".into()), lines()], "5");
    worth(&[id(), lines(), ("discount", money("1.5"))], "20");
    worth(&[id(), ("price", money("3")), ("quantity", 4.into())], "12");
    worth(&[id(), ("total", "unknown".into()), ("value", 6.into())], "6");
    worth(&[id()], "0");
}

#[test]
fn refunds_take_off_what_they_say_or_everything() {
    let id = ("order_id", Value::from("A1"));
    let completed = [id.clone(), ("total", 100.into()), ("currency", "EUR".into())];
    let part = [id.clone(), ("total", 30.into())];
    let whole = [id.clone()];
    let unpriced = [id.clone(), ("products", list(&[Value::Object(object(&[("sku", "x".into())]))]))];
    let negative = [id.clone(), ("total", money("-30"))];
    let updated = [id.clone(), ("total", 120.into())];
    let done: Sent<'_> = ("Order Completed", &completed);
    check(&[done, back(&whole)], OrderStatus::Refunded, "100", "100", "0");
    check(&[done, back(&part)], OrderStatus::PartiallyRefunded, "100", "30", "70");
    check(&[done, back(&negative)], OrderStatus::PartiallyRefunded, "100", "30", "70");
    check(&[done, back(&part), back(&part), back(&part)], OrderStatus::PartiallyRefunded, "100", "90", "10");
    check(&[done, back(&part), back(&completed)], OrderStatus::Refunded, "100", "100", "0");
    check(&[done, back(&unpriced)], OrderStatus::PartiallyRefunded, "100", "0", "100");
    check(
        &[done, ("Order Updated", &updated), back(&part)],
        OrderStatus::PartiallyRefunded,
        "120",
        "30",
        "90",
    );
    check(&[done, ("Order Cancelled", &whole)], OrderStatus::Cancelled, "100", "0", "0");
    check(&[done, back(&part), ("Order Cancelled", &completed)], OrderStatus::Cancelled, "100", "0", "0");
    // A retry under another message id, or a correction, is the same order.
    check(&[done, done], OrderStatus::Completed, "100", "0", "100");
}

#[test]
fn money_back_against_no_order_is_a_negative_order() {
    let nameless = [("total", Value::from(25))];
    let named = [("order_id", Value::from("C5")), ("total", money("-25"))];
    check(&[("Order Cancelled", &nameless)], OrderStatus::Cancelled, "-25", "0", "-25");
    check(&[("Order Cancelled", &named)], OrderStatus::Cancelled, "-25", "0", "-25");
    check(&[("Order Refunded", &named)], OrderStatus::Refunded, "-25", "0", "-25");
    // Once its order turns up, it is that order's cancellation.
    check(
        &[("Order Cancelled", &named), ("Order Completed", &named)],
        OrderStatus::Cancelled,
        "-25",
        "0",
        "0",
    );
    assert_eq!(order(&[("Order Cancelled", &[("order_id", "C5".into())])]), None);
    assert_eq!(order(&[("Order Refunded", &[])]), None);
    assert_eq!(order(&[("Order Updated", &named)]), None);
}

#[test]
fn an_order_is_known_by_its_id_or_its_place() {
    let key = |properties: &[(&str, Value)]| {
        let event = event("Order Completed", Instant::from_ms(0), properties);
        OrderFact::of_event(&event, Position(3)).unwrap().0
    };
    assert_eq!(key(&[("order_id", 536_365.into())]), OrderKey::Id("536365".into()));
    assert_eq!(key(&[("order_id", " A ".into())]), OrderKey::Id("A".into()));
    for nameless in [Value::Null, " ".into(), list(&[]), "x".repeat(600).as_str().into()] {
        assert_eq!(key(&[("order_id", nameless)]), OrderKey::Event(Position(3)));
    }
    let update = event("Order Updated", Instant::from_ms(0), &[("total", 1.into())]);
    assert_eq!(OrderFact::of_event(&update, Position(3)), None);
    let other = event("order completed", Instant::from_ms(0), &[]);
    assert_eq!(OrderFact::of_event(&other, Position(3)), None);
}

fn any_event() -> impl Strategy<Value = Event> {
    let names = vec!["Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"];
    let total = prop::option::of(-50_i64..200);
    let currency = prop::option::of(prop::sample::select(vec!["EUR", "USD"]));
    (prop::sample::select(names), 0_i64..4, total, currency).prop_map(|(name, ms, total, currency)| {
        let mut event = event(name, Instant::from_ms(ms), &[("order_id", "A".into())]);
        if let Some(total) = total {
            event.properties.set("total", total.into());
        }
        if let Some(currency) = currency {
            event.properties.set("currency", currency.into());
        }
        event
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (events, shuffled) in prop::collection::vec(any_event(), 0..9).prop_flat_map(|events| {
            let placed: Vec<(u64, Event)> = (0..).zip(events).collect();
            (Just(placed.clone()), Just(placed).prop_shuffle())
        }),
        cut in 0_usize..9, repeated in 0_usize..9,
    ) {
        let facts = |events: &[(u64, Event)]| {
            let mut facts = OrderFacts::default();
            for (position, event) in events {
                facts.add(OrderFact::of_event(event, Position(*position)).unwrap().1);
            }
            facts
        };
        let in_order = facts(&events);
        prop_assert_eq!(&facts(&shuffled), &in_order);
        // Two profiles' shares, some of it known to both, merged into one.
        let (one, other) = shuffled.split_at(cut.min(shuffled.len()));
        let mut merged = facts(one);
        merged.merge(&facts(other));
        merged.merge(&facts(&shuffled[..repeated.min(shuffled.len())]));
        prop_assert_eq!(&merged, &in_order);
        if let Some(order) = in_order.order(&OrderKey::Id("A".into())) {
            prop_assert!(order.status != OrderStatus::Completed || order.net == order.value);
        }
        let bytes = postcard::to_allocvec(&in_order).unwrap();
        prop_assert_eq!(postcard::from_bytes::<OrderFacts>(&bytes).unwrap(), in_order);
    }
}

#[test]
fn refunds_are_kept_within_a_limit_in_any_order() {
    let refund = |ms: i64| {
        let event =
            event("Order Refunded", Instant::from_ms(ms), &[("order_id", 1.into()), ("total", 1.into())]);
        OrderFact::of_event(&event, Position(0)).unwrap().1
    };
    let (mut forwards, mut backwards) = (OrderFacts::default(), OrderFacts::default());
    for ms in 0..200 {
        forwards.add(refund(ms));
        backwards.add(refund(199 - ms));
    }
    assert_eq!(forwards, backwards);
    assert_eq!(forwards.refunds.len(), REFUNDS_PER_ORDER_MAX);
}
