//! Why a profile is in a segment or not: the rule's tree with what was found at each condition.

mod occurrence;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Instant, Value};
use segops_rules::{
    ActiveCondition, AggregateTest, Base, CadenceTest, Condition, CountTest, DateTest, HistoryTest, Moment,
    PlaceTest, Resolved, Rule, Scalar, ScoreTest, TenureTest, Test,
};

use crate::aggregate::AggregateNode;
use crate::cadence::{CADENCE_EVENTS_MAX, CadenceNode};
use crate::evaluate::{ProfileView, evaluate, outcome_of_node};
use crate::program::{CountNode, Node, Program};
use crate::sequence::{SEQUENCE_MATCHES_MAX, SequenceNode};
use crate::trait_history::TraitHistoryNode;
use crate::{Cut, Entry, Keep, ScoreValue, Timeline};

/// Entries shown as evidence at most, the newest first.
const EVIDENCE_MAX: usize = 10;
/// Instants of possible change that the search for the true one looks at.
const FLIP_STEPS_MAX: usize = 1_000;

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The instant it holds for.
    pub at: Instant,
    pub member: bool,
    pub base: BaseExplanation,
    pub condition: ConditionExplanation,
    /// When the verdict can change next, with no new input.
    pub next_change: Option<Instant>,
    /// When the profile comes in with no new input; only for one that is not a member.
    pub enters_at: Option<Instant>,
    /// When the profile goes out with no new input; only for a member.
    pub leaves_at: Option<Instant>,
    /// Set where the verdict stays as it is for so many possible changes that the search ended here.
    pub searched_until: Option<Instant>,
}

/// Whether the profile is among those the rule counts at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseExplanation {
    pub base: Base,
    pub holds: bool,
}

/// One condition or group of the rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionExplanation {
    /// The condition in words.
    pub text: String,
    pub holds: bool,
    pub observed: Option<Observed>,
    pub threshold: Option<Threshold>,
    /// The window that a count looked at.
    pub window: Option<ObservedWindow>,
    /// The newest of the events that were counted, newest first.
    pub evidence: Vec<Entry>,
    /// When the oldest of the events that were counted leaves the window.
    pub evidence_expires_at: Option<Instant>,
    /// When this condition by itself can change next, with no new input.
    pub next_change: Option<Instant>,
    /// The conditions of a group.
    pub conditions: Vec<ConditionExplanation>,
}

/// What a condition found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// How many events; with `or_more` at least so many, because older ones are not kept once they cannot
    /// matter.
    Count { count: u64, or_more: bool },
    /// An aggregate, rounded to nine digits, if there is anything to make one of; and what it is compared
    /// with, where that is so many times another aggregate.
    Aggregate {
        value: Option<Scalar>,
        compared_with: Option<Scalar>,
        /// Set where there is none because money is in several currencies, which are never added up.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        several_currencies: bool,
    },
    /// The chosen event, if there are so many, and whether it passes what is asked of it beside its time.
    Event { event: Option<Entry>, passes: bool },
    /// The chosen event, if there are so many, and how many events were found around it.
    Around { event: Option<Entry>, count: u64 },
    /// In how many periods, or on how many days, the profile was active; for periods, how many events each had,
    /// the newest period first.
    Periods { active: u64, counts: Vec<u64> },
    /// How often a sequence was completed; with `newest_only` matches older than so many newest of a step
    /// are not looked at.
    Sequence { count: u64, newest_only: Option<u32> },
    /// The newest event and the median gap before it, to the nearest millisecond, where there are events
    /// enough to have one.
    Cadence { newest: Option<Instant>, median_gap_ms: Option<i64>, newest_only: Option<u32> },
    /// The number that is ranked, if there is one to rank; and what it is held against, rounded to nine digits:
    /// the number of the last one inside when everyone was ranked, when that was, and among how many.
    Ranked {
        value: Option<Decimal>,
        threshold: Option<Decimal>,
        as_of: Option<Instant>,
        population: Option<u64>,
    },
    /// The score, if there is one; and of one that was recorded, what it is of.
    Score { value: Option<ScoreValue>, as_of: Option<Instant> },
    /// The trait's value, if it is set.
    Trait(Option<Value>),
    /// Whether the profile is in the other segment.
    Member(bool),
    /// How far from the point asked for, in the rule's own unit, if that is known.
    Distance(Option<Decimal>),
    /// Whether the trait's value passes the test, and since when: no instant where it has never been otherwise.
    Held { passes: bool, since: Option<Instant> },
    /// Whether the trait's value at an instant passes the test; not known where the sets from then no longer exist.
    Was { at: Instant, passed: Option<bool> },
    /// The profile's place among all under a sample's name, in percent.
    Share(Decimal),
    /// Since when the profile is in the other segment, if it is.
    MemberSince(Option<Instant>),
}

