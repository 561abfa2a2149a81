//! The measured workspace: a data folder, opened by the engine's own crate in simulated time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result};
use segops_engine::{
    CheckpointOptions, Engine, EngineOptions, HistoryOptions, JournalKeeping, JournalRetention, Timers,
};
use segops_model::{Clock, Instant, Limits};
use segops_parts::Objects;
use segops_store::RealDisk;

pub(crate) const AUTHOR: &str = "bench";
pub(crate) const WRITE_KEY: &str = "bench";

/// A clock that stands wherever it is set.
#[derive(Debug)]
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn at(instant: Instant) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(instant.as_ms())))
    }

    pub(crate) fn set(&self, instant: Instant) {
        self.0.store(instant.as_ms(), Ordering::Release);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.load(Ordering::Acquire))
    }
}

/// The folder of the parts.
pub(crate) fn history_of(data: &Path) -> std::path::PathBuf {
    data.join("history")
}

/// Opens the folder, or makes it, as the server does.
pub(crate) fn open(data: &Path, clock: Arc<SetClock>) -> Result<Engine> {
    let objects = Objects::in_folder(&history_of(data)).context("cannot open the folder of the parts")?;
    // Rows that the tail holds stay there until they are too many: simulated time is no reason to write them.
    let history = HistoryOptions { flush_after_ms: i64::MAX, ..HistoryOptions::at(objects) };
    let options = EngineOptions {
        data: data.to_owned(),
        clock,
        disk: Arc::new(RealDisk),
        limits: Limits::default(),
        timers: Timers::Manual,
        history,
        checkpoints: CheckpointOptions::default(),
        journal: JournalKeeping { retention: JournalRetention::Drop, ..JournalKeeping::default() },
    };
    let engine = Engine::open(options, &mut |_| {}).context("cannot open the workspace")?;
    if engine.sources().is_empty() {
        engine.create_source(AUTHOR, "Shop", Some(WRITE_KEY.to_owned())).context("cannot make the source")?;
    }
    Ok(engine)
}
