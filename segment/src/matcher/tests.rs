use segops_model::{Instant, Value};
use segops_rules::{EventFilter, ItemTest, Predicate, PropertyTest, Resolved, Scalar, Test};

use super::Matcher;
use crate::sample::{event, list, named, object, zone};

fn property(path: &str, test: Test) -> Predicate {
    Predicate::Property(PropertyTest { property: path.parse().unwrap(), match_case: false, test })
}

fn is(path: &str, value: impl Into<Value>) -> Predicate {
    property(path, Test::Is(value.into()))
}

fn item(path: &str, predicate: Predicate) -> Predicate {
    Predicate::Item(ItemTest { list: path.parse().unwrap(), predicate: Box::new(predicate) })
}

fn over(price: i64) -> Test {
    Test::MoreThan(Scalar::Number(segops_model::Decimal::from_i64(price)))
}

/// Against an order of a red shoe for 20 and a blue hat for 90, by card, from a campaign.
fn check(predicate: Predicate, expected: bool) {
    let line = |category: &str, colour: &str, price: i64| {
        let sizes = list(&[Value::Object(object(&[("name", "M".into())]))]);
        let members = [
            ("category", category.into()),
            ("colour", colour.into()),
            ("price", price.into()),
            ("sizes", sizes),
        ];
        Value::Object(object(&members))
    };
    let properties = [
        ("payment", Value::Object(object(&[("method", "Card".into())]))),
        ("products", list(&[line("Shoes", "red", 20), "no object".into(), line("Hats", "blue", 90)])),
        ("tags", list(&["gift".into(), "rush".into()])),
        ("total", "110.00".into()),
    ];
    let mut order = event("Order Completed", Instant::from_ms(0), &properties);
    let campaign = object(&[("source", "newsletter".into())]);
    order.context.set("campaign", Value::Object(campaign));
    let filter: EventFilter<Resolved> =
        EventFilter { predicate: Some(predicate.clone()), ..named("Order Completed") };
    assert_eq!(Matcher::compile(&filter, &zone("UTC")).matches(&order), expected, "{predicate:?}");
}

#[test]
fn paths_lead_into_properties_context_and_lists() {
    check(is("total", 110), true);
    check(is("payment.method", "card"), true);
    check(is("payment.brand", "visa"), false);
    check(is("context.campaign.source", "Newsletter"), true);
    check(is("tags", "gift"), true);
    check(is("tags[]", "gift"), true);
    check(is("products[].category", "hats"), true);
    check(is("products[].sizes[].name", "m"), true);
    check(is("products[].sizes[].name", "l"), false);
    check(is("payment[].method", "card"), false);
    check(property("products[].price", over(50)), true);
}

#[test]
fn a_negation_is_of_the_whole_list() {
    check(property("products[].category", Test::IsNot("hats".into())), false);
    check(property("products[].category", Test::IsNot("gloves".into())), true);
    check(property("products[].brand", Test::NotExists), true);
    check(property("nothing[].at.all", Test::IsNot("x".into())), true);
    check(property("tags", Test::IsNot("gift".into())), false);
    // Within an item the negation is of that item's value.
    check(item("products", property("category", Test::IsNot("hats".into()))), true);
}

#[test]
fn one_and_the_same_item_satisfies_all() {
    let red_and = |price| Predicate::All(vec![is("colour", "red"), property("price", over(price))]);
    check(item("products", red_and(10)), true);
    check(item("products", red_and(50)), false);
    check(item("products[]", red_and(10)), true);
    let apart = vec![is("products[].colour", "red"), property("products[].price", over(50))];
    check(Predicate::All(apart), true);
    check(item("products", item("sizes", is("name", "M"))), true);
    check(item("payment", is("method", "card")), false);
}

#[test]
fn groups_and_negations() {
    let (yes, no) = (is("total", 110), is("total", 0));
    check(Predicate::All(vec![yes.clone(), no.clone()]), false);
    check(Predicate::Any(vec![no.clone(), yes.clone()]), true);
    check(Predicate::None(vec![no.clone(), yes.clone()]), false);
    check(Predicate::None(vec![no.clone()]), true);
    check(Predicate::Not(Box::new(no)), true);
    check(Predicate::Not(Box::new(yes)), false);
}
