use expect_test::expect;

use super::{Story, ordered, tell};

fn story() -> Story {
    ordered(&[])
        .setting("plan", "silver", "2026-08-01T08:00:00Z")
        .setting("plan", "gold", "2026-09-10T08:00:00Z")
        .setting("status", "trial", "2026-09-01T08:00:00Z")
        .setting("status", "paid", "2026-09-28T08:00:00Z")
        .setting("points", 1_200, "2026-09-20T08:00:00Z")
}

#[test]
fn since_when_a_value_has_been_so() {
    let story = story();
    tell(
        r#"everyone where plan has been "gold" for at least 14 days"#,
        &story,
        &expect![
            "In, because: plan has been gold since 10 Sep at 10:00 (needs at least 14 days). Leaves once plan changes."
        ],
    );
    tell(
        r#"everyone where plan has been "gold" for at least 30 days"#,
        &story,
        &expect![
            "Out: plan has been gold since 10 Sep at 10:00, needs at least 30 days. Enters on 10 Oct at 10:00 unless plan changes before."
        ],
    );
    tell(
        r#"everyone where plan has been "gold" for less than 30 days"#,
        &story,
        &expect![
            "In, because: plan has been gold since 10 Sep at 10:00 (needs under 30 days). Leaves on 10 Oct at 10:00 if nothing happens before."
        ],
    );
    tell(
        r#"everyone where plan has been "gold" for less than 7 days"#,
        &story,
        &expect![
            "Out: plan has been gold since 10 Sep at 10:00, needs under 7 days. Enters once plan becomes gold again."
        ],
    );
    tell(
        r#"everyone where plan has been "silver" for at least 30 days"#,
        &story,
        &expect![
            "Out: plan is gold, needs to have been silver for at least 30 days. Enters 30 days after plan becomes silver."
        ],
    );
    tell(
        r#"everyone where not plan has been "gold" for at least 14 days"#,
        &story,
        &expect![
            "Out: plan has been gold since 10 Sep at 10:00, needs under 14 days. Enters once plan changes."
        ],
    );
    tell(
        r#"everyone where not plan has been "gold" for at least 30 days"#,
        &story,
        &expect![
            "In, because: plan has been gold since 10 Sep at 10:00 (needs under 30 days). Leaves on 10 Oct at 10:00 unless plan changes."
        ],
    );
    tell(
        r#"everyone where not plan has been "silver" for at least 30 days"#,
        &story,
        &expect![
            "In, because: plan is gold (needs not to have been silver for at least 30 days). Leaves 30 days after plan becomes silver."
        ],
    );
    tell(
        r#"everyone where plan has been not "gold" for at least 1 month"#,
        &story,
        &expect![
            "Out: plan is gold, needs to have been anything but gold for at least 1 month. Enters 1 month after plan becomes anything but gold."
        ],
    );
    tell(
        "everyone where phone has been missing for at least 14 days",
        &story,
        &expect![
            "In, because: phone has always been missing (needs at least 14 days). Leaves once phone changes."
        ],
    );
    tell(
        "everyone where plan has been missing for at least 14 days",
        &story,
        &expect![
            "Out: plan is gold, needs to have been missing for at least 14 days. Enters 14 days after plan becomes missing."
        ],
    );
    tell(
        "everyone where points has been >= 1000 for at least 1 week",
        &story,
        &expect![
            "In, because: points has been at least 1,000 since 20 Sep at 10:00 (needs at least 1 week). Leaves once points changes."
        ],
    );
    tell(
        r#"everyone where plan has been in ("gold", "platinum") for at least 1 year"#,
        &story,
        &expect![
            "Out: plan has been gold or platinum since 10 Sep at 10:00, needs at least 1 year. Enters on 10 Sep 2027 at 10:00 unless plan changes before."
        ],
    );
}

#[test]
fn when_it_changed() {
    let story = story();
    tell(
        r#"everyone where status changed from "trial" to "paid" in last 7 days"#,
        &story,
        &expect![
            "In, because: status changed from trial to paid in the last 7 days: 28 Sep. Leaves on 5 Oct at 10:00 unless status changes so again."
        ],
    );
    tell(
        r#"everyone where status changed from "paid" to "trial" in last 7 days"#,
        &story,
        &expect![
            "Out: no change of status from paid to trial in the last 7 days, needs one. Enters once status changes from paid to trial."
        ],
    );
    tell(
        r#"everyone where not status changed from "trial" to "paid" in last 7 days"#,
        &story,
        &expect![
            "Out: status changed from trial to paid in the last 7 days: 28 Sep, needs none. Enters on 5 Oct at 10:00 unless status changes so again before."
        ],
    );
    tell(
        "everyone where not plan changed in last 7 days",
        &story,
        &expect!["In, because: no change of plan in the last 7 days. Leaves once plan changes."],
    );
    tell(
        "everyone where plan changed in last 1 month",
        &story,
        &expect![
            "In, because: plan changed in the last month: 10 Sep. Leaves on 10 Oct at 10:00 unless plan changes so again."
        ],
    );
    tell(
        "everyone where plan changed",
        &story,
        &expect!["In, because: plan changed so far: 1 Aug, 10 Sep. Stays in as long as nothing changes."],
    );
    tell(
        "everyone where tier changed from set to set in last 30 days",
        &story,
        &expect![
            "Out: no change of tier from one value to another in the last 30 days, needs one. Enters once tier changes from one value to another."
        ],
    );
    tell(
        "everyone where points changed from < 1000 to >= 1000 in last 30 days",
        &story,
        &expect![
            "Out: no change of points from under 1,000 to at least 1,000 in the last 30 days, needs one. Enters once points changes from under 1,000 to at least 1,000."
        ],
    );
    tell(
        r#"everyone where plan changed to "gold" this month"#,
        &story,
        &expect!["Out: no change of plan to gold this month, needs one. Enters once plan changes to gold."],
    );
}

#[test]
fn what_it_was() {
    let story = story();
    tell(
        r#"everyone where plan was "silver" 30 days ago"#,
        &story,
        &expect![
            "In, because: plan was silver on 1 Sep at 14:03. Leaves on 10 Oct at 10:00 if nothing happens before."
        ],
    );
    tell(
        r#"everyone where plan was "gold" 30 days ago"#,
        &story,
        &expect![
            "Out: plan was anything but gold on 1 Sep at 14:03, needs gold then. Enters on 10 Oct at 10:00 if nothing happens before."
        ],
    );
    tell(
        r#"everyone where plan was not "gold" on 2026-09-15"#,
        &story,
        &expect![
            "Out: plan was gold on 15 Sep at 23:59, needs anything but gold then. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"everyone where not plan was "silver" 30 days ago"#,
        &story,
        &expect![
            "Out: plan was silver on 1 Sep at 14:03, needs anything but silver then. Enters on 10 Oct at 10:00 if nothing happens before."
        ],
    );
    tell(
        r#"everyone where phone was missing 1 month ago"#,
        &story,
        &expect!["In, because: phone was missing on 1 Sep at 14:03. Stays in as long as nothing changes."],
    );
}
