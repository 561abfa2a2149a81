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
            "In, because: a product view, then an order within 3 days: once so far (2 Sep, 3 Sep). Stays in as long as nothing changes."
        ],
    );
    tell(
        r#"did "Product Added" then "Order Completed" in last 30 days"#,
        &story,
        &expect![
            "Out: a product added to the cart, then an order: not in the last 30 days, begun with a product added to the cart on 30 Sep at 12:00. Enters with an order."
        ],
    );
    tell(
        r#"did "Product Added" then not "Order Completed" within 2 days"#,
        &story,
        &expect![
            "Out: a product added to the cart, and no orders within 2 days after: not so far. Enters on 2 Oct at 12:00 unless there is an order before."
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
            "Out: last order on 11 Sep, 20 days ago, where 31 days is usual, needs over 1.5 times that, 46 days. Enters on 27 Oct at 07:03 unless they order again before."
        ],
    );
}

#[test]
fn what_has_begun_can_be_gone_on_from() {
    let story = ordered(&["2026-08-03"]).and("Product Viewed", "2026-09-29T10:00:00Z", &[]).and(
        "Product Added",
        "2026-09-30T10:00:00Z",
        &[],
    );
    tell(
        r#"did "Product Viewed" then "Product Added" then "Order Completed" within 3 days"#,
        &story,
        &expect![
            "Out: a product view, then a product added to the cart, then an order within 3 days: not so far, begun with a product added to the cart on 30 Sep at 12:00. Enters with an order before 3 Oct at 12:00."
        ],
    );
    tell(
        r#"did "Product Viewed" then "Product Added" then "Order Completed" within 1 hour"#,
        &story,
        &expect![
            "Out: a product view, then a product added to the cart, then an order within 1 hour: not so far, begun with a product view on 29 Sep at 12:00. Enters with a product added to the cart, and then the rest."
        ],
    );
    tell(
        r#"did "Product Viewed" then not "Product Added" then "Order Completed""#,
        &story,
        &expect![
            "Out: a product view, and no products added to the cart after, then an order: not so far. Enters once all of it happens in turn."
        ],
    );
    tell(
        r#"did "Product Viewed" then "Order Completed" within 1 day"#,
        &story,
        &expect![
            "Out: a product view, then an order within 1 day: not so far. Enters once all of it happens in turn."
        ],
    );
    tell(
        r#"not did "Product Viewed" then "Product Added" in last 7 days"#,
        &story,
        &expect![
            "Out: a product view, then a product added to the cart: once in the last 7 days, needs never. Enters on 6 Oct at 12:00 if nothing happens before."
        ],
    );
    tell(
        r#"did "Product Viewed" then "Product Added" at least twice"#,
        &story,
        &expect![
            "Out: a product view, then a product added to the cart: once so far, needs twice. Enters once all of it happens in turn."
        ],
    );
    tell(
        r#"did "Product Viewed" then "Product Added" within 1 day with same product_id"#,
        &story,
        &expect![
            "Out: a product view, then a product added to the cart within 1 day with the same product id: not so far. Enters once all of it happens in turn."
        ],
    );
    tell(
        r#"did "Product Added" then not "Order Completed" within 1 hour in last 30 days"#,
        &story,
        &expect![
            "In, because: a product added to the cart, and no orders within 1 hour after: once in the last 30 days (30 Sep). Leaves on 30 Oct at 11:00 if nothing happens before."
        ],
    );
}

#[test]
fn in_time_and_out_of_time() {
    let story = ordered(&["2026-07-12", "2026-08-12", "2026-09-11"]);
    tell(
        r#"time since last "Order Completed" < 0.9 times median gap"#,
        &story,
        &expect![
            "In, because: last order on 11 Sep, 20 days ago, where 31 days is usual (needs under 0.9 times that, 27 days). Leaves on 9 Oct at 00:51 unless they order again."
        ],
    );
    tell(
        r#"not "Order Completed" overdue by 1.5 times the usual gap"#,
        &story,
        &expect![
            "In, because: last order on 11 Sep, 20 days ago, where 31 days is usual (needs at most 1.5 times that, 46 days). Leaves on 27 Oct at 07:03 unless they order again."
        ],
    );
    tell(
        r#"time since last "Order Completed" where total > 500 >= 2 times median gap"#,
        &story,
        &expect![
            "Out: too few orders where total is over 500.00 EUR for a usual time between them, needs 3 of them. Stays out as long as nothing changes."
        ],
    );
}
