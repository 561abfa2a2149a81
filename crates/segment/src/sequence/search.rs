//! The completions of a sequence at one instant, the one that starts last first.

use rustc_hash::{FxHashMap, FxHashSet};

use segops_model::Instant;

use super::layers::Layers;
use super::{Completions, SequenceNode};
use crate::{Entry, ValueEntry};

pub(super) struct Search<'a> {
    node: &'a SequenceNode,
    layers: &'a Layers<'a>,
    /// Starts are after it.
    after: Instant,
    /// Last events are not after it.
    certain_until: Instant,
    used: FxHashSet<Entry>,
    alive: Vec<Alive>,
    /// How many events may still be tried as a step.
    tries: usize,
}

impl<'a> Search<'a> {
    pub(super) fn at(node: &'a SequenceNode, layers: &'a Layers<'a>, at: Instant) -> Self {
        Self {
            node,
            layers,
            after: node.window.bounds(at).0,
            certain_until: node.certain_until(at),
            used: FxHashSet::default(),
            alive: layers.steps.iter().map(|_| Alive::default()).collect(),
            tries: usize::MAX,
        }
    }

    /// At most so many.
    pub(super) fn completions(mut self, most: usize) -> Completions {
        self.find(most)
    }

    /// At most so many, if no more than so many events have to be tried.
    pub(super) fn completions_within(mut self, most: usize, tries: usize) -> Option<Completions> {
        self.tries = tries;
        let found = self.find(most);
        (self.tries > 0).then_some(found)
    }

    fn find(&mut self, most: usize) -> Completions {
        let mut found = Completions::default();
        let Some(first) = self.layers.steps.first() else { return found };
        let Some(bound) = self.layers.bound_of_first(self.certain_until) else { return found };
        let steps = self.layers.steps.len();
        let mut events = Vec::with_capacity(steps);
        for item in first.newest_first(bound) {
            if found.events.len() >= most || item.entry.ts <= self.after || self.tries == 0 {
                break;
            }
            if !self.used.contains(&item.entry) && self.completes(0, item, &mut events) {
                self.used.extend(events.iter().copied());
                found.events.push(std::mem::replace(&mut events, Vec::with_capacity(steps)));
            }
        }
        found
    }

    /// Whether the rest can be completed after an event as a step, with the latest events that can.
    fn completes(&mut self, step: usize, item: ValueEntry, events: &mut Vec<Entry>) -> bool {
        self.tries = self.tries.saturating_sub(1);
        if self.tries == 0 {
            return false;
        }
        let Some(reach) = self.layers.reach(self.node, step, item) else { return false };
        events.push(item.entry);
        let next = step + 1;
        let Some(layer) = self.layers.steps.get(next) else { return true };
        let is_last = next + 1 == self.layers.steps.len();
        let certain_until = self.certain_until;
        let mut upper = layer.count_while(item.value, |candidate| {
            reach.reaches_up_to(candidate) && (!is_last || candidate.entry.ts <= certain_until)
        });
        while let Some(found) = self.alive.get_mut(next).and_then(|alive| alive.newest(upper)) {
            let candidate = layer.get(found).filter(|candidate| candidate.value == item.value);
            let Some(candidate) = candidate.filter(|candidate| candidate.entry > item.entry) else { break };
            if !reach.reaches_back_to(candidate) {
                break;
            }
            if !self.used.contains(&candidate.entry) && self.completes(next, candidate, events) {
                return true;
            }
            // What cannot be completed now cannot be later: only events are taken away.
            if let Some(alive) = self.alive.get_mut(next) {
                alive.drop(found);
            }
            upper = found;
        }
        events.pop();
        false
    }
}

/// Which items of a layer still come into question.
#[derive(Default)]
struct Alive {
    /// For each place whose item does not the nearest one below it, of which the same may be true; places are one
    /// more than indexes, and 0 is none. Chains of them are shortened as they are followed.
    nearest: FxHashMap<usize, usize>,
}

impl Alive {
    /// The last item among the first so many.
    fn newest(&mut self, upper: usize) -> Option<usize> {
        let mut place = upper;
        while let Some(next) = self.nearest.get(&place).copied() {
            match self.nearest.get(&next).copied() {
                None => place = next,
                Some(after) => {
                    self.nearest.insert(place, after);
                    place = after;
                }
            }
        }
        place.checked_sub(1)
    }

    fn drop(&mut self, index: usize) {
        self.nearest.insert(index + 1, index);
    }
}
