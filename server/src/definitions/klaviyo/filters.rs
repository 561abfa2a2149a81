use serde_json::Value as Json;

use segops_model::{Path, Value};
use segops_rules::{Condition, CountTest, Named, Predicate, PropertyTest, Scalar, Test, TraitCondition};

use super::{Notes, decimal, text};

/// A filter on one value: a test, or its negation where no test says that.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    test: Test,
    negated: bool,
    match_case: bool,
}

impl Filter {
    pub(super) fn read(json: Option<&Json>, notes: &mut Notes, place: &str) -> Option<Self> {
        let Some(json) = json.filter(|json| !json.is_null()) else {
            return notes.cannot(place, "the filter is empty");
        };
        let operator = text(json, "operator");
        match text(json, "type") {
            "string" => string(json, operator, notes, place),
            "numeric" => numeric(json, operator, notes, place),
            "boolean" => {
                let value = json.get("value").and_then(Json::as_bool)?;
                Some(Self::plain(Test::Is(Value::Bool(value))))
            }
            "existence" => {
                notes.differs(place, "a blank text or an empty list does not exist here");
                match operator {
                    "is-set" => Some(Self::plain(Test::Exists)),
                    "not-set" => Some(Self::plain(Test::NotExists)),
                    other => unknown(other, notes, place),
                }
            }
            "list" => list(json, operator, notes, place),
            "date" => notes.cannot(place, "a date in an event's property is not compared with now"),
            other => notes.cannot(place, format!("the filter type `{other}` is not known")),
        }
    }

    fn plain(test: Test) -> Self {
        Self { test, negated: false, match_case: false }
    }

    /// Klaviyo compares text as it is written.
    fn of_text(test: Test) -> Self {
        Self { test, negated: false, match_case: true }
    }

    fn not(self) -> Self {
        Self { negated: !self.negated, ..self }
    }

    pub(super) fn on_trait(self, path: &Path) -> Condition<Named> {
        let leaf = TraitCondition { path: path.clone(), match_case: self.match_case, test: self.test };
        let leaf = Condition::Trait(leaf);
        if self.negated { Condition::Not(Box::new(leaf)) } else { leaf }
    }

    pub(super) fn on_property(self, path: &Path) -> Predicate {
        let leaf = PropertyTest { property: path.clone(), match_case: self.match_case, test: self.test };
        let leaf = Predicate::Property(leaf);
        if self.negated { Predicate::Not(Box::new(leaf)) } else { leaf }
    }
}

/// Klaviyo writes its own properties as they are, and custom ones as `properties['Favorite Color']`.
pub(super) fn property_path(written: &str, notes: &mut Notes, place: &str) -> Option<Path> {
    let quoted = |rest: &str| {
        let inner = rest.strip_prefix('[')?.strip_suffix(']')?;
        let quote = inner.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
        Some(inner.strip_prefix(quote)?.strip_suffix(quote)?.to_owned())
    };
    let name = written.strip_prefix("properties").and_then(quoted);
    let name = name.or_else(|| written.strip_prefix("location").and_then(quoted));
    let name = name.unwrap_or_else(|| written.to_owned());
    match name.parse() {
        Ok(path) => Some(path),
        Err(_) => notes.cannot(place, format!("`{written}` is no property that a rule can name")),
    }
}

