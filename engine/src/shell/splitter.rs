//! Splits: what a profile has done is read from history in the background, and one command puts the split into
//! effect. An attempt is over when the profile merges or is split in the meantime; then it is made again.

use std::sync::Arc;

use segops_identity::IdentityView;
use segops_model::{Identifier, Position, SplitId};

use super::Core;
use super::core::Held;
use super::primer::{ENGINE, command};
use crate::artefact::SplitRows;
use crate::command::{Change, Outcome};
use crate::error::EngineError;
use crate::rebuild::JournalBackfill;
use crate::work::Work;

/// An attempt at a split: where it began, and who was who there.
#[derive(Debug)]
pub(crate) struct Attempt {
    split: SplitId,
    position: Position,
    identifiers: Vec<Identifier>,
    taken: Vec<Identifier>,
}

/// The split that has waited longest. One that was cut off by a restart begins again.
pub(super) fn next_split(core: &Core) -> Option<SplitId> {
    let next = core.fold.read().state.separations.waiting().keys().next().copied();
    if core.is_held(Held::Splits) { None } else { next }
}

/// Makes one attempt, from its beginning to its end.
///
/// # Errors
/// It is no longer current, or history cannot be read.
pub(super) fn split(core: &Arc<Core>, id: SplitId, work: &Work) -> Result<(), EngineError> {
    let attempt = begin_split(core, id)?;
    let artefact = read_split(core, &attempt, work)?;
    finish_split(core, &attempt, artefact)?;
    tracing::info!(split = %id, "a profile was split");
    Ok(())
}

/// Starts the gathering.
///
/// # Errors
/// Nobody waits for the split any more.
pub(crate) fn begin_split(core: &Core, split: SplitId) -> Result<Attempt, EngineError> {
    let started = command(core, ENGINE, Change::StartSplit { split })?.outcome?;
    let position = match started {
        Outcome::Done { at, .. } => at,
        _ => return Err(EngineError::Damaged("a split has started in an odd way".to_owned())),
    };
    let fold = core.fold.read();
    let waiting = fold.state.separations.current(split, position);
    let waiting = waiting.map_err(|refusal| EngineError::Refused(refusal.into()))?;
    // Identifiers that came since are of rows that are gathered, and rows read before have none of them.
    let identifiers = fold.state.identifiers_of(waiting.profile).to_vec();
    Ok(Attempt { split, position, identifiers, taken: waiting.taken.clone() })
}

/// Reads the rows of both sides, and keeps them as an artefact.
///
/// # Errors
/// The journal cannot be read, the artefact cannot be written, or the work was cancelled.
pub(crate) fn read_split(core: &Core, attempt: &Attempt, work: &Work) -> Result<String, EngineError> {
    let backfill = JournalBackfill { disk: Arc::clone(&core.disk), data: core.data.clone(), work };
    let rows = backfill.rows_of(attempt.position, &attempt.identifiers, &attempt.taken)?;
    Ok(core.artefacts.save(&SplitRows { split: attempt.split, position: attempt.position, rows })?)
}

/// Puts the split into effect.
///
/// # Errors
/// The attempt is no longer current.
pub(crate) fn finish_split(core: &Core, attempt: &Attempt, artefact: String) -> Result<(), EngineError> {
    let Attempt { split, position, .. } = *attempt;
    command(core, ENGINE, Change::FinishSplit { split, position, artefact })?.outcome?;
    Ok(())
}
