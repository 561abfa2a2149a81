use expect_test::{Expect, expect};

use crate::{parse, to_json};

/// Reads a text and compares its canonical form, which must read back as the same tree.
#[track_caller]
fn check(text: &str, canonical: &str) {
    let rule = match parse(text) {
        Ok(rule) => rule,
        Err(problems) => {
            let reports: Vec<String> = problems.iter().map(|problem| problem.report(text)).collect();
            panic!("{}", reports.join("\n"));
        }
    };
    assert_eq!(rule.to_string(), canonical);
    assert_eq!(parse(canonical).as_ref(), Ok(&rule), "the canonical text is another rule");
}

#[track_caller]
fn check_tree(text: &str, expected: Expect) {
    let rule = parse(text).expect("a valid rule");
    expected.assert_eq(&to_json(&rule)["when"].to_string());
}

#[test]
fn the_products_own_example_is_canonical() {
    let text = "did \"Order Completed\" >= 2 times in last 90 days";
    check(text, text);
    check_tree(
        text,
        expect![[
            r#"{"event":{"count":{"at_least":2},"event":{"name":"Order Completed"},"window":{"last":{"count":90,"unit":"day"}}}}"#
        ]],
    );
}

#[test]
fn counts() {
    for (written, canonical) in [
        ("", ""),
        ("at least once", ""),
        (">= 2 times", " >= 2 times"),
        ("at least 2 times", " >= 2 times"),
        ("at least twice", " >= 2 times"),
        ("> 2", " > 2 times"),
        ("more than 2 times", " > 2 times"),
        ("= 2", " = 2 times"),
        ("2 times", " = 2 times"),
        ("exactly 2 times", " = 2 times"),
        ("once", " = 1 time"),
        ("twice", " = 2 times"),
        ("0 times", " = 0 times"),
        ("never", " = 0 times"),
        ("!= 2 times", " != 2 times"),
        ("<= 2", " <= 2 times"),
        ("at most 2 times", " <= 2 times"),
        ("< 2", " < 2 times"),
        ("less than 2 times", " < 2 times"),
        ("fewer than 2 times", " < 2 times"),
        ("between 2 and 4 times", " between 2 and 4 times"),
        ("\u{2265} 2", " >= 2 times"),
    ] {
        check(&format!("did E {written}"), &format!("did \"E\"{canonical}"));
    }
}

#[test]
fn windows() {
    for (written, canonical) in [
        ("ever", ""),
        ("all time", ""),
        ("in last 90 days", " in last 90 days"),
        ("IN THE LAST 90 DAYS", " in last 90 days"),
        ("within the last 90d", " in last 90 days"),
        ("in the past 4 w", " in last 4 weeks"),
        ("last 3 h", " in last 3 hours"),
        ("in last day", " in last 1 day"),
        ("in last quarter", " in last 1 quarter"),
        ("last quarter", " last quarter"),
        ("between 30 and 60 days ago", " between 30 and 60 days ago"),
        ("between 2 weeks and 3 months ago", " between 2 weeks and 3 months ago"),
        ("today", " today"),
        ("yesterday", " yesterday"),
        ("this week", " this week"),
        ("in this month", " this month"),
        ("last year", " last year"),
        ("on 2026-03-01", " on 2026-03-01"),
        ("on \"2026-03-01\"", " on 2026-03-01"),
        ("since monday", " since monday"),
        ("since 2026-03-01", " since 2026-03-01"),
        ("before 2026-03-01T12:30", " before 2026-03-01T12:30:00"),
        ("before 2026-03-01T12:30:00+02:00", " before 2026-03-01T10:30:00.000Z"),
        ("from 2026-01-01 to 2026-04-01", " from 2026-01-01 to 2026-04-01"),
    ] {
        check(&format!("did E {written}"), &format!("did \"E\"{canonical}"));
    }
}

#[test]
fn clauses_come_in_any_order() {
    let canonical = "did \"E\" >= 2 times where total > 5 in last 3 days from source \"Shop A\", \"Shop B\"";
    check("did E >= 2 times where total > 5 in last 3 days from source \"Shop A\", \"Shop B\"", canonical);
    check(
        "did E in last 3 days from sources \"Shop A\", \"Shop B\" where total > 5 at least 2 times",
        canonical,
    );
    check("did any event today", "did any event today");
    check("did not any event today", "did not any event today");
}

