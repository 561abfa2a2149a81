use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};

use super::super::{Dialect, NoteKind};
use super::{read, told};

#[track_caller]
fn klaviyo(groups: Json, expected: Expect) {
    let json =
        json!({ "data": { "attributes": { "name": "S", "definition": { "condition_groups": groups } } } });
    expected.assert_eq(&told(&read(Dialect::Klaviyo, &json.to_string())));
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
            everyone where sum of total over "Order Completed" between 1 and 4 weeks ago > 99.5 and not "Favorite Color" starts with "Bl" match case and place country is not "US"
            Assumed condition_groups[0].conditions[0].measurement_filter: Klaviyo sums `$value`; here it is the property `total`
            Assumed condition_groups[2].conditions[0]: the region is that of the profile's country, by whichever trait says it
        "#]],
    );
}

#[test]
fn marketing_consent_by_channel() {
    let asked = |channel: &str, can_receive: bool, subscription: &str, filters: Json| {
        json!({ "type": "profile-marketing-consent", "consent": {
            "channel": channel, "can_receive_marketing": can_receive,
            "consent_status": { "subscription": subscription, "filters": filters },
        } })
    };
    klaviyo(
        json!([
            { "conditions": [asked("email", true, "any", Json::Null)] },
            { "conditions": [asked("email", true, "subscribed", json!([]))] },
            { "conditions": [asked("email", false, "unsubscribed", Json::Null)] },
            { "conditions": [asked("sms", true, "subscribed", Json::Null)] },
            { "conditions": [asked("sms", false, "never_subscribed", Json::Null)] },
            { "conditions": [asked("push", true, "any", Json::Null)] },
        ]),
        expect![[r#"
            everyone where reachable by email and (reachable by email and consented to email) and (not reachable by email and opted out of email) and (reachable by sms and consented to sms) and (not (reachable by sms and consented to sms) and not consented to sms and not opted out of sms) and reachable by push
            Assumed condition_groups[2].conditions[0].consent: who has no address at all cannot receive anything either
            Assumed condition_groups[4].conditions[0].consent.consent_status: who never subscribed is here who has neither opted in nor opted out
        "#]],
    );
    let by_form = json!([{ "field": "subscribe_method", "method": "form" }]);
    klaviyo(
        json!([{ "conditions": [asked("email", true, "subscribed", by_form)] }]),
        expect![[r#"
        no rule
        CannotBeSaid condition_groups[0].conditions[0].consent.consent_status.filters: how, when or why consent was given or lost is not kept with it
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

/// A condition on a profile's date, by its filter.
fn date_of(property: &str, filter: Json) -> Json {
    let mut filter = filter;
    filter["type"] = "date".into();
    json!([{ "conditions": [{ "type": "profile-property", "property": property, "filter": filter }] }])
}

#[test]
fn dates_of_profiles_are_read() {
    let relative = |operator: &str| json!({ "operator": operator, "unit": "day", "quantity": 30 });
    klaviyo(
        date_of("properties['renewal']", relative("in-the-next")),
        expect![[r#"
        everyone where renewal in next 30 days
        Differs condition_groups[0].conditions[0].filter: a day is 24 hours from now, to the millisecond
    "#]],
    );
    klaviyo(
        date_of("properties['renewal']", relative("in-the-last")),
        expect![[r#"
        everyone where renewal in last 30 days
        Differs condition_groups[0].conditions[0].filter: a day is 24 hours from now, to the millisecond
    "#]],
    );
    klaviyo(
        date_of("properties['renewal']", relative("at-least")),
        expect![[r#"
        everyone where renewal at least 30 days ago
        Differs condition_groups[0].conditions[0].filter: a day is 24 hours from now, to the millisecond
    "#]],
    );
    let between = json!({ "operator": "between", "unit": "week", "start": 1, "end": 4 });
    klaviyo(
        date_of("properties['renewal']", between),
        expect![[r#"
        everyone where renewal between 1 and 4 weeks ago
        Differs condition_groups[0].conditions[0].filter: a day is 24 hours from now, to the millisecond
    "#]],
    );
    let from_now = json!({ "operator": "between", "unit": "day", "start": 0, "end": 4 });
    klaviyo(
        date_of("properties['renewal']", from_now),
        expect![[r#"
        everyone where renewal in last 4 days
        Differs condition_groups[0].conditions[0].filter: a day is 24 hours from now, to the millisecond
    "#]],
    );
    klaviyo(
        date_of("birthday", relative("anniversary-next")),
        expect![[r#"
        everyone where birthday anniversary in next 30 days
        Differs condition_groups[0].conditions[0].filter: the date itself is no anniversary here, only its days in later years
    "#]],
    );
    klaviyo(
        date_of("birthday", relative("anniversary-last")),
        expect![[r#"
        everyone where birthday anniversary in last 30 days
        Differs condition_groups[0].conditions[0].filter: the date itself is no anniversary here, only its days in later years
    "#]],
    );
    klaviyo(
        date_of("birthday", json!({ "operator": "anniversary" })),
        expect![[r#"
        everyone where birthday anniversary today
        Differs condition_groups[0].conditions[0].filter: the date itself is no anniversary here, only its days in later years
    "#]],
    );
    klaviyo(
        date_of("birthday", json!({ "operator": "anniversary-month" })),
        expect![[r#"
        everyone where birthday anniversary this month
        Differs condition_groups[0].conditions[0].filter: the date itself is no anniversary here, only its days in later years
    "#]],
    );
    klaviyo(
        date_of("birthday", json!({ "operator": "calendar-month", "value": 5 })),
        expect![[r#"
        everyone where birthday month is 5
    "#]],
    );
    klaviyo(
        date_of("birthday", json!({ "operator": "calendar-month", "value": 13 })),
        expect![[r#"
        no rule
        CannotBeSaid condition_groups[0].conditions[0].filter: the month is no number from 1 to 12
    "#]],
    );
}

#[test]
fn when_someone_joined_is_read() {
    let member = |filter: Json| {
        let mut filter = filter;
        filter["type"] = "date".into();
        json!([{ "conditions": [{ "type": "profile-group-membership", "is_member": true, "group_ids": ["L1"],
            "timeframe_filter": filter }] }])
    };
    let relative = |operator: &str| json!({ "operator": operator, "unit": "day", "quantity": 30 });
    klaviyo(
        member(relative("in-the-last")),
        expect![[r#"
        everyone where in segment "VIP" for less than 30 days
        Assumed condition_groups[0].conditions[0].timeframe_filter: who was in when the segment was made here counts as joined then
    "#]],
    );
    klaviyo(
        member(relative("at-least")),
        expect![[r#"
        everyone where in segment "VIP" for at least 30 days
        Assumed condition_groups[0].conditions[0].timeframe_filter: who was in when the segment was made here counts as joined then
    "#]],
    );
    let between = json!({ "operator": "between", "unit": "day", "start": 10, "end": 20 });
    klaviyo(
        member(between),
        expect![[r#"
        everyone where in segment "VIP" for at least 10 days and in segment "VIP" for less than 20 days
        Assumed condition_groups[0].conditions[0].timeframe_filter: who was in when the segment was made here counts as joined then
    "#]],
    );
    klaviyo(
        member(json!({ "operator": "before", "date": "2026-03-01T00:00:00Z" })),
        expect![[r#"
        everyone where in segment "VIP" since before 2026-03-01T00:00:00.000Z
        Assumed condition_groups[0].conditions[0].timeframe_filter: who was in when the segment was made here counts as joined then
    "#]],
    );
    let range = json!({ "operator": "between-static", "start": "2026-01-01T00:00:00Z", "end": "2026-03-01T00:00:00Z" });
    klaviyo(
        member(range),
        expect![[r#"
        everyone where in segment "VIP" since after 2026-01-01T00:00:00.000Z and in segment "VIP" since before 2026-03-01T00:00:00.000Z
        Differs condition_groups[0].conditions[0].timeframe_filter: the end of a range does not count
        Assumed condition_groups[0].conditions[0].timeframe_filter: who was in when the segment was made here counts as joined then
    "#]],
    );
    klaviyo(
        member(relative("in-the-next")),
        expect![[r#"
        no rule
        CannotBeSaid condition_groups[0].conditions[0].timeframe_filter: when someone joined is not asked for by `in-the-next`
        Assumed condition_groups[0].conditions[0].timeframe_filter: who was in when the segment was made here counts as joined then
    "#]],
    );
}

#[test]
fn steps_in_order_are_read() {
    let funnel = |steps: &[(&str, bool)], completion: Json| {
        let steps: Vec<Json> =
            steps.iter().map(|(id, exists)| json!({ "metric_id": id, "metric_exists": exists })).collect();
        let frame = json!({ "type": "date", "operator": "in-the-last", "unit": "day", "quantity": 30 });
        json!([{ "conditions": [{ "type": "profile-metric-funnel", "timeframe_filter": frame, "steps": steps,
            "completion_window_seconds": completion }] }])
    };
    klaviyo(
        funnel(&[("M2", true), ("M1", true)], "DAYS_3".into()),
        expect![[r#"
        everyone where did "Viewed Product" then "Order Completed" within 3 days in last 30 days
        Differs condition_groups[0].conditions[0].timeframe_filter: who falls out of a window leaves at that very millisecond, not at the next day's run
        Assumed condition_groups[0].conditions[0]: every step lies in the timeframe, and each is later than the one before
    "#]],
    );
    klaviyo(
        funnel(&[("M2", true), ("M1", false)], "HOURS_1".into()),
        expect![[r#"
        everyone where did "Viewed Product" then not "Order Completed" within 1 hour in last 30 days
        Differs condition_groups[0].conditions[0].timeframe_filter: who falls out of a window leaves at that very millisecond, not at the next day's run
        Differs condition_groups[0].conditions[0]: that a last step did not happen is certain only when its time is over
        Assumed condition_groups[0].conditions[0]: every step lies in the timeframe, and each is later than the one before
    "#]],
    );
    klaviyo(
        funnel(&[("M2", true), ("M2", true), ("M1", false)], Json::Null),
        expect![[r#"
        everyone where did "Viewed Product" then "Viewed Product" then not "Order Completed" in last 30 days
        Differs condition_groups[0].conditions[0].timeframe_filter: who falls out of a window leaves at that very millisecond, not at the next day's run
        Assumed condition_groups[0].conditions[0]: every step lies in the timeframe, and each is later than the one before
    "#]],
    );
    klaviyo(
        funnel(&[("M2", true), ("M2", true), ("M1", true)], "WEEKS_1".into()),
        expect![[r#"
        no rule
        CannotBeSaid condition_groups[0].conditions[0].completion_window_seconds: one time for all steps together cannot be said of more than two; a step's time counts from the one before it
        Differs condition_groups[0].conditions[0].timeframe_filter: who falls out of a window leaves at that very millisecond, not at the next day's run
    "#]],
    );
    klaviyo(
        funnel(&[("M1", false), ("M2", true)], Json::Null),
        expect![[r#"
        no rule
        CannotBeSaid condition_groups[0].conditions[0].steps[0]: a step that did not happen comes after one that did
        Differs condition_groups[0].conditions[0].timeframe_filter: who falls out of a window leaves at that very millisecond, not at the next day's run
    "#]],
    );
}

/// Every kind of condition, filter and operator that the API has is known: said, or said to be beyond a rule.
#[test]
fn all_of_klaviyos_schema_is_known() {
    let schemas: Json = serde_json::from_str(include_str!("klaviyo_schemas.json")).expect("schemas");
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
    assert!(said > 80, "{said} can be said");
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
