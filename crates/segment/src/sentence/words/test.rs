//! Values, and what is asked of one.

use segops_model::{Path, Value};
use segops_rules::{Scalar, Test};

use super::time::moment_text;
use super::{Need, Words};

/// Characters of one value that are shown.
const VALUE_CHARS_MAX: usize = 60;
/// Values of a list that are shown.
const VALUES_SHOWN: usize = 5;

/// A path as a person would call it: `first_name` and `firstName` are the first name, `address.city` the address
/// city.
pub(in crate::sentence) fn name_of(path: &Path) -> String {
    if let Some((list, Some(rest))) = path.split_list() {
        let inner = name_within(&rest);
        return if inner.of_product {
            format!("the product's {}", inner.name)
        } else {
            format!("{} {}", one_of(&list), inner.name)
        };
    }
    let inner = name_within(path);
    if inner.of_product { format!("the product's {}", inner.name) } else { inner.name }
}

/// What one element of a list is called: a product of `products`.
fn one_of(list: &Path) -> String {
    let name = plain(&list.to_string());
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.strip_suffix('s').unwrap_or(&name).to_owned(),
    }
}

/// A property's name inside the object that has it.
pub(super) struct Inner {
    pub(super) name: String,
    /// Whether the catalogue says it.
    pub(super) of_product: bool,
}

/// What the catalogue says of a product now is its current value; what it said then, the value at the time.
pub(super) fn name_within(path: &Path) -> Inner {
    let text = path.to_string();
    let of_product = |name| Inner { name, of_product: true };
    if let Some(rest) = text.strip_prefix("current_product.") {
        return of_product(format!("current {}", plain(rest)));
    }
    if let Some(rest) = text.strip_prefix("product.") {
        return of_product(format!("{} at the time", plain(rest)));
    }
    Inner { name: plain(&text), of_product: false }
}

fn plain(path: &str) -> String {
    let path = path.strip_prefix("context.").unwrap_or(path);
    let mut words = String::with_capacity(path.len());
    let mut was_small = false;
    for character in path.replace("[]", "").replace(['.', '_'], " ").chars() {
        // `createdAt` is two words; `orderID` too.
        if was_small && character.is_uppercase() {
            words.push(' ');
        }
        was_small = character.is_lowercase();
        words.extend(character.to_lowercase());
    }
    words
}

/// One value of a property, as a person would write it.
pub(in crate::sentence) fn value_text(value: &Value, property: &Path, words: &Words<'_>) -> String {
    match value {
        Value::Number(number) => words.amount(property, *number),
        Value::Text(text) => shown(text),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "not set".to_owned(),
        Value::List(list) if list.is_empty() => "an empty list".to_owned(),
        Value::List(list) => values_text(list, property, " and ", words),
        Value::Object(_) => "a record".to_owned(),
    }
}

/// `DE, AT or CH`.
fn values_text(values: &[Value], property: &Path, joint: &str, words: &Words<'_>) -> String {
    let mut texts: Vec<String> =
        values.iter().take(VALUES_SHOWN).map(|value| value_text(value, property, words)).collect();
    let more = values.len().saturating_sub(VALUES_SHOWN);
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    match texts.pop() {
        None => "nothing".to_owned(),
        Some(last) if texts.is_empty() => last,
        Some(last) => format!("{}{joint}{last}", texts.join(", ")),
    }
}

/// Text between quotes where it would not be seen, or could be taken for the sentence's own.
fn shown(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .take(VALUE_CHARS_MAX)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if text.chars().count() > VALUE_CHARS_MAX {
        plain.push('…');
    }
    let is_clear = !plain.trim().is_empty()
        && plain.trim() == plain
        && !plain.contains(['"', ',', ';', ':', '(', ')'])
        && !plain.ends_with('.');
    if is_clear { plain } else { format!("\"{plain}\"") }
}

fn scalar_text(scalar: &Scalar, property: &Path, words: &Words<'_>) -> String {
    match scalar {
        Scalar::Number(number) => words.amount(property, *number),
        Scalar::Date(moment) => moment_text(moment, words),
    }
}

/// The negation of a test, where it has a name.
fn opposite(test: &Test) -> Option<Test> {
    Some(match test {
        Test::Is(value) => Test::IsNot(value.clone()),
        Test::IsNot(value) => Test::Is(value.clone()),
        Test::In(values) => Test::NotIn(values.clone()),
        Test::NotIn(values) => Test::In(values.clone()),
        Test::Contains(text) => Test::NotContains(text.clone()),
        Test::NotContains(text) => Test::Contains(text.clone()),
        Test::Exists => Test::NotExists,
        Test::NotExists => Test::Exists,
        Test::ContainsAny(values) => Test::ContainsNone(values.clone()),
        Test::ContainsNone(values) => Test::ContainsAny(values.clone()),
        Test::LessThan(value) => Test::AtLeast(value.clone()),
        Test::AtMost(value) => Test::MoreThan(value.clone()),
        Test::MoreThan(value) => Test::AtMost(value.clone()),
        Test::AtLeast(value) => Test::LessThan(value.clone()),
        Test::Before(moment) => Test::Since(*moment),
        Test::Since(moment) => Test::Before(*moment),
        _ => return None,
    })
}

