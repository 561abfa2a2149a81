//! Tests of a value that no value, or every value, passes.

use regex::{Regex, RegexBuilder};

use segops_model::Value;

use super::check_count;
use super::window::surely_at_or_after;
use crate::ast::{Scalar, Test};
use crate::problem::{Code, Problem};

/// Bytes that a compiled pattern, and its cache, may take.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// Groups within groups in a pattern.
const PATTERN_DEPTH_MAX: u32 = 64;

/// Compiles a pattern of a `matches` test, within the limits that every rule was checked against.
pub fn compile_pattern(pattern: &str, match_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .case_insensitive(!match_case)
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX)
        .nest_limit(PATTERN_DEPTH_MAX)
        .build()
        .map_err(|error| error.to_string())
}

pub(super) fn check_test(test: &Test, match_case: bool, place: &str) -> Vec<Problem> {
    match test {
        Test::Is(value) | Test::IsNot(value) => check_value(value, place).into_iter().collect(),
        Test::In(values)
        | Test::NotIn(values)
        | Test::ContainsAny(values)
        | Test::ContainsAll(values)
        | Test::ContainsNone(values) => check_values(values, place),
        Test::Contains(text) | Test::NotContains(text) | Test::StartsWith(text) | Test::EndsWith(text) => {
            check_text(text, place)
        }
        Test::Matches(pattern) => check_pattern(pattern, match_case, place),
        Test::Between(low, high) => check_between(low, high, place),
        Test::Length(count) => check_count(*count, &format!("{place}.length")),
        Test::LessThan(_)
        | Test::AtMost(_)
        | Test::MoreThan(_)
        | Test::AtLeast(_)
        | Test::Before(_)
        | Test::Since(_)
        | Test::Exists
        | Test::NotExists => Vec::new(),
    }
}

fn check_value(value: &Value, place: &str) -> Option<Problem> {
    let problem = match value {
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => return None,
        Value::Null => Problem::error(Code::UnsupportedValue, "nothing is compared with null")
            .suggestion("write `exists` or `does not exist`"),
        Value::List(_) => Problem::error(Code::UnsupportedValue, "a list is not one value")
            .suggestion("write `in (...)` or `contains all of (...)`"),
        Value::Object(_) => Problem::error(Code::UnsupportedValue, "an object is not one value")
            .suggestion("test one of its members, such as `address.city`"),
    };
    Some(problem.place(place).expected("a text, a number, true or false"))
}

fn check_values(values: &[Value], place: &str) -> Vec<Problem> {
    if values.is_empty() {
        return vec![
            Problem::error(Code::EmptyList, "this list has no values")
                .place(place)
                .expected("at least one value, such as `(\"DE\", \"AT\")`"),
        ];
    }
    values.iter().filter_map(|value| check_value(value, place)).collect()
}

fn check_text(text: &str, place: &str) -> Vec<Problem> {
    if text.is_empty() {
        let problem = Problem::error(Code::EmptyText, "every text contains the empty text").place(place);
        return vec![problem.suggestion("to ask whether there is any text write `exists`")];
    }
    Vec::new()
}

fn check_pattern(pattern: &str, match_case: bool, place: &str) -> Vec<Problem> {
    match compile_pattern(pattern, match_case) {
        Ok(_) => Vec::new(),
        Err(error) => {
            // The library's message quotes the pattern over several lines; its last one says what is wrong.
            let reason = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            vec![
                Problem::error(Code::BadPattern, format!("this is no regular expression: {reason}"))
                    .place(place)
                    .suggestion("for a plain text write `contains`; a special character is made plain with a `\\\\` before it"),
            ]
        }
    }
}

pub(super) fn check_between(low: &Scalar, high: &Scalar, place: &str) -> Vec<Problem> {
    let problem = match (low, high) {
        (Scalar::Number(low), Scalar::Number(high)) if low > high => {
            Problem::error(Code::NeverHolds, format!("no number is between {low} and {high}"))
                .suggestion("write the smaller number first")
        }
        (Scalar::Date(low), Scalar::Date(high)) if low != high && surely_at_or_after(low, high) => {
            Problem::error(Code::NeverHolds, format!("no date is between {low} and {high}"))
                .suggestion("write the earlier date first")
        }
        (Scalar::Number(_), Scalar::Date(_)) | (Scalar::Date(_), Scalar::Number(_)) => {
            Problem::error(Code::NeverHolds, "nothing is between a number and a date")
                .expected("two numbers or two dates")
        }
        _ => return Vec::new(),
    };
    vec![problem.place(place)]
}
