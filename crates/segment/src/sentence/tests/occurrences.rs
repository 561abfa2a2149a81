use expect_test::expect;

use super::{ordered, tell};

#[test]
fn the_first_and_the_last() {
    let story = ordered(&["2026-07-12", "2026-08-12", "2026-09-03"]);
    tell(
        r#"first "Order Completed" was in last 90 days"#,
        &story,
        &expect![
            "In, because: the first order was on 12 Jul at 14:03 (needs to be in the last 90 days). Leaves on 10 Oct at 14:03 if nothing happens before."
        ],
    );
    tell(
        r#"last "Order Completed" was in last 7 days"#,
        &story,
        &expect![
            "Out: the last order was on 3 Sep at 14:03, needs to be in the last 7 days. Enters with the next order."
        ],
    );
    tell(
        r#"first "Order Completed" has total >= 500"#,
        &story,
        &expect![
            "Out: the first order, on 12 Jul at 14:03, is not one where total is at least 500.00 EUR. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"everyone where 3rd "Product Viewed" was today"#,
        &story,
        &expect!["Out: there is no 3rd product view, needs one. Stays out as long as nothing changes."],
    );
    tell(
        r#"did "Order Completed" within 30 days of first "Order Completed""#,
        &story,
        &expect![
            "Out: no orders within 30 days after the first order on 12 Jul at 14:03, needs 1. Stays out as long as nothing changes."
        ],
    );
}

#[test]
fn active_periods() {
    let story = ordered(&["2026-07-12", "2026-08-12", "2026-09-03", "2026-09-28"]);
    tell(
        r#"did "Order Completed" in at least 3 of the last 4 weeks"#,
        &story,
        &expect![
            "Out: orders in 1 of the last 4 weeks, needs 3; the last on 28 Sep. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"stopped "Order Completed" in last 30 days"#,
        &story,
        &expect![
            "Out: 2 orders in the last 30 days, and 1 order in the same time before, needs some before and none since; the last on 28 Sep. Enters on 28 Oct at 13:03 if nothing happens before."
        ],
    );
}

#[test]
fn what_can_still_come() {
    let story = ordered(&["2026-07-12", "2026-09-03"]).and("Signed Up", "2026-09-28T10:00:00Z", &[]);
    tell(
        r#"did "Order Completed" within 7 days of first "Signed Up""#,
        &story,
        &expect![
            "Out: no orders within 7 days after the first sign-up on 28 Sep at 12:00, needs 1. Enters with 1 order before 5 Oct at 12:00."
        ],
    );
    tell(
        r#"did "Order Completed" within 2 days of first "Signed Up""#,
        &story,
        &expect![
            "Out: no orders within 2 days after the first sign-up on 28 Sep at 12:00, needs 1. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"did "Order Completed" at least twice within 90 days of first "Order Completed""#,
        &story,
        &expect![
            "Out: 1 order within 90 days after the first order on 12 Jul at 14:03, needs 2. Enters with 1 more order before 10 Oct at 14:03."
        ],
    );
    tell(
        r#"did not "Order Completed" within 90 days of first "Order Completed""#,
        &story,
        &expect![
            "Out: 1 order within 90 days after the first order on 12 Jul at 14:03, needs none. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"did "Order Completed" within 30 days before first "Signed Up""#,
        &story,
        &expect![
            "In, because: 1 order within 30 days before the first sign-up on 28 Sep at 12:00: 3 Sep. Stays in as long as nothing changes."
        ],
    );
    tell(
        r#"last "Order Completed" was in last 30 days"#,
        &story,
        &expect![
            "In, because: the last order was on 3 Sep at 14:03 (needs to be in the last 30 days). Leaves on 3 Oct at 14:03 unless they order again."
        ],
    );
    tell(
        r#"not last "Order Completed" was in last 30 days"#,
        &story,
        &expect![
            "Out: the last order was on 3 Sep at 14:03, needs to be any time but in the last 30 days. Enters on 3 Oct at 14:03 unless they order again before."
        ],
    );
    tell(
        r#"last "Order Completed" has total >= 500"#,
        &story,
        &expect![
            "Out: the last order, on 3 Sep at 14:03, is not one where total is at least 500.00 EUR. Enters once the next order is one where total is at least 500.00 EUR."
        ],
    );
    tell(
        r#"last "Order Completed" has total >= 50"#,
        &story,
        &expect![
            "In, because: the last order, on 3 Sep at 14:03, is one where total is at least 50.00 EUR. Stays in as long as nothing changes."
        ],
    );
    tell(
        r#"everyone where last "Product Viewed" has price > 20"#,
        &story,
        &expect![
            "Out: there is no last product view, needs one. Enters with a product view where price is over 20.00 EUR."
        ],
    );
    tell(
        r#"restarted "Order Completed" in last 30 days"#,
        &story,
        &expect![
            "In, because: 1 order in the last 30 days, and no orders in the same time before (needs some now, none right before, and some long before); the last on 3 Sep. Leaves on 3 Oct at 14:03 if nothing happens before."
        ],
    );
    tell(
        r#"everyone where distinct days with "Order Completed" in last 90 days >= 2"#,
        &story,
        &expect![
            "In, because: orders on 2 days in the last 90 days (needs 2); the last on 3 Sep. Leaves on 10 Oct at 14:03 if nothing happens before."
        ],
    );
}
