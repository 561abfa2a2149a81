use expect_test::expect;

use segops_model::{Position, Value};

use super::{Story, ordered, tell};
use crate::ProductChange;
use crate::sample::{instant, list, object};

/// A boot of the winter collection, out of stock since the end of September, that was looked at and bought.
fn story() -> Story {
    let boot = |stock: i64, price: i64| {
        object(&[
            ("collection", "Winter".into()),
            ("stock", stock.into()),
            ("price", price.into()),
            ("cost", 30.into()),
        ])
    };
    let change = |at: &str, product| ProductChange {
        id: "boot".into(),
        updated_at: Some(instant(at)),
        product: Some(product),
    };
    let line = Value::Object(object(&[("product_id", "boot".into()), ("quantity", 2.into())]));
    let mut story = ordered(&[])
        .and("Product Viewed", "2026-09-20T10:00:00Z", &[("product_id", "boot".into())])
        .and("Order Completed", "2026-09-21T10:00:00Z", &[("products", list(&[line]))]);
    let changes = [change("2026-09-01T00:00:00Z", boot(4, 80)), change("2026-09-30T00:00:00Z", boot(0, 90))];
    story.products.apply(&changes, Position(1), story.now).unwrap();
    story
}

#[test]
fn as_it_was_and_as_it_is() {
    let story = story();
    tell(
        r#"everyone where did "Order Completed" where products[].product.collection is "Winter""#,
        &story,
        &expect![
            "In, because: 1 order where one of the products has a collection at the time that is Winter so far: 21 Sep. Stays in as long as nothing changes."
        ],
    );
    tell(
        r#"everyone where did "Order Completed" where products[].product.collection is "Summer" in last 30 days"#,
        &story,
        &expect![
            "Out: no orders where one of the products has a collection at the time that is Summer in the last 30 days, needs 1. Enters with 1 such order."
        ],
    );
    tell(
        r#"everyone where did "Product Viewed" where current_product.in_stock is true in last 30 days"#,
        &story,
        &expect![
            "Out: no product views where the product is in stock now in the last 30 days, needs 1. Enters with 1 such product view."
        ],
    );
    tell(
        r#"everyone where did "Product Viewed" where (product.in_stock is true and current_product.in_stock is false) in last 30 days"#,
        &story,
        &expect![
            "In, because: 1 product view where the product was in stock then and the product is out of stock now in the last 30 days: 20 Sep. Leaves on 20 Oct at 12:00 unless there is another such product view."
        ],
    );
    tell(
        r#"everyone where did "Product Viewed" where current_product.price < 85 in last 30 days"#,
        &story,
        &expect![
            "Out: no product views where the product's current price is under 85.00 EUR in the last 30 days, needs 1. Enters with 1 such product view."
        ],
    );
    tell(
        r#"everyone where did "Order Completed" where products[].current_product.price < 85"#,
        &story,
        &expect![
            "Out: no orders where one of the products has a current price that is under 85.00 EUR so far, needs 1. Enters with 1 such order."
        ],
    );
    tell(
        r#"everyone where did not "Order Completed" where products[](product.cost > 10 and quantity >= 2) in last 90 days"#,
        &story,
        &expect![
            "Out: 1 order where one of the products has (the product's cost at the time is over 10.00 EUR and quantity is at least 2) in the last 90 days, needs none (the last on 21 Sep). Enters on 20 Dec at 11:00 unless there is another such order before."
        ],
    );
    tell(
        r#"everyone where sum of products[].product.cost*quantity over "Order Completed" in last 1 year >= 100"#,
        &story,
        &expect![
            "Out: sum of the product's cost at the time times quantity over orders in the last year is 60.00 EUR, needs at least 100.00 EUR. Enters with 40.00 EUR more before 21 Sep 2027 at 12:00."
        ],
    );
    tell(
        r#"everyone where last "Order Completed" has products[].product.vendor is "Acme""#,
        &story,
        &expect![
            "Out: the last order, on 21 Sep at 12:00, is not one where one of the products has a vendor at the time that is Acme. Enters once the next order is one where one of the products has a vendor at the time that is Acme."
        ],
    );
}