/// What a value needs to be, after "needs": `DE`, `anything but DE`, `at least 18`.
pub(in crate::sentence) fn need_of(test: &Test, wanted: bool, property: &Path, words: &Words<'_>) -> String {
    if !wanted {
        let scalar = |value: &Scalar| scalar_text(value, property, words);
        return match (opposite(test), test) {
            (Some(opposite), _) => need_of(&opposite, true, property, words),
            (None, Test::Between(low, high)) => format!("under {} or over {}", scalar(low), scalar(high)),
            (None, Test::Length(count)) => format!("{} in the list", Need::of(*count, false).text()),
            (None, Test::ContainsAll(_)) => format!("not {}", need_of(test, true, property, words)),
            (None, test) => match need_of(test, true, property, words) {
                need if need.starts_with("to ") => format!("not {need}"),
                need => format!("anything but {need}"),
            },
        };
    }
    let one = |value: &Value| value_text(value, property, words);
    let either = |values: &[Value]| values_text(values, property, " or ", words);
    let scalar = |value: &Scalar| scalar_text(value, property, words);
    match test {
        Test::Is(value) => one(value),
        Test::IsNot(value) => format!("anything but {}", one(value)),
        Test::In(values) => either(values),
        Test::NotIn(values) => format!("anything but {}", either(values)),
        Test::Contains(text) => format!("to contain {}", shown(text)),
        Test::NotContains(text) => format!("not to contain {}", shown(text)),
        Test::StartsWith(text) => format!("to start with {}", shown(text)),
        Test::EndsWith(text) => format!("to end with {}", shown(text)),
        Test::Matches(pattern) => format!("to match the pattern {}", shown(pattern)),
        Test::LessThan(value) => format!("under {}", scalar(value)),
        Test::AtMost(value) => format!("at most {}", scalar(value)),
        Test::MoreThan(value) => format!("over {}", scalar(value)),
        Test::AtLeast(value) => format!("at least {}", scalar(value)),
        Test::Between(low, high) => format!("{} to {}", scalar(low), scalar(high)),
        Test::Before(moment) => format!("a date before {}", moment_text(moment, words)),
        Test::Since(moment) => format!("{} or later", moment_text(moment, words)),
        Test::Exists => "to be set".to_owned(),
        Test::NotExists => "not to be set".to_owned(),
        Test::ContainsAny(values) => format!("at least one of {}", either(values)),
        Test::ContainsAll(values) => format!("all of {}", values_text(values, property, " and ", words)),
        Test::ContainsNone(values) => format!("none of {}", either(values)),
        Test::Length(count) => format!("{} in the list", Need::of(*count, true).text()),
    }
}

/// What is asked of a value, after its name: `is DE`, `is at least 50`; with `wanted` false the negation.
pub(in crate::sentence) fn asked_of(test: &Test, wanted: bool, property: &Path, words: &Words<'_>) -> String {
    let need = || need_of(test, wanted, property, words);
    if !wanted {
        return match (opposite(test), test) {
            (Some(opposite), _) => asked_of(&opposite, true, property, words),
            (None, Test::StartsWith(text)) => format!("does not start with {}", shown(text)),
            (None, Test::EndsWith(text)) => format!("does not end with {}", shown(text)),
            (None, Test::Matches(pattern)) => format!("does not match the pattern {}", shown(pattern)),
            (None, Test::ContainsAll(_) | Test::Length(_)) => format!("has {}", need()),
            (None, _) => format!("is {}", need()),
        };
    }
    match test {
        Test::Contains(text) => format!("contains {}", shown(text)),
        Test::NotContains(text) => format!("does not contain {}", shown(text)),
        Test::StartsWith(text) => format!("starts with {}", shown(text)),
        Test::EndsWith(text) => format!("ends with {}", shown(text)),
        Test::Matches(pattern) => format!("matches the pattern {}", shown(pattern)),
        Test::Exists => "is set".to_owned(),
        Test::NotExists => "is not set".to_owned(),
        Test::ContainsAny(_) | Test::ContainsAll(_) | Test::ContainsNone(_) | Test::Length(_) => {
            format!("has {}", need())
        }
        _ => format!("is {}", need()),
    }
}
