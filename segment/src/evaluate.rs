//! Whether a rule holds for a profile at an instant, and when that can next change by time alone.

#[cfg(test)]
mod tests;

use segops_model::{Instant, ProfileId, SegmentId, SignalId, Value};

use crate::count_range::CountRange;
use crate::program::{CountNode, Node, Program};
use crate::{RankingKey, RankingThreshold, RecordedScore, RecordedTransitions, Timeline, WindowBounds};

/// How often the search for the instant at which a count's test changes its answer skips ahead. Past it,
/// the instant reached so far is given: too early, never too late.
const SKIPS_MAX: usize = 64;

/// What a rule may read of a profile.
pub trait ProfileView {
    /// The profile's id; of profiles that have merged, the survivor's.
    fn profile(&self) -> ProfileId;
    /// The matches of a signal, with at least what [`Program::signals`] asks to keep; none if there are
    /// none.
    fn timeline(&self, signal: SignalId) -> Option<&Timeline>;
    /// The value of a trait by its first name.
    fn trait_value(&self, root: &str) -> Option<&Value>;
    /// Whether the profile has an identifier beyond an anonymous one.
    fn is_identified(&self) -> bool;
    /// Whether the profile is in another segment now.
    fn is_member(&self, segment: SegmentId) -> bool;
    /// What a ranking's threshold was when it was recorded last; none if it never was.
    fn threshold(&self, ranking: &RankingKey) -> Option<&RankingThreshold>;
    /// What holds of a score that was computed elsewhere and recorded.
    fn recorded_score(&self, score: &str) -> Option<RecordedScore>;
    /// What was recorded of the profile and a segment, up to now at least.
    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions>;
}

/// The answer of a rule for one profile at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub member: bool,
    /// The next instant at which the answer can change with no new input: never later than the true one,
    /// and exact where the rule is one count. `None` if it cannot. Another segment's change is an input.
    pub next_change: Option<Instant>,
}

/// Evaluates a program: base and condition.
#[must_use]
pub fn evaluate(program: &Program, view: &impl ProfileView, now: Instant) -> Verdict {
    let outcome = outcome_of(program, view, now);
    Verdict { member: outcome.holds, next_change: outcome.next_change }
}

/// A condition's answer, and the earliest instant at which it can be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) holds: bool,
    pub(crate) next_change: Option<Instant>,
}

impl Outcome {
    /// An answer that time alone does not change.
    pub(crate) const fn settled(holds: bool) -> Self {
        Self { holds, next_change: None }
    }

    const fn negated(self) -> Self {
        Self { holds: !self.holds, next_change: self.next_change }
    }
}

pub(crate) fn outcome_of(program: &Program, view: &impl ProfileView, now: Instant) -> Outcome {
    let parts = program.base_node.iter().chain([&program.root]);
    every(parts.map(|node| outcome_of_node(node, view, now)))
}

pub(crate) fn outcome_of_node(node: &Node, view: &impl ProfileView, now: Instant) -> Outcome {
    let each = |nodes| {
        let nodes: std::slice::Iter<'_, Node> = nodes;
        nodes.map(|node| outcome_of_node(node, view, now))
    };
    match node {
        Node::All(nodes) => every(each(nodes.iter())),
        Node::Any(nodes) => every(each(nodes.iter()).map(Outcome::negated)).negated(),
        Node::None(nodes) => every(each(nodes.iter()).map(Outcome::negated)),
        Node::Not(node) => outcome_of_node(node, view, now).negated(),
        Node::Count(count) => outcome_of_count(count, view.timeline(count.signal), now),
        Node::Aggregate(aggregate) => aggregate.outcome(view, now),
        Node::Occurrence(occurrence) => occurrence.outcome(view, now),
        Node::Within(within) => within.outcome(view, now),
        Node::Active(active) => active.outcome(view.timeline(active.signal), now),
        Node::Sequence(sequence) => sequence.outcome(view, now),
        Node::Cadence(cadence) => cadence.outcome(view, now),
        Node::Ranking(ranking) => ranking.outcome(view, now),
        Node::Score(score) => score.outcome(view, now),
        Node::Trait { root, test } => {
            let value = view.trait_value(root).and_then(|value| test.path().below_root(value));
            Outcome::settled(test.holds(value))
        }
        Node::TraitDate(date) => date.outcome(view, now),
        Node::TraitHistory(history) => history.outcome(view, now),
        Node::Place(place) => Outcome::settled(place.holds(view)),
        Node::Sample(sample) => Outcome::settled(sample.holds(view.profile())),
        Node::Segment(segment) => Outcome::settled(view.is_member(*segment)),
        Node::Transition(node) => node.outcome(view, now),
        Node::Tenure(node) => node.outcome(view, now),
        Node::Identified => Outcome::settled(view.is_identified()),
    }
}

