//! Why a profile is in a segment or not: the rule's tree with what was found at each condition.

mod computed;
mod explanation;
mod occurrence;
mod ranking;
#[cfg(test)]
mod tests;
mod traits;

use segops_model::{Decimal, Identifier, Instant};
use segops_rules::{ActiveCondition, Aggregate, Condition, Moment, ReachCondition, Resolved, Rule, Scalar};

use crate::aggregate::AggregateNode;
use crate::cadence::{CADENCE_EVENTS_MAX, CadenceNode};
use crate::consent::standings;
use crate::evaluate::{ProfileView, evaluate, outcome_of_node};
use crate::program::{CountNode, Node, Program};
use crate::sequence::{SEQUENCE_MATCHES_MAX, SequenceNode};
use crate::{Entry, Keep, Timeline};

pub use explanation::{
    BaseExplanation, ComputedPart, ConditionExplanation, Explanation, Observed, ObservedAddress,
    ObservedWindow, Threshold,
};

/// Entries shown as evidence at most, the newest first.
const EVIDENCE_MAX: usize = 10;
/// Instants of possible change that the search for the true one looks at.
const FLIP_STEPS_MAX: usize = 1_000;

/// Puts parts of a rule into words.
pub trait Describe {
    fn condition(&self, condition: &Condition<Resolved>) -> String;
    fn aggregate(&self, aggregate: &Aggregate<Resolved>) -> String;
}

/// Explains a program's verdict along the rule that it was compiled from; `describe` puts a condition into
/// words.
#[must_use]
pub fn explain(
    program: &Program,
    rule: &Rule<Resolved>,
    view: &impl ProfileView,
    now: Instant,
    describe: &dyn Describe,
) -> Explanation {
    let verdict = evaluate(program, view, now);
    let base_holds = program.base_node.as_ref().is_none_or(|node| outcome_of_node(node, view, now).holds);
    let (flip, searched_until) = next_flip(program, view, now);
    Explanation {
        at: now,
        member: verdict.member,
        base: BaseExplanation { base: program.base(), holds: base_holds },
        condition: Explainer { program, view, now, describe }.condition(&rule.when, &program.root),
        next_change: verdict.next_change,
        enters_at: flip.filter(|_| !verdict.member),
        leaves_at: flip.filter(|_| verdict.member),
        searched_until,
    }
}

/// The first instant after `now` with another verdict and no new input, or else how far the search came
/// without one.
#[must_use]
pub fn next_flip(
    program: &Program,
    view: &impl ProfileView,
    now: Instant,
) -> (Option<Instant>, Option<Instant>) {
    let first = evaluate(program, view, now);
    let mut at = now;
    let mut next = first.next_change;
    for _ in 0..FLIP_STEPS_MAX {
        let Some(instant) = next.filter(|instant| *instant > at) else { return (None, None) };
        let verdict = evaluate(program, view, instant);
        if verdict.member != first.member {
            return (Some(instant), None);
        }
        at = instant;
        next = verdict.next_change;
    }
    (None, Some(at))
}

struct Explainer<'a, V> {
    program: &'a Program,
    view: &'a V,
    now: Instant,
    describe: &'a dyn Describe,
}

