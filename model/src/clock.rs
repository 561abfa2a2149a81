use crate::Instant;

/// Where the time comes from. Injected everywhere, so that a run can be simulated and replayed.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The wall clock, in milliseconds since 1970-01-01T00:00:00Z. It may step backwards; whoever needs
    /// an order takes the greater of this and the instant before.
    fn now(&self) -> Instant;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Instant {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or(std::time::Duration::ZERO);
        Instant::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}
