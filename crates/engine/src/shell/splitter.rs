//! Splits: what a profile has done is read from history in the background, and one command puts the split into
//! effect. An attempt is over when the profile merges or is split in the meantime; then it is made again.

use std::sync::Arc;

use segops_model::{Identifier, Position, ProfileId, SplitId};

use super::Core;
use super::core::Held;
use super::primer::{ENGINE, command};
use crate::artefact::{SplitRow, SplitRows, not_encoded};
use crate::command::{Change, Outcome};
use crate::error::EngineError;
use crate::journal_item::{FORMAT_EVENT_V1, encode_row};
use crate::work::Work;

/// Rows between two looks at whether the work was cancelled.
const STEP_ROWS: u64 = 4_096;

/// An attempt at a split: where it began, and who was who there.
#[derive(Debug)]
pub(crate) struct Attempt {
    split: SplitId,
    position: Position,
    profile: ProfileId,
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
    Ok(Attempt { split, position, profile: waiting.profile, taken: waiting.taken.clone() })
}

/// Reads the rows of both sides, and keeps them as an artefact. If the profile has become another since the
/// attempt began, what is read is of no use, and the attempt is over.
///
/// # Errors
/// Parts cannot be read, the artefact cannot be written, or the work was cancelled.
pub(crate) fn read_split(core: &Core, attempt: &Attempt, work: &Work) -> Result<String, EngineError> {
    let pinned = {
        // Everything that the fold has applied is there.
        let _locked = core.fold.read();
        core.historian.pin()
    };
    let held = pinned.snapshot().timeline(attempt.profile, usize::MAX)?;
    let mut rows = Vec::with_capacity(held.len());
    for (done, row) in (0_u64..).zip(held.into_iter().filter(|row| row.position < attempt.position)) {
        if done.is_multiple_of(STEP_ROWS) {
            work.reach(done)?;
        }
        let item = encode_row(&row.event).map_err(|error| not_encoded("row", error))?;
        let taken = attempt.taken.contains(&row.anchor);
        rows.push(SplitRow { position: row.position, format: FORMAT_EVENT_V1, taken, item });
    }
    rows.sort_unstable_by_key(|row| row.position);
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
