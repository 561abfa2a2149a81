use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use parking_lot::{Condvar, Mutex, RwLock};
use rustc_hash::FxHashMap;

use segops_model::{Clock, Instant, Limits, Position, SourceId};
use segops_store::{Disk, RecordLog};

use super::checkpointer::Checkpointer;
use super::historian::Historian;
use super::intake::Intake;
use super::scheduler::Running;
use super::verifier::Verified;
use crate::artefact::ArtefactFolder;
use crate::error::Busy;
use crate::fold::Fold;
use crate::rebuild::JournalBackfill;
use crate::transitions::TransitionLog;
use crate::work::Work;

/// What the threads and the engine's callers share.
#[derive(Debug)]
pub(crate) struct Core {
    pub data: PathBuf,
    pub disk: Arc<dyn Disk>,
    pub clock: Arc<dyn Clock>,
    pub limits: Limits,
    pub fold: RwLock<Fold>,
    pub artefacts: ArtefactFolder,
    pub transitions: TransitionLog,
    pub historian: Historian,
    pub checkpointer: Checkpointer,
    pub rejections: Mutex<RecordLog>,
    /// Write keys, beside the state so that collecting never waits for the fold.
    pub write_keys: RwLock<FxHashMap<String, SourceId>>,
    /// Closed (none) once the engine stops.
    pub intake: Mutex<Option<SyncSender<Intake>>>,
    /// Items handed in and not yet durable.
    pub queued: AtomicUsize,
    pub durable: AtomicU64,
    /// The position of the first frame that the journal still has.
    pub journal_begins: AtomicU64,
    pub applied: Mutex<Position>,
    pub applied_moved: Condvar,
    /// The next due instant, for the ticker; moved by the fold.
    pub next_due: Mutex<Option<Instant>>,
    pub next_due_moved: Condvar,
    /// Set when something that is computed on a schedule is due.
    pub computing_wanted: Mutex<bool>,
    pub computing_moved: Condvar,
    /// What is computed on a schedule at the moment.
    pub running: Mutex<Option<Running>>,
    /// Set when a segment waits to be primed.
    pub priming_wanted: Mutex<bool>,
    pub priming_moved: Condvar,
    /// What checks of live against a rebuild have found.
    pub verified: Verified,
    /// For the verifier to wait at.
    pub verifying: Mutex<()>,
    pub verifying_moved: Condvar,
    /// Set by tests that carry out steps of background work themselves.
    #[cfg(test)]
    pub held: Mutex<Vec<Held>>,
    pub stopping: AtomicBool,
    pub failure: Mutex<Option<String>>,
}

/// Background work that a test can carry out step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Splits,
    Primings,
}

impl Core {
    #[must_use]
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    #[must_use]
    pub(crate) fn durable_position(&self) -> Position {
        Position(self.durable.load(Ordering::Acquire))
    }

    #[must_use]
    pub(crate) fn journal_begins_at(&self) -> Position {
        Position(self.journal_begins.load(Ordering::Acquire))
    }

    /// What reads history out of the journal.
    #[must_use]
    pub(crate) fn journal_backfill<'a>(&self, work: &'a Work) -> JournalBackfill<'a> {
        let begins_at = self.journal_begins_at();
        JournalBackfill { disk: Arc::clone(&self.disk), data: self.data.clone(), begins_at, work }
    }

    /// The failure after which nothing more is stored.
    pub(crate) fn fail(&self, reason: String) {
        tracing::error!(%reason, "nothing more can be stored");
        self.failure.lock().get_or_insert(reason);
        // Nobody waits for room that will not come.
        self.historian.stop();
        self.applied_moved.notify_all();
        self.checkpointer.wake();
    }

    #[must_use]
    pub(crate) fn failed(&self) -> Option<Busy> {
        self.failure.lock().clone().map(Busy::Failed)
    }

    pub(crate) fn note_applied(&self, position: Position, next_due: Option<Instant>) {
        *self.applied.lock() = position;
        self.applied_moved.notify_all();
        let mut held = self.next_due.lock();
        if *held != next_due {
            *held = next_due;
            self.next_due_moved.notify_all();
        }
    }

    /// Blocks until the effects of everything before a position have been let go.
    ///
    /// # Errors
    /// The engine has failed, so that they never will be.
    pub(crate) fn wait_published(&self, until: Position) -> Result<(), Busy> {
        let mut applied = self.applied.lock();
        while *applied < until {
            if let Some(failed) = self.failed() {
                return Err(failed);
            }
            self.applied_moved.wait(&mut applied);
        }
        Ok(())
    }

    /// Whether the steps of this work are left to a test. Outside tests nothing is.
    #[cfg(test)]
    pub(crate) fn is_held(&self, work: Held) -> bool {
        self.held.lock().contains(&work)
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "with tests it asks the core")]
    pub(crate) const fn is_held(&self, _: Held) -> bool {
        false
    }

    pub(crate) fn want_computing(&self) {
        *self.computing_wanted.lock() = true;
        self.computing_moved.notify_all();
    }

    pub(crate) fn want_priming(&self) {
        *self.priming_wanted.lock() = true;
        self.priming_moved.notify_all();
    }

    /// Whether more may be handed in now.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn room(&self) -> Result<(), Busy> {
        if let Some(failed) = self.failed() {
            return Err(failed);
        }
        if self.is_stopping() {
            return Err(Busy::Stopping);
        }
        if let Some(reason) = self.historian.stuck() {
            return Err(Busy::History(reason));
        }
        let lag = self.durable_position().0.saturating_sub(self.applied.lock().0);
        if self.queued.load(Ordering::Acquire) > self.limits.journal_queue_max
            || lag > self.limits.fold_lag_max
        {
            return Err(Busy::QueueFull);
        }
        Ok(())
    }

    /// Hands something to the journal thread.
    ///
    /// # Errors
    /// The engine is stopping.
    pub(crate) fn send(&self, intake: Intake) -> Result<(), Busy> {
        let sender = self.intake.lock().clone();
        sender.ok_or(Busy::Stopping)?.send(intake).map_err(|_| self.failed().unwrap_or(Busy::Stopping))
    }
}
