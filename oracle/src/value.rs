//! What a test asks of one value.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use segops_model::Value;
use segops_rules::{CountTest, Scalar, Test};

use crate::Calendar;

/// Whether a value, or its absence, passes. A negative test is the negation of the whole.
pub(crate) fn passes(test: &Test, match_case: bool, value: Option<&Value>, calendar: &Calendar) -> bool {
    let positive = |positive: Test| passes(&positive, match_case, value, calendar);
    match test {
        Test::IsNot(needle) => return !positive(Test::Is(needle.clone())),
        Test::NotIn(needles) => return !positive(Test::In(needles.clone())),
        Test::NotContains(part) => return !positive(Test::Contains(part.clone())),
        Test::NotExists => return !positive(Test::Exists),
        Test::ContainsNone(needles) => return !positive(Test::ContainsAny(needles.clone())),
        Test::Length(CountTest::Not(count)) => {
            return !positive(Test::Length(CountTest::Exactly(*count)));
        }
        _ => {}
    }
    let value = match value {
        None | Some(Value::Null) => return false,
        Some(value) => value,
    };
    let elements = match value {
        Value::List(list) => list.clone(),
        other => vec![other.clone()],
    };
    match test {
        Test::Exists => match value {
            Value::Text(text) => text.chars().any(|character| !character.is_whitespace()),
            Value::List(list) => !list.is_empty(),
            _ => true,
        },
        Test::Length(count) => matches!(value, Value::List(list) if counts(*count, list.len() as u64)),
        Test::Is(needle) => among(std::slice::from_ref(needle), value, &elements, match_case),
        Test::In(needles) | Test::ContainsAny(needles) => among(needles, value, &elements, match_case),
        Test::ContainsAll(needles) => {
            needles.iter().all(|needle| elements.iter().any(|element| equal(needle, element, match_case)))
        }
        Test::Contains(part) if matches!(value, Value::List(_)) => {
            let needle = Value::text(part.as_str());
            elements.iter().any(|element| equal(&needle, element, match_case))
        }
        _ => elements.iter().any(|element| passes_one(test, match_case, element, calendar)),
    }
}

/// A value equals one of several, as a whole or in one of its elements.
fn among(needles: &[Value], value: &Value, elements: &[Value], match_case: bool) -> bool {
    let one = |value: &Value| needles.iter().any(|needle| equal(needle, value, match_case));
    one(value) || elements.iter().any(one)
}

fn passes_one(test: &Test, match_case: bool, value: &Value, calendar: &Calendar) -> bool {
    let cased = |text: &str| if match_case { text.to_owned() } else { folded(text) };
    let text = shown(value).map(|text| cased(&text));
    let text_is = |check: &dyn Fn(&str) -> bool| text.as_deref().is_some_and(check);
    let order = |scalar: &Scalar| compare(value, scalar, calendar);
    match test {
        Test::Contains(part) => text_is(&|text| text.contains(&cased(part))),
        Test::StartsWith(part) => text_is(&|text| text.starts_with(&cased(part))),
        Test::EndsWith(part) => text_is(&|text| text.ends_with(&cased(part))),
        Test::Matches(pattern) => shown(value).is_some_and(|text| matches(pattern, match_case, &text)),
        Test::LessThan(scalar) => order(scalar).is_some_and(std::cmp::Ordering::is_lt),
        Test::AtMost(scalar) => order(scalar).is_some_and(std::cmp::Ordering::is_le),
        Test::MoreThan(scalar) => order(scalar).is_some_and(std::cmp::Ordering::is_gt),
        Test::AtLeast(scalar) => order(scalar).is_some_and(std::cmp::Ordering::is_ge),
        Test::Between(from, to) => {
            order(from).is_some_and(std::cmp::Ordering::is_ge)
                && order(to).is_some_and(std::cmp::Ordering::is_le)
        }
        Test::Before(moment) => order(&Scalar::Date(*moment)).is_some_and(std::cmp::Ordering::is_lt),
        Test::Since(moment) => order(&Scalar::Date(*moment)).is_some_and(std::cmp::Ordering::is_ge),
        other => panic!("the oracle does not know the test {other:?}"),
    }
}

