//! Klaviyo's segment definitions: groups that all hold, of conditions of which one holds.
//!
//! The shapes are those of the Segments API, revision 2026-07-15 (`SegmentDefinition` in Klaviyo's OpenAPI
//! description).

mod dates;
mod filters;

use serde_json::Value as Json;

use segops_model::{Decimal, Value};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateOperand, AggregateTest, Condition, CountTest,
    EventCondition, EventFilter, Named, Predicate, SegmentCondition, Subject, Test, TraitCondition, Window,
};

use super::{Dictionary, Notes, ReadDefinition, all_of, any_of};
use dates::{profile_date, window};
use filters::{Filter, property_path};

/// Member states by their two-letter codes.
const EUROPEAN_UNION: [&str; 27] = [
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT",
    "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
];

/// Reads one segment or a list of them: an answer of the API, its `attributes`, or a bare definition.
pub(super) fn read(text: &str, dictionary: &Dictionary) -> Result<Vec<ReadDefinition>, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?;
    let rows = match json.get("data").unwrap_or(&json) {
        Json::Array(rows) => rows.clone(),
        one => vec![one.clone()],
    };
    let mut read = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let attributes = row.get("attributes").unwrap_or(row);
        let definition = attributes.get("definition").unwrap_or(attributes);
        let Some(groups) = definition.get("condition_groups").and_then(Json::as_array) else {
            return Err(format!(
                "segment {} has no `definition.condition_groups`; ask Klaviyo for `additional-fields[segment]=definition`",
                at + 1
            ));
        };
        let name = attributes.get("name").and_then(Json::as_str);
        let name = name.map_or_else(|| format!("Klaviyo segment {}", at + 1), str::to_owned);
        let mut reader = Reader { dictionary, notes: Notes::default() };
        let when = reader.groups(groups);
        read.push(reader.notes.finish(name, when));
    }
    Ok(read)
}

struct Reader<'a> {
    dictionary: &'a Dictionary,
    notes: Notes,
}

