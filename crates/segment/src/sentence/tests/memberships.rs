use expect_test::expect;

use segops_model::{Cause, Direction, Position, SegmentVersion};

use super::{Story, ordered, tell};
use crate::sample::instant;
use crate::{Entry, RecordedTransition};

/// Who came into VIP in July, left in August, and came in again at the end of September.
fn story() -> Story {
    let moves = [
        ("2026-07-10T08:00:00Z", Direction::Entered),
        ("2026-08-20T08:00:00Z", Direction::Exited),
        ("2026-09-28T08:00:00Z", Direction::Entered),
    ];
    let mut story = ordered(&[]);
    for ((at, direction), position) in moves.into_iter().zip(1..) {
        let entry = Entry { ts: instant(at), position: Position(position) };
        story.recorded.record(RecordedTransition {
            entry,
            direction,
            cause: Cause::Event,
            version: SegmentVersion(1),
        });
    }
    story
}

#[test]
fn who_came_in_and_who_went_out() {
    let story = story();
    tell(
        r#"everyone where entered segment "VIP" in last 7 days"#,
        &story,
        &expect![
            "In, because: entered VIP once in the last 7 days: 28 Sep. Leaves on 5 Oct at 10:00 unless they enter VIP again."
        ],
    );
    tell(
        r#"everyone where entered segment "VIP" at least twice in last 90 days"#,
        &story,
        &expect![
            "In, because: entered VIP twice in the last 90 days (needs 2 times): 10 Jul, 28 Sep. Leaves on 8 Oct at 10:00 unless they enter VIP again."
        ],
    );
    tell(
        r#"everyone where entered segment "VIP" at least 3 times in last 12 months"#,
        &story,
        &expect![
            "Out: entered VIP twice in the last 12 months, needs 3 times (the last time on 28 Sep). Enters once they enter VIP again."
        ],
    );
    tell(
        r#"everyone where left segment "VIP" in last 30 days"#,
        &story,
        &expect!["Out: did not leave VIP in the last 30 days. Enters once they leave VIP."],
    );
    tell(
        r#"everyone where not left segment "VIP" in last 60 days"#,
        &story,
        &expect![
            "Out: left VIP once in the last 60 days, needs not to have (the last time on 20 Aug). Enters on 19 Oct at 10:00 unless they leave VIP again before."
        ],
    );
    tell(
        r#"everyone where not left segment "VIP" in last 30 days"#,
        &story,
        &expect!["In, because: did not leave VIP in the last 30 days. Leaves once they leave VIP."],
    );
    tell(
        r#"everyone where entered segment "VIP" = 2 times"#,
        &story,
        &expect![
            "In, because: entered VIP twice so far (needs exactly 2 times): 10 Jul, 28 Sep. Leaves once they enter VIP again."
        ],
    );
    tell(
        r#"everyone where entered segment "VIP" today"#,
        &story,
        &expect!["Out: did not enter VIP today. Enters once they enter VIP."],
    );
    tell(
        r#"everyone where entered segment "VIP" in last 7 days"#,
        &ordered(&[]),
        &expect!["Out: did not enter VIP in the last 7 days. Enters once they enter VIP."],
    );
}

#[test]
fn since_when() {
    let story = story();
    tell(
        r#"everyone where in segment "VIP" for at least 3 days"#,
        &story,
        &expect![
            "In, because: in VIP since 28 Sep at 10:00 (needs at least 3 days). Leaves once they leave VIP."
        ],
    );
    tell(
        r#"everyone where in segment "VIP" for at least 30 days"#,
        &story,
        &expect![
            "Out: in VIP since 28 Sep at 10:00, needs at least 30 days. Enters on 28 Oct at 09:00 unless they leave VIP before."
        ],
    );
    tell(
        r#"everyone where in segment "VIP" for less than 7 days"#,
        &story,
        &expect![
            "In, because: in VIP since 28 Sep at 10:00 (needs under 7 days). Leaves on 5 Oct at 10:00 if nothing happens before."
        ],
    );
    tell(
        r#"everyone where in segment "VIP" for less than 2 days"#,
        &story,
        &expect![
            "Out: in VIP since 28 Sep at 10:00, needs under 2 days. Enters once they leave VIP and enter it again."
        ],
    );
    tell(
        r#"everyone where not in segment "VIP" for at least 30 days"#,
        &story,
        &expect![
            "In, because: in VIP since 28 Sep at 10:00 (needs under 30 days). Leaves on 28 Oct at 09:00 unless they leave VIP."
        ],
    );
    tell(
        r#"everyone where not in segment "VIP" for at least 3 days"#,
        &story,
        &expect!["Out: in VIP since 28 Sep at 10:00, needs under 3 days. Enters once they leave VIP."],
    );
    tell(
        r#"everyone where in segment "VIP" since before 2026-09-01"#,
        &story,
        &expect![
            "Out: in VIP since 28 Sep at 10:00, needs an entry before 1 Sep. Stays out as long as nothing changes."
        ],
    );
    tell(
        r#"everyone where in segment "VIP" since after 2026-09-01"#,
        &story,
        &expect![
            "In, because: in VIP since 28 Sep at 10:00 (needs an entry on 1 Sep or later). Leaves once they leave VIP."
        ],
    );
    tell(
        r#"everyone where in segment "VIP" for at least 30 days"#,
        &ordered(&[]),
        &expect![
            "Out: not in VIP, needs to be in it for at least 30 days. Enters 30 days after they enter VIP."
        ],
    );
    tell(
        r#"everyone where in segment "VIP" for less than 30 days"#,
        &ordered(&[]),
        &expect!["Out: not in VIP, needs to be in it for under 30 days. Enters once they enter VIP."],
    );
    tell(
        r#"everyone where not in segment "VIP" for at least 30 days"#,
        &ordered(&[]),
        &expect!["In, because: not in VIP. Leaves 30 days after they enter VIP."],
    );
}
