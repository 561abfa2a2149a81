use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Long work that someone watches and may call off. Shared between the worker and the watcher.
#[derive(Debug, Default)]
pub struct Work {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    /// How long the worker rests at each step, so that others come first.
    rest: Duration,
}

/// The work was called off by whoever asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work was cancelled")]
pub struct Cancelled;

impl Work {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Work that rests at each step.
    #[must_use]
    pub fn resting(rest: Duration) -> Self {
        Self { rest, ..Self::default() }
    }

    /// Asks the worker to stop at its next step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// How far it is: steps done, and steps in all (0 while not known).
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    pub fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Notes how far it is.
    ///
    /// # Errors
    /// [`Cancelled`], if it was called off.
    pub fn reach(&self, done: u64) -> Result<(), Cancelled> {
        self.done.store(done, Ordering::Relaxed);
        self.rest()
    }

    /// Stands back for a moment, where the work is to, without being any further.
    ///
    /// # Errors
    /// [`Cancelled`], if it was called off.
    pub fn rest(&self) -> Result<(), Cancelled> {
        if !self.rest.is_zero() && !self.cancelled.load(Ordering::Relaxed) {
            std::thread::sleep(self.rest);
        }
        if self.cancelled.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }
}
