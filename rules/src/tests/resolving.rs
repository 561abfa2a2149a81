use expect_test::{Expect, expect};

use segops_model::{SegmentId, SourceId};

use crate::{
    Labels, Names, ScoreKind, Severity, named_segments, normal_form, parse, read_text, references, resolve,
    unresolve,
};

/// A small workspace: `Loyal` refers to `VIP`, `Circle` to `Loyal`.
#[derive(Debug)]
struct Shop;

const SEGMENTS: &[(&str, u64, &[u64])] = &[("VIP", 1, &[]), ("Loyal", 2, &[1]), ("Circle", 3, &[2])];
const SOURCES: &[(&str, u32)] = &[("Shop A", 1), ("Shop B", 2)];

impl Labels for Shop {
    fn segment_name(&self, id: SegmentId) -> Option<String> {
        SEGMENTS.iter().find(|(_, known, _)| *known == id.0).map(|(name, _, _)| (*name).to_owned())
    }
    fn source_name(&self, id: SourceId) -> Option<String> {
        SOURCES.iter().find(|(_, known)| *known == id.0).map(|(name, _)| (*name).to_owned())
    }
}

impl Names for Shop {
    fn segment(&self, name: &str) -> Option<SegmentId> {
        let id = name.parse().ok();
        SEGMENTS
            .iter()
            .find(|(known, number, _)| *known == name || id == Some(SegmentId(*number)))
            .map(|(_, id, _)| SegmentId(*id))
    }
    fn segment_names(&self) -> Vec<String> {
        SEGMENTS.iter().map(|(name, _, _)| (*name).to_owned()).collect()
    }
    fn segment_uses(&self, id: SegmentId) -> Vec<SegmentId> {
        let uses =
            SEGMENTS.iter().find(|(_, known, _)| *known == id.0).map_or(&[] as &[u64], |(_, _, uses)| uses);
        uses.iter().copied().map(SegmentId).collect()
    }
    fn source(&self, name: &str) -> Option<SourceId> {
        SOURCES.iter().find(|(known, _)| *known == name).map(|(_, id)| SourceId(*id))
    }
    fn source_names(&self) -> Vec<String> {
        SOURCES.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
    fn event_exists(&self, name: &str) -> bool {
        name == "Order Completed"
    }
    fn event_names(&self) -> Vec<String> {
        vec!["Order Completed".to_owned(), "Product Viewed".to_owned()]
    }
    fn property_exists(&self, _: Option<&str>, path: &str) -> bool {
        ["total", "products[].category"].contains(&path)
    }
    fn property_names(&self, _: Option<&str>) -> Vec<String> {
        vec!["total".to_owned(), "products[].category".to_owned()]
    }
    fn product_field_exists(&self, path: &str) -> bool {
        self.product_fields().iter().any(|field| field == path)
    }
    fn product_fields(&self) -> Vec<String> {
        ["id", "price", "in_stock", "maker.name"].map(str::to_owned).to_vec()
    }
    fn trait_exists(&self, path: &str) -> bool {
        path == "country"
    }
    fn trait_names(&self) -> Vec<String> {
        vec!["country".to_owned()]
    }
    fn score_kind(&self, name: &str) -> Option<ScoreKind> {
        match name {
            "churn_risk" | "country" => Some(ScoreKind::Number),
            "next_order" => Some(ScoreKind::Date),
            _ => None,
        }
    }
    fn score_names(&self) -> Vec<String> {
        ["churn_risk", "country", "next_order"].map(str::to_owned).to_vec()
    }
}

#[track_caller]
fn check(text: &str, editing: Option<u64>, expected: Expect) {
    let problems = match read_text(text, &Shop, editing.map(SegmentId)) {
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
    let (resolved, warnings) = resolve(&rule, &Shop, None).expect("known names");
    assert!(warnings.iter().all(|warning| warning.severity == Severity::Warning));
    assert_eq!(unresolve(&resolved, &Shop).to_string(), text);
    let found = references(&resolved);
    assert!(found.segments.contains(&SegmentId(1)) && found.sources.contains(&SourceId(2)));
}

#[test]
fn misspelt_product() {
    check(
        r#"did "Order Completed" where (current_product.in_stok is true and products[].product.price > 5 and product exists)"#,
        None,
        expect![[r#""#]],
    );
    check(r#"did "Order Completed" where products[](product.maker.nme is "Ann")"#, None, expect![[r#""#]]);
}

fn key(text: &str) -> String {
    let rule = parse(text).unwrap_or_else(|problems| panic!("{}", problems[0].report(text)));
    normal_form(&resolve(&rule, &Shop, None).expect("known names").0)
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
    let named = named_segments(&rule.expect("a rule"));
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["Loyal", "VIP"]);
}
