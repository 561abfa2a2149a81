//! The rebuild: memberships from the raw history, at one instant, in one pass.
//!
//! It shares the evaluator with the fold and nothing else: it decodes, drops duplicates and resolves
//! identity from the journal itself, gathers each profile's complete timelines, and asks once. It never
//! reads live state and never calls the fold, so what is wrong in one shows against the other.

mod environment;
mod gather;
mod history_view;
mod journal;
mod rank;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use compact_str::CompactString;

use segops_model::{
    ConsentChannel, Identifier, Instant, ListId, Position, ProfileId, ResultId, SegmentId, SignalId, Value,
};
use segops_rules::{Resolved, Rule};
use segops_segment::{
    Alone, Backfill, Calendar, ConsentHistory, History, HistoryRequest, Naming, ProfileView, Program,
    Ranking, RankingKey, RankingThreshold, RecordedScore, RecordedTransitions, SignalRegistry, Timeline,
    Vectorized, Verdict, evaluate, next_flip, selects,
};

use crate::view::Joined;
pub use environment::RecordedEnvironment;
pub(crate) use gather::{Gathering, Room};
pub use history_view::HistoryView;
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
    /// What the last question comes to by others.
    last: Option<LastOf>,
}

/// The last question as some others put together.
#[derive(Debug, Clone)]
pub(crate) struct LastOf {
    pub(crate) joined: Joined,
    /// The questions that are its conditions, each with the base.
    pub(crate) conditions: Range<usize>,
    /// The question that is its base.
    pub(crate) base: usize,
}

impl LastOf {
    fn holds(&self, decided: &[bool]) -> bool {
        let conditions = || decided.get(self.conditions.clone()).unwrap_or_default().iter();
        match self.joined {
            Joined::All => conditions().all(|holds| *holds),
            Joined::Any => conditions().any(|holds| *holds),
            Joined::None => {
                decided.get(self.base).copied().unwrap_or_default() && !conditions().any(|holds| *holds)
            }
        }
    }

