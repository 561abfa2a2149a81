use proptest::prelude::*;

use segops_model::{Decimal, Value};
use segops_rules::{CountTest, Scalar, Test};

use super::{ValueTest, value_keys};
use crate::sample::{list, object, zone};

fn number(text: &str) -> Value {
    Value::Number(Decimal::parse(text).unwrap())
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

fn holds(test: &Test, match_case: bool, value: Option<&Value>) -> bool {
    ValueTest::compile(test, match_case, &zone("Europe/Berlin")).holds(value)
}

fn check(test: &Test, value: &Value, expected: bool) {
    assert_eq!(holds(test, false, Some(value)), expected, "{test:?} of {value:?}");
}

fn check_exact(test: &Test, value: &Value, expected: bool) {
    assert_eq!(holds(test, true, Some(value)), expected, "{test:?} of {value:?}, matching case");
}

fn scalar(text: &str) -> Scalar {
    Scalar::Number(Decimal::parse(text).unwrap())
}

fn date(text: &str) -> Scalar {
    Scalar::Date(text.parse().unwrap())
}

fn every_comparison() -> Vec<Test> {
    vec![
        Test::Is("a".into()),
        Test::In(vec!["a".into(), "b".into()]),
        Test::Contains("a".into()),
        Test::StartsWith(String::new()),
        Test::EndsWith(String::new()),
        Test::Matches(".*".into()),
        Test::LessThan(scalar("1")),
        Test::AtMost(scalar("1")),
        Test::MoreThan(scalar("-1")),
        Test::AtLeast(scalar("-1")),
        Test::Between(scalar("-1"), scalar("1")),
        Test::Before("2030-01-01".parse().unwrap()),
        Test::Since("1970-01-01".parse().unwrap()),
        Test::Exists,
        Test::ContainsAny(vec!["a".into()]),
        Test::ContainsAll(Vec::new()),
        Test::Length(CountTest::AtMost(9)),
        Test::Length(CountTest::Exactly(0)),
    ]
}

#[test]
fn what_is_missing_satisfies_negations_only() {
    for test in every_comparison() {
        assert!(!holds(&test, false, None), "{test:?}");
        check(&test, &Value::Null, false);
    }
    for test in [
        Test::IsNot("a".into()),
        Test::NotIn(vec!["a".into()]),
        Test::NotContains("a".into()),
        Test::NotExists,
        Test::ContainsNone(vec!["a".into()]),
        Test::Length(CountTest::Not(3)),
    ] {
        assert!(holds(&test, false, None), "{test:?}");
        check(&test, &Value::Null, true);
    }
}

#[test]
fn equality() {
    let is = |value: &Value| Test::Is(value.clone());
    for (rule, value, equal) in [
        (Value::from("10"), Value::from(10), true),
        (Value::from(10), Value::from("10.0"), true),
        (Value::from("10"), Value::from("10.0"), false),
        (number("0.1"), Value::from("1e-1"), true),
        (Value::from("ten"), Value::from(10), false),
        (Value::from("STRASSE"), Value::from("strasse"), true),
        (Value::from("Ärger"), Value::from("äRGER"), true),
        (Value::from("ς"), Value::from("Σ"), true),
        (Value::from("DE"), Value::from("DE "), false),
        (Value::Bool(true), Value::from("True"), true),
        (Value::from("FALSE"), Value::Bool(false), true),
        // The long s folds to s.
        (Value::Bool(false), Value::from("FALſE"), true),
        (Value::from("FALſE"), Value::Bool(false), true),
        (Value::Bool(true), Value::from(1), false),
        (Value::from("1"), Value::Bool(true), false),
        (Value::Null, Value::from(""), false),
        (Value::from(""), Value::from(""), true),
        (Value::from("vip"), texts(&["new", "VIP"]), true),
        (Value::from(5), list(&["4".into(), "5".into()]), true),
        (texts(&["a", "b"]), texts(&["A", "B"]), true),
        (texts(&["a", "b"]), texts(&["a"]), false),
        (Value::Object(object(&[("a", 1.into())])), Value::Object(object(&[("a", "1".into())])), true),
    ] {
        check(&is(&rule), &value, equal);
        check(&Test::IsNot(rule.clone()), &value, !equal);
        check(&Test::In(vec!["no such value".into(), rule.clone()]), &value, equal);
        check(&Test::NotIn(vec![rule.clone()]), &value, !equal);
        let keys = |value: &Value| value_keys(value).collect::<Vec<_>>();
        if equal && rule.as_list().is_none() && rule.as_object().is_none() {
            assert!(keys(&value).contains(&keys(&rule)[0]), "{rule:?} and {value:?} share a key");
        }
    }
    check_exact(&is(&"de".into()), &"DE".into(), false);
    check_exact(&is(&"DE".into()), &"DE".into(), true);
    check_exact(&is(&"TRUE".into()), &Value::Bool(true), true);
}

#[test]
fn orderings_are_of_numbers_or_of_dates() {
    for (test, value, expected) in [
        (Test::LessThan(scalar("10")), number("9.999999999"), true),
        (Test::LessThan(scalar("10")), Value::from("10"), false),
        (Test::AtMost(scalar("10")), Value::from(" 10 "), true),
        (Test::MoreThan(scalar("10")), Value::from("10.5"), true),
        (Test::MoreThan(scalar("10")), Value::from("many"), false),
        (Test::AtLeast(scalar("0")), Value::Bool(true), false),
        (Test::Between(scalar("1"), scalar("2")), number("2"), true),
        (Test::Between(scalar("1"), scalar("2")), number("1"), true),
        (Test::Between(scalar("2"), scalar("1")), number("1.5"), false),
        (Test::AtLeast(scalar("3")), list(&[1.into(), "3".into()]), true),
        (Test::LessThan(date("2026-03-01")), Value::from("2026-02-28T23:59:59+01:00"), true),
        // Midnight of 1 March in Berlin is 23:00 UTC the day before.
        (Test::Before("2026-03-01".parse().unwrap()), Value::from("2026-02-28T23:00:00Z"), false),
        (Test::Since("2026-03-01".parse().unwrap()), Value::from("2026-02-28T23:00:00Z"), true),
        (Test::Since("2026-03-01".parse().unwrap()), Value::from("2026-03-01"), true),
        (Test::Since("2026-03-01".parse().unwrap()), Value::from(1_800_000_000), true),
        (Test::Since("2026-03-01".parse().unwrap()), Value::from("soon"), false),
        (Test::Between(date("2026-01-01"), date("2026-01-31")), Value::from("2026-01-31"), true),
        (Test::Between(date("2026-01-01"), date("2026-01-31")), Value::from("2026-01-31T00:00:01"), false),
        (Test::Between(scalar("1"), date("2026-01-31")), Value::from("2026-01-01"), false),
    ] {
        check(&test, &value, expected);
    }
}

#[test]
fn texts_are_searched() {
    for (test, value, expected) in [
        (Test::Contains("shoe".into()), Value::from("Running SHOES"), true),
        (Test::Contains("ÄR".into()), Value::from("Bär"), true),
        (Test::Contains("5".into()), number("2.5"), true),
        (Test::Contains("vip".into()), texts(&["VIP"]), true),
        (Test::Contains("vip".into()), texts(&["vipers"]), false),
        (Test::NotContains("vip".into()), texts(&["vipers"]), true),
        (Test::StartsWith("Éco".into()), Value::from("éCOLE"), true),
        (Test::StartsWith("école normale".into()), Value::from("école"), false),
        (Test::EndsWith(".DE".into()), Value::from("ann@example.de"), true),
        (Test::EndsWith("x".into()), texts(&["ab", "yX"]), true),
        (Test::Matches("^a.c$".into()), Value::from("ABC"), true),
        (Test::Matches("(".into()), Value::from("("), false),
        (Test::Matches("^\\d+$".into()), Value::from(42), true),
    ] {
        check(&test, &value, expected);
    }
    check_exact(&Test::Contains("shoe".into()), &"SHOE".into(), false);
    check_exact(&Test::StartsWith("Sh".into()), &"Shoe".into(), true);
    check_exact(&Test::EndsWith("OE".into()), &"Shoe".into(), false);
    check_exact(&Test::Matches("^a".into()), &"ABC".into(), false);
}

#[test]
fn lists_and_presence() {
    let tags = texts(&["New", "vip", "10"]);
    for (test, value, expected) in [
        (Test::ContainsAny(vec!["x".into(), "VIP".into()]), tags.clone(), true),
        (Test::ContainsAny(vec!["x".into()]), tags.clone(), false),
        (Test::ContainsAll(vec!["vip".into(), 10.into(), "new".into()]), tags.clone(), true),
        (Test::ContainsAll(vec!["vip".into(), "old".into()]), tags.clone(), false),
        (Test::ContainsAll(vec!["vip".into(), "VIP".into()]), "Vip".into(), true),
        (Test::ContainsNone(vec!["x".into()]), tags.clone(), true),
        (Test::ContainsNone(vec!["vip".into()]), tags.clone(), false),
        (Test::Length(CountTest::Exactly(3)), tags.clone(), true),
        (Test::Length(CountTest::LessThan(1)), list(&[]), true),
        (Test::Length(CountTest::Not(3)), tags, false),
        (Test::Length(CountTest::AtLeast(1)), "text".into(), false),
        (Test::Exists, "  ".into(), false),
        (Test::Exists, list(&[]), false),
        (Test::NotExists, "".into(), true),
        (Test::Exists, Value::Bool(false), true),
        (Test::Exists, 0.into(), true),
    ] {
        check(&test, &value, expected);
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let texts = vec!["", " ", "a", "A", "ß", "ẞ", "10", "10.0", "1e1", "true", "TRUE", "2026-01-01", "İ"];
    let scalar = prop_oneof![
        1 => Just(Value::Null),
        2 => prop::bool::ANY.prop_map(Value::Bool),
        4 => prop::sample::select(vec!["10", "-1", "0.5"]).prop_map(number),
        8 => prop::sample::select(texts).prop_map(Value::from),
        2 => ".{0,4}".prop_map(|text: String| Value::text(text)),
    ];
    scalar.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(inner, 0..3)
                .prop_map(|values| Value::Object(["a", "b", "c"].into_iter().zip(values).collect())),
        ]
    })
}

