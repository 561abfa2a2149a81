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
fn numbers_of_events() {
    for (written, canonical) in [
        ("count of 'Product Viewed' >= 3", "count of \"Product Viewed\" >= 3"),
        ("number of A in last 30 days > 2.5", "count of \"A\" in last 30 days > 2.5"),
        ("count of any event this month between 2 and 5", "count of any event this month between 2 and 5"),
        (
            "count of orders where net > 5 in last 1 year = 0",
            "count of orders where net > 5 in last 1 year = 0",
        ),
        (
            "count of A where x is 1 > 2 times number of B where x is 2 in last 3 days and did C",
            "count of \"A\" where (x is 1) > 2 times count of \"B\" where x is 2 in last 3 days and did \"C\"",
        ),
        ("count of A > sum of x over B", "count of \"A\" > sum of x over \"B\""),
        ("count of A >= 2 in last 3 days", "count of \"A\" in last 3 days >= 2"),
        ("count >= 2", "count >= 2"),
    ] {
        check(written, canonical);
    }
}

#[test]
fn more_and_less_often() {
    for (written, canonical) in [
        ("did A more often than B", "count of \"A\" > count of \"B\""),
        ("did A less often than did B", "count of \"A\" < count of \"B\""),
        (
            "did A where x is 1 more often than any event in last 3 days or did C",
            "count of \"A\" where x is 1 in last 3 days > count of any event in last 3 days or did \"C\"",
        ),
        (
            "did A in last 2 days more often than B in last 3 days",
            "count of \"A\" in last 2 days > count of \"B\" in last 3 days",
        ),
        ("did A in last 2 days more often than B", "count of \"A\" in last 2 days > count of \"B\""),
        ("did not A more often than B", "not count of \"A\" > count of \"B\""),
        ("any of (did A more often than B, did C)", "count of \"A\" > count of \"B\" or did \"C\""),
    ] {
        check(written, canonical);
    }
}

#[test]
fn mistakes() {
    check_mistakes(
        "count of total over A > 2",
        expect![[r#"
        error: `count of` counts events, not values of a property; write `count of` and the event, with `where ... exists`; or ask for `distinct of` the property
          | count of total over A > 2
          |          ^^^^^
    "#]],
    );
    check_mistakes(
        "count of A",
        expect![[r#"
        error: this aggregate is compared with nothing: the end of the rule follows; expected a comparison, such as `>= 500` or `< 0.5 times average of ...`
          | count of A
          |           ^
    "#]],
    );
    check_mistakes(
        "count of A >= 0 and number of B < 0",
        expect![[r#"
        error: every number of events is at least 0
          | count of A >= 0 and number of B < 0
          | ^^^^^^^^^^^^^^^
        error: no number of events is below 0
          | count of A >= 0 and number of B < 0
          |                     ^^^^^^^^^^^^^^^
    "#]],
    );
    check_mistakes(
        "count of A >= 2026-03-01",
        expect![[r#"
        error: how many events there are is not compared with a date; expected a number; the `minimum` and the `maximum` can be dates
          | count of A >= 2026-03-01
          | ^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_mistakes(
        "did A 2 times more often than B",
        expect![[r#"
        error: `more` cannot follow here; expected `and`, `or` or the end of the condition
          | did A 2 times more often than B
          |               ^^^^
    "#]],
    );
    check_mistakes(
        "did A more often than 3",
        expect![[r#"
        error: `more often than` needs an event, and `3` is none; expected an event's name in quotes, or `any event`
          | did A more often than 3
          |                       ^
    "#]],
    );
}

#[test]
fn json_says_of_what() {
    let check = |aggregate: &str, expected: Expect| {
        let text = format!(
            r#"{{"when": {{"aggregate": {{"aggregate": {aggregate}, "test": {{"more_than": {{"number": 1}}}}}}}}}}"#
        );
        let problems = crate::from_json(&text).expect_err("a mistake");
        let reports: Vec<String> = problems.iter().map(|problem| problem.report(&text) + "\n").collect();
        expected.assert_eq(&reports.concat());
    };
    check(
        r#"{"function": "sum", "event": {"name": "A"}}"#,
        expect![[r#"
        error: the sum is of a property, and none is named; expected a property's path, such as `total` (at when.aggregate.aggregate.property)
    "#]],
    );
    check(
        r#"{"function": "count", "property": "x", "event": {"name": "A"}}"#,
        expect![[r#"
        error: events are counted, not values of `x`; leave the property out, or ask for `distinct` (at when.aggregate.aggregate.property)
    "#]],
    );
    check(
        r#"{"function": "count", "by_quantity": true, "event": {"name": "A"}}"#,
        expect![[r#"
        error: a count of events is not multiplied; leave `*quantity` out, or ask for the `sum` (at when.aggregate.aggregate.by_quantity)
    "#]],
    );
}
