//! How many hold each condition of a rule: each by itself, and with those before it.

use segops_model::SegmentId;
use segops_rules::{Condition, Resolved, Rule, unresolve};
use segops_segment::{Calendar, Verdict};

use crate::names::WorkspaceNames;
use crate::rebuild::Question;
use crate::showing::format_condition;
use crate::view::{ConditionCount, Joined};

/// The conditions that a rule puts together, counted.
#[derive(Debug)]
pub(super) struct ConditionCounts {
    joined: Joined,
    counts: Vec<ConditionCount>,
}

/// The conditions that a rule puts together at its top; none where it is a single one.
fn conditions_of(rule: &Rule<Resolved>) -> (Joined, &[Condition<Resolved>]) {
    match &rule.when {
        Condition::All(parts) if parts.len() > 1 => (Joined::All, parts),
        Condition::Any(parts) if parts.len() > 1 => (Joined::Any, parts),
        Condition::None(parts) if parts.len() > 1 => (Joined::None, parts),
        _ => (Joined::All, &[]),
    }
}

/// Each condition as a rule of its own, with the same base. Their ids go down from the one given.
pub(super) fn questions_of(rule: &Rule<Resolved>, first: SegmentId, calendar: &Calendar) -> Vec<Question> {
    let (_, conditions) = conditions_of(rule);
    let ids = (0..=first.0).rev().map(SegmentId);
    let questions = conditions.iter().zip(ids).map(|(when, segment)| Question {
        segment,
        rule: Rule { when: when.clone(), ..rule.clone() },
        calendar: calendar.clone(),
    });
    questions.collect()
}

impl ConditionCounts {
    pub(super) fn new(rule: &Rule<Resolved>, names: &WorkspaceNames<'_>) -> Self {
        let (joined, conditions) = conditions_of(rule);
        let counts = conditions.iter().map(|when| {
            let base = segops_rules::Base::Everyone;
            let alone = Rule { base, when: when.clone(), ..rule.clone() };
            let condition = format_condition(&unresolve(&alone, names));
            ConditionCount { condition, alone: 0, with_those_before: 0 }
        });
        Self { joined, counts: counts.collect() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Counts one profile of the base, by its verdicts for the conditions.
    pub(super) fn add(&mut self, verdicts: &[Verdict]) {
        let mut holds = self.joined != Joined::Any;
        for (count, verdict) in self.counts.iter_mut().zip(verdicts) {
            count.alone += u64::from(verdict.member);
            holds = match self.joined {
                Joined::All => holds && verdict.member,
                Joined::Any => holds || verdict.member,
                Joined::None => holds && !verdict.member,
            };
            count.with_those_before += u64::from(holds);
        }
    }

    pub(super) fn finish(self) -> (Joined, Vec<ConditionCount>) {
        (self.joined, self.counts)
    }
}
