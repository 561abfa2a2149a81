use segops_model::Instant;

use crate::explain::ConditionExplanation;

/// What one condition says of a profile, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Phrase {
    /// What was found and, where it is not plain, what is asked for: `1 order in the last 90 days, needs 2`.
    pub(super) found: String,
    /// What the profile would do to keep the condition from changing by itself: `they order again`.
    pub(super) unless: Option<String>,
    /// What else than time would change the condition: `with 1 more order`, `once country is DE`.
    pub(super) change: Option<String>,
    /// When the condition changes by itself.
    pub(super) at: Option<Instant>,
}

impl Phrase {
    pub(super) fn new(found: impl Into<String>, explanation: &ConditionExplanation) -> Self {
        Self { found: found.into(), at: explanation.next_change, ..Self::default() }
    }

    /// What was found, and what is asked for; of one that is as the rule wants it in parentheses.
    pub(super) fn needing(
        found: &str,
        need: Option<&str>,
        is_met: bool,
        explanation: &ConditionExplanation,
    ) -> Self {
        let text = match need {
            None => found.to_owned(),
            Some(need) if is_met => format!("{found} (needs {need})"),
            Some(need) => format!("{found}, needs {need}"),
        };
        Self::new(text, explanation)
    }

    pub(super) fn unless(mut self, act: Option<String>) -> Self {
        self.unless = act;
        self
    }

    pub(super) fn changing(mut self, change: Option<String>) -> Self {
        self.change = change;
        self
    }

    /// For a condition that has no words of its own: its text as rules have it.
    pub(super) fn of_text(explanation: &ConditionExplanation) -> Self {
        let holds = if explanation.holds { "holds" } else { "does not hold" };
        Self::new(format!("{} {holds}", explanation.text), explanation)
    }
}
