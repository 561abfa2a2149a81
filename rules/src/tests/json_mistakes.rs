use expect_test::{Expect, expect};

use crate::{from_json, parse};

#[track_caller]
fn check(json: &str, expected: Expect) {
    let problems = from_json(json).expect_err("a mistake");
    let reports: Vec<String> = problems.iter().map(|problem| format!("{problem}\n")).collect();
    expected.assert_eq(&reports.concat());
}

#[test]
fn unknown_field() {
    check(
        r#"{"when": {"event": {"event": {"name": "A"}, "cuont": {"at_least": 2}}}}"#,
        expect![[r#"
            error: unknown field `cuont`; expected one of `event`, `count`, `window`; did you mean `count`? (at when.event.cuont)
        "#]],
    );
}

#[test]
fn unknown_condition() {
    check(
        r#"{"when": {"all": [{"evnt": {}}]}}"#,
        expect![[r#"
            error: unknown kind `evnt`; expected one of `all`, `any`, `none`, `not`, `event`, `aggregate`, `occurrence`, `within`, `active`, `sequence`, `cadence`, `ranking`, `trait`, `segment`, `sample`, `place`, `trait_date`, `trait_history`, `transition`, `tenure`; did you mean `event`? (at when.all[0])
        "#]],
    );
}

#[test]
fn wrong_type() {
    check(
        r#"{"when": {"all": [{"segment": {"segment": "VIP"}}, {"event": {"event": {"name": "A"}, "count": {"at_least": "2"}}}]}}"#,
        expect![[r#"
            error: invalid type: string "2"; expected a whole number (at when.all[1].event.count.at_least)
        "#]],
    );
}

#[test]
fn unknown_version() {
    check(
        r#"{"version": 2, "when": {"segment": {"segment": "VIP"}}}"#,
        expect![[r#"
        error: the rule's format 2 is not known here; expected 1; it was written by a newer release; upgrade, or write the rule anew (at version)
    "#]],
    );
}

#[test]
fn bare_condition() {
    check(
        r#"{"segment": {"segment": "VIP"}}"#,
        expect![[r#"
            error: unknown field `segment`; expected one of `version`, `base`, `when`; put the condition under `when`: `{"when": {...}}` (at segment)
        "#]],
    );
}

#[test]
fn text_for_json() {
    check(
        r#"did A"#,
        expect![[r#"
        error: this is not JSON: expected value at line 1 column 1; to give a rule as text, use the text form
    "#]],
    );
}

#[test]
fn bad_moment() {
    check(
        r#"{"when": {"event": {"event": {}, "window": {"range": {"from": "yesterday"}}}}}"#,
        expect![[r#"
            error: `yesterday` is not a date; write 2026-03-01, 2026-03-01T12:00, or 2026-03-01T12:00:00Z (at when.event.window.range.from)
        "#]],
    );
}

#[test]
fn empty_groups() {
    check(
        r#"{"when": {"all": [{"any": []}, {"none": []}]}}"#,
        expect![[r#"
        error: this group is empty; expected at least one condition; fill it or take it out (at when.all[0].any)
        error: this group is empty; expected at least one condition; fill it or take it out (at when.all[1].none)
    "#]],
    );
}

#[test]
fn null_and_list() {
    check(
        r#"{"when": {"any": [{"trait": {"trait": "a", "test": {"is": null}}}, {"trait": {"trait": "a", "test": {"is": [1]}}}]}}"#,
        expect![[r#"
            error: nothing is compared with null; expected a text, a number, true or false; write `exists` or `does not exist` (at when.any[0].trait.test)
            error: a list is not one value; expected a text, a number, true or false; write `in (...)` or `contains all of (...)` (at when.any[1].trait.test)
        "#]],
    );
}

#[test]
fn paths_through_a_list_mean_what_they_mean_in_text() {
    let json = r#"{"when": {"event": {"event": {"name": "A", "where": {"all": [
        {"property": {"property": "products[].category", "test": {"is": "S"}}},
        {"property": {"property": "products[].price", "test": {"more_than": {"number": 5}}}},
        {"property": {"property": "products[].sku", "test": "not_exists"}},
        {"property": {"property": "tags[]", "test": {"is": 1}}}
    ]}}}}}"#;
    let text = "did A where products[].category is \"S\" and products[].price > 5 \
        and products[].sku does not exist and tags[] is 1";
    assert_eq!(from_json(json), parse(text));
}