/// A list is equal to a value as soon as one element is, which goes one way only.
fn any_one_value() -> impl Strategy<Value = Value> {
    any_value().prop_filter("no list", |value| value.as_list().is_none())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn sets_are_found_as_one_after_the_other(
        values in prop::collection::vec(any_value(), 1..6), value in any_value(), match_case in prop::bool::ANY,
    ) {
        let each: Vec<bool> =
            values.iter().map(|one| holds(&Test::Is(one.clone()), match_case, Some(&value))).collect();
        let any = holds(&Test::In(values.clone()), match_case, Some(&value));
        prop_assert_eq!(any, each.contains(&true));
        prop_assert_eq!(holds(&Test::NotIn(values.clone()), match_case, Some(&value)), !any);
        // `contains all` looks at elements only, where `is` also takes a list as a whole.
        if values.iter().all(|one| one.as_list().is_none()) && value != Value::Null {
            let all = holds(&Test::ContainsAll(values), match_case, Some(&value));
            prop_assert_eq!(all, !each.contains(&false));
        }
    }

    #[test]
    fn equality_goes_both_ways(one in any_one_value(), other in any_one_value()) {
        let forth = holds(&Test::Is(one.clone()), false, Some(&other));
        let back = holds(&Test::Is(other), false, Some(&one));
        prop_assert_eq!(forth, back);
    }
}
