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
            "Out: the last order was on 3 Sep at 14:03, needs to be in the last 7 days. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"first "Order Completed" has total >= 500"#,
        &story,
        &expect![
            "Out: the first order was on 12 Jul at 14:03, and not one where total is at least 500.00 EUR. Stays out as long as nothing changes."
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
        &expect!["Out: orders in 1 of the last 4 weeks, needs 3. Stays out as long as nothing changes."],
    );
    tell(
        r#"stopped "Order Completed" in last 30 days"#,
        &story,
        &expect![
            "Out: 2 orders in the last 30 days, and 1 order in the same time before, needs some before and none since. Enters on 28 Oct at 13:03 if nothing happens before."
        ],
    );
}
