//! Compiled rules of serving and pending versions, and what they ask of the timelines.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use segops_model::{SegmentId, SegmentVersion, SignalId};
use segops_segment::{Keep, Program, SignalRegistry};

#[derive(Debug, Default)]
pub(super) struct Programs {
    serving: FxHashMap<SegmentId, Arc<Program>>,
    /// Versions whose signals are gathered while their history is read.
    gathering: FxHashMap<SegmentId, (SegmentVersion, Arc<Program>)>,
    gathering_ids: Vec<SegmentId>,
    keep: FxHashMap<SignalId, Keep>,
}

impl Programs {
    /// How much of a signal's timelines the programs need; `None` for a signal that none reads.
    pub(super) fn keep_of(&self, signal: SignalId) -> Option<Keep> {
        self.keep.get(&signal).copied()
    }

    /// Every signal that is read, in order.
    pub(super) fn kept_signals(&self) -> Vec<(SignalId, Keep)> {
        let mut signals: Vec<_> = self.keep.iter().map(|(signal, keep)| (*signal, *keep)).collect();
        signals.sort_unstable_by_key(|(signal, _)| *signal);
        signals
    }

    /// Every signal that a serving program reads, in order, with what those programs need of it. What a
    /// version that gathers needs beyond that is not complete yet.
    pub(super) fn served_signals(&self) -> Vec<(SignalId, Keep)> {
        let mut signals: Vec<_> = needed_by(self.serving.values()).into_iter().collect();
        signals.sort_unstable_by_key(|(signal, _)| *signal);
        signals
    }

    /// Segments whose priming has started.
    pub(super) fn gathering(&self) -> &[SegmentId] {
        &self.gathering_ids
    }

    pub(super) fn gathering_program(&self, segment: SegmentId) -> Option<&Arc<Program>> {
        self.gathering.get(&segment).map(|(_, program)| program)
    }

    pub(super) fn serving(&self) -> Vec<(SegmentId, Arc<Program>)> {
        self.serving.iter().map(|(segment, program)| (*segment, Arc::clone(program))).collect()
    }

    pub(super) fn serving_program(&self, segment: SegmentId) -> Option<&Arc<Program>> {
        self.serving.get(&segment)
    }

    /// Starts gathering for a version; the program of an earlier attempt is let go.
    pub(super) fn gather(
        &mut self,
        segment: SegmentId,
        version: SegmentVersion,
        program: Arc<Program>,
        signals: &mut SignalRegistry,
    ) -> Vec<SignalId> {
        let old = self.gathering.insert(segment, (version, program));
        self.settle(old.map(|(_, program)| program), signals)
    }

    /// The gathering program takes over from the serving one. Returns the signals that nobody reads now.
    pub(super) fn promote(&mut self, segment: SegmentId, signals: &mut SignalRegistry) -> Vec<SignalId> {
        let Some((_, program)) = self.gathering.remove(&segment) else { return Vec::new() };
        let old = self.serving.insert(segment, program);
        self.settle(old, signals)
    }

    /// Lets go of what is gathered for a segment.
    pub(super) fn abandon(&mut self, segment: SegmentId, signals: &mut SignalRegistry) -> Vec<SignalId> {
        let old = self.gathering.remove(&segment).map(|(_, program)| program);
        self.settle(old, signals)
    }

    /// Lets go of a segment's serving program.
    pub(super) fn retire(&mut self, segment: SegmentId, signals: &mut SignalRegistry) -> Vec<SignalId> {
        let old = self.serving.remove(&segment);
        self.settle(old, signals)
    }

    /// Counts anew what is needed, releases an old program's signals, and names those that nobody reads.
    fn settle(&mut self, old: Option<Arc<Program>>, signals: &mut SignalRegistry) -> Vec<SignalId> {
        self.gathering_ids = self.gathering.keys().copied().collect();
        self.gathering_ids.sort_unstable();
        let before: Vec<SignalId> = self.keep.keys().copied().collect();
        let gathering = self.gathering.values().map(|(_, program)| program);
        self.keep = needed_by(self.serving.values().chain(gathering));
        for (signal, _) in old.iter().flat_map(|program| program.signals()) {
            signals.release(*signal);
        }
        let mut unread: Vec<_> =
            before.into_iter().filter(|signal| !self.keep.contains_key(signal)).collect();
        unread.sort_unstable();
        unread
    }
}

/// What several programs need of each signal.
fn needed_by<'a>(programs: impl Iterator<Item = &'a Arc<Program>>) -> FxHashMap<SignalId, Keep> {
    let mut needed: FxHashMap<SignalId, Keep> = FxHashMap::default();
    for (signal, keep) in programs.flat_map(|program| program.signals()) {
        needed.entry(*signal).and_modify(|held| *held = held.and(*keep)).or_insert(*keep);
    }
    needed
}
