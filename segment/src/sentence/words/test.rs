//! Values, and what is asked of one.

use segops_model::{Path, Value};
use segops_rules::{Scalar, Test};

use super::time::moment_text;
use super::{Need, Words};

/// Characters of one value that are shown.
const VALUE_CHARS_MAX: usize = 60;
/// Values of a list that are shown.
const VALUES_SHOWN: usize = 5;

/// A path as a person would call it: `first_name` is the first name, `address.city` the address city.
pub(in crate::sentence) fn name_of(path: &Path) -> String {
    let text = path.to_string();
    let text = text.strip_prefix("context.").unwrap_or(&text);
    text.replace("[]", "").replace(['.', '_'], " ")
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
        _ => return None,
    })
}

/// What a value needs to be, after "needs": `DE`, `anything but DE`, `at least 18`.
pub(in crate::sentence) fn need_of(test: &Test, wanted: bool, property: &Path, words: &Words<'_>) -> String {
    if !wanted {
        return match opposite(test) {
            Some(opposite) => need_of(&opposite, true, property, words),
            None => format!("anything but {}", need_of(test, true, property, words)),
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

/// What a filter asks of a value, after its name: `is DE`, `is at least 50`.
pub(super) fn asked_of(test: &Test, property: &Path, words: &Words<'_>) -> String {
    let need = || need_of(test, true, property, words);
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
