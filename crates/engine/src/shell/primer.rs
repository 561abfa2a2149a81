//! The primer: reads history in the background, one thing at a time. Splits come first, then rankings that are
//! due, then new segment versions in the order in which they were saved, so that a segment finds those it names
//! already live.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use segops_model::{Instant, Position, SegmentId, SegmentVersion, SignalId};
use segops_segment::{Ranking, Timeline, Verdict};

use super::core::Held;
use super::folding::Decided;
use super::ranker::{take, take_due};
use super::splitter::{next_split, split};
use super::{Core, Intake};
use crate::artefact::{Artefact, ProfileVerdict};
use crate::command::{Change, Command, Outcome, Refusal};
use crate::error::{Busy, EngineError};
use crate::parts_backfill::FrozenHistory;
use crate::questions::questions_for;
use crate::rebuild::{Plan, RecordedEnvironment, rebuild};
use crate::work::Work;

/// The author of commands that the engine gives itself.
pub(crate) const ENGINE: &str = "segops";
/// How long after the history could not be reached it is tried again.
const UNREACHABLE_REST: Duration = Duration::from_secs(5);

/// Runs until the engine stops.
pub(crate) fn run_primer(core: &Arc<Core>, work: &Arc<Work>) {
    while !core.is_stopping() {
        if let Some(id) = next_split(core) {
            if let Err(error) = split(core, id, work) {
                if core.is_stopping() || core.failed().is_some() {
                    return;
                }
                tracing::warn!(split = %id, %error, "an attempt at a split ended early");
                if error.is_unreachable() {
                    rest(core);
                } else if !matches!(error, EngineError::Refused(Refusal::Split(_))) {
                    core.fail(error.to_string());
                    return;
                }
            }
            continue;
        }
        match take_due(core, work) {
            Ok(false) => {}
            Ok(true) => continue,
            Err(error) if error.is_unreachable() => {
                tracing::warn!(%error, "a ranking was not taken");
                rest(core);
                continue;
            }
            Err(error) => {
                if !core.is_stopping() && core.failed().is_none() {
                    core.fail(error.to_string());
                }
                return;
            }
        }
        if let Some((segment, version)) = next_job(core) {
            if let Err(error) = prime(core, segment, version, work) {
                if core.is_stopping() || core.failed().is_some() {
                    return;
                }
                tracing::warn!(%segment, version = version.0, %error, "a priming ended early");
                if error.is_unreachable() {
                    rest(core);
                } else if !matches!(error, EngineError::Refused(_)) {
                    core.fail(error.to_string());
                    return;
                }
            }
            continue;
        }
        let mut wanted = core.priming_wanted.lock();
        while !*wanted && !core.is_stopping() {
            core.priming_moved.wait(&mut wanted);
        }
        *wanted = false;
    }
}

/// Waits a while for a history that can't be reached, before it is tried again.
fn rest(core: &Core) {
    let mut wanted = core.priming_wanted.lock();
    if !core.is_stopping() {
        core.priming_moved.wait_for(&mut wanted, UNREACHABLE_REST);
    }
}

/// The version that has waited longest. One whose priming was cut off by a restart starts again.
fn next_job(core: &Core) -> Option<(SegmentId, SegmentVersion)> {
    let fold = core.fold.read();
    let waiting = fold.state.segments.values().filter(|segment| segment.is_evaluated());
    let waiting = waiting.filter_map(|segment| {
        let pending = segment.pending.as_ref()?;
        let at = segment.version(pending.version)?.at;
        Some((at, segment.id, pending.version))
    });
    let next = waiting.min().map(|(_, segment, version)| (segment, version));
    // Asked last: whoever holds primings does so before saving what is not to be primed.
    if core.is_held(Held::Primings) { None } else { next }
}

/// A priming that has begun: where, and what is to be read.
#[derive(Debug)]
pub(crate) struct Priming {
    segment: SegmentId,
    version: SegmentVersion,
    position: Position,
    instant: Instant,
    plan: Plan,
    environment: RecordedEnvironment,
    history: Box<FrozenHistory>,
    /// Each signal by its id in the fold, and by its id in the plan.
    gathered: Vec<(SignalId, SignalId)>,
    /// The same of derivations.
    derived: Vec<(SignalId, SignalId)>,
}

