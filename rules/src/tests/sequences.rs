use expect_test::{Expect, expect};

use crate::{parse, to_json};

#[track_caller]
fn reads(text: &str, canonical: &str) {
    let rule = parse(text).unwrap_or_else(|problems| panic!("{}", problems[0].report(text)));
    assert_eq!(rule.to_string(), canonical);
    assert_eq!(parse(canonical).as_ref(), Ok(&rule), "the canonical text is another rule");
}

#[track_caller]
fn refused(text: &str, expected: Expect) {
    let problems = parse(text).expect_err("a mistake");
    let said: Vec<String> = problems.iter().map(|problem| format!("{problem}\n")).collect();
    expected.assert_eq(&said.concat());
}

#[test]
fn what_people_write_is_read() {
    for (written, canonical) in [
        (r#"did A and then B"#, r#"did "A" then "B""#),
        (r#"did A then did B within an hour"#, r#"did "A" then "B" within 1 hour"#),
        (r#"did A then no B within a day"#, r#"did "A" then not "B" within 1 day"#),
        (r#"did A then not B"#, r#"did "A" then not "B""#),
        (r#"did A but not "B" within 2 hours"#, r#"did "A" then not "B" within 2 hours"#),
        (r#"did A then B within the last 30 days"#, r#"did "A" then "B" in last 30 days"#),
        (r#"did A then B in last 7 days twice"#, r#"did "A" then "B" = 2 times in last 7 days"#),
        (r#"did A then B with the same sku"#, r#"did "A" then "B" with same sku"#),
        (r#"did not sequence (A, B)"#, r#"not did "A" then "B""#),
        (r#"did A where x is 1 and then "B""#, r#"did "A" where (x is 1) then "B""#),
        (r#"did A where x is 1 and y is 2 then B"#, r#"did "A" where (x is 1 and y is 2) then "B""#),
        (r#"did A then B and country is "DE""#, r#"did "A" then "B" and country is "DE""#),
        (r#"did A then B and not "tier" is "gold""#, r#"did "A" then "B" and not tier is "gold""#),
        (
            r#""Order Completed" is overdue by their usual gap"#,
            r#"time since last "Order Completed" > 1 times median gap"#,
        ),
        (
            r#"time since the last A is at least 2 times the median gap"#,
            r#"time since last "A" >= 2 times median gap"#,
        ),
    ] {
        let text = format!("everyone where {written}");
        let rule = parse(&text).unwrap_or_else(|problems| panic!("{}", problems[0].report(&text)));
        // What is printed with parentheses or as another negation is the same rule all the same.
        let printed = rule.to_string();
        assert_eq!(parse(&printed).as_ref(), Ok(&rule), "{printed}");
        let expected = parse(&format!("everyone where {canonical}")).expect("a rule");
        assert_eq!(to_json(&rule), to_json(&expected), "{written}: {printed}");
    }
}

#[test]
fn the_flagship_is_canonical() {
    let text = r#"did "Product Viewed" then "Product Added" within 1 day then not "Order Completed" within 2 hours with same product_id in last 30 days"#;
    reads(text, text);
}

#[test]
fn mistakes_are_said_with_what_to_do() {
    refused(
        r#"did not "A" then "B""#,
        expect![[r#"
            error: a sequence starts with an event that happened; for those who did not do all of it write `not did "A" then "B"`
        "#]],
    );
    refused(
        r#"did sequence (not "A", "B" within 0 hours)"#,
        expect![[r#"
            error: a time span of 0 holds nothing; expected at least 1; from now on back write `in last 30 days`
            error: a sequence starts with an event: before it there is no time to count from; put an event before the first `not`
        "#]],
    );
    refused(
        r#"did "A" then not "B" within 3 days in last 2 days"#,
        expect![[r#"
            error: by the time that this is certain, the event before it has left the window; make the window longer, or this time shorter
        "#]],
    );
    refused(
        r#"did "A" then "B" with same products[].variants[].id"#,
        expect![[r#"
            error: `products[].variants[].id` goes through a list inside a list's elements; expected at most one `[]` on the way to a value
        "#]],
    );
    refused(
        r#"time since last "A" in last 1 year > 2 times median gap"#,
        expect![[r#"
            error: a usual gap is that between all such events, of any time; leave the time out, or join another condition with `and`
        "#]],
    );
    refused(
        r#"time since last "A" > 2 days"#,
        expect![[r#"
            error: `days` is no number of gaps between events; expected such as `1.5 times median gap`
        "#]],
    );
    refused(
        r#"time since last "A" > 0 times median gap with at least 1 events"#,
        expect![[r#"
            error: no time is compared with 0 times a gap; expected a number above 0, such as 1.5
            error: a usual gap cannot be asked of 1 events; expected a whole number from 2 to 10000
        "#]],
    );
}
