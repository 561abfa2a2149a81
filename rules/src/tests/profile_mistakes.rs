//! Mistakes in conditions on the profile itself.

use expect_test::{Expect, expect};

use crate::parse;

#[track_caller]
fn check(text: &str, expected: Expect) {
    let problems = parse(text).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| problem.report(text) + "\n").collect();
    expected.assert_eq(&reports.concat());
}

#[test]
fn sample_that_is_not_whole() {
    check(
        r#"in sample "holdout" and in 10 sample "b" and in 10% "c""#,
        expect![[r#"
            error: a sample needs its share, and `and` is none; expected a share such as `10%`
              | in sample "holdout" and in 10 sample "b" and in 10% "c"
              |                     ^^^
            error: a sample's share is in percent, and `sample` follows it; expected `10%`
              | in sample "holdout" and in 10 sample "b" and in 10% "c"
              |                               ^^^^^^
            error: a share of all profiles is a `sample`, and `"c"` follows; expected `in 10% sample "holdout"`
              | in sample "holdout" and in 10 sample "b" and in 10% "c"
              |                                                     ^^^
        "#]],
    );
}

#[test]
fn sample_of_nobody_under_no_name() {
    check(
        r#"in 0% sample " ""#,
        expect![[r#"
            error: nobody is in a sample of nothing; expected a share above 0% and below 100%
              | in 0% sample " "
              | ^^^^^^^^^^^^^^^^
            error: the sample's name is empty; expected a name, such as `"holdout spring"`
              | in 0% sample " "
              | ^^^^^^^^^^^^^^^^
        "#]],
    );
}

#[test]
fn past_of_a_trait_without_its_time() {
    check(
        r#"plan was "gold" and plan was "gold" in last 3 days and plan was "gold" on 2026-03-01T12:00 and plan was "gold" 0 days ago"#,
        expect![[r#"
            error: when it was so is not said, and `and` follows; expected one time: `30 days ago`, `on 2026-03-01` or `at 2026-03-01T12:00`
              | plan was "gold" and plan was "gold" in last 3 days and plan was "gold" on 2026-03-01T12:00 and plan was "gold" 0 days ago
              |                 ^^^
            error: when it was so is not said, and `in` follows; expected one time: `30 days ago`, `on 2026-03-01` or `at 2026-03-01T12:00`
              | plan was "gold" and plan was "gold" in last 3 days and plan was "gold" on 2026-03-01T12:00 and plan was "gold" 0 days ago
              |                                     ^^
            error: `on` takes a whole day, without a time; expected `on 2026-03-01`; for one instant write `at`
              | plan was "gold" and plan was "gold" in last 3 days and plan was "gold" on 2026-03-01T12:00 and plan was "gold" 0 days ago
              |                                                                           ^^^^^^^^^^^^^^^^
        "#]],
    );
}
