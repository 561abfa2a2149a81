use expect_test::expect;

use super::{ordered, tell};

#[test]
fn one_after_the_other() {
    let story = ordered(&["2026-09-03"]).and("Product Viewed", "2026-09-02T10:00:00Z", &[]).and(
        "Product Added",
        "2026-09-30T10:00:00Z",
        &[],
    );
    tell(r#"did "Product Viewed" then "Order Completed" within 3 days"#, &story, &expect![[""]]);
    tell(r#"did "Product Added" then "Order Completed" in last 30 days"#, &story, &expect![[""]]);
    tell(r#"did "Product Added" then not "Order Completed" within 2 days"#, &story, &expect![[""]]);
}

#[test]
fn overdue() {
    let story = ordered(&["2026-07-12", "2026-08-12", "2026-09-11"]);
    tell(r#""Order Completed" overdue by 1.5 times the usual gap"#, &story, &expect![[""]]);
}
