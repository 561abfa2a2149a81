use expect_test::expect;

use segops_model::Value;

use super::{Story, ordered, tell};
use crate::sample::{list, object};

/// An order of 100 in August that was cancelled, one of 200 in September of which 50 went back in October, and
/// one of 80 at the end of September.
fn story() -> Story {
    let order = |id: &str, total: i64| [("order_id", Value::from(id)), ("total", total.into())];
    ordered(&[])
        .and("Order Completed", "2026-08-12T14:03:00+02:00", &order("o1", 100))
        .and("Order Cancelled", "2026-08-13T09:00:00+02:00", &[("order_id", "o1".into())])
        .and("Order Completed", "2026-09-03T14:03:00+02:00", &order("o2", 200))
        .and(
            "Order Refunded",
            "2026-10-01T09:00:00+02:00",
            &[("order_id", "o2".into()), ("total", 50.into())],
        )
        .and("Order Completed", "2026-09-30T14:03:00+02:00", &order("o3", 80))
}

#[test]
fn how_many_orders_and_what_became_of_them() {
    let story = story();
    tell(
        "has orders >= 2 in last 90 days",
        &story,
        &expect![
            "In, because: 3 orders in the last 90 days (needs 2): 12 Aug, 3 Sep, 30 Sep. Leaves on 2 Dec at 13:03 unless they order again."
        ],
    );
    tell(
        r#"has orders where status is "partially_refunded" in last 90 days"#,
        &story,
        &expect![
            "In, because: 1 partially refunded order placed in the last 90 days: 3 Sep. Leaves on 2 Dec at 13:03 unless there is another partially refunded order."
        ],
    );
    tell(
        r#"has orders where status is "refunded""#,
        &story,
        &expect!["Out: no refunded orders so far, needs 1. Enters with 1 refunded order."],
    );
    tell(
        r#"has no orders where status is "cancelled""#,
        &story,
        &expect![
            "Out: 1 cancelled order so far, needs none (the last on 12 Aug). Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"has orders where (status is "cancelled" and value >= 150) this year"#,
        &story,
        &expect![
            "Out: no cancelled orders where value is at least 150.00 EUR placed this year, needs 1. Enters with 1 such cancelled order."
        ],
    );
    tell(
        "has orders including test orders where net >= 150 at least 2 times in last 90 days",
        &story,
        &expect![
            "Out: 1 order (test orders included) where net is at least 150.00 EUR in the last 90 days, needs 2 (the last on 3 Sep). Enters with 1 more such order before 2 Dec at 13:03."
        ],
    );
    tell(
        "not has orders in last 6 months",
        &story,
        &expect![
            "Out: 3 orders in the last 6 months, needs none (the last on 30 Sep). Enters on 30 Mar 2027 at 14:03 unless they order again before."
        ],
    );
}

#[test]
fn what_was_spent() {
    let story = story();
    tell(
        "spent >= 230 in last 90 days",
        &story,
        &expect![
            "In, because: net spend in the last 90 days is 230.00 EUR (needs at least 230.00 EUR). Leaves on 2 Dec at 13:03 unless they order again."
        ],
    );
    tell(
        "spent >= 500 in last 12 months",
        &story,
        &expect![
            "Out: net spend in the last 12 months is 230.00 EUR, needs at least 500.00 EUR. Enters with 270.00 EUR more before 12 Aug 2027 at 14:03."
        ],
    );
    tell(
        "spent > 500 in last 12 months",
        &story,
        &expect![
            "Out: net spend in the last 12 months is 230.00 EUR, needs over 500.00 EUR. Enters with over 270.00 EUR more before 12 Aug 2027 at 14:03."
        ],
    );
    tell(
        "spent < 200 in last 90 days",
        &story,
        &expect![
            "Out: net spend in the last 90 days is 230.00 EUR, needs under 200.00 EUR. Enters on 2 Dec at 13:03 unless they order again before."
        ],
    );
    tell(
        "not spent >= 200",
        &story,
        &expect![
            "Out: net spend so far is 230.00 EUR, needs under 200.00 EUR. Stays out as long as nothing changes."
        ],
    );
    tell(
        "gross spend >= 380",
        &story,
        &expect![
            "In, because: gross spend so far is 380.00 EUR (needs at least 380.00 EUR). Stays in as long as nothing changes."
        ],
    );
    tell(
        "average order value >= 115",
        &story,
        &expect![
            "In, because: average order value so far is 115.00 EUR (needs at least 115.00 EUR). Stays in as long as nothing changes."
        ],
    );
    tell(
        "average order value > 115.01",
        &story,
        &expect![
            "Out: average order value so far is 115.00 EUR, needs over 115.01 EUR. Stays out as long as nothing changes."
        ],
    );
    tell(
        "average order value where coupon exists >= 100",
        &story,
        &expect![
            "Out: no average order value where coupon is set so far, needs at least 100.00 EUR. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"sum of net over orders where status is "completed" in last 30 days >= 80"#,
        &story,
        &expect![
            "In, because: net spend over completed orders placed in the last 30 days is 80.00 EUR (needs at least 80.00 EUR). Leaves on 30 Oct at 13:03 unless there is another completed order."
        ],
    );
    tell(
        "maximum of value over orders this year > 300",
        &story,
        &expect![
            "Out: greatest value over orders this year is 200.00 EUR, needs over 300.00 EUR. Stays out as long as nothing changes."
        ],
    );
    tell(
        "spent in last 30 days < 0.5 times spent between 30 and 60 days ago",
        &story,
        &expect![
            "Out: net spend in the last 30 days is 230.00 EUR, needs under 0.5 times the net spend between 30 and 60 days ago: 0.00 EUR. Enters on 30 Oct at 13:03 unless they order again before."
        ],
    );
}

#[test]
fn money_in_several_currencies() {
    let mut story = story();
    story = story.and(
        "Order Completed",
        "2026-09-29T14:03:00+02:00",
        &[("order_id", "o4".into()), ("total", 10.into()), ("currency", "USD".into())],
    );
    story = story.and(
        "Order Completed",
        "2026-09-29T15:03:00+02:00",
        &[("order_id", "o5".into()), ("total", 10.into()), ("currency", "EUR".into())],
    );
    story.currency = None;
    tell(
        "spent >= 10",
        &story,
        &expect![
            "Out: net spend so far is in several currencies, which are not added up, needs at least 10. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"sum of net over orders where currency is "EUR" >= 10"#,
        &story,
        &expect![
            "In, because: net spend over orders where currency is EUR so far is 10 (needs at least 10). Stays in as long as nothing changes."
        ],
    );
}

#[test]
fn lines_of_orders() {
    let line = |price: i64, category: &str| {
        Value::Object(object(&[
            ("price", price.into()),
            ("quantity", 2.into()),
            ("category", category.into()),
        ]))
    };
    let lines = list(&[line(20, "Shoes"), line(5, "Bags")]);
    let order = [("order_id", Value::from("o1")), ("discount", 10.into()), ("products", lines)];
    let story = ordered(&[]).and("Order Completed", "2026-09-03T14:03:00+02:00", &order);
    tell(
        r#"has orders where items[](category is "Shoes" and net >= 40)"#,
        &story,
        &expect![
            "Out: no orders where one of the items has (category is Shoes and net is at least 40.00 EUR) so far, needs 1. Enters with 1 such order."
        ],
    );
    tell(
        r#"sum of items[].net over orders where items[].category is "Shoes" >= 30"#,
        &story,
        &expect![
            "In, because: sum of item net over orders where one of the items has a category that is Shoes so far is 32.00 EUR (needs at least 30.00 EUR). Stays in as long as nothing changes."
        ],
    );
    tell(
        r#"sum of products[].price*quantity over "Order Completed" >= 60"#,
        &story,
        &expect![
            "Out: sum of product price times quantity over orders so far is 50.00 EUR, needs at least 60.00 EUR. Enters with 10.00 EUR more."
        ],
    );
}
