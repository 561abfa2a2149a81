use serde::Deserialize;
use serde_json::{Map, Value as Json};

use segops_model::Instant;
use segops_rules::{Base, Named, Problem, Rule, from_json, parse};

use crate::settings::Settings;

/// One line of a file of cases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    rule_json: Option<Json>,
    /// In place of the rule's own.
    #[serde(default)]
    base: Option<Base>,
    #[serde(default)]
    pub(super) settings: Settings,
    /// Segments that the rule, or one after them, refers to.
    #[serde(default)]
    pub(super) segments: Vec<NestedSegment>,
    /// Items of the tracking API in the order in which they arrive.
    pub(super) events: Vec<Map<String, Json>>,
    /// Profiles that are split, after the events that have come in by then.
    #[serde(default)]
    pub(super) splits: Vec<CaseSplit>,
    /// People who are deleted, after the events and splits that have come in by then.
    #[serde(default)]
    pub(super) deletions: Vec<CaseDeletion>,
    /// What the product catalogue says, in the order in which it comes in.
    #[serde(default)]
    pub(super) products: Vec<Map<String, Json>>,
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NestedSegment {
    pub(super) name: String,
    pub(super) rule: String,
}

/// Identifiers that become a profile of their own. People and identifiers are named as checks name them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseSplit {
    pub(super) at: Instant,
    pub(super) profile: String,
    pub(super) identifiers: Vec<String>,
    /// When events may link the two sides again.
    #[serde(default)]
    pub(super) lifted_at: Option<Instant>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseDeletion {
    pub(super) at: Instant,
    pub(super) profile: String,
}

/// Who must and must not be a member at an instant: user ids, or `kind:value`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub at: Instant,
    #[serde(default)]
    pub members: Vec<String>,
    #[serde(default)]
    pub non_members: Vec<String>,
}

impl Case {
    /// Reads one line.
    ///
    /// # Errors
    /// What is wrong with it, as text.
    pub fn read(line: &str) -> Result<Self, String> {
        let case: Self =
            serde_json::from_str(line).map_err(|error| format!("the case is not read: {error}"))?;
        if case.checks.is_empty() {
            return Err("the case checks nothing; give at least one of `checks`".to_owned());
        }
        Ok(case)
    }

    /// # Errors
    /// Every problem with the rule.
    pub(super) fn rule(&self) -> Result<Rule<Named>, String> {
        let mut rule = match (&self.rule, &self.rule_json) {
            (Some(text), None) => read_rule(text)?,
            (None, Some(json)) => {
                let text = json.to_string();
                from_json(&text).map_err(|problems| reported(&problems, &text))?
            }
            _ => return Err("a case has one of `rule` and `rule_json`; give the other up".to_owned()),
        };
        rule.base = self.base.unwrap_or(rule.base);
        Ok(rule)
    }
}

pub(super) fn read_rule(text: &str) -> Result<Rule<Named>, String> {
    parse(text).map_err(|problems| reported(&problems, text))
}

fn reported(problems: &[Problem], rule: &str) -> String {
    problems.iter().map(|problem| problem.report(rule)).collect::<Vec<_>>().join("\n")
}
