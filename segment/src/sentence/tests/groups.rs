use expect_test::expect;

use segops_model::SegmentId;

use super::{ordered, tell};

const RECENT: &str = r#"did "Order Completed" in last 30 days"#;

#[test]
fn only_what_decides_is_told() {
    let story = ordered(&["2026-09-03"]).with_traits(&[("country", "AT".into())]);
    tell(
        &format!(r#"{RECENT} and country is "AT""#),
        &story,
        &expect![
            "In, because: 1 order in the last 30 days: 3 Sep; and country is AT. Leaves on 3 Oct at 14:03 unless they order again."
        ],
    );
    tell(
        &format!(r#"{RECENT} and country is "DE""#),
        &story,
        &expect!["Out: country is AT, needs DE. Enters once country is DE."],
    );
    tell(
        &format!(r#"{RECENT} or country is "DE""#),
        &story,
        &expect![
            "In, because: 1 order in the last 30 days: 3 Sep. Leaves on 3 Oct at 14:03 unless they order again."
        ],
    );
    tell(
        &format!(r#"none of ({RECENT}, country is "DE")"#),
        &story,
        &expect![
            "Out: 1 order in the last 30 days, needs none (the last on 3 Sep). Enters on 3 Oct at 14:03 unless they order again before."
        ],
    );
    let story = ordered(&["2026-08-03"]).with_traits(&[("country", "AT".into())]);
    tell(
        &format!(r#"{RECENT} or country is "DE""#),
        &story,
        &expect![
            "Out, and any one of these would do: no orders in the last 30 days, needs 1; or country is AT, needs DE. Enters with 1 order, or once country is DE."
        ],
    );
    tell(
        &format!(r#"everyone where email exists and ({RECENT} or country is "DE")"#),
        &story,
        &expect![
            "Out: email is not set, needs to be set; and any one of (no orders in the last 30 days, needs 1; or country is AT, needs DE). Enters once email is set and with 1 order, or once country is DE."
        ],
    );
    tell(
        &format!(r#"not ({RECENT} or country is "DE")"#),
        &story,
        &expect![
            "In, because: no orders in the last 30 days; and country is AT (needs anything but DE). Leaves with the next order, or once country changes."
        ],
    );
}

#[test]
fn bases_and_segments() {
    let mut story = ordered(&[]);
    tell(
        RECENT,
        &story,
        &expect![
            "Out: not a customer yet, with no order; and no orders in the last 30 days, needs 1. Enters with 1 order."
        ],
    );
    tell(
        r#"country does not exist"#,
        &story,
        &expect!["Out: not a customer yet, with no order. Enters with a first order."],
    );
    tell(
        r#"everyone where in segment "VIP""#,
        &story,
        &expect!["Out: not in segment VIP, needs to be in it. Enters once in VIP."],
    );
    story.segments = vec![SegmentId(1)];
    tell(
        r#"everyone where in segment "VIP""#,
        &story,
        &expect!["In, because: in segment VIP. Leaves once out of VIP."],
    );
    tell(
        r#"everyone where not in segment "VIP""#,
        &story,
        &expect!["Out: in segment VIP, needs to be out of it. Enters once out of VIP."],
    );
    story.identified = false;
    tell(
        r#"identified where in segment "VIP""#,
        &story,
        &expect![
            "Out: not identified yet, known only by a browser or device. Enters once an identifier such as an email address is known."
        ],
    );
}

#[test]
fn samples() {
    let story = ordered(&[]);
    tell(
        r#"everyone where in 50% sample "tests""#,
        &story,
        &expect![[
            r#"Out: not in the 50% sample "tests", needs to be in it. Stays out as long as nothing changes."#
        ]],
    );
}
