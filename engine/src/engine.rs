use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

use segops_collect::{Accepted, Rejection};
use segops_model::{Clock, Instant, Limits, Position, SourceId};
use segops_store::{Disk, Journal, JournalOptions, RecordLog, RecordLogOptions, StoreError};

use crate::artefact::ArtefactFolder;
use crate::error::{Busy, EngineError};
use crate::shell::{
    Core, Done, Intake, OpenProgress, Replay, Verified, keep_rejections, listed_until, publish, replay,
    run_fold, run_journal, run_primer, run_ticker, run_verifier,
};
use crate::transitions::TransitionLog;
use crate::work::Work;

/// Batches that wait for the fold between the two threads.
const FOLD_QUEUE_BATCHES: usize = 64;
/// Hand-ins that wait for the journal thread; how many items may wait is a limit of its own.
const INTAKE_QUEUE: usize = 65_536;
/// How long a check in the background rests after each few thousand frames, which take it a few milliseconds.
const VERIFIER_REST: Duration = Duration::from_millis(50);
const REJECTION_LOG_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// A running workspace. Cheap to clone; all clones are one engine.
#[derive(Debug, Clone)]
pub struct Engine(pub(crate) Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) core: Arc<Core>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    priming: Arc<Work>,
    verifying: Arc<Work>,
}

/// How an engine is opened. The clock and the disk are injected.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    pub data: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub disk: Arc<dyn Disk>,
    pub limits: Limits,
    pub timers: Timers,
}

/// Who sees to it that time passes while nothing comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timers {
    /// A thread that sleeps until the earliest due instant.
    Background,
    /// The caller, by [`Engine::tick`]: for simulated time and for commands on a folder.
    Manual,
}

impl Engine {
    /// Opens a data folder, replaying its journal, and starts the threads. The caller sees to it that no
    /// other process has the folder open.
    ///
    /// # Errors
    /// The folder cannot be read or written, or is damaged.
    pub fn open(options: EngineOptions, progress: &mut dyn FnMut(OpenProgress)) -> Result<Self, EngineError> {
        let EngineOptions { data, clock, disk, limits, timers } = options;
        disk.create_dir_all(&data).map_err(|error| EngineError::Damaged(error.to_string()))?;
        let (writer, recovered) = Journal::open(Arc::clone(&disk), &data, JournalOptions::default())?;
        if recovered.truncated_bytes > 0 {
            tracing::warn!(
                bytes = recovered.truncated_bytes,
                "cut an unfinished write off the journal's end"
            );
        }
        let artefacts = ArtefactFolder::open(Arc::clone(&disk), &data)?;
        let transitions = TransitionLog::new(limits.transitions_kept_max);
        let until = recovered.next_position;
        let mut rejections = RecordLog::open(
            Arc::clone(&disk),
            &data,
            "rejections",
            RecordLogOptions { records_max: limits.rejections_kept_max, bytes_max: REJECTION_LOG_BYTES_MAX },
        )?;
        let source = Replay {
            disk: &disk,
            data: &data,
            limits,
            until,
            artefacts: &artefacts,
            transitions: &transitions,
            listed_until: listed_until(&mut rejections)?,
        };
        let (fold, mut effects) = replay(&source, progress)?;
        let (intake, intake_queue) = sync_channel(INTAKE_QUEUE);
        let (fold_sender, fold_queue) = sync_channel(FOLD_QUEUE_BATCHES);
        let next_due = fold.next_due();
        let core = Arc::new(Core {
            write_keys: RwLock::new(
                fold.state.sources.values().map(|source| (source.write_key.clone(), source.id)).collect(),
            ),
            data,
            disk,
            clock,
            limits,
            fold: RwLock::new(fold),
            artefacts,
            transitions,
            rejections: Mutex::new(rejections),
            intake: Mutex::new(Some(intake)),
            queued: AtomicUsize::new(0),
            durable: AtomicU64::new(until.0),
            applied: Mutex::new(until),
            applied_moved: Condvar::new(),
            next_due: Mutex::new(next_due),
            next_due_moved: Condvar::new(),
            priming_wanted: Mutex::new(true),
            priming_moved: Condvar::new(),
            verified: Verified::default(),
            verifying: Mutex::new(()),
            verifying_moved: Condvar::new(),
            #[cfg(test)]
            held: Mutex::new(Vec::new()),
            stopping: AtomicBool::new(false),
            failure: Mutex::new(None),
        });
        publish(&core, &mut effects, until);
        let priming = Arc::new(Work::new());
        let mut threads = Vec::new();
        let shared = Arc::clone(&core);
        threads.push(spawn("journal", &core, move || {
            run_journal(&shared, writer, &intake_queue, &fold_sender);
        })?);
        let shared = Arc::clone(&core);
        threads.push(spawn("fold", &core, move || run_fold(&shared, &fold_queue))?);
        let (shared, work) = (Arc::clone(&core), Arc::clone(&priming));
        threads.push(spawn("primer", &core, move || run_primer(&shared, &work))?);
        if timers == Timers::Background {
            let shared = Arc::clone(&core);
            threads.push(spawn("ticker", &core, move || run_ticker(&shared))?);
        }
        let engine = Self(Arc::new(Shared {
            core,
            threads: Mutex::new(threads),
            priming,
            verifying: Arc::new(Work::resting(VERIFIER_REST)),
        }));
        // What became due while nobody had the folder open fires now, each at its own instant.
        if next_due.is_some_and(|due| due <= engine.now()) {
            engine.tick()?;
        }
        Ok(engine)
    }

