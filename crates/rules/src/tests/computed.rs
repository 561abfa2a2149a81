use expect_test::{Expect, expect};

use segops_model::{ComputedTraitId, Limits};

use crate::made_up::MadeUpNames;
use crate::{Resolved, parse, parse_definition, read_text, resolve_definition};

#[track_caller]
fn check(text: &str, canonical: &str) {
    let definition = parse_definition(text, &Limits::default())
        .unwrap_or_else(|problems| panic!("{}", problems[0].report(text)));
    assert_eq!(definition.to_string(), canonical);
    let again = parse_definition(canonical, &Limits::default());
    assert_eq!(again.as_ref(), Ok(&definition), "the canonical text is another definition");
}

#[track_caller]
fn check_mistakes(text: &str, expected: Expect) {
    let problems = parse_definition(text, &Limits::default()).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| problem.report(text) + "\n").collect();
    expected.assert_eq(&reports.concat());
}

#[test]
fn formulas() {
    for (written, canonical) in [
        (
            "sum of total over Ordered - sum of total over Refunded",
            "sum of total over \"Ordered\" - sum of total over \"Refunded\"",
        ),
        ("number of A / number of B", "count of \"A\" / count of \"B\""),
        ("count of A - count of B - 1", "count of \"A\" - count of \"B\" - 1"),
        ("count of A - (count of B - 1)", "count of \"A\" - (count of \"B\" - 1)"),
        ("(count of A + 1) * 2 / (3 / count of B)", "(count of \"A\" + 1) * 2 / (3 / count of \"B\")"),
        ("count of A + 2 * count of B", "count of \"A\" + 2 * count of \"B\""),
        ("count of A -2", "count of \"A\" + -2"),
        ("count of A - -2", "count of \"A\" - -2"),
        (
            "net spend in last 12 months / count of orders in last 12 months",
            "net spend in last 12 months / count of orders in last 12 months",
        ),
        ("sum of products[].price*quantity over A * 2", "sum of products[].price*quantity over \"A\" * 2"),
        ("count of A where x > 5 / count of A", "count of \"A\" where (x > 5) / count of \"A\""),
    ] {
        check(written, canonical);
    }
}

#[test]
fn values() {
    for (written, canonical) in [
        (
            "most frequent value of category over 'Product Viewed' in last 90 days",
            "most frequent value of category over \"Product Viewed\" in last 90 days",
        ),
        ("most common products[].category over A", "most frequent value of products[].category over \"A\""),
        (
            "first value of context.campaign.source over any event",
            "first value of context.campaign.source over any event",
        ),
        ("latest coupon over A where x is 1", "last value of coupon over \"A\" where x is 1"),
        ("most recent value of tags[] over A", "last value of tags over \"A\""),
        ("first value of value over A from source S", "first value of value over \"A\" from source \"S\""),
    ] {
        check(written, canonical);
    }
}

