//! How far back a program looks, and at what beside events: so that history is read no farther.

use std::collections::BTreeMap;

use segops_model::{Instant, SignalId};

use super::{Node, Program};

/// Earlier than every event.
const EVER: Instant = Instant::from_ms(i64::MIN);

impl Program {
    /// For each signal the instant that its matches have to be after to make any difference to the verdict at an
    /// instant, or at any later one.
    #[must_use]
    pub fn looks_back_to(&self, now: Instant) -> BTreeMap<SignalId, Instant> {
        let mut back = BTreeMap::new();
        for node in self.base_node.iter().chain([&self.root]) {
            look_back(node, now, &mut |signal, after| {
                let held = back.entry(signal).or_insert(after);
                *held = after.min(*held);
            });
        }
        back
    }

    /// Whether the verdict depends on nothing but matches of signals, and on segments that other programs decide:
    /// then it is one and the same for all profiles without any match.
    #[must_use]
    pub fn reads_matches_alone(&self) -> bool {
        self.base_node.iter().chain([&self.root]).all(is_of_matches)
    }

    /// Whether everyone is selected, whatever there is of them.
    #[must_use]
    pub fn selects_everyone(&self) -> bool {
        let is_empty = |node: &Node| matches!(node, Node::All(nodes) if nodes.is_empty());
        self.base_node.iter().chain([&self.root]).all(is_empty)
    }
}

fn is_of_matches(node: &Node) -> bool {
    match node {
        Node::All(nodes) | Node::Any(nodes) | Node::None(nodes) => nodes.iter().all(is_of_matches),
        Node::Not(node) => is_of_matches(node),
        Node::Count(_)
        | Node::Aggregate(_)
        | Node::Occurrence(_)
        | Node::Within(_)
        | Node::Active(_)
        | Node::Sequence(_)
        | Node::Cadence(_)
        | Node::Segment(_) => true,
        Node::Computed(_)
        | Node::Ranking(_)
        | Node::Score(_)
        | Node::Trait { .. }
        | Node::TraitDate(_)
        | Node::TraitHistory(_)
        | Node::Place(_)
        | Node::Sample(_)
        | Node::Transition(_)
        | Node::Tenure(_)
        | Node::Reach(_)
        | Node::List(_)
        | Node::Result(_)
        | Node::Identified => false,
    }
}

/// Shows every signal that a condition reads, with the instant that matches have to be after.
pub(crate) fn look_back(node: &Node, now: Instant, each: &mut dyn FnMut(SignalId, Instant)) {
    match node {
        Node::All(nodes) | Node::Any(nodes) | Node::None(nodes) => {
            nodes.iter().for_each(|node| look_back(node, now, each));
        }
        Node::Not(node) => look_back(node, now, each),
        // Windows only ever move forwards: what they have passed does not come back.
        Node::Count(count) => each(count.signal, count.window.bounds(now).0),
        Node::Aggregate(aggregate) => {
            aggregate.readings().for_each(|reading| each(reading.signal, reading.window.bounds(now).0));
        }
        Node::Sequence(sequence) => {
            let after = sequence.window.bounds(now).0;
            sequence.signals().for_each(|(signal, _)| each(signal, after));
        }
        Node::Occurrence(occurrence) => occurrence.signals().for_each(|(signal, _)| each(signal, EVER)),
        Node::Within(within) => within.signals().for_each(|(signal, _)| each(signal, EVER)),
        Node::Active(active) => each(active.signal, EVER),
        Node::Cadence(cadence) => each(cadence.signal, EVER),
        Node::Computed(computed) => computed.signals().into_iter().for_each(|(signal, _)| each(signal, EVER)),
        Node::Ranking(ranking) => {
            ranking.measure.signals().into_iter().for_each(|(signal, _)| each(signal, EVER));
        }
        Node::Score(score) => score.reading.signals().iter().for_each(|(signal, _)| each(*signal, EVER)),
        Node::TraitHistory(history) => each(history.signal, EVER),
        Node::Trait { .. }
        | Node::TraitDate(_)
        | Node::Place(_)
        | Node::Sample(_)
        | Node::Segment(_)
        | Node::Transition(_)
        | Node::Tenure(_)
        | Node::Reach(_)
        | Node::List(_)
        | Node::Result(_)
        | Node::Identified => {}
    }
}
