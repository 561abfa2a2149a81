//! The events of an analysis, as people write them.

use serde::{Deserialize, Serialize};

use segops_rules::{Condition, CountTest, EventCondition, EventFilter, Named, Problem, Rule, Window};

/// Which events are meant: in the words of rules (`"Order Completed" where total > 50`, `orders where status is
/// "refunded"`, `any event`), or as the rules' tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventDefinition {
    Text(String),
    Tree(EventFilter<Named>),
}

impl EventDefinition {
    /// Every event of a name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::Tree(EventFilter {
            subject: segops_rules::Subject::Events,
            derived: None,
            name: Some(name.to_owned()),
            predicate: None,
            sources: Vec::new(),
        })
    }

    /// Reads the text. `is_event` says whether an event of that very name exists, so that it needs no quotes.
    pub(crate) fn filter(&self, is_event: impl Fn(&str) -> bool) -> Result<EventFilter<Named>, Vec<Problem>> {
        let text = match self {
            Self::Tree(filter) => return Ok(filter.clone()),
            Self::Text(text) => text.trim(),
        };
        if is_event(text) {
            return match Self::named(text) {
                Self::Tree(filter) => Ok(filter),
                Self::Text(_) => Err(Vec::new()),
            };
        }
        let is_of_orders =
            text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("orders"));
        let before = if is_of_orders { "everyone where has " } else { "everyone where did " };
        let rule = segops_rules::parse(&format!("{before}{text}")).map_err(|mut problems| {
            for problem in &mut problems {
                let back = |at: usize| at.saturating_sub(before.len());
                problem.span = problem.span.map(|(from, to)| (back(from), back(to)));
            }
            problems
        })?;
        only_the_filter(rule).ok_or_else(|| vec![not_an_event(text)])
    }
}

fn only_the_filter(rule: Rule<Named>) -> Option<EventFilter<Named>> {
    match rule.when {
        Condition::Event(EventCondition { event, count, window })
            if count == CountTest::default() && window == Window::AllTime =>
        {
            Some(event)
        }
        _ => None,
    }
}

fn not_an_event(text: &str) -> Problem {
    Problem {
        code: segops_rules::Code::ExpectedEvent,
        severity: segops_rules::Severity::Error,
        message: format!("`{text}` says more than which events are meant"),
        span: None,
        place: None,
        expected: Some("an event's name with `where` and `from source`, or `orders where ...`".to_owned()),
        suggestion: Some("say how often and when in the analysis itself".to_owned()),
    }
}
