//! Holding what is live against a rebuild from raw history, at one marked position, while traffic goes on:
//! memberships, the timelines that rules read, and the timers that move members as time passes.

mod folder;
mod indexes;
mod members;
mod timelines;
mod timers;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;

use segops_model::{Clock, Instant, SegmentId};
use segops_rules::references;
use segops_store::Disk;

use crate::command::Change;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::questions::live_questions;
use crate::rebuild::{JournalBackfill, Plan, Question, rebuild};
use crate::shell::{ENGINE, Marked, command};
use crate::state::SegmentState;
use crate::view::{VerifiedSegment, VerifyReport};
use crate::work::Work;
pub use folder::{VerifiedFolder, verify_folder};
use members::Members;
use timelines::Timelines;
use timers::Timers;

/// Differing profiles that are named for each segment and each timeline's filter.
const EXAMPLES_MAX: usize = 10;
/// Profiles between two looks at whether the work was cancelled.
const STEP_PROFILES: u64 = 1_024;

/// What is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Every live segment.
    All,
    /// One segment, with those that it names.
    Segment(SegmentId),
}

/// Where what is verified comes from.
pub(crate) struct Sources<'a> {
    pub(crate) disk: &'a Arc<dyn Disk>,
    pub(crate) data: PathBuf,
    pub(crate) fold: &'a RwLock<Fold>,
    pub(crate) clock: &'a dyn Clock,
}

impl Engine {
    /// Rebuilds every live segment from the journal and compares.
    ///
    /// # Errors
    /// History cannot be read, or the work was cancelled. Differences are no error: they are the result.
    pub fn verify(&self, work: &Work) -> Result<VerifyReport, EngineError> {
        self.verify_scope(Scope::All, work)
    }

    /// Rebuilds one live segment, with those that it names, and compares.
    ///
    /// # Errors
    /// There is no such segment, history cannot be read, or the work was cancelled.
    pub fn verify_segment(&self, segment: &str, work: &Work) -> Result<VerifyReport, EngineError> {
        let id = self.with_segment(segment, |segment| segment.id)?;
        self.verify_scope(Scope::Segment(id), work)
    }

    pub(crate) fn verify_scope(&self, scope: Scope, work: &Work) -> Result<VerifyReport, EngineError> {
        let core = self.core();
        let decided = command(core, ENGINE, Change::Mark)?;
        decided.outcome?;
        let marked = decided.marked.ok_or_else(|| EngineError::Damaged("a mark froze no view".to_owned()))?;
        let sources =
            Sources { disk: &core.disk, data: core.data.clone(), fold: &core.fold, clock: &*core.clock };
        let report = verify_marked(&marked, scope, &sources, work)?;
        core.verified.note(&report);
        Ok(report)
    }

    /// The live segment after one in the order of ids, and after the last the first.
    pub(crate) fn next_to_verify(&self, last: Option<SegmentId>) -> Option<SegmentId> {
        let fold = self.core().fold.read();
        let live = fold.state.segments.values().filter(|segment| segment.live_version().is_some());
        let ids: Vec<_> = live.map(|segment| segment.id).collect();
        ids.iter().find(|id| Some(**id) > last).or_else(|| ids.first()).copied()
    }

    /// The newest result of a check since the engine was opened.
    #[must_use]
    pub fn last_verified(&self) -> Option<VerifyReport> {
        self.core().verified.last()
    }
}

/// Compares a frozen view with a rebuild at its position.
pub(crate) fn verify_marked(
    marked: &Marked,
    scope: Scope,
    sources: &Sources<'_>,
    work: &Work,
) -> Result<VerifyReport, EngineError> {
    let started_at = sources.clock.now();
    let questions = questions_of(marked, scope);
    let plan = Plan::new(&questions);
    let mut timelines = Timelines::new(marked, &plan);
    let mut timers = Timers::new(questions.len());
    let mut members = Members::new(questions.len());
    let mut profiles = 0_u64;
    let mut cancelled = Ok(());
    let stamp = marked.stamp;
    let backfill = JournalBackfill { disk: Arc::clone(sources.disk), data: sources.data.clone(), work };
    rebuild(&backfill, &plan, &marked.environment, stamp.position, stamp.instant, |answer| {
        profiles += 1;
        if profiles.is_multiple_of(STEP_PROFILES) {
            cancelled = cancelled.and_then(|()| work.rest());
        }
        if cancelled.is_ok() {
            members.look_at(&answer);
            timelines.look_at(&answer);
            timers.look_at(&questions, marked, &answer);
        }
    })?;
    cancelled.map_err(crate::rebuild::RebuildError::from)?;
    let segments: Vec<_> = questions
        .iter()
        .enumerate()
        .map(|(at, question)| {
            let name = name_of(&marked.segments, question.segment);
            let (differing_timers, timer_examples) = timers.result(at);
            let members = members.compare(at, marked, question.segment);
            VerifiedSegment { name, differing_timers, timer_examples, ..members }
        })
        .collect();
    let timelines = timelines.compare(marked, sources.fold);
    let indexes = indexes::differences(sources.fold, work)?;
    let sum = |count: fn(&VerifiedSegment) -> u64| segments.iter().map(count).sum::<u64>();
    let differences = sum(|segment| segment.differences + segment.differing_timers)
        + timelines.iter().map(|timeline| timeline.differences).sum::<u64>()
        + indexes;
    Ok(VerifyReport {
        from: "journal".to_owned(),
        scope: match scope {
            Scope::All => "every live segment".to_owned(),
            Scope::Segment(id) => format!("segment {}", name_of(&marked.segments, id)),
        },
        position: stamp.position,
        at: stamp.instant,
        took_ms: elapsed_ms(started_at, sources.clock.now()),
        profiles,
        differences,
        profiles_agree: profiles == marked.profiles,
        segments,
        timelines,
        index_differences: indexes,
    })
}

fn elapsed_ms(from: Instant, until: Instant) -> u64 {
    u64::try_from(until.ms_since(from)).unwrap_or_default()
}

fn name_of(segments: &[SegmentState], id: SegmentId) -> String {
    segments.iter().find(|held| held.id == id).map(|held| held.name.clone()).unwrap_or_default()
}

fn questions_of(marked: &Marked, scope: Scope) -> Vec<Question> {
    let Scope::Segment(asked) = scope else { return live_questions(marked.segments.iter()) };
    let mut needed = BTreeSet::new();
    let mut waiting = vec![asked];
    while let Some(id) = waiting.pop() {
        if needed.insert(id)
            && let Some(segment) = marked.segments.iter().find(|held| held.id == id)
            && let Some(version) = segment.live_version()
        {
            waiting.extend(references(&version.rule).segments);
        }
    }
    live_questions(marked.segments.iter().filter(|held| needed.contains(&held.id)))
}