    /// Checks one live segment after another against a rebuild, at most one in each such time, in a thread of
    /// its own that rests more than it works.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn verify_in_background(&self, every: Duration) -> Result<(), EngineError> {
        let shared = Arc::downgrade(&self.0);
        let (core, work) = (Arc::clone(&self.0.core), Arc::clone(&self.0.verifying));
        let thread = spawn("verifier", &self.0.core, move || {
            run_verifier(&core, &|| shared.upgrade().map(Engine), every, &work);
        })?;
        self.0.threads.lock().push(thread);
        Ok(())
    }

    /// Stops in good order: no new input, what was handed in becomes durable and is applied, threads end.
    pub fn close(&self) {
        self.0.close();
    }

    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.core().limits
    }

    #[must_use]
    pub fn now(&self) -> Instant {
        self.core().clock.now()
    }

    /// The source that a write key belongs to.
    #[must_use]
    pub fn source_of_key(&self, write_key: &str) -> Option<SourceId> {
        self.core().write_keys.read().get(write_key).copied()
    }

    /// Whether more may be handed in now: what a readiness check asks.
    ///
    /// # Errors
    /// Why not.
    pub fn room(&self) -> Result<(), Busy> {
        self.core().room()
    }

    /// Hands decoded events in. `done` is called once they are durable, with the position after them, or when
    /// that has failed; it must not block.
    ///
    /// # Errors
    /// There is no room now; nothing was taken.
    pub fn submit(
        &self,
        items: Vec<Accepted>,
        done: Box<dyn FnOnce(Result<Position, Busy>) + Send>,
    ) -> Result<(), Busy> {
        self.core().room()?;
        let count = items.len();
        self.core().queued.fetch_add(count, Ordering::AcqRel);
        let sent = self.core().send(Intake::Events { items, done: Done(done) });
        if sent.is_err() {
            self.core().queued.fetch_sub(count, Ordering::AcqRel);
        }
        sent
    }

    /// Keeps rejections, bounded, for listing. They are in their file when this returns: the client may be
    /// told that its request is done, and a crash must not take the reasons along.
    pub fn reject(&self, rejections: &[Rejection]) {
        if let Err(error) = keep_rejections(self.core(), rejections) {
            tracing::warn!(%error, "rejections could not be kept");
        }
    }

    /// Notes the time in the journal, so that timers that are due fire; waits until they have.
    ///
    /// # Errors
    /// The engine is stopping or has failed.
    pub fn tick(&self) -> Result<(), Busy> {
        let before = self.core().durable_position();
        self.core().send(Intake::Tick)?;
        self.wait_applied(before.next());
        Ok(())
    }

    /// Blocks until everything before a position is applied, or the engine ends.
    pub fn wait_applied(&self, until: Position) {
        let core = self.core();
        let mut applied = core.applied.lock();
        while *applied < until && core.failed().is_none() && !core.is_stopping() {
            core.applied_moved.wait(&mut applied);
        }
    }

    pub(crate) fn core(&self) -> &Core {
        &self.0.core
    }
}

impl Shared {
    fn close(&self) {
        if self.core.stopping.swap(true, Ordering::AcqRel) {
            return;
        }
        self.priming.cancel();
        self.verifying.cancel();
        // The queue is first in, first out: what was handed in before is made durable before the stop.
        let sender = self.core.intake.lock().take();
        if let Some(sender) = sender {
            let _ = sender.send(Intake::Stop);
        }
        // Under the lock that each waits with, so that none goes to sleep between its look and the call.
        drop(self.core.next_due.lock());
        self.core.next_due_moved.notify_all();
        drop(self.core.verifying.lock());
        self.core.verifying_moved.notify_all();
        self.core.want_priming();
        for thread in std::mem::take(&mut *self.threads.lock()) {
            // The last clone may be dropped on one of the threads themselves.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the engine has panicked");
            }
        }
        self.core.applied_moved.notify_all();
        if let Err(error) = self.core.rejections.lock().sync() {
            tracing::warn!(%error, "the newest rejections could not be written");
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

/// Says that nothing more can be stored when a thread ends by a panic, so that nobody waits for it.
#[derive(Debug)]
struct FailOnPanic {
    core: Arc<Core>,
    thread: &'static str,
}

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.core.fail(format!(
                "the {} thread has panicked; this is a bug, and the log has its place",
                self.thread
            ));
        }
    }
}

fn spawn(
    name: &'static str,
    core: &Arc<Core>,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, EngineError> {
    let guard = FailOnPanic { core: Arc::clone(core), thread: name };
    let started = std::thread::Builder::new().name(format!("segops-{name}")).spawn(move || {
        let _guard = guard;
        run();
    });
    started.map_err(|source| {
        EngineError::Store(StoreError::Io { action: "start the thread", path: name.into(), source })
    })
}
