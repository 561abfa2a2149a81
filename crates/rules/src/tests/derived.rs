use expect_test::{Expect, expect};

use segops_model::Limits;

use crate::made_up::MadeUpNames;
use crate::{parse, parse_derived, resolve, resolve_derived, unresolve_derived};

fn names() -> MadeUpNames {
    MadeUpNames::default()
        .source("Web", 1)
        .events(&["Page Viewed", "Order Completed"])
        .properties(&["total"])
        .derived_event("Session", 7, "sessions of any event")
        .derived_event("Touched", 8, r#"last touch of any event before "Order Completed" within 30 days"#)
}

/// The definition as it is written back, or all that is wrong with it.
#[track_caller]
fn check(text: &str, expected: &Expect) {
    let read = parse_derived(text, &Limits::default()).and_then(|named| resolve_derived(&named, &names()));
    let told = match read {
        Ok((definition, warnings)) => {
            let written = unresolve_derived(&definition, &names()).to_string();
            let again = parse_derived(&written, &Limits::default()).expect("what is written is read");
            assert_eq!(again.to_string(), written);
            let warned: Vec<String> = warnings.iter().map(|problem| problem.report(text)).collect();
            format!("{written}\n{}", warned.join("\n"))
        }
        Err(problems) => problems.iter().map(|problem| problem.report(text)).collect::<Vec<_>>().join("\n"),
    };
    expected.assert_eq(told.trim_end());
}

#[test]
fn definitions_are_written_back_in_one_form() {
    check("sessions of any event", &expect![[r#"sessions of any event with gap of 30 minutes"#]]);
    check(
        r#"session of ("Page Viewed" where total > 5 from source Web, "Order Completed") with a gap of 1 hour split at campaign split at midnight counted at end"#,
        &expect![[
            r#"sessions of ("Page Viewed" where total > 5 from source "Web", "Order Completed") with gap of 1 hour, split at midnight, split at campaign, counted at end"#
        ]],
    );
    check(
        r#"last touch of "Page Viewed" where total > 1 and total < 9 before "Order Completed" where total >= 50 within 4 weeks"#,
        &expect![[
            r#"last touch of "Page Viewed" where (total > 1 and total < 9) before "Order Completed" where total >= 50 within 4 weeks"#
        ]],
    );
}

#[test]
fn what_is_wrong_with_a_definition_is_said() {
    for (text, expected) in [
        ("", expect![]),
        ("sessions of", expect![]),
        ("sessions of any event with gap of 2 days", expect![]),
        ("sessions of any event with gap of 1 month", expect![]),
        ("sessions of any event every day", expect![]),
        ("sessions of (\"Page Viewed\", ", expect![]),
        (r#"sessions of "Session""#, expect![]),
        (r#"sessions of "Page Viewed" from source Shop"#, expect![]),
        (r#"sessions of any event where product.price > 5"#, expect![]),
        (r#"first touch of any event"#, expect![]),
        (r#"first touch of any event before any event within 3 days"#, expect![]),
        (r#"first touch of any event before "Order Completed""#, expect![]),
        (r#"first touch of any event before "Order Completed" within 400 days"#, expect![]),
        ("first visit of any event", expect![]),
    ] {
        check(text, &expected);
    }
}

/// The problems of a rule, warnings among them.
#[track_caller]
fn check_rule(text: &str, expected: &Expect) {
    let told = match resolve(&parse(text).expect("well written"), &names(), None) {
        Ok((_, problems)) | Err(problems) => {
            problems.iter().map(|problem| problem.report(text)).collect::<Vec<_>>().join("\n")
        }
    };
    expected.assert_eq(&told);
}

#[test]
fn a_rule_names_a_derived_event_as_any_event() {
    let read = |text: &str| resolve(&parse(text).expect("well written"), &names(), None).expect("resolved").0;
    let rule = read(r#"everyone where did "Session" >= 2 times where event_count > 3"#);
    let made = crate::derived_events(&rule);
    assert_eq!(made.iter().map(|one| one.id.0).collect::<Vec<_>>(), [7]);
    let anew = names().derived_event("Other", 9, "sessions of any event with gap of 5 minutes");
    let anew = crate::Names::derived_event(&anew, "Other").expect("made").definition;
    let edited = crate::with_derived(&rule, made[0].id, &anew);
    assert_eq!(crate::derived_events(&edited)[0].definition, anew);
    assert_ne!(
        crate::normal_form(&rule),
        crate::normal_form(&read(r#"everyone where did "Other" >= 2 times where event_count > 3"#))
    );
    check_rule(r#"did "Session" where event_count > 3 and campaign.source is "mail""#, &expect![[""]]);
    check_rule(r#"did "Touched" where total > 3 and touch.channel is "mail""#, &expect![[""]]);
    check_rule(r#"did "Session" where events > 3"#, &expect![]);
    check_rule(r#"did "Sesion""#, &expect![]);
    check_rule(r#"did "Session" from source Web"#, &expect![]);
}
