use expect_test::expect;

use super::{ordered, tell};

#[test]
fn sums_with_a_currency_and_without() {
    let rule = r#"sum of total over "Order Completed" in last 90 days >= 250"#;
    tell(
        rule,
        &ordered(&["2026-08-12", "2026-09-03", "2026-09-30"]),
        &expect![
            "In, because: sum of total over orders in the last 90 days is 300.00 EUR (needs at least 250.00 EUR). Leaves on 10 Nov at 13:03 unless they order again."
        ],
    );
    let mut story = ordered(&["2026-08-12", "2026-09-03"]);
    tell(
        rule,
        &story,
        &expect![
            "Out: sum of total over orders in the last 90 days is 200.00 EUR, needs at least 250.00 EUR. Enters with 50.00 EUR more before 10 Nov at 13:03."
        ],
    );
    story.currency = None;
    tell(
        rule,
        &story,
        &expect![
            "Out: sum of total over orders in the last 90 days is 200, needs at least 250. Enters with 50 more before 10 Nov at 13:03."
        ],
    );
    tell(
        rule,
        &ordered(&[]),
        &expect![
            "Out: not a customer yet, with no order; and sum of total over orders in the last 90 days is 0.00 EUR, needs at least 250.00 EUR. Enters with 250.00 EUR more."
        ],
    );
}

#[test]
fn others_and_comparisons_with_another() {
    let story = ordered(&["2026-05-12", "2026-08-12", "2026-09-03"]);
    tell(
        r#"average of total over "Order Completed" < 99.5"#,
        &story,
        &expect![
            "Out: average total over orders so far is 100.00 EUR, needs under 99.50 EUR. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"distinct of category over any event in last 30 days >= 1"#,
        &story,
        &expect![
            "In, because: number of different values of category over events of any kind in the last 30 days is 1 (needs at least 1). Leaves on 3 Oct at 14:03 unless they do something again."
        ],
    );
    tell(
        r#"sum of total over "Order Completed" in last 90 days < 0.5 times sum of total over "Order Completed" between 90 and 180 days ago"#,
        &story,
        &expect![
            "Out: sum of total over orders in the last 90 days is 200.00 EUR, needs under 0.5 times the sum of total over orders between 90 and 180 days ago: 50.00 EUR. Enters on 2 Dec at 13:03 unless they order again before."
        ],
    );
}