/// What a condition asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    Count(CountTest),
    Aggregate(Box<AggregateTest<Resolved>>),
    Cadence(CadenceTest),
    Trait(Test),
    Score(ScoreTest),
    Place(PlaceTest),
    TraitDate(DateTest),
    TraitHistory(Box<HistoryTest>),
    /// In a sample of so many percent.
    Share(Decimal),
    Tenure(TenureTest),
}

/// The events looked at are those after the first instant and not after the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedWindow {
    /// `None` where the window has no start.
    pub after: Option<Instant>,
    pub until: Instant,
}

/// Explains a program's verdict along the rule that it was compiled from; `describe` puts a condition into
/// words.
#[must_use]
pub fn explain(
    program: &Program,
    rule: &Rule<Resolved>,
    view: &impl ProfileView,
    now: Instant,
    describe: &dyn Fn(&Condition<Resolved>) -> String,
) -> Explanation {
    let verdict = evaluate(program, view, now);
    let base_holds = program.base_node.as_ref().is_none_or(|node| outcome_of_node(node, view, now).holds);
    let (flip, searched_until) = next_flip(program, view, now);
    Explanation {
        at: now,
        member: verdict.member,
        base: BaseExplanation { base: program.base(), holds: base_holds },
        condition: Explainer { view, now, describe }.condition(&rule.when, &program.root),
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
    view: &'a V,
    now: Instant,
    describe: &'a dyn Fn(&Condition<Resolved>) -> String,
}

impl<V: ProfileView> Explainer<'_, V> {
    fn condition(&self, condition: &Condition<Resolved>, node: &Node) -> ConditionExplanation {
        let outcome = outcome_of_node(node, self.view, self.now);
        let mut explanation = ConditionExplanation {
            text: (self.describe)(condition),
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
            (Condition::Ranking(_), Node::Ranking(node)) => {
                let threshold = self.view.threshold(&node.key);
                let value = node.measure.measured(self.view, self.now).number();
                explanation.observed = Some(Observed::Ranked {
                    value: value.map(|value| Decimal::from_billionths(value.rounded())),
                    threshold: threshold.and_then(|threshold| threshold.cut).map(Cut::rounded),
                    as_of: threshold.map(|threshold| threshold.as_of),
                    population: threshold.map(|threshold| threshold.population),
                });
                let window = node.measure.window().map(|window| window.bounds(self.now));
                explanation.window = window.map(observed_window);
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
                explanation.observed = Some(Observed::Trait(node.value(self.view).cloned()));
                explanation.threshold = Some(Threshold::TraitDate(condition.test.clone()));
                explanation.window = node.window().map(|window| observed_window(window.bounds(self.now)));
            }
            (Condition::TraitHistory(condition), Node::TraitHistory(node)) => {
                explanation.threshold = Some(Threshold::TraitHistory(Box::new(condition.test.clone())));
                self.trait_history(&condition.test, node, &mut explanation);
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
        explanation.observed = Some(Observed::Sequence { count: found.events.len() as u64, newest_only });
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

    fn trait_history(
        &self,
        test: &HistoryTest,
        node: &TraitHistoryNode,
        explanation: &mut ConditionExplanation,
    ) {
        let none = Timeline::new();
        let timeline = self.view.timeline(node.signal).unwrap_or(&none);
        let sets = node.sets(timeline);
        explanation.window = Some(observed_window(node.window.bounds(self.now)));
        match test {
            HistoryTest::Held { .. } => {
                let held = sets.held_since(self.now);
                let since = held.flatten();
                explanation.observed = Some(Observed::Held { passes: held.is_some(), since });
                // The set that began it is the last of its instant.
                let began = since.and_then(|since| timeline.nth_newest_until(since, 1));
                explanation.evidence = began.into_iter().collect();
            }
            HistoryTest::Was { .. } => {
                explanation.window = None;
                let at = node.past_instant(self.now);
                let passed = sets.passed_at(at);
                explanation.observed = Some(Observed::Was { at, passed });
                explanation.evidence = timeline.nth_newest_until(at, 1).into_iter().collect();
            }
            HistoryTest::Changed { .. } => {
                explanation.evidence = sets.changes(self.now).take(EVIDENCE_MAX).collect();
                let count = sets.changes(self.now).count() as u64;
                explanation.observed = Some(Observed::Count { count, or_more: false });
            }
        }
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
            several_currencies: node.left.is_of_several_currencies(self.view, self.now),
        });
        // Several values of one event are one piece of evidence.
        let mut evidence: Vec<Entry> = Vec::new();
        let indexes = node.left.indexes(timeline, self.now);
        let oldest = timeline.get(indexes.start).filter(|_| !indexes.is_empty());
        explanation.evidence_expires_at = oldest.and_then(|entry| node.left.window.leaves_at(entry.ts));
        for value in timeline.values_at(indexes).rev() {
            if evidence.last() != Some(&value.entry) {
                if evidence.len() == EVIDENCE_MAX {
                    break;
                }
                evidence.push(value.entry);
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
