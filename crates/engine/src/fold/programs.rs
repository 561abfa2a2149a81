//! Compiled rules of serving and pending versions, and what they ask of the timelines.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use serde::{Deserialize, Serialize, Serializer};

use segops_model::{SegmentId, SegmentVersion, SignalId};
use segops_rules::{Resolved, Rule, Weekday};
use segops_segment::{Keep, Program, SignalRegistry};

use crate::settings::calendar_of;
use crate::state::VersionState;

#[derive(Debug, Default)]
pub(super) struct Programs {
    serving: FxHashMap<SegmentId, Compiled>,
    /// Versions whose signals are gathered while their history is read.
    gathering: FxHashMap<SegmentId, Compiled>,
    gathering_ids: Vec<SegmentId>,
    keep: FxHashMap<SignalId, Keep>,
}

#[derive(Debug, Clone)]
struct Compiled {
    of: Arc<CompiledVersion>,
    program: Arc<Program>,
}

/// The version of a rule that a program was compiled of. It may not be among its segment's any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompiledVersion {
    pub(crate) segment: SegmentId,
    pub(crate) version: SegmentVersion,
    pub(crate) rule: Rule<Resolved>,
    pub(crate) time_zone: String,
    pub(crate) week_start: Weekday,
}

/// What programs there are: of the versions that serve, and of those that gather.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredPrograms {
    pub(crate) serving: Vec<CompiledVersion>,
    pub(crate) gathering: Vec<CompiledVersion>,
}

/// What [`StoredPrograms`] is written from: versions are shared, not copied.
#[derive(Debug)]
pub(crate) struct FrozenPrograms {
    serving: Vec<Arc<CompiledVersion>>,
    gathering: Vec<Arc<CompiledVersion>>,
}

impl Serialize for FrozenPrograms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let listed = |versions: &[Arc<CompiledVersion>]| -> Vec<CompiledVersion> {
            versions.iter().map(|version| CompiledVersion::clone(version)).collect()
        };
        let stored = StoredPrograms { serving: listed(&self.serving), gathering: listed(&self.gathering) };
        stored.serialize(serializer)
    }
}

impl CompiledVersion {
    pub(super) fn of(segment: SegmentId, version: &VersionState) -> Self {
        let VersionState { number, rule, time_zone, week_start, .. } = version;
        let (version, week_start, time_zone) = (*number, *week_start, time_zone.clone());
        Self { segment, version, rule: rule.clone(), time_zone, week_start }
    }
}

impl Programs {
    /// The versions that programs were compiled of, by segment.
    pub(super) fn frozen(&self) -> FrozenPrograms {
        let versions = |programs: &FxHashMap<SegmentId, Compiled>| {
            let mut versions: Vec<_> = programs.values().map(|compiled| Arc::clone(&compiled.of)).collect();
            versions.sort_by_key(|version| version.segment);
            versions
        };
        FrozenPrograms { serving: versions(&self.serving), gathering: versions(&self.gathering) }
    }

    /// The programs of stored versions. The registry is the one that was stored with them: it holds their signals
    /// already, each as often as it is to.
    pub(super) fn restored(stored: StoredPrograms, signals: &mut SignalRegistry) -> Result<Self, String> {
        let known = signals.stored()?;
        let mut compile = |version: CompiledVersion| {
            let calendar = calendar_of(&version.time_zone, version.week_start)?;
            let program = Program::compile(&version.rule, signals, &calendar);
            program.release(signals);
            Ok((version.segment, Compiled { of: Arc::new(version), program: Arc::new(program) }))
        };
        let serving = stored.serving.into_iter().map(&mut compile).collect::<Result<_, String>>()?;
        let gathering = stored.gathering.into_iter().map(&mut compile).collect::<Result<_, String>>()?;
        if signals.stored()? != known {
            return Err("a rule reads other signals now than when it was stored".to_owned());
        }
        let mut programs = Self { serving, gathering, ..Self::default() };
        programs.settle(None, signals);
        Ok(programs)
    }

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
        self.gathering.get(&segment).map(|compiled| &compiled.program)
    }

    pub(super) fn serving(&self) -> Vec<(SegmentId, Arc<Program>)> {
        let serving = self.serving.iter();
        serving.map(|(segment, compiled)| (*segment, Arc::clone(&compiled.program))).collect()
    }

    pub(super) fn serving_program(&self, segment: SegmentId) -> Option<&Arc<Program>> {
        self.serving.get(&segment).map(|compiled| &compiled.program)
    }

    /// Starts gathering for a version; the program of an earlier attempt is let go.
    pub(super) fn gather(
        &mut self,
        version: CompiledVersion,
        program: Program,
        signals: &mut SignalRegistry,
    ) -> Vec<SignalId> {
        let segment = version.segment;
        let compiled = Compiled { of: Arc::new(version), program: Arc::new(program) };
        let old = self.gathering.insert(segment, compiled);
        self.settle(old, signals)
    }

    /// The gathering program takes over from the serving one. Returns the signals that nobody reads now.
    pub(super) fn promote(&mut self, segment: SegmentId, signals: &mut SignalRegistry) -> Vec<SignalId> {
        let Some(compiled) = self.gathering.remove(&segment) else { return Vec::new() };
        let old = self.serving.insert(segment, compiled);
        self.settle(old, signals)
    }

    /// Lets go of what is gathered for a segment.
    pub(super) fn abandon(&mut self, segment: SegmentId, signals: &mut SignalRegistry) -> Vec<SignalId> {
        let old = self.gathering.remove(&segment);
        self.settle(old, signals)
    }

    /// Lets go of a segment's serving program.
    pub(super) fn retire(&mut self, segment: SegmentId, signals: &mut SignalRegistry) -> Vec<SignalId> {
        let old = self.serving.remove(&segment);
        self.settle(old, signals)
    }

    /// Counts anew what is needed, releases an old program's signals, and names those that nobody reads.
    fn settle(&mut self, old: Option<Compiled>, signals: &mut SignalRegistry) -> Vec<SignalId> {
        self.gathering_ids = self.gathering.keys().copied().collect();
        self.gathering_ids.sort_unstable();
        let before: Vec<SignalId> = self.keep.keys().copied().collect();
        self.keep = needed_by(self.serving.values().chain(self.gathering.values()));
        for (signal, _) in old.iter().flat_map(|compiled| compiled.program.signals()) {
            signals.release(*signal);
        }
        let mut unread: Vec<_> =
            before.into_iter().filter(|signal| !self.keep.contains_key(signal)).collect();
        unread.sort_unstable();
        unread
    }
}

/// What several programs need of each signal.
fn needed_by<'a>(programs: impl Iterator<Item = &'a Compiled>) -> FxHashMap<SignalId, Keep> {
    let mut needed: FxHashMap<SignalId, Keep> = FxHashMap::default();
    for (signal, keep) in programs.flat_map(|compiled| compiled.program.signals()) {
        needed.entry(*signal).and_modify(|held| *held = held.and(*keep)).or_insert(*keep);
    }
    needed
}