/// Numbers compare with numbers, dates with dates, and nothing else.
fn compare(value: &Value, scalar: &Scalar, calendar: &Calendar) -> Option<std::cmp::Ordering> {
    match scalar {
        Scalar::Number(number) => Some(number_of(value)?.cmp(&number.billionths())),
        Scalar::Date(moment) => Some(calendar.date(value)?.cmp(&calendar.moment(*moment))),
    }
}

pub(crate) fn counts(test: CountTest, count: u64) -> bool {
    match test {
        CountTest::AtLeast(n) => count >= n,
        CountTest::MoreThan(n) => count > n,
        CountTest::Exactly(n) => count == n,
        CountTest::Not(n) => count != n,
        CountTest::AtMost(n) => count <= n,
        CountTest::LessThan(n) => count < n,
        CountTest::Between(from, to) => (from..=to).contains(&count),
    }
}

fn equal(needle: &Value, value: &Value, match_case: bool) -> bool {
    match (needle, value) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Number(_), _) | (_, Value::Number(_)) => {
            number_of(needle).is_some() && number_of(needle) == number_of(value)
        }
        (Value::Text(needle), Value::Text(text)) if match_case => needle == text,
        (Value::Text(needle), Value::Text(text)) => folded(needle) == folded(text),
        (Value::Bool(needle), Value::Bool(bool)) => needle == bool,
        (Value::Bool(bool), Value::Text(text)) | (Value::Text(text), Value::Bool(bool)) => {
            folded(text) == bool.to_string()
        }
        (Value::List(needles), Value::List(list)) => {
            needles.len() == list.len()
                && needles.iter().zip(list).all(|(needle, item)| equal(needle, item, match_case))
        }
        (Value::Object(needles), Value::Object(object)) => {
            needles.len() == object.len()
                && needles.iter().all(|(name, needle)| {
                    object.get(name).is_some_and(|member| equal(needle, member, match_case))
                })
        }
        _ => false,
    }
}

/// A scalar as a person would type it.
pub(crate) fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Number(number) => {
            let billionths = number.billionths();
            let digits = format!("{:010}", billionths.abs());
            let (whole, fraction) = digits.split_at(digits.len() - 9);
            let sign = if billionths < 0 { "-" } else { "" };
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            Some(format!("{sign}{whole}{point}{fraction}"))
        }
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}

pub(crate) fn number_of(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => Some(number.billionths()),
        Value::Text(text) => number_in(text),
        _ => None,
    }
}

/// Billionths of a number as text: its digits, moved by its exponent, rounded half away from zero.
pub(crate) fn number_in(text: &str) -> Option<i128> {
    let text = text.trim().to_ascii_lowercase();
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= 400)?;
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // How many of the digits stand before the point, once the number is in billionths.
    let before = i64::try_from(whole.len()).ok()? + i64::from(exponent) + 9;
    let kept = usize::try_from(before).unwrap_or(0);
    let integer: String = digits.chars().chain(std::iter::repeat('0')).take(kept).collect();
    let integer = integer.trim_start_matches('0');
    if integer.len() > 29 {
        return None;
    }
    let next = if before < 0 { None } else { digits.as_bytes().get(kept) };
    let rounded = i128::from(next.is_some_and(|digit| *digit >= b'5'));
    let magnitude = integer.parse::<i128>().unwrap_or(0) + rounded;
    (magnitude < 10_i128.pow(29)).then_some(sign * magnitude)
}

/// Upper case and back brings the forms of one letter together, where each is one character.
pub(crate) fn folded(text: &str) -> String {
    let one = |mut characters: Box<dyn Iterator<Item = char>>, or: char| match (
        characters.next(),
        characters.next(),
    ) {
        (Some(only), None) => only,
        _ => or,
    };
    let fold = |character: char| {
        // The dotless i of Turkish has no other case outside Turkish.
        if character == 'ı' {
            return character;
        }
        let upper = one(Box::new(character.to_uppercase()), character);
        one(Box::new(upper.to_lowercase()), upper)
    };
    text.chars().map(fold).collect()
}

thread_local! {
    static PATTERNS: RefCell<HashMap<(String, bool), Regex>> = RefCell::default();
}

fn matches(pattern: &str, match_case: bool, text: &str) -> bool {
    PATTERNS.with_borrow_mut(|patterns| {
        let build = || {
            RegexBuilder::new(pattern).case_insensitive(!match_case).build().expect("a rule that was checked")
        };
        patterns.entry((pattern.to_owned(), match_case)).or_insert_with(build).is_match(text)
    })
}
