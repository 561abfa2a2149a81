//! The JSON form: the tree as it is stored and sent.

use serde_json::Value as Json;

use segops_model::Limits;

use crate::ast::{Named, RULE_FORMAT, Rule};
use crate::check::{check, unknown_version};
use crate::lists::desugar_rule;
use crate::parse::too_long;
use crate::problem::{Code, Problem};

/// Reads a rule's JSON form. Problems carry their place, such as `when.all[1].event.count`.
///
/// A rule without `version` is of the current format. Tests on paths through a list (`products[].category`)
/// become item tests, as in the text form.
pub fn from_json(text: &str) -> Result<Rule<Named>, Vec<Problem>> {
    let limits = Limits::default();
    if text.len() > limits.rule_bytes_max {
        return Err(vec![too_long(text.len(), &limits)]);
    }
    let json = serde_json::from_str(text).map_err(|error| {
        let problem = Problem::error(Code::BadJson, format!("this is not JSON: {error}"));
        vec![problem.suggestion("to give a rule as text, use the text form")]
    })?;
    from_json_value(json)
}

/// As [`from_json`], for JSON that is read already.
pub fn from_json_value(json: Json) -> Result<Rule<Named>, Vec<Problem>> {
    let limits = Limits::default();
    let Json::Object(mut members) = json else {
        let problem = Problem::error(Code::BadJson, "a rule is a JSON object");
        return Err(vec![problem.expected("`{\"when\": {...}}`")]);
    };
    let version = members.entry("version").or_insert_with(|| RULE_FORMAT.into());
    match version.as_u64() {
        Some(version) if version == u64::from(RULE_FORMAT) => {}
        Some(version) => return Err(vec![unknown_version(u32::try_from(version).unwrap_or(u32::MAX))]),
        None => {
            let problem = Problem::error(Code::UnknownVersion, "the rule's version is not a number");
            return Err(vec![problem.place("version").expected(format!("{RULE_FORMAT}"))]);
        }
    }
    let rule: Rule<Named> = serde_path_to_error::deserialize(Json::Object(members)).map_err(|error| {
        let place = error.path().to_string();
        let (message, expected) = split_expected(&error.inner().to_string());
        let problem = Problem::error(Code::BadJson, message).place(place);
        vec![match expected {
            Some(expected) => problem.expected(expected),
            None => problem,
        }]
    })?;
    let rule = desugar_rule(rule);
    let problems = check(&rule, &limits);
    if problems.is_empty() { Ok(rule) } else { Err(problems) }
}

/// The reader's messages end in ", expected ..."; that part has a place of its own in a problem.
fn split_expected(message: &str) -> (String, Option<String>) {
    match message.split_once(", expected ") {
        Some((message, expected)) => (message.to_owned(), Some(expected.to_owned())),
        None => (message.to_owned(), None),
    }
}

/// The rule's JSON form.
#[must_use]
pub fn to_json(rule: &Rule<Named>) -> Json {
    // Nothing in a tree can fail to be JSON: its maps have text keys, and it writes no floats that are not
    // finite.
    serde_json::to_value(rule).unwrap_or(Json::Null)
}
