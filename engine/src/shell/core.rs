use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use parking_lot::{Condvar, Mutex, RwLock};
use rustc_hash::FxHashMap;

use segops_model::{Clock, Instant, Limits, Position, SourceId};
use segops_store::{Disk, RecordLog};

use super::intake::Intake;
use super::verifier::Verified;
use crate::artefact::ArtefactFolder;
use crate::error::Busy;
use crate::fold::Fold;
use crate::transitions::TransitionLog;

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
    pub rejections: Mutex<RecordLog>,
    /// Write keys, beside the state so that collecting never waits for the fold.
    pub write_keys: RwLock<FxHashMap<String, SourceId>>,
    /// Closed (none) once the engine stops.
    pub intake: Mutex<Option<SyncSender<Intake>>>,
    /// Items handed in and not yet durable.
    pub queued: AtomicUsize,
    pub durable: AtomicU64,
    pub applied: Mutex<Position>,
    pub applied_moved: Condvar,
    /// The next due instant, for the ticker; moved by the fold.
    pub next_due: Mutex<Option<Instant>>,
    pub next_due_moved: Condvar,
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

    /// The failure after which nothing more is stored.
    pub(crate) fn fail(&self, reason: String) {
        tracing::error!(%reason, "nothing more can be stored");
        self.failure.lock().get_or_insert(reason);
        self.applied_moved.notify_all();
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