#[test]
fn tests_of_values() {
    for (written, canonical) in [
        ("country is \"DE\"", "country is \"DE\""),
        ("country = \"DE\"", "country is \"DE\""),
        ("country == 'DE'", "country is \"DE\""),
        ("\"first name\" is not \"Ann\"", "\"first name\" is not \"Ann\""),
        ("trait \"did\" = 3", "\"did\" is 3"),
        ("trait country is true", "country is true"),
        ("age != 3.50", "age is not 3.5"),
        ("age between 1 and 5", "age between 1 and 5"),
        ("age is at least 5", "age >= 5"),
        ("age >= \"5\"", "age >= 5"),
        ("born >= 2000-01-01", "born >= 2000-01-01"),
        ("born before 2000-01-01", "born before 2000-01-01"),
        ("born after \"2000-01-01 12:00\"", "born since 2000-01-01T12:00:00"),
        ("country in (\"DE\", \"AT\",)", "country in (\"DE\", \"AT\")"),
        ("country is not in (\"DE\")", "country not in (\"DE\")"),
        ("email contains \"@x\"", "email contains \"@x\""),
        ("email does not contain \"@x\"", "email does not contain \"@x\""),
        ("email starts with \"a\" match case", "email starts with \"a\" match case"),
        ("email ends with \"a\"", "email ends with \"a\""),
        ("email matches \"^\\\\d+$\"", "email matches \"^\\\\d+$\""),
        ("email exists", "email exists"),
        ("email does not exist", "email does not exist"),
        ("tags contains any of (\"a\", 2)", "tags contains any of (\"a\", 2)"),
        ("tags contains all of (\"a\")", "tags contains all of (\"a\")"),
        ("tags contains none of (\"a\")", "tags contains none of (\"a\")"),
        ("tags has at least 3 items", "tags length >= 3"),
        ("tags length >= 3", "tags length >= 3"),
        ("tags[] is \"a\"", "tags is \"a\""),
        ("address.city is \"Ulm\\u{21}\"", "address.city is \"Ulm!\""),
    ] {
        check(written, canonical);
        check(
            &format!("did E where {written}").replace("where trait ", "where "),
            &format!("did \"E\" where {canonical}"),
        );
    }
}

#[test]
fn groups() {
    check("did A and did B or did C", "(did \"A\" and did \"B\") or did \"C\"");
    check("did A and (did B and did C)", "did \"A\" and (did \"B\" and did \"C\")");
    check("all of (did A, did B)", "did \"A\" and did \"B\"");
    check("any of (did A, did B)", "did \"A\" or did \"B\"");
    check("none of (did A, did B,)", "none of (did \"A\", did \"B\")");
    check("all of (did A)", "all of (did \"A\")");
    check("not did A", "did not \"A\"");
    check("did not A >= 2 times", "not did \"A\" >= 2 times");
    check("not not did A", "not did not \"A\"");
    check("not (did A or did B)", "not (did \"A\" or did \"B\")");
    check("((did A))", "did \"A\"");
    check("not in segment VIP", "not in segment \"VIP\"");
    check("is not in segment \"VIP\"", "not in segment \"VIP\"");
    check("is in segment seg_12", "in segment \"seg_12\"");
    check("customers where did A", "did \"A\"");
    check("Everyone WHERE did A", "everyone where did \"A\"");
    check("identified where email exists", "identified where email exists");
    check(
        "any of (did A from source \"x\", \"y\", \"first name\" is \"Ann\")",
        "did \"A\" from source \"x\", \"y\" or \"first name\" is \"Ann\"",
    );
}

#[test]
fn where_ends_where_a_condition_starts() {
    check("did A where a is 1 and b is 2", "did \"A\" where (a is 1 and b is 2)");
    check("did A where a is 1 and did B", "did \"A\" where a is 1 and did \"B\"");
    check("did A where a is 1 or b is 2 and did B", "did \"A\" where (a is 1 or b is 2) and did \"B\"");
    check("did A where (a is 1) and b is 2", "did \"A\" where (a is 1) and b is 2");
    check("did A where a is 1 and trait b is 2", "did \"A\" where (a is 1) and b is 2");
    check("did A where a is 1 today and b is 2", "did \"A\" where a is 1 today and b is 2");
    check("did A where a is 1 and (not did B)", "did \"A\" where a is 1 and did not \"B\"");
    check("did A where a is 1 and not in segment S", "did \"A\" where a is 1 and not in segment \"S\"");
    check("did not A where a is 1 and trait b is 2", "did not \"A\" where (a is 1) and b is 2");
}

#[test]
fn lists_of_objects() {
    check("did A where products[].category is \"S\"", "did \"A\" where products[].category is \"S\"");
    check(
        "did A where products[](category is \"S\" and price > 20)",
        "did \"A\" where products[](category is \"S\" and price > 20)",
    );
    check(
        "did A where products[].category is \"S\" and total > 1 and products[].price > 20",
        "did \"A\" where (products[](category is \"S\" and price > 20) and total > 1)",
    );
    check(
        "did A where products[](category is \"S\") and products[](price > 20)",
        "did \"A\" where (products[](category is \"S\") and products[](price > 20))",
    );
    check("did A where products[].category is not \"S\"", "did \"A\" where products[].category is not \"S\"");
    check(
        "did A where products[](category is not \"S\")",
        "did \"A\" where products[](category is not \"S\")",
    );
    check("did A where not products[].price > 5", "did \"A\" where not products[].price > 5");
    check("did A where \"my list[].a\" is 1", "did \"A\" where \"my list[].a\" is 1");
    check_tree(
        "did A where products[].category is not \"S\"",
        expect![[
            r#"{"event":{"count":{"at_least":1},"event":{"name":"A","where":{"not":{"item":{"list":"products","where":{"property":{"property":"category","test":{"is":"S"}}}}}}},"window":"all_time"}}"#
        ]],
    );
}
