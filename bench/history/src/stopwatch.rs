use std::time::{Duration, Instant};

/// Real time, read here alone: a benchmark measures it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    pub(crate) fn ms(self) -> f64 {
        self.elapsed().as_secs_f64() * 1_000.0
    }
}
