use expect_test::{Expect, expect};

use segops_model::{SegmentId, SourceId};

use crate::made_up::MadeUpNames;
use crate::{
    ScoreKind, Severity, named_references, normal_form, parse, read_text, references, resolve, unresolve,
};

/// A small workspace: `Loyal` refers to `VIP`, `Circle` to `Loyal`.
fn shop() -> MadeUpNames {
    MadeUpNames::default()
        .segment("VIP", 1, &[])
        .segment("Loyal", 2, &[1])
        .segment("Circle", 3, &[2])
        .source("Shop A", 1)
        .source("Shop B", 2)
        .result("Like VIP", 4, Some(1))
        .list("Influencers", 1)
        .events(&["Order Completed", "Product Viewed"])
        .properties(&["total", "products[].category"])
        .product_fields(&["id", "price", "in_stock", "maker.name"])
        .traits(&["country", "loyalty"])
        .score("churn_risk", ScoreKind::Number)
        .score("loyalty", ScoreKind::Number)
        .score("next_order", ScoreKind::Date)
}

#[track_caller]
fn check(text: &str, editing: Option<u64>, expected: Expect) {
    let problems = match read_text(text, &shop(), editing.map(SegmentId)) {
        Ok(reading) => reading.warnings,
        Err(problems) => problems,
    };
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{problem} @ {}\n", problem.place.as_deref().unwrap_or("-")))
        .collect();
    expected.assert_eq(&lines.concat());
    for problem in problems {
        assert!(problem.span.is_some(), "{problem} has no place in the text");
    }
}

