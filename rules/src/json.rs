//! The JSON form: the tree as it is stored and sent.

use serde_json::Value as Json;

use segops_model::Limits;

use crate::ast::{Named, RULE_FORMAT, Rule};
use crate::check::{check, unknown_version};
use crate::lists::desugar_rule;
use crate::nearest::nearest;
use crate::parse::too_long;
use crate::problem::{Code, Problem};

const CONDITIONS: &[&str] = &[
    "all",
    "any",
    "none",
    "not",
    "event",
    "aggregate",
    "occurrence",
    "within",
    "active",
    "sequence",
    "cadence",
    "trait",
    "segment",
    "sample",
    "place",
    "trait_date",
    "trait_history",
    "transition",
    "tenure",
];

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
    let rule: Rule<Named> = serde_path_to_error::deserialize(Json::Object(members))
        .map_err(|error| vec![misshapen(error.path().to_string(), &error.inner().to_string())])?;
    let rule = desugar_rule(rule);
    let problems = check(&rule, &limits);
    if problems.is_empty() { Ok(rule) } else { Err(problems) }
}

/// A problem from the reader's message, such as "unknown field `cuont`, expected one of `event`, `count`".
fn misshapen(place: String, message: &str) -> Problem {
    let (wrong, expected) = match message.split_once(", expected ") {
        Some((wrong, expected)) => (wrong, Some(expected)),
        None => (message, None),
    };
    let is_bare_condition = place == wrong_name(wrong) && CONDITIONS.contains(&place.as_str());
    let problem =
        Problem::error(Code::BadJson, wrong.replace("unknown variant", "unknown kind")).place(place);
    let Some(expected) = expected else { return problem };
    let names = expected.split('`').skip(1).step_by(2);
    let meant = nearest(wrong_name(wrong), names);
    let problem =
        problem.expected(expected.replace("u64", "a whole number").replace("u32", "a whole number"));
    match meant {
        _ if is_bare_condition => problem.suggestion("put the condition under `when`: `{\"when\": {...}}`"),
        Some(meant) => problem.suggestion(format!("did you mean `{meant}`?")),
        None => problem,
    }
}

fn wrong_name(message: &str) -> &str {
    message.split('`').nth(1).unwrap_or_default()
}

/// The rule's JSON form.
#[must_use]
pub fn to_json(rule: &Rule<Named>) -> Json {
    // Nothing in a tree can fail to be JSON: its maps have text keys, and it writes no floats that are not
    // finite.
    serde_json::to_value(rule).unwrap_or(Json::Null)
}
