//! Mistakes in units, dates, counts and windows.

use expect_test::{Expect, expect};

use crate::parse;

#[track_caller]
fn check(text: &str, expected: Expect) {
    let problems = parse(text).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| problem.report(text) + "\n").collect();
    expected.assert_eq(&reports.concat());
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
