//! The completions of a sequence at one instant, the one that starts last first.

use rustc_hash::FxHashSet;

use segops_model::Instant;

use super::layers::Layers;
use super::{Completions, SequenceNode};
use crate::{Entry, ValueEntry};

pub(super) struct Search<'a> {
    node: &'a SequenceNode,
    layers: &'a Layers,
    /// Starts are after it.
    after: Instant,
    /// Last events are not after it.
    certain_until: Instant,
    used: FxHashSet<Entry>,
    alive: Vec<Alive>,
}

impl<'a> Search<'a> {
    pub(super) fn at(node: &'a SequenceNode, layers: &'a Layers, at: Instant) -> Self {
        Self {
            node,
            layers,
            after: node.window.bounds(at).0,
            certain_until: node.certain_until(at),
            used: FxHashSet::default(),
            alive: layers.steps.iter().map(|layer| Alive::all(layer.items.len())).collect(),
        }
    }

    /// At most so many.
    pub(super) fn completions(mut self, most: usize) -> Completions {
        let mut found = Completions::default();
        let Some(first) = self.layers.steps.first() else { return found };
        if self.layers.steps.iter().any(|layer| layer.items.is_empty()) {
            return found;
        }
        let is_only = self.layers.steps.len() == 1;
        for item in first.newest_first() {
            if found.events.len() >= most || item.entry.ts <= self.after {
                break;
            }
            if self.used.contains(&item.entry) || (is_only && item.entry.ts > self.certain_until) {
                continue;
            }
            let mut events = Vec::with_capacity(self.layers.steps.len());
            if self.completes(0, item, &mut events) {
                self.used.extend(events.iter().copied());
                found.events.push(events);
            }
        }
        found
    }

    /// Whether the rest can be completed after an event as a step, with the latest events that can.
    fn completes(&mut self, step: usize, item: ValueEntry, events: &mut Vec<Entry>) -> bool {
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
            let candidate = layer.items.get(found).filter(|candidate| candidate.value == item.value);
            let Some(candidate) = candidate.filter(|candidate| candidate.entry > item.entry) else { break };
            if !reach.reaches_back_to(*candidate) {
                break;
            }
            if !self.used.contains(&candidate.entry) && self.completes(next, *candidate, events) {
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
struct Alive {
    /// For each place the nearest one up to it whose item does, with places one more than indexes and 0 for
    /// none. Chains of them are shortened as they are followed.
    nearest: Vec<usize>,
}

impl Alive {
    fn all(items: usize) -> Self {
        Self { nearest: (0..=items).collect() }
    }

    /// The last item among the first so many.
    fn newest(&mut self, upper: usize) -> Option<usize> {
        let mut place = upper;
        loop {
            let next = *self.nearest.get(place)?;
            if next == place {
                return place.checked_sub(1);
            }
            let after = *self.nearest.get(next)?;
            *self.nearest.get_mut(place)? = after;
            place = after;
        }
    }

    fn drop(&mut self, index: usize) {
        if let Some(nearest) = self.nearest.get_mut(index + 1) {
            *nearest = index;
        }
    }
}