fn string(json: &Json, operator: &str, notes: &mut Notes, place: &str) -> Option<Filter> {
    if let Some(values) = json.get("value").and_then(Json::as_array) {
        let values = values.iter().filter_map(Json::as_str).map(Value::text).collect();
        return match operator {
            "in" => Some(Filter::of_text(Test::In(values))),
            "not-in" => Some(Filter::of_text(Test::NotIn(values))),
            other => unknown(other, notes, place),
        };
    }
    let Some(value) = json.get("value").and_then(Json::as_str) else {
        // Klaviyo has null for "nothing there".
        return match operator {
            "equals" => Some(Filter::plain(Test::NotExists)),
            "not-equals" => Some(Filter::plain(Test::Exists)),
            other => notes.cannot(place, format!("`{other}` has nothing to compare with")),
        };
    };
    let owned = value.to_owned();
    Some(match operator {
        "equals" => Filter::of_text(Test::Is(Value::text(value))),
        "not-equals" => Filter::of_text(Test::IsNot(Value::text(value))),
        "contains" => Filter::of_text(Test::Contains(owned)),
        "not-contains" => Filter::of_text(Test::NotContains(owned)),
        "starts-with" => Filter::of_text(Test::StartsWith(owned)),
        "not-starts-with" => Filter::of_text(Test::StartsWith(owned)).not(),
        "ends-with" => Filter::of_text(Test::EndsWith(owned)),
        "not-ends-with" => Filter::of_text(Test::EndsWith(owned)).not(),
        "regex" | "nregex" => {
            notes.differs(place, "regular expressions have no look-around and no back-references here");
            let filter = Filter::of_text(Test::Matches(owned));
            if operator == "nregex" { filter.not() } else { filter }
        }
        other => return unknown(other, notes, place),
    })
}

fn numeric(json: &Json, operator: &str, notes: &mut Notes, place: &str) -> Option<Filter> {
    let number = |member: &str| json.get(member).and_then(decimal);
    if operator == "between" {
        let (Some(low), Some(high)) = (number("start"), number("end")) else {
            return notes.cannot(place, "`between` needs a `start` and an `end`");
        };
        return Some(Filter::plain(Test::Between(Scalar::Number(low), Scalar::Number(high))));
    }
    let Some(number) = number("value") else { return notes.cannot(place, "the value is no number") };
    let scalar = Scalar::Number(number);
    let test = match operator {
        "equals" => Test::Is(Value::Number(number)),
        "not-equals" => Test::IsNot(Value::Number(number)),
        "greater-than" => Test::MoreThan(scalar),
        "greater-than-or-equal" => Test::AtLeast(scalar),
        "less-than" => Test::LessThan(scalar),
        "less-than-or-equal" => Test::AtMost(scalar),
        other => return unknown(other, notes, place),
    };
    Some(Filter::plain(test))
}

fn list(json: &Json, operator: &str, notes: &mut Notes, place: &str) -> Option<Filter> {
    let value = json.get("value").unwrap_or(&Json::Null);
    if let Some(comparison) = operator.strip_prefix("length-") {
        let Some(count) = value.as_u64() else {
            return notes.cannot(place, "a length is compared with a whole number");
        };
        let count = match comparison {
            "equals" => CountTest::Exactly(count),
            "greater-than" => CountTest::MoreThan(count),
            "greater-than-or-equal" => CountTest::AtLeast(count),
            "less-than" => CountTest::LessThan(count),
            "less-than-or-equal" => CountTest::AtMost(count),
            _ => return unknown(operator, notes, place),
        };
        return Some(Filter::plain(Test::Length(count)));
    }
    if let Some(texts) = value.as_array() {
        let values: Vec<Value> = texts.iter().filter_map(Json::as_str).map(Value::text).collect();
        return match operator {
            "contains-all" => Some(Filter::of_text(Test::ContainsAll(values))),
            "not-contains-all" => Some(Filter::of_text(Test::ContainsAll(values)).not()),
            "contains-any" => Some(Filter::of_text(Test::ContainsAny(values))),
            "not-contains-any" => Some(Filter::of_text(Test::ContainsNone(values))),
            other => unknown(other, notes, place),
        };
    }
    let element = value.as_str().map(Value::text).or_else(|| decimal(value).map(Value::Number));
    match (operator, element, value.as_str()) {
        ("contains", Some(element), _) => Some(Filter::of_text(Test::ContainsAny(vec![element]))),
        ("not-contains", Some(element), _) => Some(Filter::of_text(Test::ContainsNone(vec![element]))),
        ("contains-substring", _, Some(text)) => Some(Filter::of_text(Test::Contains(text.to_owned()))),
        ("not-contains-substring", _, Some(text)) => {
            Some(Filter::of_text(Test::NotContains(text.to_owned())))
        }
        (other, _, _) => unknown(other, notes, place),
    }
}

fn unknown(operator: &str, notes: &mut Notes, place: &str) -> Option<Filter> {
    notes.cannot(place, format!("the operator `{operator}` cannot be said of this value"))
}
