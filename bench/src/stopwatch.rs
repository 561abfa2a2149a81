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
}

/// The wall clock as clients write it.
#[expect(clippy::disallowed_methods, reason = "events carry the time at which they are sent")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
