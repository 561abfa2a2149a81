use expect_test::expect;

use super::{ordered, tell};

#[test]
fn one_after_the_other() {
    let story = ordered(&["2026-09-03"]).and("Product Viewed", "2026-09-02T10:00:00Z", &[]).and(
        "Product Added",
        "2026-09-30T10:00:00Z",
        &[],
    );
    tell(
        r#"did "Product Viewed" then "Order Completed" within 3 days"#,
        &story,
        &expect![
            "In, because: once a product view, then an order within 3 days, so far. Stays in as long as nothing changes."
        ],
    );
    tell(
        r#"did "Product Added" then "Order Completed" in last 30 days"#,
        &story,
        &expect![
            "Out: never a product added to the cart, then an order, in the last 30 days, needs 1. Enters with an order that completes it."
        ],
    );
    tell(
        r#"did "Product Added" then not "Order Completed" within 2 days"#,
        &story,
        &expect![
            "Out: never a product added to the cart, and no orders within 2 days after, so far, needs 1. Enters on 2 Oct at 12:00 if nothing happens before."
        ],
    );
}

#[test]
fn overdue() {
    let story = ordered(&["2026-07-12", "2026-08-12", "2026-09-11"]);
    tell(
        r#""Order Completed" overdue by 1.5 times the usual gap"#,
        &story,
        &expect![
            "Out: last order on 11 Sep, 20 days ago, where 31 days is usual, needs over 1.5 times that. Enters on 27 Oct at 07:03 unless they order before."
        ],
    );
}
