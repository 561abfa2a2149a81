//! The customers behind a number: as a list, and as a rule wherever the rule language can say it.

use roaring::RoaringTreemap;
use segops_rules::{Code, Named, Problem, Rule, Severity};

use crate::error::AnalysisError;

/// Who a part of an answer is about.
#[derive(Debug, Clone)]
pub struct Customers {
    pub profiles: RoaringTreemap,
    /// A preview of it at the analysis's instant counts as many.
    pub rule: Option<Rule<Named>>,
    /// Why there is none.
    pub no_rule_because: Option<&'static str>,
}

impl Customers {
    pub(crate) fn new(profiles: RoaringTreemap, rule: Option<Rule<Named>>, otherwise: &'static str) -> Self {
        let no_rule_because = rule.is_none().then_some(otherwise);
        Self { profiles, rule, no_rule_because }
    }
}

pub(crate) fn no_such_cell(expected: &str) -> AnalysisError {
    AnalysisError::Definition(vec![Problem {
        code: Code::UnsupportedValue,
        severity: Severity::Error,
        message: "the answer has no such part".to_owned(),
        span: None,
        place: Some("customers".to_owned()),
        expected: Some(expected.to_owned()),
        suggestion: None,
    }])
}
