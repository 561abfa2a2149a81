//! The ticker: sleeps until the earliest due instant, and then has the journal note the time, so that timers
//! fire although nothing comes in.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, Intake};

/// The longest sleep, so that a stepped wall clock is noticed.
const SLEEP_MS_MAX: i64 = 60_000;

/// Runs until the engine stops.
pub(crate) fn run_ticker(core: &Arc<Core>) {
    while !core.is_stopping() {
        let mut next_due = core.next_due.lock();
        if core.is_stopping() {
            return;
        }
        let wait_ms = match *next_due {
            None => SLEEP_MS_MAX,
            Some(due) => due.ms_since(core.clock.now()).min(SLEEP_MS_MAX),
        };
        if wait_ms > 0 {
            let wait = Duration::from_millis(wait_ms.unsigned_abs());
            core.next_due_moved.wait_for(&mut next_due, wait);
            continue;
        }
        // The fold moves the instant on once it has applied the tick; until then there is nothing to add.
        let due = *next_due;
        drop(next_due);
        if core.send(Intake::Tick).is_err() {
            return;
        }
        let mut next_due = core.next_due.lock();
        while *next_due == due && !core.is_stopping() && core.failed().is_none() {
            core.next_due_moved.wait_for(&mut next_due, Duration::from_millis(1_000));
        }
    }
}
