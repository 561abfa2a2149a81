use expect_test::expect;

use super::{context, import, import_with, lines};
use crate::files::{Mapping, message_id};

#[test]
fn a_mapping_reads_the_same_from_toml_and_json() {
    let toml = "name = \"x\"\nevent = { name = \"E\" }\nidentifiers = [{ column = \"id\", kind = \"user_id\", numeric = true }]\ndelimiter = \"tab\"\n[constants]\nstore = \"web\"\n";
    let mapping = Mapping::parse(toml).unwrap();
    let json = serde_json::to_string(&mapping).unwrap();
    assert_eq!(Mapping::parse(&json).unwrap(), mapping);
}

#[test]
fn what_is_wrong_with_a_mapping_is_said_all_at_once() {
    let check = |mapping: &str, expected: &[&str]| {
        let error = import_with(b"id,at\n", Some(mapping), false, context()).unwrap_err().to_string();
        for part in expected {
            assert!(error.contains(part), "{part} in {error}");
        }
    };
    check("nmae = \"x\"", &["unknown field `nmae`"]);
    check("{\"name\": 5}", &["invalid type"]);
    check("delimiter = \"ab\"", &["`ab` is no delimiter"]);
    check("", &["`identifiers` is empty", "`event` is missing"]);
    check(
        "zone = \"Mars\"\nscattered = true\nid_columns = [\"nr\"]\nheader = false\nsums = [{ property = \"t\", multiply = [] }]\nevent = { cases = [{ name = \"E\" }] }\ntime = { columns = [] }",
        &[
            "no time zone `Mars`",
            "`scattered` needs",
            "no column `nr`",
            "`id_columns` needs `name`",
            "`columns` must name",
            "`sums` needs `items`",
            "needs `multiply`",
            "`event` needs `name`",
            "`event.cases` needs",
            "`equals` or `starts_with`",
            "`time` needs `columns`",
        ],
    );
    check("type = \"alias\"\nevent = { name = \"E\" }", &["`type` is track", "only for the type track"]);
}

#[test]
fn warnings_tell_what_is_probably_not_meant() {
    let warnings = |text: &str| Mapping::parse(text).unwrap().warnings().len();
    assert_eq!(warnings(""), 2);
    assert_eq!(warnings("id_columns = [\"a\"]\ntime = { columns = [\"b\"] }"), 0);
}

