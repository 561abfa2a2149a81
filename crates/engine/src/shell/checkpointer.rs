//! The checkpointer: writes what the state is at a position, so that a start reads that and the journal's tail. The
//! fold waits only while the state is frozen; encoding, writing and syncing are this thread's.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Condvar, Mutex};

use segops_model::{Instant, Position};
use segops_store::{CheckpointFile, CheckpointFolder, CheckpointHead, Journal, StoreError};

use super::Core;
use super::low_priority::lower_priority;
#[cfg(test)]
use crate::checkpoint::PlantedOmission;
use crate::checkpoint::{Beside, CheckpointSaved, FOLD_VERSION, encode};
use crate::engine::JournalRetention;
use crate::error::{Busy, EngineError};
use crate::fold::FrozenFold;

/// Files of one chain, past which the next is a whole one.
const CHAIN_FILES_MAX: usize = 64;

/// When checkpoints are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointOptions {
    /// Frames applied since the newest one, past which another is made.
    pub after_frames: u64,
    /// Bytes of these frames, past which another is made.
    pub after_bytes: u64,
    /// Whether one is made as the engine stops in good order.
    pub at_stop: bool,
}

impl Default for CheckpointOptions {
    fn default() -> Self {
        Self { after_frames: 2_000_000, after_bytes: 1024 * 1024 * 1024, at_stop: true }
    }
}

impl CheckpointOptions {
    /// None by themselves.
    #[must_use]
    pub const fn never() -> Self {
        Self { after_frames: u64::MAX, after_bytes: u64::MAX, at_stop: false }
    }
}

/// The checkpoints of a running engine.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    folder: CheckpointFolder,
    options: CheckpointOptions,
    retention: JournalRetention,
    held: Mutex<Held>,
    /// There is something to write, or it is done, or the engine stops.
    moved: Condvar,
    #[cfg(test)]
    pub(crate) planted: Mutex<Option<PlantedOmission>>,
}

#[derive(Debug, Default)]
struct Held {
    /// The state is being frozen or written: nobody else begins.
    is_busy: bool,
    job: Option<Job>,
    /// From the whole file to the newest.
    chain: Vec<CheckpointFile>,
    saved: CheckpointSaved,
    /// What was written of the state since is not known: the next one has to be whole.
    needs_whole: bool,
    frames_since: u64,
    bytes_since: u64,
    /// How often one was finished or given up.
    ended: u64,
    last: Measured,
    failure: Option<String>,
    is_stopping: bool,
}

/// A frozen state, to be written.
#[derive(Debug)]
struct Job {
    frozen: FrozenFold,
    pause_ms: u64,
}

/// What the newest checkpoint of this process has cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    /// How long the fold waited.
    pub(crate) pause_ms: u64,
    /// How long it took until it was durable.
    pub(crate) took_ms: u64,
    /// Bytes of its file.
    pub(crate) bytes: u64,
}

/// How things stand.
#[derive(Debug, Clone)]
pub(crate) struct CheckpointState {
    pub(crate) chain: Vec<CheckpointFile>,
    pub(crate) frames_since: u64,
    pub(crate) bytes_since: u64,
    pub(crate) last: Measured,
    pub(crate) failure: Option<String>,
}

impl Checkpointer {
    /// Goes on from the chain that the engine was opened with; with none, the first one is whole. `problem` is why
    /// checkpoints that are there could not be used.
    pub(crate) fn new(
        folder: CheckpointFolder,
        options: CheckpointOptions,
        retention: JournalRetention,
        chain: Vec<CheckpointFile>,
        saved: CheckpointSaved,
        problem: Option<String>,
    ) -> Self {
        // What is damaged goes once there is a whole one, and nothing builds on it.
        let needs_whole = problem.is_some();
        let held = Held { chain, saved, needs_whole, failure: problem, ..Held::default() };
        Self {
            folder,
            options,
            retention,
            held: Mutex::new(held),
            moved: Condvar::new(),
            #[cfg(test)]
            planted: Mutex::default(),
        }
    }

    pub(crate) fn folder(&self) -> &CheckpointFolder {
        &self.folder
    }

    pub(crate) const fn options(&self) -> &CheckpointOptions {
        &self.options
    }

    pub(crate) fn state(&self) -> CheckpointState {
        let Held { chain, frames_since, bytes_since, last, failure, .. } = &*self.held.lock();
        CheckpointState {
            chain: chain.clone(),
            frames_since: *frames_since,
            bytes_since: *bytes_since,
            last: *last,
            failure: failure.clone(),
        }
    }

