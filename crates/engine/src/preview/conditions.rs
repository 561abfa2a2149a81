//! How many hold each condition of a rule: each by itself, and with those before it.

use roaring::RoaringTreemap;

use segops_model::SegmentId;
use segops_rules::{Condition, Resolved, Rule, unresolve};
use segops_segment::Calendar;

use crate::names::WorkspaceNames;
use crate::rebuild::{LastOf, Question};
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

    /// How the last of so many questions, the rule, comes of those of its conditions, which stand before its base.
    pub(super) fn as_last_of(&self, questions: usize) -> Option<LastOf> {
        let base = questions.checked_sub(2)?;
        let first = base.checked_sub(self.len())?;
        (self.len() > 0).then_some(LastOf { joined: self.joined, conditions: first..base, base })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Counts those of the base, by who holds each of the conditions.
    pub(super) fn count(&mut self, base: &RoaringTreemap, holders: &[RoaringTreemap]) {
        let mut left = if self.joined == Joined::Any { RoaringTreemap::new() } else { base.clone() };
        for (count, holders) in self.counts.iter_mut().zip(holders) {
            let holders = holders & base;
            count.alone = holders.len();
            match self.joined {
                Joined::All => left &= holders,
                Joined::Any => left |= holders,
                Joined::None => left -= holders,
            }
            count.with_those_before = left.len();
        }
    }

    pub(super) fn finish(self) -> (Joined, Vec<ConditionCount>) {
        (self.joined, self.counts)
    }
}
