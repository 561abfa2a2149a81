use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use segops_model::{Clock, Instant};

/// A clock that stands still until it is moved. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct SimulatedClock {
    now_ms: Arc<AtomicI64>,
}

impl SimulatedClock {
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self { now_ms: Arc::new(AtomicI64::new(now.as_ms())) }
    }

    /// Moves the clock to an instant, also backwards, as wall clocks do.
    pub fn set(&self, now: Instant) {
        self.now_ms.store(now.as_ms(), Ordering::SeqCst);
    }

    /// Moves the clock on, and returns the instant it then shows.
    pub fn advance_ms(&self, ms: i64) -> Instant {
        Instant::from_ms(self.now_ms.fetch_add(ms, Ordering::SeqCst).saturating_add(ms))
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Instant {
        Instant::from_ms(self.now_ms.load(Ordering::SeqCst))
    }
}
