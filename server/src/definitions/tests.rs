use std::collections::{BTreeMap, BTreeSet};

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};

use super::{Dialect, Dictionary, NoteKind, ReadDefinition, read_definitions};

fn dictionary() -> Dictionary {
    let pair = |(id, name): (&str, &str)| (id.to_owned(), name.to_owned());
    Dictionary {
        names: [("M1", "Placed Order"), ("M2", "Viewed Product"), ("L1", "VIP"), ("L2", "Staff")]
            .map(pair)
            .into(),
        events: BTreeMap::from([pair(("Placed Order", "Order Completed"))]),
        value_property: None,
    }
}

fn read(dialect: Dialect, text: &str) -> ReadDefinition {
    let read = read_definitions(dialect, text, &dictionary());
    read.unwrap_or_else(|why| panic!("{why}")).remove(0)
}

/// The rule, and the notes below it.
fn told(read: &ReadDefinition) -> String {
    let mut lines = vec![read.rule_text.clone().unwrap_or_else(|| "no rule".to_owned())];
    lines.extend(read.notes.iter().map(|note| format!("{:?} {}: {}", note.kind, note.place, note.message)));
    lines.join("\n") + "\n"
}

#[track_caller]
fn klaviyo(groups: Json, expected: Expect) {
    let json =
        json!({ "data": { "attributes": { "name": "S", "definition": { "condition_groups": groups } } } });
    expected.assert_eq(&told(&read(Dialect::Klaviyo, &json.to_string())));
}

#[track_caller]
fn query(query: &str, expected: Expect) {
    expected.assert_eq(&told(&read(Dialect::Segment, query)));
}

fn metric(id: &str, measurement: &str, filter: (&str, f64), timeframe: Json, filters: Json) -> Json {
    json!({
        "type": "profile-metric", "metric_id": id, "measurement": measurement,
        "measurement_filter": { "type": "numeric", "operator": filter.0, "value": filter.1 },
        "timeframe_filter": timeframe, "metric_filters": filters,
    })
}

