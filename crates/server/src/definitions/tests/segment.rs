use expect_test::{Expect, expect};
use serde_json::json;

use super::super::{Dialect, read_definitions};
use super::{dictionary, read, told};

#[track_caller]
fn query(query: &str, expected: Expect) {
    expected.assert_eq(&told(&read(Dialect::Segment, query)));
}

#[test]
fn queries_are_read() {
    query(
        "event('Shoes Bought').where( property('price') >= 100 ).within(7 days).count() >= 1",
        expect![[r#"
            everyone where did "Shoes Bought" where price >= 100 in last 7 days
        "#]],
    );
    query(
        "NOT ( event('Shoes Bought').count() >= 1 AND trait('total_spend') > 200 )",
        expect![[r#"
        everyone where not (did "Shoes Bought" and total_spend > 200)
    "#]],
    );
    query(
        "event('Placed Order').where(property('price') > 100 AND property('brand') = 'My Brand').between(7 days, 10 days).avg(property('spend')).at_most(50) OR trait('L1') = true",
        expect![[r#"
            everyone where average of spend over "Order Completed" where (price > 100 and brand is "My Brand" match case) between 7 and 10 days ago <= 50 or in segment "VIP"
        "#]],
    );
    query(
        "trait('plan').one_of('pro','team') AND trait('city') != 'Berlin' AND trait('mail').contains('@a','@b') AND event('X').unique(property('sku')).count() > 3",
        expect![[r#"
            everyone where plan in ("pro", "team") match case and (city exists and city is not "Berlin" match case) and (mail contains "@a" match case or mail contains "@b" match case) and distinct of sku over "X" > 3
        "#]],
    );
    query(
        "event(Shoes Bought).count() >= 1",
        expect![[r#"
        everyone where did "Shoes Bought"
    "#]],
    );
}

#[test]
fn one_event_after_another_is_read() {
    query(
        "event('Shoes Bought').where(property('price') >= 100 AND event('Shoes Returned').within(parent: 5 days).count() >= 1).within(30 days).count() >= 1",
        expect![[r#"
            everyone where did "Shoes Bought" where (price >= 100) then "Shoes Returned" within 5 days in last 30 days
        "#]],
    );
    query(
        "event('Viewed').where(event('Placed Order').where(property('sku') = property(parent: 'sku') AND property('total') > 5).within(parent: 2 hours).count() = 0).count() >= 1",
        expect![[r#"
            everyone where did "Viewed" then not "Order Completed" where total > 5 within 2 hours with same sku
            Differs character 44: shared values are compared without regard to case
            Differs character 22: that an event did not come after another is certain only when the time is over
        "#]],
    );
    query(
        "event('X').where(event('Y').within(parent: 2 days).count() >= 1).count() = 0",
        expect![[r#"
        everyone where not did "X" then "Y" within 2 days
    "#]],
    );
}

#[test]
fn first_and_last_values_and_dates_are_read() {
    query(
        "event('X').within(30 days).last(property('plan')) = 'pro'",
        expect![[r#"
        everyone where last "X" where plan exists was in last 30 days has plan is "pro" match case
    "#]],
    );
    query(
        "event('X').where(property('a') = 1).first(property('spend')).at_least(50)",
        expect![[r#"
        everyone where first "X" where (a is 1 and spend exists) has spend >= 50
    "#]],
    );
    query(
        "trait('renewal').within_next(7 days) OR trait('renewal').within_last(12 hours)",
        expect![[r#"
        everyone where renewal in next 7 days or renewal in last 12 hours
        Differs character 17: a day is 24 hours from now, to the millisecond
    "#]],
    );
    query(
        "trait('seen').before_last(90 days) AND trait('renewal').after_next(30 days)",
        expect![[r#"
        everyone where seen at least 90 days ago and renewal at least 30 days from now
        Differs character 14: a day is 24 hours from now, to the millisecond
    "#]],
    );
}

#[test]
fn queries_that_cannot_be_said() {
    query(
        "event('Shoes Bought').where(property('price') >= trait('avg_spend') AND event('Shoes Returned').within(parent: 5 days).count() >= 1).within(30 days).count() >= 1",
        expect![[r#"
            no rule
            CannotBeSaid character 46: it is compared with something that is no fixed value
        "#]],
    );
    query(
        "ALL ( event('Shoes Bought').count() >= 1 )",
        expect![[r#"
        no rule
        CannotBeSaid : `ALL` is of accounts; profiles are people here
    "#]],
    );
    query(
        "event('X').within(30 days).mode(property('spend'), 2) = 5",
        expect![[r#"
        no rule
        CannotBeSaid character 27: `mode` over events has no condition in this version of rules
    "#]],
    );
    query(
        "event('X').count( >= 1",
        expect![[r#"
        no rule
        CannotBeSaid character 18: `>=` stands where a function is expected
    "#]],
    );
    query(
        "event('X'",
        expect![[r#"
        no rule
        CannotBeSaid character 9: the query's end stands where `,` is expected
    "#]],
    );
    query(
        &"(".repeat(100),
        expect![[r#"
        no rule
        CannotBeSaid character 32: the query is more than 32 levels deep
    "#]],
    );
    query(
        "event('X').within(30 days).first(property('spend')) > 5",
        expect![[r#"
        no rule
        CannotBeSaid character 27: the first within a time cannot be said, only the first of all time
    "#]],
    );
    query(
        "event('X').where(event('Y').within(parent: 2 days).count() >= 2).count() >= 1",
        expect![[r#"
        no rule
        CannotBeSaid character 17: how often one event comes after another cannot be said, only whether it does
    "#]],
    );
    query(
        "event('X').where(event('Y').within(2 days).count() >= 1).count() >= 1",
        expect![[r#"
        no rule
        CannotBeSaid character 28: an event inside `where` is relative to the one outside: `within(parent: 5 days)`
    "#]],
    );
    query(
        "event('X').where(property('a') = 1 OR event('Y').within(parent: 2 days).count() >= 1).count() >= 1",
        expect![[r#"
            no rule
            CannotBeSaid character 38: an event relative to another is joined with the rest of a `where` by `AND` alone
        "#]],
    );
    query(
        "event('X').where(event('Y').within(parent: 2 days).count() >= 1).between(2 days, 9 days).count() >= 1",
        expect![[r#"
            no rule
            CannotBeSaid character 89: the later event may lie outside of the time between
        "#]],
    );
    query(
        "event('X').within(parent: 2 days).count() >= 1",
        expect![[r#"
        no rule
        CannotBeSaid character 11: no event is outside, which this would be relative to
    "#]],
    );
    query(
        "event('X').where(property('due').within_last(7 days)).count() >= 1",
        expect![[r#"
        no rule
        CannotBeSaid : a date in an event's property is not compared with now
        Differs character 33: a day is 24 hours from now, to the millisecond
    "#]],
    );
    query(
        "trait('x').within_last(7)",
        expect![[r#"
        no rule
        CannotBeSaid character 11: `within_last` needs a time, such as `7 days`
    "#]],
    );
}

#[test]
fn audiences_of_the_api_are_read() {
    let json = json!({ "data": { "audiences": [
        { "name": "Buyers", "definition": { "type": "USERS", "query": "event('X').count() >= 1" } },
        { "name": "Firms", "definition": { "type": "ACCOUNTS", "query": "ANY event('X').count() >= 1" } },
    ] } });
    let read = read_definitions(Dialect::Segment, &json.to_string(), &dictionary()).expect("audiences");
    assert_eq!(read[0].rule_text.as_deref(), Some(r#"everyone where did "X""#));
    assert_eq!((read[1].name.as_str(), &read[1].rule_text), ("Firms", &None));
    assert!(read_definitions(Dialect::Segment, "{\"x\": 1}", &dictionary()).is_err());
    assert!(read_definitions(Dialect::Klaviyo, "[1]", &dictionary()).is_err());
}
