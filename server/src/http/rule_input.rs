use segops_model::Limits;
use segops_rules::{Base, Named, Rule, from_json_value, locate, parse_within};

use super::problem::Problem;

/// The rule of a request, which gives it as text or as JSON; `base` goes before what the rule says.
pub(crate) fn named_rule(
    text: Option<&str>,
    json: Option<serde_json::Value>,
    base: Option<Base>,
    limits: &Limits,
) -> Result<Rule<Named>, Problem> {
    let parsed = match (text, json) {
        (Some(text), None) => parse_within(text, limits),
        (None, Some(json)) => from_json_value(json),
        _ => {
            return Err(Problem::bad_request(
                "give the rule either as text in `rule` or as JSON in `rule_json`",
            ));
        }
    };
    let mut rule = parsed.map_err(Problem::rule)?;
    if let Some(base) = base {
        rule.base = base;
    }
    Ok(rule)
}

/// What is wrong with a rule that was given as text, each with its place in the text.
pub(crate) fn located<T>(text: Option<&str>, result: Result<T, Problem>) -> Result<T, Problem> {
    result.map_err(|mut problem| {
        locate_all(text, &mut problem.problems);
        problem
    })
}

/// As [`located`], for what is only a warning.
pub(crate) fn locate_all(text: Option<&str>, problems: &mut [segops_rules::Problem]) {
    if let Some(text) = text {
        locate(text, problems);
    }
}