/// All of several: while all hold, the first of them to change changes the whole; while some do not, the
/// whole cannot hold before the last of those has changed.
fn every(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    let mut first_to_change: Option<Instant> = None;
    let mut last_false: Option<Instant> = None;
    for outcome in outcomes {
        match (outcome.holds, outcome.next_change) {
            (false, None) => return Outcome::settled(false),
            (false, Some(at)) => last_false = Some(last_false.map_or(at, |last| last.max(at))),
            (true, Some(at)) => first_to_change = Some(first_to_change.map_or(at, |first| first.min(at))),
            (true, None) => {}
        }
    }
    match last_false {
        Some(at) => Outcome { holds: false, next_change: Some(at) },
        None => Outcome { holds: true, next_change: first_to_change },
    }
}

/// What a window's edges pass over, in the order of time.
pub(crate) trait Counted {
    /// How many are at or before an instant.
    fn count_until(&self, until_inclusive: Instant) -> usize;
    /// The time of the one with so many older ones before it.
    fn ts_at(&self, index: usize) -> Option<Instant>;
}

impl Counted for Timeline {
    fn count_until(&self, until_inclusive: Instant) -> usize {
        Self::count_until(self, until_inclusive)
    }

    fn ts_at(&self, index: usize) -> Option<Instant> {
        self.get(index).map(|entry| entry.ts)
    }
}

fn outcome_of_count(node: &CountNode, timeline: Option<&Timeline>, now: Instant) -> Outcome {
    outcome_of_counted(node.range, &node.window, timeline.filter(|timeline| !timeline.is_empty()), now)
}

/// A count's answer and the exact instant of its change: from one instant at which enough entries have
/// come or gone for a change to be possible to the next.
pub(crate) fn outcome_of_counted(
    range: CountRange,
    window: &WindowBounds,
    counted: Option<&impl Counted>,
    now: Instant,
) -> Outcome {
    let Some(counted) = counted else { return Outcome::settled(range.holds(0)) };
    let mut tally = CountTally::of(window, counted, now);
    let holds = range.holds(tally.count);
    for _ in 0..SKIPS_MAX {
        let Some(next) = next_possible_change(range, window, counted, tally) else {
            return Outcome::settled(holds);
        };
        tally = CountTally::of(window, counted, next);
        if range.holds(tally.count) != holds {
            return Outcome { holds, next_change: Some(next) };
        }
    }
    Outcome { holds, next_change: next_possible_change(range, window, counted, tally) }
}

/// Where a window's edges stand in what is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountTally {
    /// Entries that the older edge has passed.
    gone: usize,
    /// Entries that the newer edge has passed.
    come: usize,
    pub(crate) count: u64,
}

impl CountTally {
    pub(crate) fn of(window: &WindowBounds, counted: &impl Counted, now: Instant) -> Self {
        let (after, until) = window.bounds(now);
        let gone = counted.count_until(after);
        let come = counted.count_until(until);
        Self { gone, come, count: come.saturating_sub(gone) as u64 }
    }
}

/// The first instant by which so many entries have come or gone that the test can answer otherwise.
pub(crate) fn next_possible_change(
    range: CountRange,
    window: &WindowBounds,
    counted: &impl Counted,
    tally: CountTally,
) -> Option<Instant> {
    let nth = |passed: usize, n: u64| -> Option<Instant> {
        counted.ts_at(passed.checked_add(usize::try_from(n).ok()?)?.checked_sub(1)?)
    };
    let fall = range.fall_to_change(tally.count);
    let rise = range.rise_to_change(tally.count);
    let falls_at = fall.and_then(|n| nth(tally.gone, n)).and_then(|ts| window.leaves_at(ts));
    let rises_at = rise.and_then(|n| nth(tally.come, n)).and_then(|ts| window.reached_by_until(ts));
    match (falls_at, rises_at) {
        (Some(falls), Some(rises)) => Some(falls.min(rises)),
        (falls, rises) => falls.or(rises),
    }
}
