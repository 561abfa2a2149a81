//! Whether a rule holds for a profile at an instant, and when that can next change by time alone.

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unmoved_tests;

use segops_model::{
    ConsentChannel, Identifier, Instant, ListId, ProfileId, ResultId, SegmentId, SignalId, Value,
};

use crate::consent;
use crate::count_range::CountRange;
use crate::program::{CountNode, Node, Program};
use crate::{
    Carried, ConsentHistory, Naming, RankingKey, RankingThreshold, RecordedScore, RecordedTransitions,
    Timeline, WindowBounds,
};

/// Changes that a condition looks over unless its view has it otherwise.
pub const CHANGES_LOOKED_OVER: usize = 32;
/// How often the search for the instant at which a count's test changes its answer skips ahead. Past it,
/// the instant reached so far is given: too early, never too late.
const SKIPS_MAX: usize = 64;
/// Matches of one signal up to which a verdict can be unmoved by more: past it, conditions that look at so many of
/// the newest forget older ones.
pub const UNMOVED_MATCHES_MAX: usize = 10_000;

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
    /// Everything that identifies the profile.
    fn identifiers(&self) -> &[Identifier];
    /// What was said of one of its identifiers, up to now at least.
    fn consent(&self, channel: ConsentChannel, identifier: &Identifier) -> Option<&ConsentHistory>;
    /// Whether the profile is in an uploaded list.
    fn is_listed(&self, list: ListId) -> bool;
    /// What a recorded result says of the profile, as it was recorded last.
    fn naming(&self, result: ResultId) -> Naming;
    /// What holds of a score that was computed elsewhere and recorded.
    fn recorded_score(&self, score: &str) -> Option<RecordedScore>;
    /// What was recorded of the profile and a segment, up to now at least.
    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions>;
    /// How many changes of what it reads a condition looks over in search of the instant at which its answer changes.
    /// Past them the instant reached is given: too early, never too late. A count's instant is always the true one.
    fn changes_looked_over(&self) -> usize {
        CHANGES_LOOKED_OVER
    }
    /// What spares reading long histories anew for every answer. A view of one answer has none.
    fn carried(&self) -> Option<&Carried> {
        None
    }
}

/// The answer of a rule for one profile at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub member: bool,
    /// The next instant at which the answer can change with no new input: never later than the true one,
    /// and exact where the rule is one count. `None` if it cannot. Another segment's change is an input.
    pub next_change: Option<Instant>,
}

/// A verdict, and what more events can do to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    /// Whether more matches leave the member in, or the other one out, until the next change: any number of any
    /// signals, as long as each is the newest of its signal, and none has more than [`UNMOVED_MATCHES_MAX`]. What
    /// else the rule reads may still change the verdict. So who is in for two orders needs no second look at a third.
    pub is_unmoved: bool,
}

/// Evaluates a program: base and condition.
#[must_use]
pub fn evaluate(program: &Program, view: &impl ProfileView, now: Instant) -> Verdict {
    judge(program, view, now).verdict
}

/// Whether a program holds: as [`evaluate`], where nobody asks when that changes.
#[must_use]
pub fn selects(program: &Program, view: &impl ProfileView, now: Instant) -> bool {
    let mut parts = program.base_node.iter().chain([&program.root]);
    parts.all(|node| holds(node, view, now))
}

/// Evaluates a program, and says whether more matches can make a difference.
#[must_use]
pub fn judge(program: &Program, view: &impl ProfileView, now: Instant) -> Judgement {
    let Outcome { holds, next_change, is_unmoved } = outcome_of(program, view, now);
    debug_assert_eq!(selects(program, view, now), holds, "the two ways to an answer part");
    Judgement { verdict: Verdict { member: holds, next_change }, is_unmoved }
}

/// A condition's answer, and the earliest instant at which it can be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) holds: bool,
    pub(crate) next_change: Option<Instant>,
    /// As [`Judgement::is_unmoved`] has it.
    pub(crate) is_unmoved: bool,
}

impl Outcome {
    pub(crate) const fn until(holds: bool, next_change: Option<Instant>) -> Self {
        Self { holds, next_change, is_unmoved: false }
    }

    /// An answer that time alone does not change.
    pub(crate) const fn settled(holds: bool) -> Self {
        Self::until(holds, None)
    }

    /// The answer, and whether more matches leave it as it is.
    pub(crate) const fn unmoved(self, is_unmoved: bool) -> Self {
        Self { is_unmoved, ..self }
    }

