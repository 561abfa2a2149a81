use expect_test::expect;

use super::{ordered, tell};

#[test]
fn dates_that_come_and_go() {
    let story = ordered(&[]).with_traits(&[
        ("renewal_date", "2026-10-20".into()),
        ("trial_ends_at", "2026-09-30T10:00:00Z".into()),
        ("last_visit", "2025-07-14".into()),
        ("birthday", "someday".into()),
    ]);
    tell(
        "everyone where renewal_date in next 30 days",
        &story,
        &expect![
            "In, because: renewal date is 20 Oct (needs to be in the next 30 days). Leaves on 20 Oct at 00:00 unless renewal date changes."
        ],
    );
    tell(
        "everyone where renewal_date in next 7 days",
        &story,
        &expect![
            "Out: renewal date is 20 Oct, needs to be in the next 7 days. Enters on 13 Oct at 00:00 unless renewal date changes before."
        ],
    );
    tell(
        "everyone where not renewal_date in next 30 days",
        &story,
        &expect![
            "Out: renewal date is 20 Oct, needs to be any time but in the next 30 days. Enters on 20 Oct at 00:00 unless renewal date changes before."
        ],
    );
    tell(
        "everyone where trial_ends_at in last 3 days",
        &story,
        &expect![
            "In, because: trial ends on 30 Sep at 12:00 (needs to be in the last 3 days). Leaves on 3 Oct at 12:00 unless trial ends at changes."
        ],
    );
    tell(
        "everyone where trial_ends_at in the future",
        &story,
        &expect![
            "Out: trial ends on 30 Sep at 12:00, needs to be in the future. Enters once trial ends at changes."
        ],
    );
    tell(
        "everyone where not trial_ends_at in the past",
        &story,
        &expect![
            "Out: trial ends on 30 Sep at 12:00, needs to be in the future. Enters once trial ends at changes."
        ],
    );
    tell(
        "everyone where last_visit at least 90 days ago",
        &story,
        &expect![
            "In, because: last visit is 14 Jul 2025 (needs to be at least 90 days ago). Leaves once last visit changes."
        ],
    );
    tell(
        "everyone where renewal_date between 30 and 60 days from now",
        &story,
        &expect![
            "Out: renewal date is 20 Oct, needs to be between 30 and 60 days from now. Enters once renewal date changes."
        ],
    );
    tell(
        "everyone where renewal_date this month",
        &story,
        &expect![
            "In, because: renewal date is 20 Oct (needs to be this month). Leaves on 1 Nov at 00:00 unless renewal date changes."
        ],
    );
    tell(
        "everyone where renewal_date on 2026-11-27",
        &story,
        &expect!["Out: renewal date is 20 Oct, needs to be on 27 Nov. Enters once renewal date changes."],
    );
    tell(
        "everyone where birthday in next 7 days",
        &story,
        &expect![
            "Out: birthday is someday, which is no date, needs to be in the next 7 days. Enters once birthday is such a date."
        ],
    );
    tell(
        "everyone where not signup_date in last 7 days",
        &story,
        &expect![
            "In, because: signup date is not set (needs to be any time but in the last 7 days, where it is a date). Leaves once signup date is such a date."
        ],
    );
    tell(
        "everyone where signup_date in last 7 days",
        &story,
        &expect![
            "Out: signup date is not set, needs to be in the last 7 days. Enters once signup date is such a date."
        ],
    );
    // 30 times 24 hours from now is inside, a millisecond more is not.
    let story = ordered(&[]).with_traits(&[("renewal_date", "2026-10-31T13:03:00+01:00".into())]);
    tell(
        "everyone where renewal_date in next 30 days",
        &story,
        &expect![
            "In, because: renewal date is 31 Oct at 13:03 (needs to be in the next 30 days). Leaves on 31 Oct at 13:03 unless renewal date changes."
        ],
    );
    let later = ordered(&[]).with_traits(&[("renewal_date", "2026-10-31T13:03:00.001+01:00".into())]);
    tell(
        "everyone where renewal_date in next 30 days",
        &later,
        &expect![
            "Out: renewal date is 31 Oct at 13:03, needs to be in the next 30 days. Enters on 1 Oct at 14:03 unless renewal date changes before."
        ],
    );
}

#[test]
fn anniversaries_and_days_of_the_year() {
    let story = ordered(&[]).with_traits(&[("birthday", "1990-10-05".into()), ("leap", "2000-02-29".into())]);
    tell(
        "everyone where birthday anniversary in next 7 days",
        &story,
        &expect![
            "In, because: birthday is 5 Oct 1990, with an anniversary on 5 Oct (needs one in the next 7 days). Leaves on 5 Oct at 00:00 unless birthday changes."
        ],
    );
    tell(
        "everyone where birthday anniversary today",
        &story,
        &expect![
            "Out: birthday is 5 Oct 1990, with an anniversary on 5 Oct, needs one today. Enters on 5 Oct at 00:00 unless birthday changes before."
        ],
    );
    tell(
        "everyone where not birthday anniversary in next 7 days",
        &story,
        &expect![
            "Out: birthday is 5 Oct 1990, with an anniversary on 5 Oct, needs none in the next 7 days. Enters on 5 Oct at 00:00 unless birthday changes before."
        ],
    );
    tell(
        "everyone where leap anniversary in next 7 days",
        &story,
        &expect![
            "Out: leap is 29 Feb 2000, with an anniversary on 28 Feb 2027, needs one in the next 7 days. Enters on 21 Feb 2027 at 00:00 unless leap changes before."
        ],
    );
    tell(
        "everyone where birthday month is October",
        &story,
        &expect![
            "In, because: birthday is 5 Oct 1990 (needs a date in October). Leaves once birthday changes."
        ],
    );
    tell(
        "everyone where birthday month is May",
        &story,
        &expect!["Out: birthday is 5 Oct 1990, needs a date in May. Enters once birthday changes."],
    );
    tell(
        "everyone where not birthday month in (9, 10)",
        &story,
        &expect![
            "Out: birthday is 5 Oct 1990, needs a date in any month but September or October. Enters once birthday changes."
        ],
    );
    tell(
        "everyone where birthday day is 17",
        &story,
        &expect![
            "Out: birthday is 5 Oct 1990, needs a date on day 17 of a month. Enters once birthday changes."
        ],
    );
    tell(
        r#"everyone where birthday month and day in ("10-05", "12-24")"#,
        &story,
        &expect![
            "In, because: birthday is 5 Oct 1990 (needs a date on 5 October or 24 December). Leaves once birthday changes."
        ],
    );
    tell(
        "everyone where name_day anniversary in next 7 days",
        &story,
        &expect![
            "Out: name day is not set, needs one in the next 7 days. Enters once name day is such a date."
        ],
    );
}
