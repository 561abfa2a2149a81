//! Opening a data folder: the journal is read from where the newest checkpoint ends, or from its start, and the fold
//! comes to where it was.

use std::path::Path;
use std::sync::Arc;

use segops_model::{Instant, Limits, Position};
use segops_store::{CheckpointFile, CheckpointFolder, Disk, JournalReader};

use super::handed::Handed;
use super::historian::Historian;
use super::restore::{Start, restore};
use crate::artefact::ArtefactFolder;
use crate::checkpoint::CheckpointSaved;
use crate::error::EngineError;
use crate::fold::{Effects, Fold, Stamp};
use crate::journal_item::{Input, decode};
use crate::transitions::TransitionLog;

const STEP_FRAMES: u64 = 8_192;
/// Rows that are handed over at one time.
const HANDED_ROWS: usize = 1_024;

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
    /// What is given the rows that parts do not hold; nobody, where the folder is only read.
    pub(crate) historian: Option<&'a Historian>,
    /// What is gone on from; nothing, where the journal itself is to say what there is.
    pub(crate) checkpoints: Option<&'a CheckpointFolder>,
}

/// What a replay comes to.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) fold: Fold,
    /// What was turned away and not yet listed.
    pub(crate) effects: Effects,
    /// The checkpoint that was gone on from, from the whole file to the newest.
    pub(crate) chain: Vec<CheckpointFile>,
    pub(crate) saved: CheckpointSaved,
    /// How many frames were replayed, and their bytes.
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// Why a checkpoint that is there could not be used.
    pub(crate) problem: Option<String>,
}

/// What parts do not hold of what is replayed: it is handed over again.
struct Missing<'a> {
    historian: &'a Historian,
    from: Position,
    handed: Handed,
}

impl<'a> Missing<'a> {
    fn of(historian: &'a Historian, until: Position) -> Result<Self, EngineError> {
        let from = historian.held_until();
        if from > until {
            return Err(EngineError::Damaged(format!(
                "the history in parts goes up to position {from}, the journal to {until}: they are not of one \
                 backup. Restore both from one, or move the folder of parts away, and it is made anew from the journal"
            )));
        }
        Ok(Self { historian, from, handed: Handed::default() })
    }

    fn take(
        &mut self,
        stamp: Stamp,
        input: Input,
        bytes: u64,
        effects: &mut Effects,
    ) -> Result<(), EngineError> {
        if stamp.position < self.from {
            (effects.owner, effects.happened) = (None, Vec::new());
            return Ok(());
        }
        self.handed.take(stamp.position, input, bytes, effects);
        if self.handed.rows.len() >= HANDED_ROWS {
            self.hand_over(stamp.position.next(), stamp.instant)?;
        }
        Ok(())
    }

    /// Hands over, and has parts take in what is due: nobody else does before the engine is open.
    fn hand_over(&mut self, until: Position, instant: Instant) -> Result<(), EngineError> {
        self.historian.hand_over(&mut self.handed, until, instant);
        Ok(self.historian.make_room()?)
    }
}

/// Applies every frame that no checkpoint holds. Effects were let go before the restart; transitions are kept again,
/// for streams to resume from, and what was turned away and not yet listed is handed on.
///
/// # Errors
/// The journal, or an artefact that it names, cannot be read, or neither it nor any checkpoint has the beginning.
pub(crate) fn replay(
    of: &Replay<'_>,
    progress: &mut dyn FnMut(OpenProgress),
) -> Result<Replayed, EngineError> {
    let Replay { disk, data, limits, until, artefacts, transitions, listed_until, historian, checkpoints: _ } =
        *of;
    let mut missing = historian.map(|historian| Missing::of(historian, until)).transpose()?;
    let Start { mut fold, chain, saved, problem } = restore(of)?;
    let mut effects = Effects::default();
    let from = fold.state.position;
    let mut bytes_in_all = 0;
    progress(OpenProgress { position: from, durable_position: until });
    let mut reader = JournalReader::new(Arc::clone(disk), data, from, until)?;
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
        let bytes = frame.item.len() as u64;
        bytes_in_all += bytes;
        match &mut missing {
            Some(missing) => missing.take(stamp, input, bytes, &mut effects)?,
            None => (effects.owner, effects.happened) = (None, Vec::new()),
        }
        if stamp.position.0.is_multiple_of(STEP_FRAMES) {
            progress(OpenProgress { position: stamp.position, durable_position: until });
        }
    }
    if let Some(missing) = &mut missing {
        missing.hand_over(fold.state.position, fold.state.instant)?;
    }
    progress(OpenProgress { position: until, durable_position: until });
    let frames = until.0.saturating_sub(from.0);
    Ok(Replayed { fold, effects, chain, saved, frames, bytes: bytes_in_all, problem })
}
