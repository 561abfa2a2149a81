//! Aggregates, made from every value by itself.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use segops_model::{Event, Object, Value};
use segops_rules::{Aggregate, AggregateFunction, AggregateTest, Named, Predicate};

use crate::Calendar;
use crate::filter::{holds, properties_of, reached};
use crate::value::{folded, number_of, shown};

/// A value and among how many it is divided. The oracle's own numbers are small.
type Fraction = (i128, i128);

/// What the values of the events in a window come to.
pub(crate) fn aggregate_of(
    aggregate: &Aggregate<Named>,
    is_of_dates: bool,
    events: &[&Event],
    window: std::ops::Range<i64>,
    calendar: &Calendar,
) -> Option<Fraction> {
    let mut texts = BTreeSet::new();
    let mut numbers = Vec::new();
    for event in events.iter().filter(|event| window.contains(&event.ts.as_ms())) {
        let path = aggregate.property.to_string();
        for (value, quantity) in values_at(&path, aggregate.event.predicate.as_ref(), event, calendar) {
            if matches!(&value, Value::Text(text) if text.trim().is_empty()) {
                continue;
            }
            texts.extend(shown(&value).map(|text| folded(&text)));
            let times = if aggregate.by_quantity { quantity.unwrap_or(1_000_000_000) } else { 1_000_000_000 };
            let number = number_of(&value).map(|number| number * times / 1_000_000_000);
            numbers.extend(if is_of_dates { calendar.date(&value).map(i128::from) } else { number });
        }
    }
    numbers.sort_unstable();
    let count = i128::try_from(numbers.len()).unwrap_or(i128::MAX);
    let sum: i128 = numbers.iter().sum();
    let last = numbers.len().saturating_sub(1);
    match aggregate.function {
        AggregateFunction::Sum => Some((sum, 1)),
        AggregateFunction::Distinct => Some((i128::try_from(texts.len()).unwrap_or(0) * 1_000_000_000, 1)),
        AggregateFunction::Average if count > 0 => Some((sum, count)),
        AggregateFunction::Minimum => Some((*numbers.first()?, 1)),
        AggregateFunction::Maximum => Some((*numbers.last()?, 1)),
        AggregateFunction::Median => Some((numbers.get(last / 2)? + numbers.get(numbers.len() / 2)?, 2)),
        AggregateFunction::Average => None,
    }
}

/// How the test answers, given how the aggregate stands to what it names.
pub(crate) fn passes_order(test: &AggregateTest<Named>, compared: Option<Ordering>) -> bool {
    match test {
        AggregateTest::NotEquals(_) => compared != Some(Ordering::Equal),
        AggregateTest::Equals(_) => compared == Some(Ordering::Equal),
        AggregateTest::LessThan(_) => compared == Some(Ordering::Less),
        AggregateTest::MoreThan(_) => compared == Some(Ordering::Greater),
        AggregateTest::AtMost(_) => matches!(compared, Some(Ordering::Less | Ordering::Equal)),
        AggregateTest::AtLeast(_) => matches!(compared, Some(Ordering::Greater | Ordering::Equal)),
        AggregateTest::Between(..) => false,
    }
}

/// How a fraction stands to so many billionths of another.
pub(crate) fn compare(left: Fraction, times: i128, right: Fraction) -> Ordering {
    (left.0 * right.1 * 1_000_000_000).cmp(&(times * right.0 * left.1))
}

/// Each value that a path leads to in an event, with the quantity beside it; of lines only those that pass
/// what a filter asks of one.
pub(crate) fn values_at(
    path: &str,
    predicate: Option<&Predicate>,
    event: &Event,
    calendar: &Calendar,
) -> Vec<(Value, Option<i128>)> {
    let mut values = Vec::new();
    let mut take = |object: &Object, path: &str| {
        let quantity = object.get("quantity").and_then(number_of);
        for value in reached(object, path) {
            match value {
                Value::List(list) => values.extend(list.into_iter().map(|value| (value, quantity))),
                one => values.push((one, quantity)),
            }
        }
    };
    let properties = properties_of(event);
    let Some((list, path)) = path.split_once("[].") else {
        take(&properties, path);
        return values;
    };
    let mut tests = Vec::new();
    if let Some(predicate) = predicate {
        tests_of(predicate, list, &mut tests);
    }
    if let Some(Value::List(lines)) = reached(&properties, list).first() {
        for line in lines.iter().filter_map(Value::as_object) {
            if tests.is_empty() || tests.iter().any(|test| holds(test, line, calendar)) {
                take(line, path);
            }
        }
    }
    values
}

/// The tests of a list's lines that must hold for the event to match.
fn tests_of<'a>(predicate: &'a Predicate, list: &str, tests: &mut Vec<&'a Predicate>) {
    match predicate {
        Predicate::All(parts) => parts.iter().for_each(|part| tests_of(part, list, tests)),
        Predicate::Item(item) if item.list.to_string() == list => tests.push(&item.predicate),
        _ => {}
    }
}