impl Reader<'_> {
    /// Every group is read, so that everything that cannot be said comes at once.
    fn groups(&mut self, groups: &[Json]) -> Option<Condition<Named>> {
        let read: Vec<Option<Condition<Named>>> = groups
            .iter()
            .enumerate()
            .map(|(at, group)| {
                let place = format!("condition_groups[{at}]");
                let conditions =
                    group.get("conditions").and_then(Json::as_array).cloned().unwrap_or_default();
                if conditions.is_empty() {
                    return self.notes.cannot(&place, "the group has no conditions");
                }
                let read: Vec<Option<_>> = conditions
                    .iter()
                    .enumerate()
                    .map(|(at, condition)| self.condition(condition, &format!("{place}.conditions[{at}]")))
                    .collect();
                read.into_iter().collect::<Option<Vec<_>>>().map(any_of)
            })
            .collect();
        let read: Vec<_> = read.into_iter().collect::<Option<_>>()?;
        if read.is_empty() { self.notes.cannot("", "there is no condition") } else { Some(all_of(read)) }
    }

    fn condition(&mut self, json: &Json, place: &str) -> Option<Condition<Named>> {
        match text(json, "type") {
            "profile-metric" => self.metric(json, place),
            "profile-property" => self.property(json, place),
            "profile-group-membership" => self.groups_membership(json, place),
            "profile-region" => self.region(json, place),
            "profile-predictive-analytics" => self.predicted(json, place),
            "profile-marketing-consent" => self.notes.cannot(
                place,
                "consent by channel has no condition in this version of rules",
            ),
            "profile-metric-funnel" => {
                self.notes.cannot(place, "steps in order have no condition in this version of rules")
            }
            "profile-postal-code-distance" => self.notes.cannot(
                place,
                "the distance from a postal code needs its coordinates; write a condition on the city or region",
            ),
            "profile-has-custom-object" => self.notes.cannot(place, "there are no custom objects here"),
            "profile-permissions" => self.notes.cannot(place, "there is no permission of WhatsApp here"),
            "" => self.notes.cannot(place, "the condition has no `type`"),
            other => self.notes.cannot(place, format!("the condition type `{other}` is not known")),
        }
    }

    fn metric(&mut self, json: &Json, place: &str) -> Option<Condition<Named>> {
        let event = self.event_filter(json, place);
        let window = match json.get("timeframe_filter") {
            Some(filter) => window(filter, &mut self.notes, &format!("{place}.timeframe_filter")),
            None => Some(Window::AllTime),
        };
        let measured = json.get("measurement_filter").unwrap_or(&Json::Null);
        let (operator, number) = (text(measured, "operator"), measured.get("value").and_then(decimal));
        let place = format!("{place}.measurement_filter");
        let Some(number) = number else {
            return self.notes.cannot(&place, "the measurement is compared with no number");
        };
        match text(json, "measurement") {
            "count" => {
                let count = self.count(operator, number, &place);
                let (event, window, count) = (event?, window?, count?);
                Some(Condition::Event(EventCondition { event, count, window }))
            }
            "sum" => {
                let test = self.amount(operator, number, &place);
                let value = self.dictionary.value_property();
                self.notes
                    .assumed(&place, format!("Klaviyo sums `$value`; here it is the property `{value}`"));
                let Ok(property) = value.parse() else {
                    return self.notes.cannot(&place, format!("`{value}` is no property"));
                };
                let (event, window, test) = (event?, window?, test?);
                let function = AggregateFunction::Sum;
                let aggregate = Aggregate { function, property, by_quantity: false, event, window };
                Some(Condition::Aggregate(Box::new(AggregateCondition { aggregate, test })))
            }
            other => self.notes.cannot(&place, format!("the measurement `{other}` is not known")),
        }
    }

    fn event_filter(&mut self, json: &Json, place: &str) -> Option<EventFilter<Named>> {
        let id = text(json, "metric_id");
        let name = match self.dictionary.names.get(id) {
            Some(name) => name.clone(),
            None => {
                let note =
                    format!("the metric {id} has no name here; give Klaviyo's list of metrics with it");
                self.notes.assumed(place, note);
                id.to_owned()
            }
        };
        let filters = json.get("metric_filters").and_then(Json::as_array).cloned().unwrap_or_default();
        let tests: Vec<Option<Predicate>> = filters
            .iter()
            .enumerate()
            .map(|(at, filter)| {
                let place = format!("{place}.metric_filters[{at}]");
                let property = property_path(text(filter, "property"), &mut self.notes, &place)?;
                let test = Filter::read(filter.get("filter"), &mut self.notes, &format!("{place}.filter"))?;
                Some(test.on_property(&property))
            })
            .collect();
        let mut tests: Vec<Predicate> = tests.into_iter().collect::<Option<_>>()?;
        let predicate = match tests.len() {
            0 => None,
            1 => Some(tests.remove(0)),
            _ => Some(Predicate::All(tests)),
        };
        Some(EventFilter {
            subject: Subject::Events,
            name: Some(self.dictionary.event(&name)),
            predicate,
            sources: Vec::new(),
        })
    }

    fn count(&mut self, operator: &str, number: Decimal, place: &str) -> Option<CountTest> {
        let Some(count) = number.to_string().parse().ok() else {
            return self.notes.cannot(place, format!("{number} is no whole number of times"));
        };
        Some(match operator {
            "equals" => CountTest::Exactly(count),
            "not-equals" => CountTest::Not(count),
            "greater-than" => CountTest::MoreThan(count),
            "greater-than-or-equal" => CountTest::AtLeast(count),
            "less-than" => CountTest::LessThan(count),
            "less-than-or-equal" => CountTest::AtMost(count),
            other => return self.notes.cannot(place, format!("the operator `{other}` is not known")),
        })
    }

    fn amount(&mut self, operator: &str, number: Decimal, place: &str) -> Option<AggregateTest<Named>> {
        let operand = AggregateOperand::Number(number);
        Some(match operator {
            "equals" => AggregateTest::Equals(operand),
            "not-equals" => AggregateTest::NotEquals(operand),
            "greater-than" => AggregateTest::MoreThan(operand),
            "greater-than-or-equal" => AggregateTest::AtLeast(operand),
            "less-than" => AggregateTest::LessThan(operand),
            "less-than-or-equal" => AggregateTest::AtMost(operand),
            other => return self.notes.cannot(place, format!("the operator `{other}` is not known")),
        })
    }

    fn property(&mut self, json: &Json, place: &str) -> Option<Condition<Named>> {
        let path = property_path(text(json, "property"), &mut self.notes, place)?;
        let filter = json.get("filter");
        let place = format!("{place}.filter");
        if filter.is_some_and(|filter| text(filter, "type") == "date") {
            return profile_date(&path, filter.unwrap_or(&Json::Null), &mut self.notes, &place);
        }
        Some(Filter::read(filter, &mut self.notes, &place)?.on_trait(&path))
    }

    fn groups_membership(&mut self, json: &Json, place: &str) -> Option<Condition<Named>> {
        let ids = json.get("group_ids").and_then(Json::as_array).cloned().unwrap_or_default();
        let names: Vec<String> = ids
            .iter()
            .filter_map(Json::as_str)
            .map(|id| match self.dictionary.names.get(id) {
                Some(name) => name.clone(),
                None => {
                    let note =
                        format!("the list or segment {id} has no name here; give Klaviyo's lists with it");
                    self.notes.assumed(place, note);
                    id.to_owned()
                }
            })
            .collect();
        if names.is_empty() {
            return self.notes.cannot(place, "the condition names no list or segment");
        }
        if json.get("timeframe_filter").is_some_and(|filter| !filter.is_null()) {
            return self.notes.cannot(place, "when someone joined a list or segment has no condition");
        }
        let parts = names.into_iter().map(|segment| Condition::Segment(SegmentCondition { segment }));
        let any = any_of(parts.collect());
        match json.get("is_member").and_then(Json::as_bool) {
            Some(false) => Some(Condition::Not(Box::new(any))),
            _ => Some(any),
        }
    }

    fn region(&mut self, json: &Json, place: &str) -> Option<Condition<Named>> {
        let countries: &[&str] = match text(json, "region") {
            "european_union" => &EUROPEAN_UNION,
            "united_states" => &["US"],
            other => return self.notes.cannot(place, format!("the region `{other}` is not known")),
        };
        self.notes.assumed(place, "the region is that of the trait `country`, a code of two letters");
        let countries: Vec<Value> = countries.iter().map(|code| Value::text(*code)).collect();
        let test = match json.get("in_region").and_then(Json::as_bool) {
            Some(false) => Test::NotIn(countries),
            _ => Test::In(countries),
        };
        let path = "country".parse().ok()?;
        Some(Condition::Trait(TraitCondition { path, match_case: false, test }))
    }

    /// What Klaviyo computes from orders alone is computed from orders here; its own predictions are not
    /// ours.
    fn predicted(&mut self, json: &Json, place: &str) -> Option<Condition<Named>> {
        let filter = json.get("filter").unwrap_or(&Json::Null);
        let (operator, number) = (text(filter, "operator"), filter.get("value").and_then(decimal));
        let order = || EventFilter {
            subject: Subject::Events,
            name: Some("Order Completed".to_owned()),
            predicate: None,
            sources: Vec::new(),
        };
        let dimension = text(json, "dimension");
        let function = match dimension {
            "historic_number_of_orders" => {
                let count = self.count(operator, number?, place)?;
                let (event, window) = (order(), Window::AllTime);
                return Some(Condition::Event(EventCondition { event, count, window }));
            }
            "historic_clv" => AggregateFunction::Sum,
            "average_order_value" => AggregateFunction::Average,
            other => {
                return self.notes.cannot(
                    place,
                    format!("`{other}` is Klaviyo's own prediction; write a condition on a score of this workspace"),
                );
            }
        };
        let value = self.dictionary.value_property();
        self.notes.assumed(place, format!("`{dimension}` is that of `{value}` over `Order Completed`"));
        let test = self.amount(operator, number?, place)?;
        let property = value.parse().ok()?;
        let (event, window) = (order(), Window::AllTime);
        let aggregate = Aggregate { function, property, by_quantity: false, event, window };
        Some(Condition::Aggregate(Box::new(AggregateCondition { aggregate, test })))
    }
}

/// A member that is text; nothing where it is not.
fn text<'a>(json: &'a Json, member: &str) -> &'a str {
    json.get(member).and_then(Json::as_str).unwrap_or_default()
}

fn decimal(json: &Json) -> Option<Decimal> {
    if json.is_number() { Decimal::parse(&json.to_string()) } else { None }
}
