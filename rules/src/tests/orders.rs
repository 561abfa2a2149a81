use expect_test::{Expect, expect};

use crate::parse;

#[track_caller]
fn check(text: &str, canonical: &str) {
    let rule = parse(text).unwrap_or_else(|problems| panic!("{}", problems[0].report(text)));
    assert_eq!(rule.to_string(), canonical);
    assert_eq!(parse(canonical).as_ref(), Ok(&rule), "the canonical text is another rule");
}

#[track_caller]
fn check_mistakes(text: &str, expected: Expect) {
    let problems = parse(text).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| problem.report(text) + "\n").collect();
    expected.assert_eq(&reports.concat());
}

#[test]
fn orders_are_counted_in_many_words() {
    for (written, canonical) in [
        ("has orders", "has orders"),
        ("has at least 2 orders in last 90 days", "has orders >= 2 in last 90 days"),
        ("has 1 order", "has orders = 1"),
        ("has between 2 and 4 orders this year", "has orders between 2 and 4 this year"),
        ("placed more than 3 orders", "has orders > 3"),
        ("has no orders in last 6 months", "has no orders in last 6 months"),
        ("not has orders >= 2", "not has orders >= 2"),
        ("orders where status is 'refunded' >= 1", "has orders where status is \"refunded\""),
        ("orders >= 2 in last 90 days", "has orders >= 2 in last 90 days"),
        ("orders in last week from source 'Shop' < 2", "has orders < 2 in last 1 week from source \"Shop\""),
        ("has orders with test orders", "has orders including test orders"),
        ("orders including tests where test is true", "has orders including test orders where test is true"),
        ("has orders where net > 5 and country is 'DE'", "has orders where (net > 5 and country is \"DE\")"),
        (
            "has orders where items[].category is 'Shoes' and has no orders today",
            "has orders where items[].category is \"Shoes\" and has no orders today",
        ),
        ("did A where x is 1 and orders > 2", "did \"A\" where x is 1 and has orders > 2"),
        ("all of (has 2 orders, did A)", "has orders = 2 and did \"A\""),
    ] {
        check(written, canonical);
    }
}

#[test]
fn spending_is_net_unless_asked_otherwise() {
    for (written, canonical) in [
        ("spent >= 500 in last 12 months", "net spend in last 12 months >= 500"),
        ("spent at least 500", "net spend >= 500"),
        ("total spend this year > 5", "net spend this year > 5"),
        ("net spend in last 30 days between 1 and 5", "net spend in last 30 days between 1 and 5"),
        ("gross spend >= 500 where currency is 'EUR'", "gross spend where (currency is \"EUR\") >= 500"),
        ("aov >= 50", "average of net over orders where (status is not \"cancelled\") >= 50"),
        (
            "average order value where currency is 'EUR' >= 50 this year",
            "average of net over orders where (status is not \"cancelled\" and currency is \"EUR\") this year >= 50",
        ),
        (
            "sum of net over orders where currency is 'EUR' in last 90 days >= 500",
            "net spend where currency is \"EUR\" in last 90 days >= 500",
        ),
        (
            "sum of net over orders including test orders >= 5",
            "sum of net over orders including test orders >= 5",
        ),
        (
            "spent in last 90 days < 0.5 times spent between 90 and 180 days ago",
            "net spend in last 90 days < 0.5 times net spend between 90 and 180 days ago",
        ),
        ("sum of total over A >= 5 in last 3 days", "sum of total over \"A\" in last 3 days >= 5"),
        ("sum of total over 'orders' >= 5", "sum of total over \"orders\" >= 5"),
    ] {
        check(written, canonical);
    }
}

#[test]
fn traits_of_the_same_names_are_quoted() {
    for (written, canonical) in [
        ("trait orders >= 5", "\"orders\" >= 5"),
        ("\"spent\" >= 5", "\"spent\" >= 5"),
        ("orders exists", "\"orders\" exists"),
        ("spent is 5", "\"spent\" is 5"),
        ("did A where orders > 2", "did \"A\" where orders > 2"),
    ] {
        check(written, canonical);
    }
}

#[test]
fn mistakes() {
    check_mistakes(
        "has orders where status is 'refundet' or has 2 shoes",
        expect![[r#"
            error: `has` is not tested for anything; expected an operator, such as `is`, `is not`, `>=`, `in`, `contains`, `starts with`, `before` or `exists`; to ask whether it is set write `has exists`
              | has orders where status is 'refundet' or has 2 shoes
              |                                              ^
        "#]],
    );
    check_mistakes(
        "orders where status in ('completed', 'partially refunded')",
        expect![[r#"
            error: no order has the status `partially refunded`; expected `completed`, `partially_refunded`, `refunded` or `cancelled`; did you mean `partially_refunded`?
              | orders where status in ('completed', 'partially refunded')
              |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    check_mistakes(
        "spent >= 500 this year in last 3 days and has 2 orders >= 3",
        expect![[r#"
            error: this event says the same kind of thing twice; expected at most one count, one `where`, one time and one `from source`; for two requirements write two conditions, joined with `and`
              | spent >= 500 this year in last 3 days and has 2 orders >= 3
              |                        ^^^^^^^^^^^^^^
            error: the orders are counted twice; expected one count: `has orders >= 2`
              | spent >= 500 this year in last 3 days and has 2 orders >= 3
              |                                           ^^^^^^^^^^^^^^^^^
        "#]],
    );
}
