use expect_test::expect;

use super::{ordered, tell};

const TWICE: &str = r#"did "Order Completed" at least 2 times in last 90 days"#;

#[test]
fn enough_orders() {
    tell(
        TWICE,
        &ordered(&["2026-08-12", "2026-09-03", "2026-09-30"]),
        &expect![
            "In, because: 3 orders in the last 90 days (needs 2): 12 Aug, 3 Sep, 30 Sep. Leaves on 2 Dec at 13:03 unless they order again."
        ],
    );
    tell(
        TWICE,
        &ordered(&["2025-01-05", "2026-07-20", "2026-08-12", "2026-08-15", "2026-09-03", "2026-09-30"]),
        &expect![
            "In, because: 4 or more orders in the last 90 days (needs 2), the newest on 15 Aug, 3 Sep, 30 Sep. Leaves on 2 Dec at 13:03 unless they order again."
        ],
    );
}

#[test]
fn too_few_orders() {
    tell(
        TWICE,
        &ordered(&["2026-09-03"]),
        &expect![
            "Out: 1 order in the last 90 days, needs 2 (the last on 3 Sep). Enters with 1 more order before 2 Dec at 13:03."
        ],
    );
    tell(
        TWICE,
        &ordered(&["2025-09-03"]),
        &expect!["Out: no orders in the last 90 days, needs 2. Enters with 2 orders."],
    );
}

#[test]
fn none_at_all() {
    tell(
        r#"everyone where did not "Order Completed" in last 30 days"#,
        &ordered(&["2026-08-12"]),
        &expect!["In, because: no orders in the last 30 days. Leaves with the next order."],
    );
    tell(
        r#"everyone where did not "Order Completed" in last 30 days"#,
        &ordered(&["2026-09-12"]),
        &expect![
            "Out: 1 order in the last 30 days, needs none (the last on 12 Sep). Enters on 12 Oct at 14:03 unless they order again before."
        ],
    );
    tell(
        r#"did not "Order Completed" in last 30 days"#,
        &ordered(&[]),
        &expect!["Out: not a customer yet, with no order. Enters with a first order."],
    );
}

#[test]
fn other_tests_and_windows() {
    let story = ordered(&["2026-09-03", "2026-09-30"]);
    tell(
        r#"did "Order Completed" exactly 2 times"#,
        &story,
        &expect![
            "In, because: 2 orders so far (needs exactly 2): 3 Sep, 30 Sep. Leaves with the next order."
        ],
    );
    tell(
        r#"did "Order Completed" at most 1 times this month"#,
        &story,
        &expect!["In, because: no orders this month (needs at most 1). Leaves with 2 orders."],
    );
    tell(
        r#"did "Order Completed" between 3 and 5 times this year"#,
        &story,
        &expect![
            "Out: 2 orders this year, needs 3 to 5 (the last on 30 Sep). Enters with 1 more order before 1 Jan 2027 at 00:00."
        ],
    );
    tell(
        r#"did "Order Completed" in last 36 hours"#,
        &story,
        &expect![
            "In, because: 1 order in the last 36 hours: 30 Sep at 14:03. Leaves on 2 Oct at 02:03 unless they order again."
        ],
    );
    tell(
        r#"did "Order Completed" between 1 and 2 days ago"#,
        &story,
        &expect![
            "In, because: 1 order between 1 and 2 days ago: 30 Sep at 14:03. Leaves on 2 Oct at 14:03 if nothing happens before."
        ],
    );
    tell(
        r#"did "Order Completed" from 2026-01-01 to 2026-09-01"#,
        &story,
        &expect!["Out: no orders from 1 Jan to before 1 Sep, needs 1. Stays out as long as nothing changes."],
    );
}

#[test]
fn filters_sources_and_unknown_events() {
    let story = ordered(&["2026-09-03"]).and("Loyalty Joined", "2026-09-04T10:00:00Z", &[]);
    tell(
        r#"everyone where did "Loyalty Joined""#,
        &story,
        &expect![[
            r#"In, because: 1 "Loyalty Joined" event so far: 4 Sep. Stays in as long as nothing changes."#
        ]],
    );
    tell(
        r#"did "Order Completed" where total >= 50 and category is "Shoes" at least 2 times"#,
        &story,
        &expect![
            "Out: 1 order where total is at least 50.00 EUR and category is Shoes so far, needs 2 (the last on 3 Sep). Enters with 1 more such order."
        ],
    );
    tell(
        r#"did "Order Completed" where products[](price > 20 and category is "Bags") from source "Kiosk""#,
        &story,
        &expect![
            "Out: no orders from Kiosk where one of the products has (price is over 20.00 EUR and category is Bags) so far, needs 1. Enters with 1 such order."
        ],
    );
    tell(
        "everyone where did any event in last 7 days",
        &story,
        &expect!["Out: no events of any kind in the last 7 days, needs 1. Enters with 1 event of any kind."],
    );
}
