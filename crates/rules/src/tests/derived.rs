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
        .derived_event("Dear", 9, r#"each "Order Completed" where total > 50 with total as worth"#)
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
fn events_under_another_name_are_written_back_in_one_form() {
    check(r#"each "Order Completed""#, &expect![[r#"each "Order Completed""#]]);
    check(
        r#"each "Order Completed" from source Web where total > 50 and total < 90 with total as total, context.campaign.source, total as "how much""#,
        &expect![[r#"
            each "Order Completed" where (total > 50 and total < 90) from source "Web" with total, context.campaign.source, total as "how much"
            warning: no event `Order Completed` ever had the property `context.campaign.source` (at definition.renamed.values[1].property)"#]],
    );
    check(
        r#"each any event where total > 5 with products as lines"#,
        &expect![[r#"
            each any event where total > 5 with products as lines
            warning: no event ever had the property `products` (at definition.renamed.values[0].property)"#]],
    );
    let text = r#"each "Order Completed" where total > 50 with total as worth"#;
    let definition = parse_derived(text, &Limits::default()).expect("a definition");
    let json = serde_json::to_value(&definition).expect("JSON");
    let values = serde_json::json!([{"name": "worth", "property": "total"}]);
    assert_eq!(json.pointer("/renamed/values"), Some(&values));
    assert_eq!(json.pointer("/renamed/event/name"), Some(&"Order Completed".into()));
    assert_eq!(serde_json::from_value::<crate::DerivedDefinition<crate::Named>>(json).ok(), Some(definition));
}

#[test]
fn a_filter_of_an_event_under_another_name_comes_to_one_of_the_event() {
    let received = |text: &str| {
        let rule = parse(&format!("everyone where did {text}")).expect("well written");
        let rule = resolve(&rule, &names(), None).expect("resolved").0;
        let crate::Condition::Event(found) = rule.when else { panic!("{text}") };
        let received = found.event.received().expect("another name");
        let text = serde_json::to_string(&received).expect("JSON");
        (received.name, text)
    };
    let (name, plain) = received(r#""Dear""#);
    assert_eq!(name.as_deref(), Some("Order Completed"));
    assert!(plain.contains(r#""property":"total""#) && !plain.contains("derived"), "{plain}");
    let (_, asked) = received(r#""Dear" where worth < 90 and not worth.vat > 3"#);
    assert!(!asked.contains("worth") && asked.contains(r#""property":"total.vat""#), "{asked}");
}

#[test]
fn what_is_wrong_with_a_definition_is_said() {
    for (text, expected) in [
        (
            r#"each "Order Completed" with total as a, coupon as a, products[].price as b, product.price as c, total as quantity, total as "x.y""#,
            expect![[r#"
                error: two values are called `a`; give one of them another name: `coupon as ...`
                  | each "Order Completed" with total as a, coupon as a, products[].price as b, product.price as c, total as quantity, total as "x.y"
                  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                error: `products[].price` is no single value that an event brings along; expected a path such as `price`, without `[]`, and not into the catalogue
                  | each "Order Completed" with total as a, coupon as a, products[].price as b, product.price as c, total as quantity, total as "x.y"
                  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                error: `product.price` is no single value that an event brings along; expected a path such as `price`, without `[]`, and not into the catalogue
                  | each "Order Completed" with total as a, coupon as a, products[].price as b, product.price as c, total as quantity, total as "x.y"
                  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                error: every event may have `quantity`, so that no value can be called so; give it another name: `total as ...`
                  | each "Order Completed" with total as a, coupon as a, products[].price as b, product.price as c, total as quantity, total as "x.y"
                  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                error: `x.y` is no name of a value; expected one name without `.`, `[` and `]`, such as `worth`
                  | each "Order Completed" with total as a, coupon as a, products[].price as b, product.price as c, total as quantity, total as "x.y"
                  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
        ),
        (
            r#"each "Order Completed" within 3 days"#,
            expect![[r#"
            error: `within` cannot follow here; expected `where`, `from source`, `with price as worth`, or the end
              | each "Order Completed" within 3 days
              |                        ^^^^^^"#]],
        ),
        (
            r#"each "Dear""#,
            expect![
                "error: `Dear` is a derived event, and one is made of received events only; name the events that it is made of itself (at definition.renamed.event.name)"
            ],
        ),
        (
            r#"each "Order Completed" where product.price > 5"#,
            expect![[r#"
            error: a derived event is made of what its events brought along, not of the catalogue; ask for products in rules about the events themselves
              | each "Order Completed" where product.price > 5
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
        ),
        (
            "",
            expect![[r#"
            error: the end of the rule starts no derived event; expected `sessions of`, `first touch of`, `last touch of` or `each`; such as `sessions of any event with gap of 30 minutes`
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
            error: `first` starts no derived event; expected `sessions of`, `first touch of`, `last touch of` or `each`; such as `sessions of any event with gap of 30 minutes`
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
    check_rule(r#"did "Dear" where worth > 90 and total < 100"#, &expect![[""]]);
    check_rule(
        r#"did "Dear" where price > 90"#,
        &expect![
            "warning: the derived event `Dear` has no property `price` (at when.event.event.where.property.property)"
        ],
    );
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
            "error: of `Session`, a derived event, no source can be named; say `from source` where the derived event is defined (at when.event.event.sources)"
        ],
    );
}
