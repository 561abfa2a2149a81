use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::{arbitrary, json_schema, parse, to_json};

/// What is wrong with a value by a schema; a small part of JSON Schema, and a panic for what is not of it.
fn validate(root: &Json, schema: &Json, value: &Json, place: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("{place}: {why}: {value}"));
    for (keyword, said) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "$ref" => {
                let name = said.as_str().expect("a reference").trim_start_matches("#/$defs/");
                validate(root, &root["$defs"][name], value, place)?;
            }
            "type" => {
                let holds = match said.as_str().expect("a type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    "null" => value.is_null(),
                    other => panic!("the type {other}"),
                };
                if !holds {
                    return wrong(&format!("no {said}"));
                }
            }
            "const" if value != said => return wrong("not the constant"),
            "enum" if !said.as_array().expect("words").contains(value) => return wrong("none of the words"),
            "minimum" if value.as_i64().is_some_and(|number| number < said.as_i64().unwrap_or(0)) => {
                return wrong("too small");
            }
            "oneOf" | "anyOf" => {
                let alternatives = said.as_array().expect("alternatives");
                let fit = alternatives.iter().filter(|one| validate(root, one, value, place).is_ok()).count();
                if fit == 0 || (keyword == "oneOf" && fit > 1) {
                    return wrong(&format!("{fit} alternatives fit"));
                }
            }
            "properties" => {
                for (name, inner) in said.as_object().expect("properties") {
                    if let Some(member) = value.get(name) {
                        validate(root, inner, member, &format!("{place}.{name}"))?;
                    }
                }
            }
            "required" => {
                let names = said.as_array().expect("names").iter().filter_map(Json::as_str);
                if let Some(missing) = names.into_iter().find(|name| value.get(name).is_none()) {
                    return wrong(&format!("no {missing}"));
                }
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                let stranger =
                    value.as_object().and_then(|object| object.keys().find(|name| known.get(name).is_none()));
                if let (Some(stranger), Some(false)) = (stranger, said.as_bool()) {
                    return wrong(&format!("{stranger} is unknown"));
                }
            }
            "items" => {
                for (at, element) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, said, element, &format!("{place}[{at}]"))?;
                }
            }
            "prefixItems" => {
                let places = said.as_array().expect("places").iter();
                for (inner, element) in places.zip(value.as_array().into_iter().flatten()) {
                    validate(root, inner, element, place)?;
                }
            }
            "minItems"
                if value.as_array().is_some_and(|list| (list.len() as u64) < said.as_u64().unwrap_or(0)) =>
            {
                return wrong("too short");
            }
            "maxItems"
                if value.as_array().is_some_and(|list| list.len() as u64 > said.as_u64().unwrap_or(0)) =>
            {
                return wrong("too long");
            }
            "const" | "enum" | "minimum" | "minItems" | "maxItems" | "description" | "title" | "$schema"
            | "$defs" => {}
            other => panic!("the keyword {other}"),
        }
    }
    Ok(())
}

#[track_caller]
fn check(text: &str, expected: Result<(), &str>) {
    let schema = json_schema();
    let json: Json = serde_json::from_str(text).expect("JSON");
    let found = validate(&schema, &schema, &json, "rule");
    match (found, expected) {
        (Ok(()), Ok(())) => {}
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
        (found, _) => panic!("{found:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_rule_is_of_the_schema(rule in arbitrary::rule()) {
        let schema = json_schema();
        let json = to_json(&rule);
        prop_assert_eq!(validate(&schema, &schema, &json, "rule"), Ok(()), "{}", json);
    }
}

#[test]
fn every_example_of_the_reference_is_of_the_schema() {
    let schema = json_schema();
    let page = include_str!("../../../../docs/rules.md");
    let mut examples = 0;
    for block in page.split("```rule\n").skip(1) {
        for text in block.split("```").next().unwrap_or_default().lines().filter(|line| !line.is_empty()) {
            let json = to_json(&parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}")));
            assert_eq!(validate(&schema, &schema, &json, "rule"), Ok(()), "{text}");
            examples += 1;
        }
    }
    assert!(examples > 50, "{examples}");
}

#[test]
fn what_no_rule_is_like_is_not_of_the_schema() {
    check(r#"{"when": {"event": {"event": {"name": "A"}}}}"#, Ok(()));
    check(r#"{"version": 1, "base": "everyone", "when": {"all": []}}"#, Ok(()));
    check(
        r#"{"when": {"event": {"event": {"name": "A"}, "count": {"at_least": 2}, "window": "all_time"}}}"#,
        Ok(()),
    );
    check(r#"{"version": 2, "when": {"all": []}}"#, Err("not the constant"));
    check(r#"{"base": "everyone"}"#, Err("no when"));
    check(r#"{"when": {"all": []}, "base": "nobody"}"#, Err("none of the words"));
    check(r#"{"when": {"event": {"event": {"name": "A"}, "cuont": 2}}}"#, Err("0 alternatives fit"));
    check(r#"{"when": {"all": [], "any": []}}"#, Err("0 alternatives fit"));
    check(
        r#"{"when": {"event": {"event": {"name": "A"}, "count": {"between": [1]}}}}"#,
        Err("0 alternatives fit"),
    );
}

#[test]
fn the_schema_has_a_definition_for_what_rules_are_made_of() {
    let schema = json_schema();
    for name in ["Rule", "Condition", "EventCondition", "Window", "Test", "Predicate", "Span"] {
        assert!(schema["$defs"][name].is_object(), "{name}");
    }
    assert_eq!(schema["$defs"]["Rule"]["required"], json!(["when"]));
    assert_eq!(schema["$defs"]["Span"]["required"], json!(["count", "unit"]));
}