#[test]
fn mistakes() {
    check_mistakes(
        "",
        expect![[r#"
        error: the formula ends where a number should be; expected such as `sum of total over "Order Completed"`, `count of "Order Completed"`, `100`, or `most frequent value of category over "Product Viewed"`
          | 
          | ^
    "#]],
    );
    check_mistakes(
        "2 + 3",
        expect![[r#"
        error: the formula is the same for everyone; expected at least one aggregate, such as `count of "Order Completed"`
          | 2 + 3
          | ^^^^^
    "#]],
    );
    check_mistakes(
        "count of A / 0 - sum of a[].b[].c over B",
        expect![[r#"
        error: nothing is divided by 0
          | count of A / 0 - sum of a[].b[].c over B
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        error: `a[].b[].c` goes through a list inside a list's elements; expected at most one `[]` on the way to a value
          | count of A / 0 - sum of a[].b[].c over B
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check_mistakes(
        "count of A +",
        expect![[r#"
        error: the formula ends where a number should be; expected such as `sum of total over "Order Completed"`, `count of "Order Completed"`, `100`, or `most frequent value of category over "Product Viewed"`
          | count of A +
          |             ^
    "#]],
    );
    check_mistakes(
        "count of A count of B",
        expect![[r#"
        error: `A count` is several words without quotes; write `"A count"`
          | count of A count of B
          |          ^^^^^^^
        error: `of` cannot follow here; expected `+`, `-`, `*`, `/`, or the end of the formula
          | count of A count of B
          |                  ^^
    "#]],
    );
    check_mistakes(
        "(count of A",
        expect![[r#"
        error: this parenthesis is never closed; add the missing `)`
          | (count of A
          | ^
    "#]],
    );
    check_mistakes(
        "computed \"other\" + 1",
        expect![[r#"
        error: `computed` is no number, aggregate or count; expected such as `sum of total over "Order Completed"`, `count of "Order Completed"`, `100`, or `most frequent value of category over "Product Viewed"`
          | computed "other" + 1
          | ^^^^^^^^
    "#]],
    );
    check_mistakes(
        "most frequent category",
        expect![[r#"
        error: most frequent value of category needs its events; expected `over` and an event's name in quotes
          | most frequent category
          |                       ^
    "#]],
    );
    check_mistakes(
        "first value of x over A / 2",
        expect![[r#"
        error: `/` cannot follow here; expected the end, or a clause such as `in last 30 days`
          | first value of x over A / 2
          |                         ^
    "#]],
    );
    let many = parse_definition(&["count of A"; 51].join(" + "), &Limits::default()).expect_err("too many");
    assert_eq!(many[0].message, "the formula has more than 50 parts, the limit");
}

#[test]
fn conditions() {
    for (written, canonical) in [
        ("computed 'return rate' >= 0.3", "computed \"return rate\" >= 0.3"),
        ("computed trait rate is not 1 and did A", "computed \"rate\" is not 1 and did \"A\""),
        ("computed rate exists", "computed \"rate\" exists"),
        ("computed favourite is \"Shoes\" match case", "computed \"favourite\" is \"Shoes\" match case"),
        ("did A where x is 1 and computed rate < 2", "did \"A\" where x is 1 and computed \"rate\" < 2"),
        // A trait of that name.
        ("computed >= 3", "\"computed\" >= 3"),
        ("computed is true", "\"computed\" is true"),
    ] {
        let rule = parse(written).unwrap_or_else(|problems| panic!("{}", problems[0].report(written)));
        assert_eq!(rule.to_string(), canonical);
        assert_eq!(parse(canonical).as_ref(), Ok(&rule), "the canonical text is another rule");
    }
}

/// A workspace with a rate and a favourite.
fn shop() -> MadeUpNames {
    MadeUpNames::default()
        .source("Kiosk", 1)
        .traits(&[])
        .computed_trait("return rate", 7, "count of A / count of B")
        .computed_trait("favourite", 8, "most frequent value of category over A")
}

#[test]
fn names_are_looked_up() {
    let check = |text: &str, expected: &[(&str, Option<&str>)]| {
        let problems = match read_text(text, &shop(), None) {
            Ok(reading) => reading.warnings,
            Err(problems) => problems,
        };
        let found: Vec<(&str, Option<&str>)> = problems
            .iter()
            .map(|problem| (problem.message.as_str(), problem.suggestion.as_deref()))
            .collect();
        assert_eq!(found, expected, "{text}");
        assert!(problems.iter().all(|problem| problem.span.is_some()));
    };
    let unknown = ("there is no computed trait `return rat`", Some("did you mean `return rate`?"));
    check("computed \"return rat\" > 1", &[unknown]);
    let no_number = ("this computed trait is a number", None);
    check(
        "computed \"return rate\" contains \"x\" or computed \"return rate\" is \"x\"",
        &[no_number, no_number],
    );
    check("computed favourite contains \"x\" or computed favourite > 3", &[]);
    check("top 10% by computed \"return rate\" or computed \"return rate\" in bottom 5%", &[]);
    check("top 10% by computed \"return rat\" or computed \"return rat\" in bottom 5%", &[unknown, unknown]);
    let no_rank = "the computed trait `favourite` is a value of a property, by which nobody is ranked";
    check("computed favourite in top 10%", &[(no_rank, None)]);
    let meant = "there is a computed trait of that name: write `computed \"return rate\"`";
    check("\"return rate\" > 1", &[("no profile ever had the trait `return rate`", Some(meant))]);
}

#[test]
fn sources_are_looked_up() {
    let definition =
        parse_definition("count of A from source Kiosc", &Limits::default()).expect("a definition");
    let problems = resolve_definition(&definition, &shop()).expect_err("no such source");
    assert_eq!(problems[0].message, "there is no source `Kiosc`");
    assert_eq!(problems[0].suggestion.as_deref(), Some("did you mean `Kiosk`?"));
    assert_eq!(problems[0].place.as_deref(), Some("definition.number.aggregate.event.sources[0]"));
}

#[test]
fn a_stored_rule_keeps_what_a_computed_trait_was_made_of() {
    let rule = read_text("computed \"return rate\" > 1", &shop(), None).expect("a rule").resolved;
    let json = serde_json::to_value(&rule).expect("json");
    let again: crate::Rule<Resolved> = serde_json::from_value(json).expect("the rule");
    assert_eq!(again, rule);
    assert_eq!(crate::computed_trait_ids(&rule), [ComputedTraitId(7)].into());
}

#[test]
fn a_ranking_keeps_it_too() {
    let rule = read_text("not top 10% by computed \"return rate\"", &shop(), None).expect("a rule").resolved;
    assert_eq!(crate::computed_trait_ids(&rule), [ComputedTraitId(7)].into());
    let named = crate::unresolve(&rule, &shop());
    assert_eq!(named.to_string(), "not top 10% by computed \"return rate\"");
    let other = crate::computed_traits(
        &read_text("computed favourite exists", &shop(), None).expect("a rule").resolved,
    )[0]
    .definition
    .clone();
    let edited = crate::with_definition(&rule, ComputedTraitId(7), &other);
    assert_eq!(crate::computed_traits(&edited)[0].definition, other);
    assert_ne!(crate::normal_form(&edited), crate::normal_form(&rule), "each has thresholds of its own");
}
