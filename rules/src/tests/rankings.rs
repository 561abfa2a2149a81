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
fn places_in_a_ranking() {
    for (written, canonical) in [
        ("top 10% by net spend", "top 10% by net spend"),
        ("top 10 percent by spent in last 12 months", "top 10% by net spend in last 12 months"),
        ("bottom 2.5% by sum of total over A", "bottom 2.5% by sum of total over \"A\""),
        ("lowest 5 % by number of orders this year", "bottom 5% by count of orders this year"),
        ("top 10% by orders where net > 5", "top 10% by count of orders where net > 5"),
        (
            "top 10% by count of 'Product Viewed' in last 30 days",
            "top 10% by count of \"Product Viewed\" in last 30 days",
        ),
        ("top 10% by count of any event and did A", "top 10% by count of any event and did \"A\""),
        ("top 10% by points", "top 10% by trait points"),
        ("points in the top 10%", "top 10% by trait points"),
        ("points is in bottom 10% or did A", "bottom 10% by trait points or did \"A\""),
        (
            "not top 10% by average order value",
            "not top 10% by average of net over orders where (status is not \"cancelled\")",
        ),
        ("did A where x is 1 and top 5% by points", "did \"A\" where x is 1 and top 5% by trait points"),
    ] {
        check(written, canonical);
    }
}

#[test]
fn mistakes() {
    check_mistakes(
        "top 0% by net spend and bottom 100% by points",
        expect![[r#"
            error: top 0% is no part of a ranking; expected a number above 0 and below 100
              | top 0% by net spend and bottom 100% by points
              | ^^^^^^^^^^^^^^^^^^^
            error: bottom 100% is no part of a ranking; expected a number above 0 and below 100
              | top 0% by net spend and bottom 100% by points
              |                         ^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    check_mistakes(
        "top 10% and did A",
        expect![[r#"
            error: `top 10%` needs a number to rank by, and `and` follows; expected `by` and a number, such as `by net spend in last 12 months`
              | top 10% and did A
              |         ^^^
        "#]],
    );
    check_mistakes(
        "top 10% by",
        expect![[r#"
            error: the rule ends where a condition should be; expected a condition, such as `did "Order Completed"`, `country is "DE"` or `in segment "VIP"`
              | top 10% by
              |           ^
        "#]],
    );
}
