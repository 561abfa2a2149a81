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
        r#"sessions of ("Page Viewed" where total > 5, any event from source Web)"#,
        &expect![[
            r#"sessions of ("Page Viewed" where total > 5, any event from source "Web") with gap of 30 minutes"#
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
        (
            "",
            expect![[r#"
            error: the end of the rule starts no derived event; expected `sessions of`, `first touch of` or `last touch of`; such as `sessions of any event with gap of 30 minutes`
              | 
              | ^"#]],
        ),
        (
            "sessions of",
            expect![[r#"
            error: `sessions of` needs an event, and the end of the rule is none; expected an event's name in quotes, or `any event`
              | sessions of
              |            ^"#]],
        ),
        (
            "sessions of any event with gap of 2 days",
            expect![[r#"
            error: this time is of no use here; expected 1 second to 24 hours, not in months or years
              | sessions of any event with gap of 2 days
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
        ),
        (
            "sessions of any event with gap of 1 month",
            expect![[r#"
            error: this time is of no use here; expected 1 second to 24 hours, not in months or years
              | sessions of any event with gap of 1 month
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
        ),
        (
            "sessions of any event every day",
            expect![[r#"
            error: `every` cannot follow here; expected `with gap of 30 minutes`, `split at midnight`, `split at campaign`, `counted at end`, or the end
              | sessions of any event every day
              |                       ^^^^^"#]],
        ),
        (
            "sessions of (\"Page Viewed\", ",
            expect![[r#"
            error: `,` needs an event, and the end of the rule is none; expected an event's name in quotes, or `any event`
              | sessions of ("Page Viewed", 
              |                             ^"#]],
        ),
        (
            r#"sessions of "Session""#,
            expect![
                "error: `Session` is a derived event, and one is made of received events only; name the events that it is made of itself (at definition.session.events[0].name)"
            ],
        ),
        (
            r#"sessions of "Page Viewed" from source Shop"#,
            expect!["error: there is no source `Shop` (at definition.session.events[0].sources[0])"],
        ),
        (
            r#"sessions of any event where product.price > 5"#,
            expect![[r#"
            error: a derived event is made of what its events brought along, not of the catalogue; ask for products in rules about the events themselves
              | sessions of any event where product.price > 5
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
        ),
        (
            r#"first touch of any event"#,
            expect![[r#"
            error: a touch comes before something, and the end of the rule follows; expected `before` and the outcome's name in quotes
              | first touch of any event
              |                         ^"#]],
        ),
        (
            r#"sessions of ("Page Viewed" from source Web, Shop, "Order Completed")"#,
            expect![[r#"
            sessions of ("Page Viewed" from source "Web", "Shop", "Order Completed") with gap of 30 minutes
            warning: no event `Shop` was ever received (at definition.session.events[1].name)"#]],
        ),
        (
            r#"first touch of any event before any event within 3 days"#,
            expect![[r#"
            error: an outcome is one event by its name; expected such as `before "Order Completed"`
              | first touch of any event before any event within 3 days
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
        ),
        (
            r#"first touch of any event before "Order Completed""#,
            expect![[r#"
            error: a touch counts for some time, and the end of the rule follows; expected `within 30 days`
              | first touch of any event before "Order Completed"
              |                                                  ^"#]],
        ),
        (
            r#"first touch of any event before "Order Completed" within 400 days"#,
            expect![[r#"
            error: this time is of no use here; expected 1 second to 366 days, not in months or years
              | first touch of any event before "Order Completed" within 400 days
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
        ),
        (
            "first visit of any event",
            expect![[r#"
            error: `first` starts no derived event; expected `sessions of`, `first touch of` or `last touch of`; such as `sessions of any event with gap of 30 minutes`
              | first visit of any event
              | ^^^^^"#]],
        ),
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
    check_rule(
        r#"did "Session" where events > 3"#,
        &expect![
            "warning: the derived event `Session` has no property `events` (at when.event.event.where.property.property)"
        ],
    );
    check_rule(
        r#"did "Sesion""#,
        &expect![
            "warning: no event `Sesion` was ever received; did you mean `Session`? (at when.event.event.name)"
        ],
    );
    check_rule(
        r#"did "Session" from source Web"#,
        &expect![
            "error: `Session` is a derived event, which comes from no source; say `from source` where the derived event is defined (at when.event.event.sources)"
        ],
    );
}
