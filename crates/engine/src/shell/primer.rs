//! The primer: reads the history of new segment versions in the background, one at a time, in the order in
//! which they were saved, so that a segment finds those it names already live.

use std::sync::Arc;
use std::sync::mpsc::channel;

use segops_model::{SegmentId, SegmentVersion};
use segops_segment::{Timeline, Verdict};

use super::folding::Decided;
use super::{Core, Intake};
use crate::artefact::{Artefact, ProfileVerdict};
use crate::command::{Change, Command, Outcome};
use crate::error::{Busy, EngineError};
use crate::questions::questions_for;
use crate::rebuild::{JournalBackfill, Plan, rebuild};
use crate::work::Work;

/// The author of commands that the engine gives itself.
pub(crate) const ENGINE: &str = "segops";

/// Runs until the engine stops.
pub(crate) fn run_primer(core: &Arc<Core>, work: &Arc<Work>) {
    while !core.is_stopping() {
        if let Some((segment, version)) = next_job(core) {
            if let Err(error) = prime(core, segment, version, work) {
                if core.is_stopping() || core.failed().is_some() {
                    return;
                }
                tracing::warn!(%segment, version = version.0, %error, "a priming ended early");
                if !matches!(error, EngineError::Refused(_)) {
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

/// The version that has waited longest. One whose priming was cut off by a restart starts again.
fn next_job(core: &Core) -> Option<(SegmentId, SegmentVersion)> {
    let fold = core.fold.read();
    let waiting = fold.state.segments.values().filter(|segment| segment.is_evaluated());
    let waiting = waiting.filter_map(|segment| {
        let pending = segment.pending.as_ref()?;
        let at = segment.version(pending.version)?.at;
        Some((at, segment.id, pending.version))
    });
    waiting.min().map(|(_, segment, version)| (segment, version))
}

fn prime(
    core: &Arc<Core>,
    segment: SegmentId,
    version: SegmentVersion,
    work: &Work,
) -> Result<(), EngineError> {
    let started = command(core, ENGINE, Change::StartPriming { segment, version })?.outcome?;
    let Outcome::Done { at: position, instant } = started else { return Ok(()) };
    tracing::info!(%segment, version = version.0, %position, "reading history");
    let (plan, gathered) = {
        let fold = core.fold.read();
        let plan = Plan::new(&questions_for(&fold.state, segment, version));
        let gathered = fold.gathering_signals(segment, plan.signals());
        (plan, gathered)
    };
    let backfill = JournalBackfill { disk: Arc::clone(&core.disk), data: core.data.clone(), work };
    let mut artefact =
        Artefact { segment, version, position, instant, timelines: Vec::new(), verdicts: Vec::new() };
    rebuild(&backfill, &plan, position, instant, |answer| {
        let profile = answer.history.profile;
        for (signal, timeline) in &answer.history.timelines {
            if let Some((live, _)) = gathered.iter().find(|(_, rebuilt)| rebuilt == signal) {
                artefact.timelines.push((profile, *live, Timeline::clone(timeline)));
            }
        }
        if let Some(Verdict { member, next_change }) = answer.verdicts.last().copied()
            && (member || next_change.is_some())
        {
            artefact.verdicts.push(ProfileVerdict { profile, member, next_change });
        }
    })?;
    let hash = core.artefacts.save(&artefact)?;
    command(core, ENGINE, Change::FinishPriming { segment, version, position, artefact: hash })?.outcome?;
    tracing::info!(%segment, version = version.0, profiles = artefact.verdicts.len(), "live");
    Ok(())
}

/// Journals a command and waits for what the fold makes of it.
///
/// # Errors
/// The engine is stopping or has failed.
pub(crate) fn command(core: &Core, author: &str, change: Change) -> Result<Decided, Busy> {
    let (reply, decided) = channel();
    let command = Box::new(Command { author: author.to_owned(), change });
    core.send(Intake::Command { command, reply })?;
    decided.recv().map_err(|_| core.failed().unwrap_or(Busy::Stopping))
}