    /// Takes note of frames that were applied; true if a checkpoint is due, which the caller then begins.
    pub(crate) fn is_due_after(&self, frames: u64, bytes: u64) -> bool {
        let mut held = self.held.lock();
        held.frames_since += frames;
        held.bytes_since += bytes;
        let is_due =
            held.frames_since >= self.options.after_frames || held.bytes_since >= self.options.after_bytes;
        let begins = is_due && !held.is_busy && !held.is_stopping;
        held.is_busy |= begins;
        begins
    }

    /// Takes note of what a start has replayed: the next checkpoint is due that much sooner.
    pub(crate) fn note_replayed(&self, frames: u64, bytes: u64) {
        let mut held = self.held.lock();
        held.frames_since += frames;
        held.bytes_since += bytes;
    }

    pub(crate) fn stop(&self) {
        self.held.lock().is_stopping = true;
        self.moved.notify_all();
    }

    /// Has whoever waits look again.
    pub(crate) fn wake(&self) {
        drop(self.held.lock());
        self.moved.notify_all();
    }

    fn end(&self, ended: Result<Ended, String>) {
        let mut held = self.held.lock();
        held.is_busy = false;
        held.ended += 1;
        match ended {
            Ok(Ended { chain, saved, measured }) => {
                (held.chain, held.saved, held.last) = (chain, saved, measured);
                held.needs_whole = false;
                held.failure = None;
            }
            Err(reason) => {
                tracing::error!(%reason, "no checkpoint was made; a start replays more of the journal until one is");
                held.needs_whole = true;
                held.failure = Some(reason);
            }
        }
        drop(held);
        self.moved.notify_all();
    }
}

/// A checkpoint that is durable.
struct Ended {
    chain: Vec<CheckpointFile>,
    saved: CheckpointSaved,
    measured: Measured,
}

/// Freezes the state, for a checkpoint that was begun. The fold waits meanwhile: it is called by a thread that nothing
/// holds up.
pub(crate) fn freeze(core: &Core) {
    let checkpointer = &core.checkpointer;
    let whole = {
        let held = checkpointer.held.lock();
        let changes: u64 = held.chain.iter().skip(1).map(|file| file.bytes).sum();
        let outgrown = held.chain.first().is_none_or(|whole| changes >= whole.bytes);
        held.needs_whole || outgrown || held.chain.len() >= CHAIN_FILES_MAX
    };
    let started = core.clock.now();
    let frozen = core.fold.write().take_changes(whole);
    let pause_ms = elapsed_ms(started, core.clock.now());
    match frozen {
        Ok(frozen) => {
            let mut held = checkpointer.held.lock();
            (held.frames_since, held.bytes_since) = (0, 0);
            held.job = Some(Job { frozen, pause_ms });
            drop(held);
            checkpointer.moved.notify_all();
        }
        Err(reason) => checkpointer.end(Err(reason)),
    }
}

/// Writes checkpoints that are begun, until the engine stops.
pub(crate) fn run_checkpointer(core: &Arc<Core>) {
    lower_priority();
    loop {
        {
            let mut held = core.checkpointer.held.lock();
            while held.job.is_none() {
                // What was begun is ended: somebody may wait for it.
                if held.is_stopping && (!held.is_busy || core.failed().is_some()) {
                    return;
                }
                core.checkpointer.moved.wait(&mut held);
            }
        }
        write_begun(core);
    }
}

/// Makes a checkpoint now, and waits until it is durable.
///
/// # Errors
/// It cannot be written, or the engine is stopping.
pub(crate) fn checkpoint_now(core: &Core) -> Result<(), EngineError> {
    let position = core.fold.read().state.position;
    let ended = {
        let mut held = core.checkpointer.held.lock();
        while held.is_busy && !held.is_stopping && core.failed().is_none() {
            core.checkpointer.moved.wait(&mut held);
        }
        if let Some(failed) = core.failed() {
            return Err(failed.into());
        }
        if held.is_stopping {
            return Err(Busy::Stopping.into());
        }
        let newest = held.chain.last().map(|file| file.head.position);
        if newest >= Some(position) && !held.needs_whole {
            return Ok(());
        }
        held.is_busy = true;
        held.ended
    };
    freeze(core);
    let mut held = core.checkpointer.held.lock();
    while held.ended == ended {
        if let Some(failed) = core.failed() {
            return Err(failed.into());
        }
        core.checkpointer.moved.wait(&mut held);
    }
    held.failure.clone().map_or(Ok(()), |reason| Err(EngineError::Checkpoint(reason)))
}

