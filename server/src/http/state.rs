use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{Semaphore, watch};

use segops_engine::{Engine, EngineError};
use segops_model::{Clock, Instant, Limits};

use super::imports::remove_leftovers;
use super::problem::Problem;
use crate::control::{ControlError, Tokens};

/// Previews, imports and checks that run at one time: each reads history, and keeps a processor busy.
const JOBS_MAX: usize = 8;

/// What every handler shares. The engine comes in once its journal is replayed; until then the listener
/// answers already, with how far that is.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    data: PathBuf,
    clock: Arc<dyn Clock>,
    limits: Limits,
    tokens: Tokens,
    engine: OnceLock<Engine>,
    opening: Opening,
    streams: Arc<Semaphore>,
    jobs: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

/// How far the replay of the journal is.
#[derive(Debug, Default)]
struct Opening {
    position: AtomicU64,
    durable_position: AtomicU64,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("data", &self.data)
            .field("opening", &self.opening)
            .finish_non_exhaustive()
    }
}

impl App {
    /// # Errors
    /// The folder's tokens cannot be read or made.
    pub fn new(data: &Path, clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, ControlError> {
        let tokens = Tokens::open(data, clock.now())?;
        remove_leftovers(data)?;
        Ok(Self(Arc::new(Inner {
            data: data.to_owned(),
            clock,
            limits,
            tokens,
            engine: OnceLock::new(),
            opening: Opening::default(),
            streams: Arc::new(Semaphore::new(limits.streams_max)),
            jobs: Arc::new(Semaphore::new(JOBS_MAX)),
            stopping: watch::Sender::new(false),
        })))
    }

    /// Puts the opened engine in: from here on requests are answered.
    pub fn ready(&self, engine: Engine) {
        // Set once, by whoever opened the engine; a second one would be a second writer and is dropped.
        let _already_there = self.0.engine.set(engine);
    }

    pub fn opening(&self, position: u64, durable_position: u64) {
        self.0.opening.position.store(position, Ordering::Relaxed);
        self.0.opening.durable_position.store(durable_position, Ordering::Relaxed);
    }

    /// The engine, once it is there.
    ///
    /// # Errors
    /// The journal is still being replayed.
    pub fn engine(&self) -> Result<&Engine, Problem> {
        self.0.engine.get().ok_or_else(|| {
            let (position, durable) = self.opening_progress();
            Problem::starting(position, durable)
        })
    }

    pub(crate) fn opening_progress(&self) -> (u64, u64) {
        let opening = &self.0.opening;
        (opening.position.load(Ordering::Relaxed), opening.durable_position.load(Ordering::Relaxed))
    }

    /// Runs what may block (a change waits for its place in the journal, a read for a lock) away from the
    /// threads that serve connections.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Problem> {
        let engine = self.engine()?.clone();
        match tokio::task::spawn_blocking(move || work(&engine)).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal(&error)),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn data(&self) -> &Path {
        &self.0.data
    }

    pub(crate) fn now(&self) -> Instant {
        self.0.clock.now()
    }

    pub(crate) fn streams(&self) -> &Arc<Semaphore> {
        &self.0.streams
    }

    /// Room for long work: previews, imports and checks beyond it wait for their turn.
    pub(crate) fn jobs(&self) -> &Arc<Semaphore> {
        &self.0.jobs
    }

    /// Ends what would otherwise go on for ever: the streams.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }
}
