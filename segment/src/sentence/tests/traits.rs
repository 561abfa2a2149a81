use expect_test::expect;

use super::{ordered, tell};
use crate::sample::list;

#[test]
fn what_a_trait_is_and_needs() {
    let story = ordered(&[]).with_traits(&[
        ("country", "AT".into()),
        ("age", 17.into()),
        ("interests", list(&["tea".into(), "wine".into()])),
        ("first_name", "Ann, of Graz".into()),
    ]);
    tell(
        r#"everyone where country is "at""#,
        &story,
        &expect!["In, because: country is AT. Leaves once country changes."],
    );
    tell(
        r#"everyone where country is "DE""#,
        &story,
        &expect!["Out: country is AT, needs DE. Enters once country is DE."],
    );
    tell(
        r#"everyone where country is not "AT""#,
        &story,
        &expect!["Out: country is AT, needs anything but AT. Enters once country is anything but AT."],
    );
    tell(
        r#"everyone where not country in ("DE", "AT", "CH")"#,
        &story,
        &expect![
            "Out: country is AT, needs anything but DE, AT or CH. Enters once country is anything but DE, AT or CH."
        ],
    );
    tell(
        "everyone where age >= 18",
        &story,
        &expect!["Out: age is 17, needs at least 18. Enters once age is at least 18."],
    );
    tell(
        "everyone where email exists",
        &story,
        &expect!["Out: email is not set, needs to be set. Enters once email is set."],
    );
    tell(
        r#"everyone where interests contains any of ("coffee")"#,
        &story,
        &expect![
            "Out: interests is tea and wine, needs at least one of coffee. Enters once interests is at least one of coffee."
        ],
    );
    tell(
        r#"everyone where first_name starts with "ann""#,
        &story,
        &expect![[
            r#"In, because: first name is "Ann, of Graz" (needs to start with ann). Leaves once first name changes."#
        ]],
    );
    tell(
        "everyone where birthday before 2000-01-01",
        &story,
        &expect![
            "Out: birthday is not set, needs a date before 1 Jan 2000. Enters once birthday is a date before 1 Jan 2000."
        ],
    );
}
