//! Checking a data folder that no server has open: the journal is replayed in memory and held against a
//! rebuild, and nothing is written. No timer fires that had not fired by the newest frame.

use std::path::Path;
use std::sync::Arc;

use parking_lot::RwLock;

use segops_model::{Clock, Limits};
use segops_store::{Disk, Journal};

use super::{Scope, Sources, verify_marked};
use crate::artefact::ArtefactFolder;
use crate::error::EngineError;
use crate::fold::Stamp;
use crate::shell::{OpenProgress, Replay, mark, replay};
use crate::transitions::TransitionLog;
use crate::view::VerifyReport;
use crate::work::Work;

/// What a folder's check found, and the time zone that its instants are shown in.
#[derive(Debug, Clone)]
pub struct VerifiedFolder {
    pub report: VerifyReport,
    pub time_zone: String,
}

/// Replays a folder's journal, and compares the state at its end with a rebuild. The caller sees to it that
/// nobody writes to the folder meanwhile.
///
/// # Errors
/// The folder cannot be read or is damaged, or the work was cancelled.
pub fn verify_folder(
    disk: &Arc<dyn Disk>,
    data: &Path,
    clock: &dyn Clock,
    work: &Work,
    progress: &mut dyn FnMut(OpenProgress),
) -> Result<VerifiedFolder, EngineError> {
    let end = Journal::end(disk.as_ref(), data)?;
    let limits = Limits::default();
    let transitions = TransitionLog::new(limits.transitions_kept_max);
    let source = Replay {
        disk,
        data,
        limits,
        until: end.next_position,
        artefacts: &ArtefactFolder::existing(Arc::clone(disk), data),
        transitions: &transitions,
        listed_until: Some(end.next_position),
    };
    let (mut fold, _) = replay(&source, progress)?;
    let marked = mark(&mut fold, Stamp { position: end.next_position, instant: end.last_instant });
    let time_zone = fold.state.settings.time_zone.clone();
    let fold = RwLock::new(fold);
    let sources = Sources { disk, data: data.to_owned(), fold: &fold, clock };
    let report = verify_marked(&marked, Scope::All, &sources, work)?;
    Ok(VerifiedFolder { report, time_zone })
}