impl<V: ProfileView> Explainer<'_, V> {
    fn condition(&self, condition: &Condition<Resolved>, node: &Node) -> ConditionExplanation {
        let outcome = outcome_of_node(node, self.view, self.now);
        let mut explanation = ConditionExplanation {
            text: self.describe.condition(condition),
            holds: outcome.holds,
            observed: None,
            threshold: None,
            window: None,
            evidence: Vec::new(),
            evidence_expires_at: None,
            next_change: outcome.next_change,
            conditions: Vec::new(),
        };
        match (condition, node) {
            (Condition::All(conditions), Node::All(nodes))
            | (Condition::Any(conditions), Node::Any(nodes))
            | (Condition::None(conditions), Node::None(nodes)) => {
                let pairs = conditions.iter().zip(nodes);
                explanation.conditions =
                    pairs.map(|(condition, node)| self.condition(condition, node)).collect();
            }
            (Condition::Not(condition), Node::Not(node)) => {
                explanation.conditions = vec![self.condition(condition, node)];
            }
            (Condition::Event(condition), Node::Count(node)) => {
                explanation.threshold = Some(Threshold::Count(condition.count));
                self.count(node, &mut explanation);
            }
            (Condition::Aggregate(condition), Node::Aggregate(node)) => {
                explanation.threshold = Some(Threshold::Aggregate(Box::new(condition.test.clone())));
                self.aggregate(node, &mut explanation);
            }
            (Condition::Occurrence(_), Node::Occurrence(node)) => self.occurrence(node, &mut explanation),
            (Condition::Within(condition), Node::Within(node)) => {
                explanation.threshold = Some(Threshold::Count(condition.count));
                self.within(node, &mut explanation);
            }
            (Condition::Active(condition), Node::Active(node)) => {
                explanation.threshold = match &**condition {
                    ActiveCondition::Periods(leaf) => Some(Threshold::Count(leaf.periods)),
                    ActiveCondition::Days(leaf) => Some(Threshold::Count(leaf.count)),
                    ActiveCondition::Stopped(_) | ActiveCondition::Restarted(_) => None,
                };
                self.active(node, &mut explanation);
            }
            (Condition::Sequence(condition), Node::Sequence(node)) => {
                explanation.threshold = Some(Threshold::Count(condition.count));
                self.sequence(node, &mut explanation);
            }
            (Condition::Cadence(condition), Node::Cadence(node)) => {
                explanation.threshold = Some(Threshold::Cadence(condition.test));
                self.cadence(node, &mut explanation);
            }
            (Condition::Computed(condition), Node::Computed(node)) => {
                explanation.threshold = Some(Threshold::Trait(condition.test.clone()));
                self.computed(&condition.computed.definition, node, &mut explanation);
            }
            (Condition::Ranking(condition), Node::Ranking(node)) => {
                explanation.threshold =
                    Some(Threshold::Rank { end: condition.end, percent: condition.percent });
                self.ranking(condition, node, &mut explanation);
            }
            (Condition::Score(condition), Node::Score(node)) => {
                let (value, as_of) = node.reading.found(self.view, self.now);
                explanation.observed = Some(Observed::Score { value, as_of });
                explanation.threshold = Some(Threshold::Score(condition.test.clone()));
                explanation.window = node.window().map(|window| observed_window(window.bounds(self.now)));
            }
            (Condition::Trait(condition), Node::Trait { root, test }) => {
                let value = self.view.trait_value(root).and_then(|value| test.path().below_root(value));
                explanation.observed = Some(Observed::Trait(value.cloned()));
                explanation.threshold = Some(Threshold::Trait(condition.test.clone()));
            }
            (Condition::Place(test), Node::Place(node)) => {
                explanation.observed = Some(if node.is_circle() {
                    Observed::Distance(node.distance(self.view))
                } else {
                    Observed::Trait(node.value(self.view).cloned())
                });
                explanation.threshold = Some(Threshold::Place(test.clone()));
            }
            (Condition::TraitDate(condition), Node::TraitDate(node)) => {
                explanation.threshold = Some(Threshold::TraitDate(condition.test.clone()));
                self.trait_date(node, &mut explanation);
            }
            (Condition::TraitHistory(condition), Node::TraitHistory(node)) => {
                explanation.threshold = Some(Threshold::TraitHistory(Box::new(condition.test.clone())));
                self.trait_history(condition, node, &mut explanation);
            }
            (Condition::Sample(condition), Node::Sample(node)) => {
                explanation.observed = Some(Observed::Share(node.percent(self.view.profile())));
                explanation.threshold = Some(Threshold::Share(condition.percent));
            }
            (Condition::Segment(condition), _) => {
                explanation.observed = Some(Observed::Member(self.view.is_member(condition.segment)));
            }
            (Condition::Transition(condition), Node::Transition(node)) => {
                let counted = node.counted(self.view, self.now);
                let count = counted.len() as u64;
                explanation.threshold = Some(Threshold::Count(condition.count));
                explanation.observed = Some(Observed::Count { count, or_more: false });
                explanation.evidence = counted.iter().rev().take(EVIDENCE_MAX).collect();
                explanation.window = Some(observed_window(node.window.bounds(self.now)));
            }
            (Condition::Reach(_), Node::Reach(condition)) => {
                explanation.observed = Some(Observed::Addresses(self.addresses(condition)));
            }
            (Condition::List(condition), Node::List(_)) => {
                explanation.observed = Some(Observed::Listed(self.view.is_listed(condition.list)));
            }
            (Condition::Result(condition), Node::Result(_)) => {
                explanation.observed = Some(Observed::Named(self.view.naming(condition.result)));
            }
            (Condition::Tenure(condition), Node::Tenure(node)) => {
                let open = self.view.recorded(node.segment).and_then(|held| held.open_entry(self.now));
                explanation.threshold = Some(Threshold::Tenure(condition.test.clone()));
                explanation.observed = Some(Observed::MemberSince(open.map(|open| open.entry.ts)));
                explanation.evidence = open.map(|open| open.entry).into_iter().collect();
            }
            _ => {}
        }
        explanation
    }

    /// Those that pass first.
    fn addresses(&self, condition: &ReachCondition) -> Vec<ObservedAddress> {
        let history = |channel, identifier: &Identifier| self.view.consent(channel, identifier);
        let found = standings(condition, self.view.identifiers(), history, self.now);
        let mut addresses: Vec<ObservedAddress> = found
            .map(|standing| ObservedAddress {
                channel: standing.channel,
                address: standing.address.to_owned(),
                valid: standing.is_valid,
                consent: standing.consent.map(|(_, state)| state),
                consent_at: standing.consent.map(|(ts, _)| ts),
                suppressed_since: standing.suppressed_since,
                passes: standing.passes(condition.test),
            })
            .collect();
        addresses.sort_by_key(|address| !address.passes);
        addresses.truncate(EVIDENCE_MAX);
        addresses
    }

    fn count(&self, node: &CountNode, explanation: &mut ConditionExplanation) {
        let none = Timeline::new();
        let timeline = self.view.timeline(node.signal).unwrap_or(&none);
        let (after, until) = node.window.bounds(self.now);
        let count = timeline.count_in(after, until) as u64;
        // With as many counted as are needed, older ones may be gone.
        let or_more = match node.keep() {
            Keep::Newest(kept) => count >= u64::from(kept),
            _ => false,
        };
        explanation.observed = Some(Observed::Count { count, or_more });
        explanation.evidence = timeline.iter_range(after, until).rev().take(EVIDENCE_MAX).collect();
        let oldest = timeline.nth_after(after, 1).filter(|entry| entry.ts <= until);
        explanation.evidence_expires_at = oldest.and_then(|entry| node.window.leaves_at(entry.ts));
        explanation.window = Some(observed_window((after, until)));
    }

    fn sequence(&self, node: &SequenceNode, explanation: &mut ConditionExplanation) {
        let (found, is_cut) = node.all_completions(self.view, self.now);
        let newest_only = is_cut.then_some(SEQUENCE_MATCHES_MAX);
        let count = found.events.len() as u64;
        let begun = if count == 0 { node.begun(self.view, self.now) } else { None };
        let (begun, next_before) = begun.unwrap_or_default();
        explanation.observed = Some(Observed::Sequence { count, newest_only, begun, next_before });
        let events = found.events.iter().flat_map(|events| events.iter().rev().copied());
        explanation.evidence = events.take(EVIDENCE_MAX).collect();
        explanation.window = Some(observed_window(node.window.bounds(self.now)));
    }

    fn cadence(&self, node: &CadenceNode, explanation: &mut ConditionExplanation) {
        let none = Timeline::new();
        let timeline = self.view.timeline(node.signal).unwrap_or(&none);
        let habit = node.habit(timeline, self.now);
        let is_cut = timeline.len() >= CADENCE_EVENTS_MAX as usize;
        explanation.evidence = timeline.iter_range(Instant::MIN, self.now).rev().take(EVIDENCE_MAX).collect();
        explanation.observed = Some(Observed::Cadence {
            newest: explanation.evidence.first().map(|entry| entry.ts),
            median_gap_ms: habit.and_then(|habit| i64::try_from((habit.two_gaps_ms + 1) / 2).ok()),
            newest_only: is_cut.then_some(CADENCE_EVENTS_MAX),
        });
    }

    fn aggregate(&self, node: &AggregateNode, explanation: &mut ConditionExplanation) {
        let none = Timeline::new();
        let timeline = self.view.timeline(node.left.signal).unwrap_or(&none);
        let scalar = |value: i128| {
            if node.is_of_dates {
                let ms = i64::try_from(value).ok()?;
                return Some(Scalar::Date(Moment::Instant(Instant::from_ms(ms))));
            }
            Some(Scalar::Number(Decimal::from_billionths(value)))
        };
        let value = node.left.value(self.view, self.now).map(crate::aggregate::Fraction::rounded);
        let compared_with = node.other().and_then(|(factor, reading)| {
            let other = reading.value(self.view, self.now)?;
            scalar(other.times_rounded(factor)?)
        });
        explanation.observed = Some(Observed::Aggregate {
            value: value.and_then(scalar),
            compared_with,
            several_currencies: node.left.is_of_several_currencies(self.view, self.now)
                || node.compares_other_currencies(self.view, self.now),
        });
        // Several values of one event are one piece of evidence.
        let mut evidence: Vec<Entry> = Vec::new();
        let indexes = node.left.indexes(timeline, self.now);
        let oldest = timeline.get(indexes.start).filter(|_| !indexes.is_empty());
        explanation.evidence_expires_at = oldest.and_then(|entry| node.left.window.leaves_at(entry.ts));
        for entry in indexes.rev().filter_map(|index| timeline.get(index)) {
            if evidence.last() != Some(&entry) {
                if evidence.len() == EVIDENCE_MAX {
                    break;
                }
                evidence.push(entry);
            }
        }
        explanation.evidence = evidence;
        explanation.window = Some(observed_window(node.left.window.bounds(self.now)));
    }
}

fn observed_window((after, until): (Instant, Instant)) -> ObservedWindow {
    ObservedWindow {
        after: Some(after).filter(|after| *after > Instant::MIN),
        until: until.min(Instant::MAX),
    }
}