#[test]
fn groups_all_hold_and_of_their_conditions_one() {
    let ever = json!({ "type": "date", "operator": "alltime" });
    let last = json!({ "type": "date", "operator": "in-the-last", "unit": "day", "quantity": 30 });
    let filters = json!([{ "property": "Items", "filter": { "type": "list", "operator": "contains-any", "value": ["Shoe", "Hat"] } }]);
    klaviyo(
        json!([
            { "conditions": [metric("M1", "count", ("greater-than-or-equal", 2.0), ever, Json::Null)] },
            { "conditions": [
                metric("M2", "count", ("equals", 0.0), last, filters),
                { "type": "profile-group-membership", "is_member": false, "group_ids": ["L1", "L2"] },
            ] },
        ]),
        expect![[r#"
            everyone where did "Order Completed" >= 2 times and (did "Viewed Product" = 0 times where Items contains any of ("Shoe", "Hat") match case in last 30 days or not (in segment "VIP" or in segment "Staff"))
            Differs condition_groups[1].conditions[0].timeframe_filter: who falls out of a window leaves at that very millisecond, not at the next day's run
        "#]],
    );
}

#[test]
fn sums_properties_and_regions() {
    let between = json!({ "type": "date", "operator": "between", "unit": "week", "start": 1, "end": 4 });
    klaviyo(
        json!([
            { "conditions": [metric("M1", "sum", ("greater-than", 99.5), between, json!([]))] },
            { "conditions": [{ "type": "profile-property", "property": "properties['Favorite Color']",
                "filter": { "type": "string", "operator": "not-starts-with", "value": "Bl" } }] },
            { "conditions": [{ "type": "profile-region", "in_region": false, "region": "united_states" }] },
        ]),
        expect![[r#"
            everyone where sum of total over "Order Completed" between 1 and 4 weeks ago > 99.5 and not "Favorite Color" starts with "Bl" match case and country not in ("US")
            Assumed condition_groups[0].conditions[0].measurement_filter: Klaviyo sums `$value`; here it is the property `total`
            Assumed condition_groups[2].conditions[0]: the region is that of the trait `country`, a code of two letters
        "#]],
    );
}

#[test]
fn what_cannot_be_said_leaves_no_rule() {
    let ever = json!({ "type": "date", "operator": "alltime" });
    klaviyo(
        json!([{ "conditions": [
            { "type": "profile-postal-code-distance", "country_code": "US", "postal_code": "10001", "unit": "miles",
              "filter": { "type": "numeric", "operator": "less-than", "value": 5 } },
            metric("M9", "count", ("equals", 1.5), ever, Json::Null),
        ] }]),
        expect![[r#"
            no rule
            CannotBeSaid condition_groups[0].conditions[0]: the distance from a postal code needs its coordinates; write a condition on the city or region
            CannotBeSaid condition_groups[0].conditions[1].measurement_filter: 1.5 is no whole number of times
            Assumed condition_groups[0].conditions[1]: the metric M9 has no name here; give Klaviyo's list of metrics with it
        "#]],
    );
}

/// Every kind of condition, filter and operator that the API has is known: said, or said to be beyond a rule.
#[test]
fn all_of_klaviyos_schema_is_known() {
    let schemas: Json = serde_json::from_str(include_str!("tests/klaviyo_schemas.json")).expect("schemas");
    let conditions = schemas["ConditionGroup"]["properties"]["conditions"]["items"]["oneOf"].clone();
    let mut samples = Vec::new();
    for reference in conditions.as_array().expect("conditions") {
        let mut found = Vec::new();
        samples_of(&schemas, reference, 0, &mut found);
        samples.extend(found);
    }
    assert!(samples.len() > 150, "{}", samples.len());
    let (mut said, mut kinds) = (0, BTreeSet::new());
    for sample in samples {
        kinds.insert(sample["type"].as_str().unwrap_or_default().to_owned());
        let json = json!({ "condition_groups": [{ "conditions": [sample] }] });
        let read = read(Dialect::Klaviyo, &json.to_string());
        let unknown = read.notes.iter().find(|note| note.message.contains("is not known"));
        assert_eq!(unknown, None, "{json}");
        let cannot = read.notes.iter().any(|note| note.kind == NoteKind::CannotBeSaid);
        assert_eq!(read.rule_text.is_none(), cannot, "{json}: {:?}", read.notes);
        said += usize::from(read.rule_text.is_some());
        if let Some(rule) = read.rule_text {
            assert!(segops_rules::parse(&rule).is_ok(), "{rule}");
        }
    }
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    assert!(said > 60, "{said} can be said");
}

/// One value for each way to fill a schema in: each alternative, and each value of an enumeration.
fn samples_of(schemas: &Json, schema: &Json, depth: usize, found: &mut Vec<Json>) {
    const FOUND_MAX: usize = 400;
    if depth > 8 || found.len() > FOUND_MAX {
        return;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return samples_of(schemas, &schemas[name], depth + 1, found);
    }
    if let Some(alternatives) = schema["oneOf"].as_array() {
        alternatives.iter().for_each(|one| samples_of(schemas, one, depth + 1, found));
        return;
    }
    if let Some(values) = schema["enum"].as_array() {
        found.extend(values.iter().cloned());
        return;
    }
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let empty = serde_json::Map::new();
            let properties = schema["properties"].as_object().unwrap_or(&empty);
            let mut objects = vec![json!({})];
            for (name, inner) in properties {
                let mut values = Vec::new();
                samples_of(schemas, inner, depth + 1, &mut values);
                if name == "steps" || name == "metric_filters" {
                    values.truncate(12);
                }
                let Some(first) = values.first().cloned() else { continue };
                // Every value once, with the first value of all others.
                let template = objects[0].clone();
                objects.iter_mut().for_each(|object| object[name] = first.clone());
                for value in values.into_iter().skip(1) {
                    let mut object = template.clone();
                    object[name] = value;
                    objects.push(object);
                }
            }
            // Objects made before the later members were known are filled up with those of the first.
            let whole = objects[0].clone();
            for mut object in objects {
                for (name, value) in whole.as_object().expect("an object") {
                    object.as_object_mut().expect("an object").entry(name).or_insert(value.clone());
                }
                found.push(object);
            }
        }
        "array" => {
            let mut values = Vec::new();
            samples_of(schemas, &schema["items"], depth + 1, &mut values);
            found.extend(values.into_iter().map(|value| json!([value])));
        }
        "string" if schema["format"] == "date-time" => found.push(json!("2026-03-01T00:00:00Z")),
        "string" => found.push(json!("abc")),
        "integer" => found.push(json!(3)),
        "number" => found.push(json!(2.5)),
        "boolean" => found.extend([json!(true), json!(false)]),
        _ => {}
    }
}

#[test]
fn queries_are_read() {
    query(
        "event('Shoes Bought').where( property('price') >= 100 ).within(7 days).count() >= 1",
        expect![[r#"
            everyone where did "Shoes Bought" where price >= 100 in last 7 days
        "#]],
    );
    query(
        "NOT ( event('Shoes Bought').count() >= 1 AND trait('total_spend') > 200 )",
        expect![[r#"
            everyone where not (did "Shoes Bought" and total_spend > 200)
        "#]],
    );
    query(
        "event('Placed Order').where(property('price') > 100 AND property('brand') = 'My Brand').between(7 days, 10 days).avg(property('spend')).at_most(50) OR trait('L1') = true",
        expect![[r#"
            everyone where average of spend over "Order Completed" where (price > 100 and brand is "My Brand" match case) between 7 and 10 days ago <= 50 or in segment "VIP"
        "#]],
    );
    query(
        "trait('plan').one_of('pro','team') AND trait('city') != 'Berlin' AND trait('mail').contains('@a','@b') AND event('X').unique(property('sku')).count() > 3",
        expect![[r#"
            everyone where plan in ("pro", "team") match case and (city exists and city is not "Berlin" match case) and (mail contains "@a" match case or mail contains "@b" match case) and distinct of sku over "X" > 3
        "#]],
    );
    query(
        "event(Shoes Bought).count() >= 1",
        expect![[r#"
            everyone where did "Shoes Bought"
        "#]],
    );
}

#[test]
fn queries_that_cannot_be_said() {
    query(
        "event('Shoes Bought').where(property('price') >= trait('avg_spend') AND event('Shoes Returned').within(parent: 5 days).count() >= 1).within(30 days).count() >= 1",
        expect![[r#"
            no rule
            CannotBeSaid character 46: it is compared with something that is no fixed value
            CannotBeSaid character 72: an event relative to another has no condition in this version of rules
        "#]],
    );
    query(
        "ALL ( event('Shoes Bought').count() >= 1 )",
        expect![[r#"
            no rule
            CannotBeSaid : `ALL` is of accounts; profiles are people here
        "#]],
    );
    query(
        "event('X').within(30 days).mode(property('spend'), 2) = 5",
        expect![[r#"
            no rule
            CannotBeSaid character 27: `mode` over events has no condition in this version of rules
        "#]],
    );
    query(
        "event('X').count( >= 1",
        expect![[r#"
            no rule
            CannotBeSaid character 18: `>=` stands where a function is expected
        "#]],
    );
    query(
        "event('X'",
        expect![[r#"
            no rule
            CannotBeSaid character 9: the query's end stands where `,` is expected
        "#]],
    );
    query(
        &"(".repeat(100),
        expect![[r#"
            no rule
            CannotBeSaid character 32: the query is more than 32 levels deep
        "#]],
    );
    query(
        "trait('x').within_last(7 days)",
        expect![[r#"
            no rule
            CannotBeSaid character 11: `within_last` of a date has no condition in this version of rules
        "#]],
    );
}

#[test]
fn audiences_of_the_api_are_read() {
    let json = json!({ "data": { "audiences": [
        { "name": "Buyers", "definition": { "type": "USERS", "query": "event('X').count() >= 1" } },
        { "name": "Firms", "definition": { "type": "ACCOUNTS", "query": "ANY event('X').count() >= 1" } },
    ] } });
    let read = read_definitions(Dialect::Segment, &json.to_string(), &dictionary()).expect("audiences");
    assert_eq!(read[0].rule_text.as_deref(), Some(r#"everyone where did "X""#));
    assert_eq!((read[1].name.as_str(), &read[1].rule_text), ("Firms", &None));
    assert!(read_definitions(Dialect::Segment, "{\"x\": 1}", &dictionary()).is_err());
    assert!(read_definitions(Dialect::Klaviyo, "[1]", &dictionary()).is_err());
}