    /// An answer that no match of a signal goes into.
    const fn aside(self) -> Self {
        self.unmoved(true)
    }

    const fn negated(self) -> Self {
        Self { holds: !self.holds, ..self }
    }
}

pub(crate) fn outcome_of(program: &Program, view: &impl ProfileView, now: Instant) -> Outcome {
    let parts = program.base_node.iter().chain([&program.root]);
    every(parts.map(|node| outcome_of_node(node, view, now)))
}

/// Whether one condition holds, where nobody asks when that changes.
pub(crate) fn holds(node: &Node, view: &impl ProfileView, now: Instant) -> bool {
    match node {
        Node::All(nodes) => nodes.iter().all(|node| holds(node, view, now)),
        Node::Any(nodes) => nodes.iter().any(|node| holds(node, view, now)),
        Node::None(nodes) => !nodes.iter().any(|node| holds(node, view, now)),
        Node::Not(node) => !holds(node, view, now),
        Node::Count(count) => {
            let (after, until) = count.window.bounds(now);
            let counted = view.timeline(count.signal).map_or(0, |timeline| timeline.count_in(after, until));
            count.range.holds(counted as u64)
        }
        node => outcome_of_node(node, view, now).holds,
    }
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
        Node::Active(active) => active.outcome(view, now),
        Node::Sequence(sequence) => sequence.outcome(view, now),
        Node::Cadence(cadence) => cadence.outcome(view, now),
        Node::Computed(computed) => computed.outcome(view, now),
        Node::Ranking(ranking) => ranking.outcome(view, now),
        Node::Score(score) => score.outcome(view, now),
        Node::Trait { root, test } => {
            let value = view.trait_value(root).and_then(|value| test.path().below_root(value));
            Outcome::settled(test.holds(value)).aside()
        }
        Node::TraitDate(date) => date.outcome(view, now).aside(),
        Node::TraitHistory(history) => history.outcome(view, now),
        Node::Place(place) => Outcome::settled(place.holds(view)).aside(),
        Node::Sample(sample) => Outcome::settled(sample.holds(view.profile())).aside(),
        Node::Segment(segment) => Outcome::settled(view.is_member(*segment)).aside(),
        Node::Transition(node) => node.outcome(view, now).aside(),
        Node::Tenure(node) => node.outcome(view, now).aside(),
        Node::Reach(condition) => Outcome::settled(consent::holds(condition, view, now)).aside(),
        Node::List(list) => Outcome::settled(view.is_listed(*list)).aside(),
        Node::Result(result) => Outcome::settled(view.naming(*result).is_named).aside(),
        Node::Identified => Outcome::settled(view.is_identified()).aside(),
    }
}

/// All of several: while all hold, the first of them to change changes the whole; while some do not, the
/// whole cannot hold before the last of those has changed.
fn every(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    let mut first_to_change: Option<Instant> = None;
    let mut all_unmoved = true;
    let mut last_false: Option<(Instant, bool)> = None;
    for outcome in outcomes {
        match (outcome.holds, outcome.next_change) {
            // What more matches do to the others does not matter.
            (false, None) => return outcome,
            (false, Some(at)) => last_false = last_false.max(Some((at, outcome.is_unmoved))),
            (true, Some(at)) => first_to_change = Some(first_to_change.map_or(at, |first| first.min(at))),
            (true, None) => {}
        }
        all_unmoved &= outcome.is_unmoved;
    }
    match last_false {
        Some((at, is_unmoved)) => Outcome::until(false, Some(at)).unmoved(is_unmoved),
        None => Outcome::until(true, first_to_change).unmoved(all_unmoved),
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
    let is_unmoved = range.is_unmoved_by_rise(tally.count);
    for _ in 0..SKIPS_MAX {
        let Some(next) = next_possible_change(range, window, counted, tally) else {
            return Outcome::settled(holds).unmoved(is_unmoved);
        };
        tally = CountTally::of(window, counted, next);
        if range.holds(tally.count) != holds {
            return Outcome::until(holds, Some(next)).unmoved(is_unmoved);
        }
    }
    Outcome::until(holds, next_possible_change(range, window, counted, tally)).unmoved(is_unmoved)
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
        Self::between(counted.count_until(after), counted.count_until(until))
    }

    /// Of a window whose older edge has passed so many entries, and its newer one so many.
    pub(crate) const fn between(gone: usize, come: usize) -> Self {
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
