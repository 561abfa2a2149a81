use expect_test::expect;

use super::{ordered, tell};

#[test]
fn the_first_and_the_last() {
    let story = ordered(&["2026-07-12", "2026-08-12", "2026-09-03"]);
    tell(r#"first "Order Completed" was in last 90 days"#, &story, &expect![[""]]);
    tell(r#"last "Order Completed" was in last 7 days"#, &story, &expect![[""]]);
    tell(r#"first "Order Completed" has total >= 500"#, &story, &expect![[""]]);
    tell(r#"everyone where 3rd "Product Viewed" was today"#, &story, &expect![[""]]);
    tell(r#"did "Order Completed" within 30 days of first "Order Completed""#, &story, &expect![[""]]);
}

#[test]
fn active_periods() {
    let story = ordered(&["2026-07-12", "2026-08-12", "2026-09-03", "2026-09-28"]);
    tell(r#"did "Order Completed" in at least 3 of the last 4 weeks"#, &story, &expect![[""]]);
    tell(r#"stopped "Order Completed" in last 30 days"#, &story, &expect![[""]]);
}
