use expect_test::expect;

use segops_model::Decimal;

use super::{Story, ordered, tell};
use crate::sample::instant;
use crate::{Cut, RankingThreshold};

/// Who spent 200 in September, with the base ranked at midnight, the last one inside having had so much.
fn ranked(cut: &str, denominator: u64) -> Story {
    let mut story = ordered(&["2026-09-03", "2026-09-30"]).with_traits(&[("loyalty_points", 90.into())]);
    let numerator = Decimal::parse(cut).unwrap();
    story.threshold = Some(RankingThreshold {
        as_of: instant("2026-10-01T00:00:00+02:00"),
        population: 1_234,
        cut: Some(Cut { numerator, denominator }),
        several_currencies: false,
    });
    story
}

#[test]
fn by_spend() {
    let story = ranked("150", 1);
    tell(
        "top 10% by net spend in last 12 months",
        &story,
        &expect![
            "In, because: net spend in the last 12 months is 200.00 EUR (needs 150.00 EUR or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00). Leaves on 3 Sep 2027 at 14:03 unless they order again. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        "not top 10% by net spend in last 90 days",
        &story,
        &expect![
            "Out: net spend in the last 90 days is 200.00 EUR, needs under 150.00 EUR, outside the top 10% of the 1,234 ranked on 1 Oct at 00:00. Enters on 2 Dec at 13:03 unless they order again before. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        r#"bottom 20% by sum of total over "Order Completed" in last 365 days"#,
        &story,
        &expect![
            "Out: sum of total over orders in the last 365 days is 200.00 EUR, needs 150.00 EUR or less, the bottom 20% of the 1,234 ranked on 1 Oct at 00:00. Enters on 3 Sep 2027 at 14:03 unless they order again before. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    let story = ranked("250", 1);
    tell(
        "top 10% by net spend in last 90 days",
        &story,
        &expect![
            "Out: net spend in the last 90 days is 200.00 EUR, needs 250.00 EUR or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00. Enters with 50.00 EUR more before 2 Dec at 13:03. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        r#"bottom 20% by sum of total over "Order Completed" in last 365 days"#,
        &story,
        &expect![
            "In, because: sum of total over orders in the last 365 days is 200.00 EUR (needs 250.00 EUR or less, the bottom 20% of the 1,234 ranked on 1 Oct at 00:00). Leaves on 30 Sep 2027 at 14:03 unless they order again. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        "top 10% by average order value",
        &story,
        &expect![
            "Out: average order value so far is 100.00 EUR, needs 250.00 EUR or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00. Stays out as long as nothing changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    // The boundary is inside.
    let story = ranked("200", 1);
    tell(
        "top 10% by net spend",
        &story,
        &expect![
            "In, because: net spend so far is 200.00 EUR (needs 200.00 EUR or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00). Stays in as long as nothing changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        "bottom 10% by net spend",
        &story,
        &expect![
            "In, because: net spend so far is 200.00 EUR (needs 200.00 EUR or less, the bottom 10% of the 1,234 ranked on 1 Oct at 00:00). Stays in as long as nothing changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    // A third of 301 looks like 100 and a bit.
    let story = ranked("300.01", 3);
    tell(
        "top 10% by average order value",
        &story,
        &expect![
            "Out: average order value so far is 100.00 EUR, needs 100.003333333 EUR or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00. Stays out as long as nothing changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
}

#[test]
fn by_counts_and_traits() {
    let story = ranked("3", 1);
    tell(
        "top 25% by orders",
        &story,
        &expect![
            "Out: 2 orders so far, needs 3 or more, the top 25% of the 1,234 ranked on 1 Oct at 00:00. Enters with 1 more order. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        r#"top 25% by count of "Product Viewed" in last 30 days"#,
        &story,
        &expect![
            "Out: no product views in the last 30 days, needs 3 or more, the top 25% of the 1,234 ranked on 1 Oct at 00:00. Enters with 3 product views. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    let story = ranked("90", 1);
    tell(
        "loyalty_points in top 10%",
        &story,
        &expect![
            "In, because: loyalty points is 90 (needs 90 or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00). Leaves once loyalty points changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        "not loyalty_points in top 10%",
        &story,
        &expect![
            "Out: loyalty points is 90, needs under 90, outside the top 10% of the 1,234 ranked on 1 Oct at 00:00. Enters once loyalty points is under 90. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        "points in top 10%",
        &story,
        &expect![
            "Out: points is no number that is known, needs 90 or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00. Enters once points is 90 or more. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
}

#[test]
fn by_computed_traits() {
    let story = ranked("90", 1);
    tell(
        r#"top 10% by computed "average order value""#,
        &story,
        &expect![[
            r#"In, because: average order value is 100 (needs 90 or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00): sum of total over "Order Completed" is 200, count of "Order Completed" is 2. Stays in as long as nothing changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."#
        ]],
    );
    tell(
        r#"not computed "average order value" in top 10%"#,
        &story,
        &expect![[
            r#"Out: average order value is 100, needs under 90, outside the top 10% of the 1,234 ranked on 1 Oct at 00:00: sum of total over "Order Completed" is 200, count of "Order Completed" is 2. Stays out as long as nothing changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."#
        ]],
    );
    let story = ranked("0.5", 1);
    tell(
        r#"bottom 10% by computed "against before""#,
        &story,
        &expect![
            "Out: against before is no number to rank, needs 0.5 or less, the bottom 10% of the 1,234 ranked on 1 Oct at 00:00: count of any event in last 30 days is 2, count of any event between 30 and 60 days ago is 0. Enters on 30 Oct at 13:03 if nothing happens before. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
    tell(
        r#"top 10% by computed "margin""#,
        &story,
        &expect![
            "In, because: margin is 100 (needs 0.5 or more, the top 10% of the 1,234 ranked on 1 Oct at 00:00): net spend in last 30 days is 200. Leaves on 30 Oct at 13:03 if nothing happens before. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
}

#[test]
fn before_there_is_a_threshold() {
    let mut story = ranked("90", 1);
    story.threshold = None;
    tell(
        "top 10% by net spend",
        &story,
        &expect![
            "Out: net spend so far is 200.00 EUR, needs a place in the top 10%, which was not taken yet. Stays out as long as nothing changes."
        ],
    );
    story.threshold = Some(RankingThreshold {
        as_of: instant("2026-10-01T00:00:00+02:00"),
        population: 12,
        cut: None,
        several_currencies: true,
    });
    tell(
        "top 10% by net spend",
        &story,
        &expect![
            "Out: net spend so far is 200.00 EUR, needs a place in the top 10%, which there is not: money is in several currencies. Stays out as long as nothing changes. Could change on 2 Oct at 00:00, when everyone is ranked anew."
        ],
    );
}
