use expect_test::expect;

use segops_model::Decimal;

use super::{ordered, tell};
use crate::ScoreValue;
use crate::sample::instant;

#[test]
fn what_was_brought_in_and_what_it_is_of() {
    let number = ScoreValue::Number(Decimal::parse("0.72").unwrap());
    let story = ordered(&[]).with_score("churn_risk", number, "2026-02-03T02:00:00Z").with_score(
        "next_visit",
        ScoreValue::Date(instant("2026-12-20T12:00:00Z")),
        "2026-02-03T02:00:00Z",
    );
    tell(
        "everyone where score churn_risk >= 0.7",
        &story,
        &expect![
            "In, because: churn_risk is 0.72, as of 3 Feb at 03:00 (needs at least 0.7). Leaves once another churn_risk comes in."
        ],
    );
    tell(
        "everyone where not score churn_risk < 0.8",
        &story,
        &expect![
            "Out: churn_risk is 0.72, as of 3 Feb at 03:00, needs at least 0.8. Enters once another churn_risk comes in."
        ],
    );
    tell(
        "everyone where score churn_risk between 0.1 and 0.5",
        &story,
        &expect![
            "Out: churn_risk is 0.72, as of 3 Feb at 03:00, needs between 0.1 and 0.5. Enters once another churn_risk comes in."
        ],
    );
    tell(
        "everyone where score next_visit in next 7 days",
        &story,
        &expect![
            "Out: next_visit is 20 Dec at 13:00, as of 3 Feb at 03:00, needs to be in next 7 days. Enters on 13 Dec at 13:00 if nothing happens before."
        ],
    );
    tell(
        "everyone where score next_visit exists",
        &story,
        &expect![
            "In, because: next_visit is 20 Dec at 13:00, as of 3 Feb at 03:00. Stays in as long as nothing changes."
        ],
    );
    tell(
        "everyone where score churn_risk < 0.5",
        &ordered(&[]),
        &expect!["Out: there is no churn_risk, needs less than 0.5. Stays out as long as nothing changes."],
    );
}