    /// The same for many profiles, of the answers to each question.
    pub(crate) fn answers(&self, decided: &[Vec<bool>]) -> Vec<bool> {
        let nobody = Vec::new();
        let base = decided.get(self.base).unwrap_or(&nobody);
        let conditions = decided.get(self.conditions.clone()).unwrap_or_default();
        let mut answers = match self.joined {
            Joined::All => vec![true; base.len()],
            Joined::Any | Joined::None => vec![false; base.len()],
        };
        for condition in conditions {
            answers.iter_mut().zip(condition).for_each(|(answer, holds)| match self.joined {
                Joined::All => *answer &= holds,
                Joined::Any | Joined::None => *answer |= holds,
            });
        }
        if matches!(self.joined, Joined::None) {
            answers.iter_mut().zip(base).for_each(|(answer, is_in_base)| *answer = *is_in_base && !*answer);
        }
        answers
    }
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
        Self { programs, registry, assumed: BTreeMap::new(), last: None }
    }

    /// Has the last question be answered by others, of which it is put together.
    pub(crate) fn answer_last_by(&mut self, last: LastOf) {
        self.last = Some(last);
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

    /// The names of the recorded scores that the questions read.
    pub(crate) fn scores(&self) -> BTreeSet<String> {
        self.programs.iter().flat_map(|(_, program)| program.recorded_scores().iter().cloned()).collect()
    }

    /// The recorded results that the questions read.
    pub(crate) fn results(&self) -> BTreeSet<ResultId> {
        self.programs.iter().flat_map(|(_, program)| program.results().iter().copied()).collect()
    }

    /// How many questions there are.
    pub(crate) const fn len(&self) -> usize {
        self.programs.len()
    }

    /// Whether all profiles without matches of the plan's signals have the same verdicts.
    pub(crate) fn reads_matches_alone(&self) -> bool {
        self.programs.iter().all(|(_, program)| program.reads_matches_alone())
    }

    /// Of each signal, the instant that its matches have to be after to make a difference to a verdict at an instant.
    pub(crate) fn looks_back_to(&self, at: Instant) -> BTreeMap<SignalId, Instant> {
        let mut back = BTreeMap::new();
        for (signal, after) in self.programs.iter().flat_map(|(_, program)| program.looks_back_to(at)) {
            let held = back.entry(signal).or_insert(after);
            *held = after.min(*held);
        }
        back
    }

    /// The verdict of each question about one profile, in place of what `verdicts` held.
    pub(crate) fn decide(
        &self,
        history: &History,
        environment: &RecordedEnvironment,
        thresholds: &BTreeMap<RankingKey, RankingThreshold>,
        at: Instant,
        verdicts: &mut Vec<Verdict>,
    ) {
        verdicts.clear();
        for (_, program) in &self.programs {
            let decided = Decided::Verdicts(verdicts);
            let view = RebuiltProfile { history, plan: self, environment, thresholds, decided };
            let verdict = evaluate(program, &view, at);
            verdicts.push(verdict);
        }
    }

    /// Whether each question holds of one profile, in place of what `members` held: as [`Plan::decide`], where nobody
    /// asks when that changes.
    pub(crate) fn select(
        &self,
        history: &History,
        environment: &RecordedEnvironment,
        at: Instant,
        members: &mut Vec<bool>,
    ) {
        members.clear();
        let thresholds = &BTreeMap::new();
        for (_, program) in &self.programs {
            let is_last = members.len() + 1 == self.programs.len();
            let holds = match &self.last {
                _ if program.selects_everyone() => true,
                Some(last) if is_last => last.holds(members),
                _ => {
                    let decided = Decided::Members(members);
                    let view = RebuiltProfile { history, plan: self, environment, thresholds, decided };
                    selects(program, &view, at)
                }
            };
            members.push(holds);
        }
    }

    /// The questions over many profiles at once at an instant; `None` where they read more than matches. The last one is
    /// not among them where it is answered by others.
    pub(crate) fn vectorized(&self, at: Instant) -> Option<Vectorized> {
        let count = self.programs.len() - usize::from(self.last.is_some());
        let programs = self.programs.iter().take(count);
        Vectorized::of(programs.map(|(segment, program)| (*segment, program)), at)
    }

    /// What the last question comes to by others, where that is how it is answered.
    pub(crate) const fn last(&self) -> Option<&LastOf> {
        self.last.as_ref()
    }

    /// Whether one condition holds of one profile.
    pub(crate) fn holds_alone(
        &self,
        condition: &Alone,
        history: &History,
        environment: &RecordedEnvironment,
        at: Instant,
    ) -> bool {
        let (thresholds, decided) = (&BTreeMap::new(), Decided::Members(&[]));
        condition.holds(&RebuiltProfile { history, plan: self, environment, thresholds, decided }, at)
    }

    /// When the last question's answer can change by time alone, given the answers to all.
    pub(crate) fn next_change(
        &self,
        history: &History,
        environment: &RecordedEnvironment,
        at: Instant,
        members: &[bool],
    ) -> Option<Instant> {
        let thresholds = &BTreeMap::new();
        let (_, last) = self.programs.last()?;
        let verdicts: Vec<Verdict> =
            members.iter().map(|member| Verdict { member: *member, next_change: None }).collect();
        let decided = Decided::Verdicts(&verdicts);
        evaluate(last, &RebuiltProfile { history, plan: self, environment, thresholds, decided }, at)
            .next_change
    }

    /// Of each question, whether everyone is a member.
    pub(crate) fn of_everyone(&self) -> impl Iterator<Item = bool> {
        self.programs.iter().map(|(_, program)| program.selects_everyone())
    }

    pub(crate) fn trait_roots(&self) -> BTreeSet<CompactString> {
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
    let (trait_roots, scores, results) = (plan.trait_roots(), plan.scores(), plan.results());
    let request = HistoryRequest {
        until,
        at,
        signals: &plan.registry,
        trait_roots: &trait_roots,
        scores: &scores,
        results: &results,
    };
    let mut thresholds = plan.assumed.clone();
    if plan.rankings().next().is_some() {
        thresholds.extend(backfill.thresholds(until, at)?);
    }
    let mut verdicts = Vec::with_capacity(plan.programs.len());
    backfill.histories(&request, &mut |history| {
        plan.decide(history, environment, &thresholds, at, &mut verdicts);
        let view = RebuiltProfile {
            history,
            plan,
            environment,
            thresholds: &thresholds,
            decided: Decided::Verdicts(&verdicts),
        };
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
    decided: Decided<'a>,
}

/// The answers to the questions before.
#[derive(Debug, Clone, Copy)]
enum Decided<'a> {
    Verdicts(&'a [Verdict]),
    /// Where nobody asks when they change.
    Members(&'a [bool]),
}

impl Decided<'_> {
    fn is_member(self, question: usize) -> bool {
        match self {
            Self::Verdicts(verdicts) => verdicts.get(question).is_some_and(|verdict| verdict.member),
            Self::Members(members) => members.get(question).copied().unwrap_or_default(),
        }
    }
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
        let asked = self.plan.programs.iter().position(|(id, _)| *id == segment);
        asked.is_some_and(|question| self.decided.is_member(question))
    }

    fn changes_looked_over(&self) -> usize {
        match self.decided {
            Decided::Verdicts(_) => segops_segment::CHANGES_LOOKED_OVER,
            Decided::Members(_) => 0,
        }
    }

    fn threshold(&self, ranking: &RankingKey) -> Option<&RankingThreshold> {
        self.thresholds.get(ranking)
    }

    fn identifiers(&self) -> &[Identifier] {
        &self.history.identifiers
    }

    fn consent(&self, channel: ConsentChannel, identifier: &Identifier) -> Option<&ConsentHistory> {
        self.history.consent(channel, identifier)
    }

    fn is_listed(&self, list: ListId) -> bool {
        self.history.lists.binary_search(&list).is_ok()
    }

    fn naming(&self, result: ResultId) -> Naming {
        self.history.naming(result)
    }

    fn recorded_score(&self, score: &str) -> Option<RecordedScore> {
        self.history.recorded_score(score)
    }

    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions> {
        self.environment.recorded(self.history.profile, segment)
    }
}
