//! Opening a data folder: the journal is read from its start, and the fold comes to where it was.

use std::path::Path;
use std::sync::Arc;

use segops_model::{Limits, Position};
use segops_store::{Disk, JournalReader};

use crate::artefact::ArtefactFolder;
use crate::error::EngineError;
use crate::fold::{Effects, Fold, Stamp};
use crate::journal_item::decode;
use crate::transitions::TransitionLog;

const STEP_FRAMES: u64 = 8_192;

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenProgress {
    pub position: Position,
    pub durable_position: Position,
}

/// What a replay reads, and what it fills.
#[derive(Debug)]
pub(crate) struct Replay<'a> {
    pub(crate) disk: &'a Arc<dyn Disk>,
    pub(crate) data: &'a Path,
    pub(crate) limits: Limits,
    /// The position after the last frame to apply.
    pub(crate) until: Position,
    pub(crate) artefacts: &'a ArtefactFolder,
    pub(crate) transitions: &'a TransitionLog,
    /// The newest position whose rejection is listed already.
    pub(crate) listed_until: Option<Position>,
}

/// Applies every frame to a new fold. Effects were let go before the restart; transitions are kept again,
/// for streams to resume from, and what was turned away and not yet listed is handed on.
///
/// # Errors
/// The journal, or an artefact that it names, cannot be read.
pub(crate) fn replay(
    of: &Replay<'_>,
    progress: &mut dyn FnMut(OpenProgress),
) -> Result<(Fold, Effects), EngineError> {
    let Replay { disk, data, limits, until, artefacts, transitions, listed_until } = *of;
    let mut fold = Fold::new(limits);
    let mut effects = Effects::default();
    let mut reader = JournalReader::new(Arc::clone(disk), data, Position(0), until)?;
    while let Some(frame) = reader.next_frame()? {
        let input = decode(&frame).map_err(|error| EngineError::Damaged(error.to_string()))?;
        let stamp = Stamp { position: frame.position, instant: frame.instant };
        fold.apply(stamp, &input, artefacts, &mut effects);
        transitions.extend(std::mem::take(&mut effects.transitions));
        effects.turned_away.retain(|one| listed_until.is_none_or(|listed| one.position > listed));
        // No more than the log holds: the oldest go first, as they do there.
        let surplus = effects.turned_away.len().saturating_sub(limits.rejections_kept_max);
        effects.turned_away.drain(..surplus);
        if let Some((_, Err(crate::command::Refusal::Artefact(reason)))) = effects.outcomes.pop() {
            return Err(EngineError::Damaged(reason));
        }
        if stamp.position.0.is_multiple_of(STEP_FRAMES) {
            progress(OpenProgress { position: stamp.position, durable_position: until });
        }
    }
    progress(OpenProgress { position: until, durable_position: until });
    Ok((fold, effects))
}
