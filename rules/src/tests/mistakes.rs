use expect_test::{Expect, expect};

use crate::parse;

#[track_caller]
fn check(text: &str, expected: Expect) {
    let problems = parse(text).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| problem.report(text) + "\n").collect();
    expected.assert_eq(&reports.concat());
}

#[test]
fn event_without_quotes() {
    check(
        r#"did Order Completed >= 2 times"#,
        expect![[r#"
        error: `Order Completed` is several words without quotes; write `"Order Completed"`
          | did Order Completed >= 2 times
          |     ^^^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn text_without_quotes() {
    check(
        r#"country is DE"#,
        expect![[r#"
        error: `DE` is a text without quotes; write `"DE"`
          | country is DE
          |            ^^
    "#]],
    );
}

#[test]
fn path_without_quotes() {
    check(
        r#"first name is "Ann""#,
        expect![[r#"
            error: `first name` is several words without quotes; write `"first name"`
              | first name is "Ann"
              | ^^^^^^^^^^
        "#]],
    );
}

#[test]
fn unclosed_quote() {
    check(
        r#"did "Order Completed >= 2 times"#,
        expect![[r#"
        error: this text has no closing quote; end it with `"`; a quote inside a text is written `\"`
          | did "Order Completed >= 2 times
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn bad_escape() {
    check(
        r#"email matches "^\d+$""#,
        expect![[r#"
        error: `\d` is not an escape; expected `\"`, `\\`, `\n`, `\t` or `\u{1f600}`; for a backslash itself write `\\d`
          | email matches "^\d+$"
          |                 ^^
    "#]],
    );
}

#[test]
fn unknown_operator() {
    check(
        r#"country like "DE""#,
        expect![[r#"
        error: `like` is no operator; expected an operator, such as `is`, `is not`, `>=`, `in`, `contains`, `starts with`, `before` or `exists`; did you mean `contains`?
          | country like "DE"
          |         ^^^^
    "#]],
    );
}

#[test]
fn misspelt_operator() {
    check(
        r#"country contians "DE""#,
        expect![[r#"
        error: `contians` is no operator; expected an operator, such as `is`, `is not`, `>=`, `in`, `contains`, `starts with`, `before` or `exists`; did you mean `contains`?
          | country contians "DE"
          |         ^^^^^^^^
    "#]],
    );
}

#[test]
fn sign_the_wrong_way_round() {
    check(
        r#"total => 5"#,
        expect![[r#"
        error: `=>` is no operator; write `>=`
          | total => 5
          |       ^^
    "#]],
    );
}

#[test]
fn other_languages_signs() {
    check(
        r#"did A && did B || did C"#,
        expect![[r#"
            error: `&&` joins nothing; write `and`
              | did A && did B || did C
              |       ^^
            error: `||` joins nothing; write `or`
              | did A && did B || did C
              |                ^^
        "#]],
    );
}

#[test]
fn missing_operator() {
    check(
        r#"Purchased "Shoes""#,
        expect![[r#"
            error: there is no operator between `Purchased` and `"Shoes"`; expected an operator, such as `is`, `is not`, `>=`, `in`, `contains`, `starts with`, `before` or `exists`; for an event write `did` before its name
              | Purchased "Shoes"
              |           ^^^^^^^
        "#]],
    );
}

#[test]
fn missing_test() {
    check(
        r#"country and did A"#,
        expect![[r#"
            error: `country` is not tested for anything; expected an operator, such as `is`, `is not`, `>=`, `in`, `contains`, `starts with`, `before` or `exists`; to ask whether it is set write `country exists`
              | country and did A
              |         ^^^
        "#]],
    );
}

#[test]
fn wrong_unit() {
    check(
        r#"did A in last 90 dys"#,
        expect![[r#"
        error: `dys` is no unit of time; expected seconds, minutes, hours, days, weeks, months, quarters or years; did you mean `days`?
          | did A in last 90 dys
          |                  ^^^
    "#]],
    );
}

#[test]
fn missing_unit() {
    check(
        r#"did A in last 90"#,
        expect![[r#"
        error: a time span needs its unit, and the end of the rule follows; expected seconds, minutes, hours, days, weeks, months, quarters or years
          | did A in last 90
          |                 ^
    "#]],
    );
}

#[test]
fn ambiguous_unit() {
    check(
        r#"did A in last 3 m"#,
        expect![[r#"
        error: `m` may be minutes or months; write `minutes` or `months`
          | did A in last 3 m
          |                 ^
    "#]],
    );
}

#[test]
fn missing_last() {
    check(
        r#"did A in 90 days"#,
        expect![[r#"
        error: a time in the past needs `last`; write `in last 90 days`
          | did A in 90 days
          |          ^^
    "#]],
    );
}

#[test]
fn unclosed_parenthesis() {
    check(
        r#"did A and (did B or did C"#,
        expect![[r#"
        error: this parenthesis is never closed; add the missing `)`
          | did A and (did B or did C
          |           ^
    "#]],
    );
}

#[test]
fn unopened_parenthesis() {
    check(
        r#"did A and did B)"#,
        expect![[r#"
        error: this `)` closes nothing; take it out, or add the missing `(`
          | did A and did B)
          |                ^
    "#]],
    );
}

#[test]
fn missing_and() {
    check(
        r#"did A did B"#,
        expect![[r#"
            error: nothing joins `did` to the condition before it; put `and` or `or` between them
              | did A did B
              |       ^^^
        "#]],
    );
}

#[test]
fn missing_did() {
    check(
        r#""Order Completed" >= 2 times"#,
        expect![[r#"
        error: only events are counted in times; for an event write `did` before its name: `did "Order Completed" >= 2 times`
          | "Order Completed" >= 2 times
          |                        ^^^^^
    "#]],
    );
}

#[test]
fn comma_for_and() {
    check(
        r#"did A, did B"#,
        expect![[r#"
        error: a comma joins nothing here; join conditions with `and` or `or`, or list them in `any of (..., ...)`
          | did A, did B
          |      ^
    "#]],
    );
}

#[test]
fn trailing_and() {
    check(
        r#"did A and"#,
        expect![[r#"
        error: the rule ends where a condition should be; expected a condition, such as `did "Order Completed"`, `country is "DE"` or `in segment "VIP"`
          | did A and
          |          ^
    "#]],
    );
}

#[test]
fn empty() {
    check(
        r#"  "#,
        expect![[r#"
        error: the rule is empty; expected a condition, such as `did "Order Completed"`, `country is "DE"` or `in segment "VIP"`
          |   
          |   ^
    "#]],
    );
}

#[test]
fn empty_group() {
    check(
        r#"any of () and did A"#,
        expect![[r#"
        error: this group is empty; expected at least one condition; fill it or take it out
          | any of () and did A
          | ^^^^^^^^^
    "#]],
    );
}

#[test]
fn empty_list() {
    check(
        r#"country in ()"#,
        expect![[r#"
        error: this list has no values; expected at least one value, such as `("DE", "AT")`
          | country in ()
          |            ^^
    "#]],
    );
}

#[test]
fn order_of_text() {
    check(
        r#"country > "DE""#,
        expect![[r#"
        error: `"DE"` has no order: it is neither a number nor a date; expected a number, or a date such as 2026-03-01
          | country > "DE"
          |           ^^^^
    "#]],
    );
}

#[test]
fn bad_date() {
    check(
        r#"did A since 2026-02-30"#,
        expect![[r#"
        error: `2026-02-30` is not a date; write 2026-03-01, 2026-03-01T12:00, or 2026-03-01T12:00:00Z
          | did A since 2026-02-30
          |             ^^^^^^^^^^
    "#]],
    );
}

#[test]
fn between_dates() {
    check(
        r#"did A between 2026-01-01 and 2026-02-01"#,
        expect![[r#"
            error: `between` two dates does not say whether the last day counts; write `from 2026-01-01 to 2026-04-01`, which ends before the second date
              | did A between 2026-01-01 and 2026-02-01
              |               ^^^^^^^^^^
        "#]],
    );
}

#[test]
fn count_that_is_no_number() {
    check(
        r#"did A >= two times"#,
        expect![[r#"
        error: `two` is not a whole number of times; expected a whole number, such as `>= 2 times`
          | did A >= two times
          |          ^^^
    "#]],
    );
}

#[test]
fn fraction_of_a_time() {
    check(
        r#"did A >= 2.5 times"#,
        expect![[r#"
        error: `2.5` is not a whole number of times; expected a whole number, such as `>= 2 times`
          | did A >= 2.5 times
          |          ^^^
    "#]],
    );
}

#[test]
fn count_that_never_holds() {
    check(
        r#"did A < 0 times or did B between 4 and 2 times"#,
        expect![[r#"
        error: no count is below 0; for not once write `= 0 times`
          | did A < 0 times or did B between 4 and 2 times
          | ^^^^^^^^^^^^^^^
        error: no count is between 4 and 2; write the smaller number first: `between 2 and 4`
          | did A < 0 times or did B between 4 and 2 times
          |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn window_that_never_holds() {
    check(
        r#"did A between 60 and 30 days ago and did B from 2026-04-01 to 2026-01-01"#,
        expect![[r#"
        error: nothing is in this time: it ends before it starts; write the nearer time first: `between 30 and 60 days ago`
          | did A between 60 and 30 days ago and did B from 2026-04-01 to 2026-01-01
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        error: nothing is in this time: its end, which does not count, is not after its start; write the earlier date first; for one day write `on`
          | did A between 60 and 30 days ago and did B from 2026-04-01 to 2026-01-01
          |                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn clause_twice() {
    check(
        r#"did A today where x is 1 yesterday"#,
        expect![[r#"
        error: this event says the same kind of thing twice; expected at most one count, one `where`, one time and one `from source`; for two requirements write two conditions, joined with `and`
          | did A today where x is 1 yesterday
          |                          ^^^^^^^^^
    "#]],
    );
}

#[test]
fn unknown_base() {
    check(
        r#"buyers where did A"#,
        expect![[r#"
        error: this is no base that a segment can have; expected `customers where`, `identified where` or `everyone where`
          | buyers where did A
          | ^^^^^^
    "#]],
    );
}

#[test]
fn did_inside_where() {
    check(
        r#"did A where (total > 5 and did "B")"#,
        expect![[r#"
        error: `did` cannot stand inside `where`, which tests properties of one event; close the parenthesis before it
          | did A where (total > 5 and did "B")
          |                            ^^^
    "#]],
    );
}

#[test]
fn null() {
    check(
        r#"country is null"#,
        expect![[r#"
        error: nothing is compared with `null`; write `exists` or `does not exist`
          | country is null
          |            ^^^^
    "#]],
    );
}

#[test]
fn bad_pattern() {
    check(
        r#"country matches "(a""#,
        expect![[r#"
        error: this is no regular expression: unclosed group; for a plain text write `contains`; a special character is made plain with a `\\` before it
          | country matches "(a"
          | ^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn trait_through_a_list() {
    check(
        r#"addresses[].city is "Ulm""#,
        expect![[r#"
        error: `addresses[].city` goes through a list, which cannot be done here; test the elements of a list inside an event's `where`, with one `[]`
          | addresses[].city is "Ulm"
          | ^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn list_in_a_list() {
    check(
        r#"did A where a[].b[].c is 1"#,
        expect![[r#"
        error: a list inside a list's elements cannot be tested; expected at most one `[]` on the way to a value
          | did A where a[].b[].c is 1
          |             ^^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn several_at_once() {
    check(
        r#"did A in last 3 dys and country is DE or (total => 5 and in segment) and did B"#,
        expect![[r#"
        error: `dys` is no unit of time; expected seconds, minutes, hours, days, weeks, months, quarters or years; did you mean `days`?
          | did A in last 3 dys and country is DE or (total => 5 and in segment) and did B
          |                 ^^^
        error: `DE` is a text without quotes; write `"DE"`
          | did A in last 3 dys and country is DE or (total => 5 and in segment) and did B
          |                                    ^^
        error: `=>` is no operator; write `>=`
          | did A in last 3 dys and country is DE or (total => 5 and in segment) and did B
          |                                                 ^^
        error: `)` is not a segment's name; expected a segment's name in quotes
          | did A in last 3 dys and country is DE or (total => 5 and in segment) and did B
          |                                                                    ^
    "#]],
    );
}

#[test]
fn list_with_a_bad_value() {
    check(
        r#"country in ("DE", AT, "CH", FR) and did"#,
        expect![[r#"
        error: `AT` is a text without quotes; write `"AT"`
          | country in ("DE", AT, "CH", FR) and did
          |                   ^^
        error: `FR` is a text without quotes; write `"FR"`
          | country in ("DE", AT, "CH", FR) and did
          |                             ^^
        error: `did` needs an event, and the end of the rule is none; expected an event's name in quotes, or `any event`
          | country in ("DE", AT, "CH", FR) and did
          |                                        ^
    "#]],
    );
}