#[test]
fn unknown_names() {
    check(
        "did \"Order Complete\" where total > 5",
        None,
        expect![[r#"
        warning: no event `Order Complete` was ever received; did you mean `Order Completed`? @ when.event.event.name
    "#]],
    );
    check(
        "did \"Order Completed\" where Total > 5 and products[].categroy is \"S\"",
        None,
        expect![[r#"
        warning: no event `Order Completed` ever had the property `Total`; did you mean `total`? @ when.event.event.where.all[0].property.property
        warning: no event `Order Completed` ever had the property `products[].categroy`; did you mean `products[].category`? @ when.event.event.where.all[1].item.where.property.property
    "#]],
    );
    check(
        "contry is \"DE\" and in segment \"Vip \" and did \"Order Completed\" from source \"Shop C\"",
        None,
        expect![[r#"
            error: there is no segment `Vip `; did you mean `VIP`? @ when.all[1].segment.segment
            error: there is no source `Shop C`; did you mean `Shop A`? @ when.all[2].event.event.sources[0]
            warning: no profile ever had the trait `contry`; did you mean `country`? @ when.all[0].trait.trait
        "#]],
    );
    check(
        "in segment \"Something else\"",
        None,
        expect![[r#"
        error: there is no segment `Something else` @ when.segment.segment
    "#]],
    );
    check(
        "did any event where nothing exists",
        None,
        expect![[r#"
        warning: no event ever had the property `nothing` @ when.event.event.where.property.property
    "#]],
    );
}

#[test]
fn cycles() {
    check(
        "in segment VIP",
        Some(1),
        expect![[r#"
        error: the segment `VIP` would refer to itself; take the reference out of one of them @ when.segment.segment
    "#]],
    );
    check(
        "country is \"DE\" or in segment \"Circle\"",
        Some(1),
        expect![[r#"
        error: the segments would refer to each other in a circle: `VIP` -> `Circle` -> `Loyal` -> `VIP`; take the reference out of one of them @ when.any[1].segment.segment
    "#]],
    );
    check("in segment VIP", Some(2), expect![]);
}

#[test]
fn what_is_made_of_a_segment_refers_to_it() {
    check(
        "in result \"Like VIP\"",
        Some(1),
        expect![[r#"
        error: the segment `VIP` would refer to itself; take the reference out of one of them @ when.result.result
    "#]],
    );
    check("in result \"Like VIP\"", Some(2), expect![[""]]);
    check(
        "in query \"Like VPI\"",
        None,
        expect![[r#"
        error: there is no recorded result `Like VPI`; did you mean `Like VIP`? @ when.result.result
    "#]],
    );
}

#[test]
fn what_can_never_hold() {
    check(
        "did \"Order Completed\" between 4 and 2 times between 60 and 30 days ago and country matches \"(\" and not in segment VIP",
        None,
        expect![[r#"
            error: no count is between 4 and 2; write the smaller number first: `between 2 and 4` @ when.all[0].event.count
            error: nothing is in this time: it ends before it starts; write the nearer time first: `between 30 and 60 days ago` @ when.all[0].event.window.ago
            error: this is no regular expression: unclosed group; for a plain text write `contains`; a special character is made plain with a `\\` before it @ when.all[1].trait.test
        "#]],
    );
}

#[test]
fn ids_and_back() {
    let text = "in segment \"VIP\" and did \"Order Completed\" from source \"Shop B\"";
    let rule = parse(text).expect("a rule");
    let (resolved, warnings) = resolve(&rule, &shop(), None).expect("known names");
    assert!(warnings.iter().all(|warning| warning.severity == Severity::Warning));
    assert_eq!(unresolve(&resolved, &shop()).to_string(), text);
    let found = references(&resolved);
    assert!(found.segments.contains(&SegmentId(1)) && found.sources.contains(&SourceId(2)));
}

#[test]
fn misspelt_product() {
    check(
        r#"did "Order Completed" where (current_product.in_stok is true and products[].product.price > 5 and product exists)"#,
        None,
        expect![[r#"
            warning: no product of the catalogue ever had `in_stok`; did you mean `in_stock`? @ when.event.event.where.all[0].property.property
        "#]],
    );
    check(
        r#"did "Order Completed" where products[](product.maker.nme is "Ann")"#,
        None,
        expect![[r#"
        warning: no product of the catalogue ever had `maker.nme`; did you mean `maker.name`? @ when.event.event.where.item.where.property.property
    "#]],
    );
}

#[test]
fn scores_by_their_names() {
    check(
        r#"score chrun_risk > 0.5 and top 10% by score churn_rsk"#,
        None,
        expect![[r#"
            error: there is no score `chrun_risk`; did you mean `churn_risk`? @ when.all[0].score.score
            error: there is no score `churn_rsk`; did you mean `churn_risk`? @ when.all[1].ranking.by.score
        "#]],
    );
    check(
        r#"score churn_risk in next 7 days or score next_order >= 3"#,
        None,
        expect![[r#"
            error: the score `churn_risk` is a number; expected a comparison such as `>= 0.7` @ when.any[0].score.score
            error: the score `next_order` is a date; expected a time such as `in next 7 days` @ when.any[1].score.score
        "#]],
    );
    check(
        r#"next_order in top 10% or churn_risk contains "x""#,
        None,
        expect![[r#"
            error: the score `next_order` is a date; expected a time such as `in next 7 days` @ when.any[0].ranking.by.trait
            error: `churn_risk` is a score, of which this is not asked; expected a comparison such as `>= 0.7`, a time such as `in next 7 days`, or `exists` @ when.any[1].trait.test
        "#]],
    );
    check(
        r#"loyalty >= 0.5"#,
        None,
        expect![[r#"
            warning: `loyalty` is a trait and also a score; the trait is taken; for the score write `score loyalty` @ when.trait.trait
        "#]],
    );
}

#[test]
fn a_name_that_no_trait_has_is_a_scores() {
    for (bare, meant) in [
        ("churn_risk >= 0.7", "score churn_risk >= 0.7"),
        ("churn_risk is not 3", "not score churn_risk = 3"),
        ("churn_risk between 0.2 and 0.7", "score churn_risk between 0.2 and 0.7"),
        ("churn_risk does not exist", "not score churn_risk exists"),
        ("next_order in next 7 days", "score next_order in next 7 days"),
        ("next_order is not in the past", "not score next_order in the past"),
        ("churn_risk in the top 10%", "top 10% by score churn_risk"),
        ("top 10% by churn_risk", "top 10% by score churn_risk"),
    ] {
        let rule = parse(bare).unwrap_or_else(|problems| panic!("{}", problems[0].report(bare)));
        let (resolved, warnings) = resolve(&rule, &shop(), None).expect("a score");
        assert_eq!((unresolve(&resolved, &shop()).to_string().as_str(), warnings), (meant, Vec::new()));
        assert!(references(&resolved).scores.len() == 1, "{bare}");
    }
    // A trait of the name is taken before the score.
    let rule = parse("loyalty >= 3").expect("a rule");
    let (resolved, warnings) = resolve(&rule, &shop(), None).expect("a trait");
    assert_eq!(unresolve(&resolved, &shop()).to_string(), "loyalty >= 3");
    assert_eq!(warnings.len(), 1);
}

fn key(text: &str) -> String {
    let rule = parse(text).unwrap_or_else(|problems| panic!("{}", problems[0].report(text)));
    normal_form(&resolve(&rule, &shop(), None).expect("known names").0)
}

#[test]
fn rules_of_one_meaning_share_a_key() {
    for (left, right) in [
        ("did A and did B", "did B and (did A and did A)"),
        ("did not A", "did A 0 times"),
        ("did not A", "did A < 1 times"),
        ("not (did A or did B)", "none of (did B, did A)"),
        ("not (did A and country is \"DE\")", "did not A or country is not \"de\""),
        ("did A in last 7 days", "did A in last 1 week"),
        ("did A in last 12 months", "did A in last year"),
        ("not not in segment VIP", "in segment seg_1"),
        ("did A > 2", "did A >= 3"),
        ("country in (\"DE\", \"AT\")", "country in (\"at\", \"de\", \"DE\")"),
        ("country in (\"DE\")", "country is \"de\""),
        ("did A where not (x is 1 or y is 2)", "did A where (y is not 2 and x is not 1)"),
        ("did A from source \"Shop A\", \"Shop B\"", "did A from source \"Shop B\", \"Shop A\""),
    ] {
        assert_eq!(key(left), key(right), "{left} | {right}");
    }
}

#[test]
fn rules_of_different_meaning_do_not() {
    for (left, right) in [
        ("did A", "did B"),
        ("did A", "everyone where did A"),
        ("did A in last 30 days", "did A in last 1 month"),
        ("country is \"DE\"", "country is \"de\" match case"),
        ("did A and did B", "did A or did B"),
        (
            "did A where products[](x is 1 and y is 2)",
            "did A where products[](x is 1) and products[](y is 2)",
        ),
        ("did A where products[].x is not 1", "did A where products[](x is not 1)"),
        ("did A", "did not A"),
    ] {
        assert_ne!(key(left), key(right), "{left} | {right}");
    }
}

#[test]
fn segments_are_named_wherever_they_stand() {
    let rule = parse(r#"in segment "VIP" and not any of (in segment "Loyal", did A, in segment "VIP")"#);
    let named = named_references(&rule.expect("a rule"));
    assert_eq!(named.segments.into_iter().collect::<Vec<_>>(), ["Loyal", "VIP"]);
}
