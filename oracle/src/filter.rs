//! Whether one event passes a filter, and what a path leads to.

use segops_model::{Event, Object, Path, Value};
use segops_rules::{EventFilter, Named, Predicate, Test};

use crate::value::passes;
use crate::{Calendar, Sources};

pub(crate) fn matches(
    filter: &EventFilter<Named>,
    event: &Event,
    sources: &Sources,
    calendar: &Calendar,
) -> bool {
    let from_source = filter.sources.is_empty()
        || filter.sources.iter().any(|name| sources.get(name) == Some(&event.source));
    let all = properties_of(event);
    event.kind.is_counted()
        && filter.name.as_deref().is_none_or(|name| name == event.name)
        && from_source
        && filter.predicate.as_ref().is_none_or(|predicate| holds(predicate, &all, calendar))
}

/// What paths start in: the properties, and the context beside them.
pub(crate) fn properties_of(event: &Event) -> Object {
    let mut all = event.properties.clone();
    if all.get("context").is_none() {
        all.set("context", Value::Object(event.context.clone()));
    }
    all
}

pub(crate) fn holds(predicate: &Predicate, object: &Object, calendar: &Calendar) -> bool {
    let each = |predicate: &Predicate| holds(predicate, object, calendar);
    match predicate {
        Predicate::All(predicates) => predicates.iter().all(each),
        Predicate::Any(predicates) => predicates.iter().any(each),
        Predicate::None(predicates) => !predicates.iter().any(each),
        Predicate::Not(predicate) => !each(predicate),
        Predicate::Property(test) => {
            path_passes(&test.property, &test.test, test.match_case, object, calendar)
        }
        Predicate::Item(item) => {
            let list = item.list.to_string();
            let values = reached(object, list.trim_end_matches("[]"));
            let Some(Value::List(items)) = values.first() else { return false };
            items.iter().any(|item_value| match item_value {
                Value::Object(inner) => holds(&item.predicate, inner, calendar),
                _ => false,
            })
        }
    }
}

/// Through a list, one element that passes is enough; a negative test denies all of that.
pub(crate) fn path_passes(
    path: &Path,
    test: &Test,
    match_case: bool,
    object: &Object,
    calendar: &Calendar,
) -> bool {
    let path = path.to_string();
    let positive = match test {
        Test::IsNot(needle) => Some(Test::Is(needle.clone())),
        Test::NotIn(needles) => Some(Test::In(needles.clone())),
        Test::NotContains(part) => Some(Test::Contains(part.clone())),
        Test::NotExists => Some(Test::Exists),
        Test::ContainsNone(needles) => Some(Test::ContainsAny(needles.clone())),
        Test::Length(segops_rules::CountTest::Not(count)) => {
            Some(Test::Length(segops_rules::CountTest::Exactly(*count)))
        }
        _ => None,
    };
    let asked = positive.as_ref().unwrap_or(test);
    let values = reached(object, path.trim_end_matches("[]"));
    let any = values.iter().any(|value| passes(asked, match_case, Some(value), calendar));
    any != positive.is_some()
}

/// Every value that a path leads to: one at most, but for `[]`, which goes into each object of a list.
pub(crate) fn reached(object: &Object, path: &str) -> Vec<Value> {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let (name, each) = match step.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (step, false),
    };
    let Some(value) = object.get(name) else { return Vec::new() };
    let Some(rest) = rest else { return vec![value.clone()] };
    match value {
        Value::Object(inner) if !each => reached(inner, rest),
        Value::List(items) if each => {
            let objects = items.iter().filter_map(Value::as_object);
            objects.flat_map(|inner| reached(inner, rest)).collect()
        }
        _ => Vec::new(),
    }
}
