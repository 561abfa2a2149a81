use expect_test::expect;

use super::{ordered, tell};

#[test]
fn numbers_with_their_parts() {
    let story = ordered(&["2026-08-12", "2026-09-03", "2026-09-30"]);
    tell(
        r#"computed "average order value" >= 99.5"#,
        &story,
        &expect![[
            r#"In, because: average order value is 100 (needs at least 99.5): sum of total over "Order Completed" is 300, count of "Order Completed" is 3. Stays in as long as nothing changes."#
        ]],
    );
    tell(
        r#"not computed "average order value" between 50 and 150"#,
        &story,
        &expect![[
            r#"Out: average order value is 100, needs under 50 or over 150: sum of total over "Order Completed" is 300, count of "Order Completed" is 3. Stays out as long as nothing changes."#
        ]],
    );
    tell(
        r#"computed "against before" < 0.5"#,
        &ordered(&["2026-08-12", "2026-08-13", "2026-09-30"]),
        &expect![
            "Out: against before is 0.5, needs under 0.5: count of any event in last 30 days is 1, count of any event between 30 and 60 days ago is 2. Enters on 30 Oct at 13:03 if nothing happens before."
        ],
    );
    tell(
        r#"computed "against before" exists"#,
        &ordered(&["2026-09-30"]),
        &expect![
            "Out: against before is no number, needs to be set: count of any event in last 30 days is 1, count of any event between 30 and 60 days ago is 0. Enters on 30 Oct at 13:03 if nothing happens before."
        ],
    );
}

#[test]
fn chosen_values() {
    let story = ordered(&["2026-08-12", "2026-09-03", "2026-09-30"]);
    tell(
        r#"computed "favourite" is "Shoes""#,
        &story,
        &expect![
            "In, because: favourite is what an event says (needs Shoes) (3 times, last on 30 Sep). Leaves on 29 Dec at 13:03 if nothing happens before."
        ],
    );
    tell(
        r#"computed "favourite" in ("hats", "bags")"#,
        &story,
        &expect![
            "Out: favourite is what an event says, needs hats or bags (3 times, last on 30 Sep). Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"computed "favourite" exists"#,
        &ordered(&["2025-08-12"]),
        &expect!["Out: favourite has no value, needs to be set. Stays out as long as nothing changes."],
    );
}