#[test]
fn values_take_the_type_that_is_mapped() {
    let mapping = r#"
        name = "types"
        zone = "Europe/Berlin"
        decimal_comma = true
        missing = ["NULL"]
        columns = ["id", "a", "b", "c", "d", "day", "clock"]
        header = false
        delimiter = ";"
        event = { name = "E" }
        time = { columns = ["day", "clock"], formats = ["%d.%m.%Y %H:%M", "%d.%m.%Y"] }
        identifiers = [{ column = "id", kind = "crm" }]
        constants = { store = "web" }
        properties = [
          { column = "a", property = "deep.auto" },
          { column = "b", property = "deep.number", type = "number" },
          { column = "c", type = "boolean" },
          { column = "d", type = "date", format = "%d.%m.%y" },
        ]
    "#;
    let rows = concat!(
        "1;12,5;1.234,50;Yes;31.01.26;31.07.2025;14:30\n",
        "2;007;-3;0;NULL;31.01.2026;\n",
        "3;-0,5;NULL;;;30.03.2025;02:30\n",
        "4;1;1;perhaps;;31.01.2026;\n",
        "5;1;1;;;2026-01-31;\n",
    );
    expect![[r#"
        [1] E [crm:1] 2025-07-31T12:30:00.000Z abc123:1 {"store":"web","deep":{"auto":12.5,"number":1234.5},"c":true,"d":"2026-01-30T23:00:00.000Z"}
        [2] E [crm:2] 2026-01-30T23:00:00.000Z abc123:2 {"store":"web","deep":{"auto":"007","number":-3},"c":false}
        [3] E [crm:3] 2025-03-30T01:00:00.000Z abc123:3 {"store":"web","deep":{"auto":-0.5}}
        [4] InvalidValue at row 4 (line 4): column `c` holds `perhaps`, and the mapping expects yes or no; correct the row, or map it as text <4;1;1;perhaps;;31.01.2026;>
        [5] InvalidTimestamp at row 5 (line 5): `2026-01-31` is no time that can be read; expected %d.%m.%Y %H:%M or %d.%m.%Y <5;1;1;;;2026-01-31;>
    "#]].assert_eq(&lines(&import(rows, mapping)));
}

#[test]
fn identifiers_and_traits_reach_their_places() {
    let mapping = r#"
        type = "identify"
        identifiers = [
          { column = "id", kind = "user_id", numeric = true },
          { column = "mail", kind = "email" },
          { column = "device", kind = "anonymous_id" },
          { column = "loyalty", kind = "loyalty_id" },
        ]
        traits = [{ column = "city", property = "address.city" }, { column = "zip", property = "address.zip" }]
    "#;
    let rows = "id,mail,device,loyalty,city,zip\n13085.0,a@b.c,d1,L-1,Ulm,01067\n00012,,,,,\n12.5,,,,,\n";
    expect![[r#"
        [1]  [user_id:13085 email:a@b.c loyalty_id:L-1 anonymous_id:d1] 2026-03-01T12:00:00.000Z abc123:1 {} traits {"email":"a@b.c","address":{"city":"Ulm","zip":"01067"}}
        [2]  [user_id:00012] 2026-03-01T12:00:00.000Z abc123:2 {}
        [3]  [user_id:12.5] 2026-03-01T12:00:00.000Z abc123:3 {}
    "#]].assert_eq(&lines(&import(rows, mapping)));
}

#[test]
fn names_come_from_a_column_or_its_cases() {
    let base = "identifiers = [{ column = \"id\", kind = \"user_id\" }]\n";
    let check = |event: &str, text: &str, expected: Option<&str>| {
        let groups = import(&format!("id,what\nu,{text}\n"), &format!("{event}\n{base}"));
        let found = groups[0].outcome.as_ref().ok().map(|accepted| accepted.event.name.as_str());
        assert_eq!(found, expected, "{event} {text}");
    };
    let cases = r#"event = { column = "what", cases = [{ starts_with = "C", name = "Cancelled" }, { equals = "b", name = "Bought" }] }"#;
    let with_rest = cases.replace("] }", "], name = \"Other\" }");
    check("event = { column = \"what\" }", "Bought", Some("Bought"));
    check("event = { column = \"what\" }", "", None);
    check("event = { column = \"what\", name = \"Other\" }", "", Some("Other"));
    check(cases, "C12", Some("Cancelled"));
    check(cases, "b", Some("Bought"));
    check(cases, "bb", None);
    check(&with_rest, "bb", Some("Other"));
}

#[test]
fn message_ids_are_stable_readable_and_distinct() {
    let id = |name: &str, values: &[&str]| {
        let values: Vec<compact_str::CompactString> = values.iter().map(|value| (*value).into()).collect();
        message_id::of_values(name, &values, 256).to_string()
    };
    assert_eq!(id("shop", &["7", "1"]), "shop:7:1");
    let long = "x".repeat(500);
    assert_eq!(id("shop", &[&long]).len(), 72);
    let distinct = [
        id("s", &["a:b", "c"]),
        id("s", &["a", "b:c"]),
        id("s", &["a", "b", "c"]),
        id("s", &["a\\", "b:c"]),
        id("s", &[&long]),
        id("s", &[&long, ""]),
        id("t", &[&long]),
    ];
    let set: std::collections::HashSet<_> = distinct.iter().collect();
    assert_eq!(set.len(), distinct.len(), "{distinct:?}");
}
