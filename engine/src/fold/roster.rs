//! The segments that serve, in dependency order, and which of them each kind of change touches.

use std::sync::Arc;

use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};

use segops_model::{SegmentId, SignalId};
use segops_rules::Base;
use segops_segment::{Program, RankingKey};

/// A place in the roster. A segment comes after those that its rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub usize);

#[derive(Debug, Default)]
pub(super) struct Roster {
    entries: Vec<Entry>,
    slots: FxHashMap<SegmentId, Slot>,
    by_signal: FxHashMap<SignalId, Vec<Slot>>,
    by_trait: FxHashMap<CompactString, Vec<Slot>>,
    by_ranking: FxHashMap<RankingKey, Vec<Slot>>,
    on_identified: Vec<Slot>,
    when_empty: Vec<Slot>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub segment: SegmentId,
    pub program: Arc<Program>,
    /// Segments whose rules name this one.
    pub dependents: Vec<Slot>,
}

impl Roster {
    /// Orders the serving segments so that each comes after those it depends on; ties by id. The rules have
    /// been checked for cycles; what would still go round is left out.
    pub(super) fn new(serving: &[(SegmentId, Arc<Program>)]) -> Self {
        let mut roster = Self::default();
        let known: FxHashSet<SegmentId> = serving.iter().map(|(segment, _)| *segment).collect();
        let mut waiting: Vec<&(SegmentId, Arc<Program>)> = serving.iter().collect();
        waiting.sort_by_key(|(segment, _)| *segment);
        while !waiting.is_empty() {
            let (ready, blocked): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, program)| {
                let needs = program.segments().iter();
                needs.filter(|need| known.contains(need)).all(|need| roster.slots.contains_key(need))
            });
            if ready.is_empty() {
                break;
            }
            for (segment, program) in ready {
                roster.push(*segment, program);
            }
            waiting = blocked;
        }
        roster
    }

    fn push(&mut self, segment: SegmentId, program: &Arc<Program>) {
        let slot = Slot(self.entries.len());
        self.slots.insert(segment, slot);
        for (signal, _) in program.signals() {
            self.by_signal.entry(*signal).or_default().push(slot);
        }
        for root in program.trait_roots() {
            self.by_trait.entry(root.clone()).or_default().push(slot);
        }
        for ranking in program.rankings() {
            self.by_ranking.entry(ranking.key.clone()).or_default().push(slot);
        }
        for need in program.segments() {
            if let Some(entry) = self.slots.get(need).and_then(|slot| self.entries.get_mut(slot.0)) {
                entry.dependents.push(slot);
            }
        }
        if program.base() == Base::Identified {
            self.on_identified.push(slot);
        }
        if program.may_hold_when_empty() {
            self.when_empty.push(slot);
        }
        self.entries.push(Entry { segment, program: Arc::clone(program), dependents: Vec::new() });
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot.0)
    }

    pub(super) fn slot_of(&self, segment: SegmentId) -> Option<Slot> {
        self.slots.get(&segment).copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..self.entries.len()).map(Slot)
    }

    pub(super) fn of_signal(&self, signal: SignalId) -> &[Slot] {
        self.by_signal.get(&signal).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_trait(&self, root: &str) -> &[Slot] {
        self.by_trait.get(root).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_ranking(&self, ranking: &RankingKey) -> &[Slot] {
        self.by_ranking.get(ranking).map_or(&[], Vec::as_slice)
    }

    pub(super) fn on_identified(&self) -> &[Slot] {
        &self.on_identified
    }

    /// Segments that a profile can be in before it has done anything.
    pub(super) fn when_empty(&self) -> &[Slot] {
        &self.when_empty
    }
}