/// Makes the last checkpoint of an engine whose threads have ended, unless nothing has come in since the newest.
pub(crate) fn checkpoint_at_stop(core: &Core) {
    let position = core.fold.read().state.position;
    let is_wanted = {
        let mut held = core.checkpointer.held.lock();
        let newest = held.chain.last().map_or(Position(0), |file| file.head.position);
        let is_wanted = core.checkpointer.options.at_stop && position > newest && !held.is_busy;
        held.is_busy |= is_wanted;
        is_wanted
    };
    if is_wanted {
        freeze(core);
        write_begun(core);
    }
}

/// Writes what was frozen, if anything was.
fn write_begun(core: &Core) {
    let (job, chain, saved) = {
        let mut held = core.checkpointer.held.lock();
        let Some(job) = held.job.take() else { return };
        (job, held.chain.clone(), std::mem::take(&mut held.saved))
    };
    let ended = write(core, job, chain, &saved);
    core.checkpointer.end(ended.map_err(|error| error.to_string()));
}

fn write(
    core: &Core,
    Job { frozen, pause_ms }: Job,
    mut chain: Vec<CheckpointFile>,
    saved: &CheckpointSaved,
) -> Result<Ended, EngineError> {
    let started = core.clock.now();
    let (position, instant) = (frozen.state.position, frozen.state.instant);
    // What is let go of at a frame is let go of once it is applied.
    core.wait_published(position)?;
    // Rows, and what was turned away, are handed over by a replay: before the position there is none.
    core.historian.take_in_until(position)?;
    sync_rejections(core)?;
    if frozen.state.is_whole {
        chain.clear();
    }
    let previous = chain.last().map(|file| file.head.position);
    let head = CheckpointHead { position, instant, previous, fold_version: FOLD_VERSION };
    let (transitions, forgotten) = core.transitions.between(previous.unwrap_or(Position(0)), position);
    let beside = Beside {
        transitions,
        forgotten,
        #[cfg(test)]
        planted: *core.checkpointer.planted.lock(),
    };
    let mut writer = core.checkpointer.folder.begin(head)?;
    let saved = encode(&frozen, &beside, saved, &mut writer)?;
    let file = writer.finish()?;
    let measured = Measured { pause_ms, took_ms: elapsed_ms(started, core.clock.now()), bytes: file.bytes };
    chain.push(file);
    if let Err(error) = core.checkpointer.folder.remove_all_but(&chain) {
        tracing::warn!(%error, "old checkpoints are still there; they are removed after the next");
    }
    tracing::debug!(%position, ?measured, "a checkpoint was made");
    if let Err(error) = let_go_of_journal(core, &chain) {
        tracing::warn!(%error, "journal files that nothing needs stay where they are until the next checkpoint");
    }
    Ok(Ended { chain, saved, measured })
}

/// Makes the list of rejections durable. The fold adds to it, so that nobody has it locked while the disk works.
fn sync_rejections(core: &Core) -> Result<(), EngineError> {
    let files = core.rejections.lock().files()?;
    for path in files {
        match core.disk.sync_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            synced => synced.map_err(|source| StoreError::Io { action: "sync", path, source })?,
        }
    }
    Ok(())
}

/// Lets go of journal files that are before the whole file of the chain and in parts: of the chain any file may turn out
/// to be damaged, and then the one before it needs the journal from there on.
fn let_go_of_journal(core: &Core, chain: &[CheckpointFile]) -> Result<(), StoreError> {
    let archive = match &core.checkpointer.retention {
        JournalRetention::Keep => return Ok(()),
        JournalRetention::Archive(folder) => Some(folder.as_path()),
        JournalRetention::Drop => None,
    };
    let Some(whole) = chain.first() else { return Ok(()) };
    let before = whole.head.position.min(core.historian.held_until());
    let dropped = Journal::drop_before(core.disk.as_ref(), &core.data, before, archive);
    // Also after a failure, some may have gone.
    let begins_at = Journal::begins_at(core.disk.as_ref(), &core.data)?;
    core.journal_begins.store(begins_at.0, Ordering::Release);
    let (_, files) = dropped?;
    if files > 0 {
        tracing::info!(files, %begins_at, ?archive, "let go of journal files");
    }
    Ok(())
}

fn elapsed_ms(from: Instant, until: Instant) -> u64 {
    u64::try_from(until.ms_since(from)).unwrap_or_default()
}