fn prime(
    core: &Arc<Core>,
    segment: SegmentId,
    version: SegmentVersion,
    work: &Work,
) -> Result<(), EngineError> {
    let Some(priming) = begin_priming(core, segment, version)? else { return Ok(()) };
    let artefact = read_priming(core, &priming, work)?;
    finish_priming(core, &priming, artefact)?;
    tracing::info!(%segment, version = version.0, "live");
    Ok(())
}

/// Starts the gathering.
///
/// # Errors
/// The version is no longer wanted.
pub(crate) fn begin_priming(
    core: &Core,
    segment: SegmentId,
    version: SegmentVersion,
) -> Result<Option<Priming>, EngineError> {
    take(core, rankings_of(core, segment, version), &Work::new())?;
    let decided = command(core, ENGINE, Change::StartPriming { segment, version })?;
    let Outcome::Done { at: position, instant } = decided.outcome? else { return Ok(None) };
    let (environment, history) = (decided.environment, decided.history);
    let history = history
        .ok_or_else(|| EngineError::Damaged("a priming has started without its history".to_owned()))?;
    tracing::info!(%segment, version = version.0, %position, "reading history");
    let fold = core.fold.read();
    let plan = Plan::new(&questions_for(&fold.state, segment, version));
    let gathered = fold.gathering_signals(segment, plan.signals());
    let derived = fold.gathering_derivations(plan.signals());
    Ok(Some(Priming { segment, version, position, instant, plan, environment, history, gathered, derived }))
}

/// Reads history, and keeps what it gives as an artefact.
///
/// # Errors
/// History cannot be read, the artefact cannot be written, or the work was cancelled.
pub(crate) fn read_priming(core: &Core, priming: &Priming, work: &Work) -> Result<String, EngineError> {
    let Priming { segment, version, position, instant, plan, environment, history, gathered, derived } =
        priming;
    let (segment, version, position, instant) = (*segment, *version, *position, *instant);
    let backfill = history.backfill(core, work);
    let mut artefact = Artefact::empty(segment, version, position, instant);
    rebuild(&backfill, plan, environment, position, instant, |answer| {
        let profile = answer.history.profile;
        // What derived events are made of says it all.
        let received = answer.history.timelines.iter();
        let received = received.filter(|(signal, _)| plan.signals().derivation_of(*signal).is_none());
        for (signal, timeline) in received {
            if let Some((live, _)) = gathered.iter().find(|(_, rebuilt)| rebuilt == signal) {
                artefact.timelines.push((profile, *live, Timeline::clone(timeline)));
            }
        }
        for (id, facts) in &answer.history.derived {
            if let Some((live, _)) = derived.iter().find(|(_, rebuilt)| rebuilt == id) {
                artefact.derived.push((profile, *live, facts.clone()));
            }
        }
        let named = answer.history.product_events.iter().cloned();
        artefact.product_events.extend(named.map(|(position, event)| (profile, position, event)));
        if let Some(Verdict { member, next_change }) = answer.verdicts.last().copied()
            && (member || next_change.is_some())
        {
            artefact.verdicts.push(ProfileVerdict { profile, member, next_change });
        }
    })?;
    Ok(core.artefacts.save(&artefact)?)
}

/// Makes the version serve.
///
/// # Errors
/// The version is no longer wanted.
pub(crate) fn finish_priming(core: &Core, priming: &Priming, artefact: String) -> Result<(), EngineError> {
    let Priming { segment, version, position, .. } = *priming;
    command(core, ENGINE, Change::FinishPriming { segment, version, position, artefact })?.outcome?;
    Ok(())
}

/// The rankings that a version speaks of and that are due: what it is primed by must be there before.
fn rankings_of(core: &Core, segment: SegmentId, version: SegmentVersion) -> Vec<(Ranking, Instant)> {
    let fold = core.fold.read();
    let plan = Plan::new(&questions_for(&fold.state, segment, version));
    fold.due_of(plan.rankings())
}

/// Journals a command and waits for what the fold makes of it.
///
/// # Errors
/// The engine is stopping or has failed.
pub(crate) fn command(core: &Core, author: &str, change: Change) -> Result<Decided, Busy> {
    // It would wait for the fold, which waits for room.
    if let Some(reason) = core.historian.stuck() {
        return Err(Busy::History(reason));
    }
    let (reply, decided) = channel();
    let command = Box::new(Command { author: author.to_owned(), change });
    core.send(Intake::Command { command, reply })?;
    decided.recv().map_err(|_| core.failed().unwrap_or(Busy::Stopping))
}
