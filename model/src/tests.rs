use jiff::tz::TimeZone;

use crate::{Decimal, Instant, Limits, Object, Path, TransitionId, Value, date_of, fold_case, same_text};

#[test]
fn decimals_read_what_people_send() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(Decimal::parse(text).map(|d| d.to_string()).as_deref(), expected, "{text}");
    };
    check("10", Some("10"));
    check(" 10.50 ", Some("10.5"));
    check("-.5", Some("-0.5"));
    check("+7.", Some("7"));
    check("1e3", Some("1000"));
    check("1.5E-3", Some("0.0015"));
    check("0.0000000005", Some("0.000000001"));
    check("0.00000000049", Some("0"));
    check("-0.0000000005", Some("-0.000000001"));
    check("99999999999999999999", Some("99999999999999999999"));
    check("100000000000000000000", None);
    check("1e400", None);
    check("1e401", None);
    check("0e50", Some("0"));
    check("1,000", None);
    check("$5", None);
    check("", None);
    check(".", None);
    check("-", None);
    check("1e", None);
    check("NaN", None);
}

#[test]
fn doubles_become_the_decimal_that_was_written() {
    assert_eq!(Decimal::from_f64(0.1 + 0.2).map(|d| d.to_string()).as_deref(), Some("0.3"));
    assert_eq!(Decimal::from_f64(59.9), Decimal::parse("59.9"));
    assert_eq!(Decimal::from_f64(1e300), None);
    assert_eq!(Decimal::from_f64(f64::NAN), None);
}

#[test]
fn products_round_to_nine_digits() {
    let product =
        |a: &str, b: &str| Decimal::parse(a)?.checked_mul(Decimal::parse(b)?).map(|d| d.to_string());
    assert_eq!(product("29.95", "2").as_deref(), Some("59.9"));
    assert_eq!(product("0.000000001", "0.5").as_deref(), Some("0.000000001"));
    assert_eq!(product("-1.5", "1.5").as_deref(), Some("-2.25"));
}

#[test]
fn values_survive_json_and_binary() {
    let json = r#"{"a":1,"b":[1.5,"x",null,true],"c":{"d":"e"}}"#;
    let value: Value = serde_json::from_str(json).expect("json");
    assert_eq!(serde_json::to_string(&value).expect("json"), json);
    let last: Object = serde_json::from_str(r#"{"a":1,"a":2}"#).expect("json");
    assert_eq!(last.get("a"), Some(&Value::from(2)));
}

#[test]
fn dates_read_iso_and_epochs() {
    let zone = TimeZone::get("Europe/Berlin").expect("zone");
    let check = |value: Value, expected: Option<&str>| {
        assert_eq!(date_of(&value, &zone).map(|i| i.to_string()).as_deref(), expected, "{value:?}");
    };
    check("2026-03-01".into(), Some("2026-02-28T23:00:00.000Z"));
    check("2026-03-01T12:00:00".into(), Some("2026-03-01T11:00:00.000Z"));
    check("2026-03-01 12:00:00".into(), Some("2026-03-01T11:00:00.000Z"));
    check("2026-03-01T12:00:00Z".into(), Some("2026-03-01T12:00:00.000Z"));
    check("2026-03-01T12:00:00.123456+02:00".into(), Some("2026-03-01T10:00:00.123Z"));
    // Inside the gap of 29 March 2026: the instant after; inside the overlap of 25 October: the earlier.
    check("2026-03-29T01:59:59.999".into(), Some("2026-03-29T00:59:59.999Z"));
    check("2026-03-29T02:00:00".into(), Some("2026-03-29T01:00:00.000Z"));
    check("2026-03-29T02:30:00".into(), Some("2026-03-29T01:00:00.000Z"));
    check("2026-03-29T03:00:00".into(), Some("2026-03-29T01:00:00.000Z"));
    check("2026-10-25T02:30:00".into(), Some("2026-10-25T00:30:00.000Z"));
    check(Value::from(1_700_000_000), Some("2023-11-14T22:13:20.000Z"));
    check("1700000000000".into(), Some("2023-11-14T22:13:20.000Z"));
    check(Value::from(17), None);
    check("yesterday".into(), None);
}

#[test]
fn text_folds_beyond_ascii() {
    assert_eq!(fold_case("ÄÖ"), "äö");
    assert!(same_text("STRAẞE", "straße"));
    assert!(same_text("Order Completed", "order completed"));
    assert!(!same_text("a", "b"));
}

#[test]
fn paths_split_at_their_list() {
    let path: Path = "products[].category".parse().expect("path");
    let (list, rest) = path.split_list().expect("a list");
    assert_eq!(
        (list.to_string(), rest.as_ref().map(ToString::to_string)),
        ("products".into(), Some("category".into()))
    );
    assert_eq!(Path::joined(&list, rest.as_ref()), path);
    assert!("a..b".parse::<Path>().is_err());
    assert!("[]".parse::<Path>().is_err());
    assert_eq!("context.page.path".parse::<Path>().expect("path").to_string(), "context.page.path");
}

#[test]
fn instants_and_transition_ids_read_back() {
    let instant: Instant = "2026-11-23T14:18:37.757+00:00".parse().expect("instant");
    assert_eq!(instant.to_string(), "2026-11-23T14:18:37.757Z");
    let before: Instant = "1969-12-31T23:59:59.9995Z".parse().expect("instant");
    assert_eq!(before.as_ms(), -1);
    let id: TransitionId = "7-1000-3-9".parse().expect("id");
    assert_eq!(id.to_string(), "7-1000-3-9");
    assert!("7-1000-3".parse::<TransitionId>().is_err());
    let negative: TransitionId = TransitionId { due: Instant::from_ms(-5), ..id };
    assert!(
        negative.to_string().parse::<TransitionId>().is_err() || negative.to_string().parse() == Ok(negative)
    );
}

#[test]
fn of_two_members_with_one_name_the_later_holds_in_the_earlier_place() {
    for count in [3_i64, 100] {
        let json: Vec<String> = (0..count).chain([1]).map(|n| format!(r#""p{n}":{}"#, n * 10)).collect();
        let text = format!("{{{},\"p1\":7}}", json.join(","));
        let object: Object = serde_json::from_str(&text).unwrap();
        assert_eq!(i64::try_from(object.len()), Ok(count));
        assert_eq!(object.iter().nth(1), Some(("p1", &Value::from(7))));
    }
}

#[test]
fn the_limits_page_has_every_limit_and_its_default() {
    let page = include_str!("../../../docs/limits.md");
    let limits = serde_json::to_value(Limits::default()).expect("json");
    for (name, default) in limits.as_object().expect("an object") {
        let default = default.as_u64().expect("a number").to_string();
        let grouped: Vec<_> = default.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
        let row = format!("| `{name}` | {} |", grouped.join(","));
        assert!(page.contains(&row), "docs/limits.md has no row `{row}`");
    }
}
