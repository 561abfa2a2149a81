//! The rebuild: memberships from the raw history, at one instant, in one pass.
//!
//! It shares the evaluator with the fold and nothing else: it decodes, drops duplicates and resolves
//! identity from the journal itself, gathers each profile's complete timelines, and asks once. It never
//! reads live state and never calls the fold, so what is wrong in one shows against the other.

mod environment;
mod gather;
mod journal;
mod rank;

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use segops_model::{Instant, Position, ProfileId, SegmentId, SignalId, Value};
use segops_rules::{Resolved, Rule};
use segops_segment::{
    Backfill, Calendar, History, HistoryRequest, ProfileView, Program, Ranking, RankingKey, RankingThreshold,
    RecordedTransitions, SignalRegistry, Timeline, Verdict, evaluate, next_flip,
};

pub use environment::RecordedEnvironment;
pub use journal::{JournalBackfill, RebuildError};
pub use rank::rank;

/// One rule to answer for.
#[derive(Debug, Clone)]
pub struct Question {
    pub segment: SegmentId,
    pub rule: Rule<Resolved>,
    pub calendar: Calendar,
}

/// A profile's history and its verdict for each question, in the questions' order.
#[derive(Debug)]
pub struct Answer<'a> {
    pub history: &'a History,
    pub verdicts: &'a [Verdict],
    view: RebuiltProfile<'a>,
    at: Instant,
}

impl Answer<'_> {
    /// When the verdict of the question with this number really changes with no new input; `None` where it
    /// does not, or only after more possible changes than are looked at.
    #[must_use]
    pub fn next_flip(&self, question: usize) -> Option<Instant> {
        let (_, program) = self.view.plan.programs.get(question)?;
        next_flip(program, &self.view, self.at).0
    }
}

/// The questions' programs, and the signals of each in its program's order.
#[derive(Debug)]
pub struct Plan {
    programs: Vec<(SegmentId, Program)>,
    registry: SignalRegistry,
    /// What holds where no threshold was recorded.
    assumed: BTreeMap<RankingKey, RankingThreshold>,
}

impl Plan {
    /// Compiles the questions, which must be ordered so that each comes after the segments its rule names.
    #[must_use]
    pub fn new(questions: &[Question]) -> Self {
        let mut registry = SignalRegistry::new();
        let programs = questions
            .iter()
            .map(|question| {
                let program = Program::compile(&question.rule, &mut registry, &question.calendar);
                (question.segment, program)
            })
            .collect();
        Self { programs, registry, assumed: BTreeMap::new() }
    }

    /// Has a threshold hold where none was recorded.
    pub fn assume(&mut self, ranking: RankingKey, threshold: RankingThreshold) {
        self.assumed.insert(ranking, threshold);
    }

    /// Every ranking that the questions speak of.
    pub fn rankings(&self) -> impl Iterator<Item = &Ranking> {
        self.programs.iter().flat_map(|(_, program)| program.rankings())
    }

    /// The plan's own numbering of signals.
    #[must_use]
    pub fn signals(&self) -> &SignalRegistry {
        &self.registry
    }

    /// The segments whose rules read a signal, by its id here.
    #[must_use]
    pub fn readers(&self, signal: SignalId) -> Vec<SegmentId> {
        let reads = |program: &Program| program.signals().iter().any(|(id, _)| *id == signal);
        self.programs.iter().filter(|(_, program)| reads(program)).map(|(segment, _)| *segment).collect()
    }

    /// Whether any question reads what was recorded of a segment.
    #[must_use]
    pub fn reads_recorded(&self) -> bool {
        self.programs.iter().any(|(_, program)| program.reads_recorded())
    }

    fn trait_roots(&self) -> BTreeSet<CompactString> {
        self.programs.iter().flat_map(|(_, program)| program.trait_roots().iter().cloned()).collect()
    }
}

/// Answers every question of the plan for every profile, in ascending order of profile: over the events
/// before `until` that happened up to `at`, with the identity and the recorded environment of `until`.
///
/// # Errors
/// The history cannot be read, or the work was cancelled.
pub fn rebuild<B: Backfill>(
    backfill: &B,
    plan: &Plan,
    environment: &RecordedEnvironment,
    until: Position,
    at: Instant,
    mut each: impl FnMut(Answer<'_>),
) -> Result<(), B::Error> {
    let request = HistoryRequest { until, at, signals: &plan.registry, trait_roots: &plan.trait_roots() };
    let mut thresholds = plan.assumed.clone();
    if plan.rankings().next().is_some() {
        thresholds.extend(backfill.thresholds(until, at)?);
    }
    let mut verdicts = Vec::with_capacity(plan.programs.len());
    backfill.histories(&request, &mut |history| {
        verdicts.clear();
        for (_, program) in &plan.programs {
            let view =
                RebuiltProfile { history, plan, environment, thresholds: &thresholds, decided: &verdicts };
            verdicts.push(evaluate(program, &view, at));
        }
        let view = RebuiltProfile { history, plan, environment, thresholds: &thresholds, decided: &verdicts };
        each(Answer { history, verdicts: &verdicts, view, at });
    })
}

/// A profile as rules see it in a rebuild: its history, and the verdicts of the questions before.
#[derive(Debug)]
struct RebuiltProfile<'a> {
    history: &'a History,
    plan: &'a Plan,
    thresholds: &'a BTreeMap<RankingKey, RankingThreshold>,
    environment: &'a RecordedEnvironment,
    decided: &'a [Verdict],
}

impl ProfileView for RebuiltProfile<'_> {
    fn profile(&self) -> ProfileId {
        self.history.profile
    }

    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.history.timelines.iter().find(|(id, _)| *id == signal).map(|(_, timeline)| timeline)
    }

    fn trait_value(&self, root: &str) -> Option<&Value> {
        self.history.traits.iter().find(|(name, _)| name == root).map(|(_, value)| value)
    }

    fn is_identified(&self) -> bool {
        self.history.is_identified()
    }

    fn is_member(&self, segment: SegmentId) -> bool {
        let asked = self.plan.programs.iter().zip(self.decided).find(|((id, _), _)| *id == segment);
        asked.is_some_and(|(_, verdict)| verdict.member)
    }

    fn threshold(&self, ranking: &RankingKey) -> Option<&RankingThreshold> {
        self.thresholds.get(ranking)
    }

    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions> {
        self.environment.recorded(self.history.profile, segment)
    }
}
