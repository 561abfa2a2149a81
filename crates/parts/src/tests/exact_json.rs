use proptest::prelude::*;
use segops_model::{Decimal, Object, Value};

use crate::exact_json::{read_object, write_object};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<i64>().prop_map(|units| Value::Number(Decimal::from_billionths(units.into()))),
        (-10_i128.pow(28)..10_i128.pow(28)).prop_map(|units| Value::Number(Decimal::from_billionths(units))),
        any::<String>().prop_map(|text| Value::text(text.as_str())),
        "[a-z\"\\\\\u{1}-\u{1f}é☃𝄞]{0,12}".prop_map(|text| Value::text(text.as_str())),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_object_comes_back_exactly(members in prop::collection::vec((any::<String>(), values()), 0..8)) {
        let object: Object = members.into_iter().collect();
        let mut json = String::new();
        write_object(&object, &mut json);
        prop_assert_eq!(read_object(&json), Some(object));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "others read it too: {}", json);
    }

    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_with_nothing(text in any::<String>()) {
        let _ = read_object(&text);
        let _ = read_object(&format!("{{{text}}}"));
    }
}

#[test]
fn what_is_no_object_is_nothing() {
    for json in ["", "{", "{}x", "[]", "1", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":\"", "{\"a\":tru}"] {
        assert_eq!(read_object(json), None, "{json}");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200));
    assert_eq!(read_object(&deep), None);
}
