//! The historian: keeps rows that no part holds yet in memory, within bounds, and has parts take them in.
//!
//! Everything before the position that parts hold is in parts, everything from there up to what the fold has
//! applied is in the tail. The tail grows under the fold's lock, so that whoever holds that sees the history of
//! exactly the fold's position.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use segops_model::{Clock, Instant, Limits, Position};
use segops_parts::{Effort, Parts, PartsError, Snapshot, Tail};

use super::handed::Handed;
use super::low_priority::lower_priority;
use crate::engine::Timers;
use crate::history::HistoryOptions;

/// Rows of one batch of the tail: small ones are put together.
const BATCH_ROWS: usize = 1_024;
/// The longest sleep, so that a stepped wall clock is noticed.
const SLEEP_MS_MAX: i64 = 60_000;
/// How often files that are of no use any more are looked for.
const GARBAGE_EVERY_MS: i64 = 10 * segops_model::MINUTE_MS;

/// The history in parts, and what is not there yet.
#[derive(Debug)]
pub(crate) struct Historian {
    pub(crate) parts: Parts,
    clock: Arc<dyn Clock>,
    options: HistoryOptions,
    rows_max: usize,
    bytes_max: u64,
    timers: Timers,
    held: Mutex<Held>,
    /// The tail is to be taken in, or the engine stops.
    due: Condvar,
    /// There is room in the tail, or none is to be had.
    freed: Condvar,
    /// Parts are to be compacted, or the engine stops.
    compaction_due: Condvar,
    flushing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Held {
    tail: Tail,
    rows: usize,
    bytes: u64,
    /// When the oldest of what no part holds came in.
    oldest: Option<Instant>,
    failure: Option<Failure>,
    compaction_wanted: bool,
    compaction_failure: Option<String>,
    is_stopping: bool,
}

/// Why rows could not be taken in, and when.
#[derive(Debug, Clone)]
struct Failure {
    reason: String,
    at: Instant,
}

/// The history at one position: parts, and the tail that goes with them.
#[derive(Debug)]
pub(crate) struct Pinned {
    parts: Snapshot,
    tail: Tail,
}

impl Pinned {
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.parts.with_tail(&self.tail)
    }
}

/// What the tail holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct TailSize {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) oldest: Option<Instant>,
    pub(crate) failure: Option<String>,
}

impl Historian {
    /// # Errors
    /// What is there can't be read.
    pub(crate) fn open(
        options: HistoryOptions,
        clock: Arc<dyn Clock>,
        limits: &Limits,
        timers: Timers,
    ) -> Result<Self, PartsError> {
        let parts = Parts::open(options.objects.clone(), Arc::clone(&clock), options.parts.clone())?;
        let tail = Tail { until: parts.held_until(), ..Tail::default() };
        Ok(Self {
            parts,
            clock,
            rows_max: limits.tail_rows_max.max(1),
            bytes_max: limits.tail_bytes_max.max(1),
            options,
            timers,
            held: Mutex::new(Held { tail, compaction_wanted: true, ..Held::default() }),
            due: Condvar::new(),
            freed: Condvar::new(),
            compaction_due: Condvar::new(),
            flushing: Mutex::new(()),
        })
    }

    /// The position from which on rows are to be handed over.
    pub(crate) fn held_until(&self) -> Position {
        self.parts.held_until()
    }

    /// Takes over what frames up to a position have brought. Called under the fold's lock, or by a replay.
    pub(crate) fn hand_over(&self, handed: &mut Handed, until: Position, instant: Instant) {
        let mut held = self.held.lock();
        held.tail.until = held.tail.until.max(until);
        if !handed.is_empty() {
            held.rows += handed.rows.len();
            held.bytes += std::mem::take(&mut handed.bytes);
            held.tail.changes.append(&mut handed.changes);
            let rows = std::mem::take(&mut handed.rows);
            held.add(rows);
            if held.oldest.is_none() {
                held.oldest = Some(instant);
                // Someone has to look at the time from now on.
                self.due.notify_one();
            }
        }
        if self.is_due(&held, instant) {
            self.due.notify_one();
        }
    }

    /// Waits until more may be handed over, however long that takes: it is tried again every few seconds.
    pub(crate) fn wait_for_room(&self) {
        let mut held = self.held.lock();
        while self.is_full(&held) && !held.is_stopping {
            self.due.notify_one();
            self.freed.wait(&mut held);
        }
    }

    /// Why there is no room, where none is to be had for now.
    pub(crate) fn stuck(&self) -> Option<String> {
        let held = self.held.lock();
        held.failure.as_ref().filter(|_| self.is_full(&held)).map(|failure| failure.reason.clone())
    }

    /// Makes room where there is none, on the thread that asks.
    ///
    /// # Errors
    /// Parts can't be written.
    pub(crate) fn make_room(&self) -> Result<(), PartsError> {
        let is_full = self.is_full(&self.held.lock());
        if is_full { self.flush().map(|_| ()) } else { Ok(()) }
    }

    fn is_full(&self, held: &Held) -> bool {
        held.rows >= self.rows_max || held.bytes >= self.bytes_max
    }

    fn is_due(&self, held: &Held, now: Instant) -> bool {
        let has_just_failed =
            held.failure.as_ref().is_some_and(|failure| now.ms_since(failure.at) < self.options.retry_ms);
        !has_just_failed && self.is_wanted(held, now)
    }

    fn is_wanted(&self, held: &Held, now: Instant) -> bool {
        held.rows >= self.options.flush_rows
            || self.is_full(held)
            || held.bytes >= self.bytes_max / 2
            || held.oldest.is_some_and(|oldest| now.ms_since(oldest) >= self.options.flush_after_ms)
    }

    /// Has parts take in what the tail holds; false if that is nothing. It is durable when this returns.
    ///
    /// # Errors
    /// It can't be written; then it stays in the tail.
    pub(crate) fn flush(&self) -> Result<bool, PartsError> {
        self.flush_where(|held, _| held.rows > 0 || !held.tail.changes.is_empty())
    }

    /// Has parts take in everything before a position, and say that they hold it.
    ///
    /// # Errors
    /// It can't be written; then it stays in the tail.
    pub(crate) fn take_in_until(&self, position: Position) -> Result<(), PartsError> {
        self.flush_where(|_, held_until| held_until < position).map(|_| ())
    }

    fn flush_where(&self, is_wanted: impl Fn(&Held, Position) -> bool) -> Result<bool, PartsError> {
        let _alone = self.flushing.lock();
        let (tail, rows, bytes, oldest) = {
            let mut held = self.held.lock();
            if !is_wanted(&held, self.parts.held_until()) {
                return Ok(false);
            }
            (held.tail.clone(), held.rows, held.bytes, held.oldest.take())
        };
        let flushed = self.parts.flush(&tail);
        let mut held = self.held.lock();
        match &flushed {
            Ok(()) => {
                held.tail.forget_before(self.parts.held_until());
                held.rows = held.rows.saturating_sub(rows);
                held.bytes = held.bytes.saturating_sub(bytes);
                held.failure = None;
                held.compaction_wanted = true;
                self.compaction_due.notify_one();
            }
            Err(error) => {
                held.oldest = oldest.or(held.oldest);
                held.failure = Some(Failure { reason: error.to_string(), at: self.clock.now() });
            }
        }
        self.freed.notify_all();
        drop(held);
        // Rows go without the lock.
        drop(tail);
        flushed.map(|()| true)
    }

    /// The history up to the position that was handed over last.
    pub(crate) fn pin(&self) -> Pinned {
        // In this order: what is taken in meanwhile is in both, and counts once.
        let tail = self.held.lock().tail.clone();
        Pinned { parts: self.parts.snapshot(), tail }
    }

    pub(crate) fn tail_size(&self) -> TailSize {
        let held = self.held.lock();
        let failure = held.failure.as_ref().map(|failure| failure.reason.clone());
        TailSize {
            rows: held.rows as u64,
            bytes: held.bytes,
            oldest: held.oldest,
            failure: failure.or_else(|| held.compaction_failure.clone()),
        }
    }

    /// Blocks until no row is left that no part holds.
    #[cfg(test)]
    pub(crate) fn wait_until_empty(&self) {
        let mut held = self.held.lock();
        while held.rows > 0 {
            self.freed.wait(&mut held);
        }
    }

    /// Where the parts are.
    pub(crate) fn objects(&self) -> &segops_parts::Objects {
        &self.options.objects
    }

    pub(crate) fn stop(&self) {
        self.held.lock().is_stopping = true;
        self.due.notify_all();
        self.freed.notify_all();
        self.compaction_due.notify_all();
    }

    fn is_stopping(&self) -> bool {
        self.held.lock().is_stopping
    }

    /// Sleeps until the tail is to be taken in; `None` once the engine stops.
    fn wait_until_due(&self) -> Option<()> {
        let mut held = self.held.lock();
        loop {
            if held.is_stopping {
                return None;
            }
            let now = self.clock.now();
            if self.is_due(&held, now) {
                return Some(());
            }
            self.sleep(&mut held, now);
        }
    }

    fn sleep(&self, held: &mut MutexGuard<'_, Held>, now: Instant) {
        let by_time = held.oldest.map(|oldest| oldest.plus_ms(self.options.flush_after_ms));
        let retry = held.failure.as_ref().map(|failure| failure.at.plus_ms(self.options.retry_ms));
        let next = if self.is_wanted(held, now) { retry } else { by_time.max(retry) };
        match next {
            // Where the caller moves the time, whoever hands over looks at it.
            Some(at) if self.timers == Timers::Background => {
                let wait_ms = at.ms_since(now).clamp(1, SLEEP_MS_MAX);
                self.due.wait_for(held, Duration::from_millis(wait_ms.unsigned_abs()));
            }
            _ => self.due.wait(held),
        }
    }

    /// Compacts until nothing is due.
    fn compact_what_is_due(&self) -> Result<(), PartsError> {
        while let Some(done) = self.parts.compact_unless(Effort::Due, &|| self.is_stopping())? {
            tracing::debug!(?done, "compacted");
        }
        Ok(())
    }
}

impl Held {
    fn add(&mut self, mut rows: Vec<segops_parts::PartRow>) {
        if rows.is_empty() {
            return;
        }
        let last = self.tail.batches.last_mut().and_then(Arc::get_mut);
        match last.filter(|last| last.len() + rows.len() <= BATCH_ROWS) {
            Some(last) => last.append(&mut rows),
            None => self.tail.batches.push(Arc::new(rows)),
        }
    }
}

/// Has parts take in rows when they are due, until the engine stops.
pub(crate) fn run_historian(historian: &Historian) {
    lower_priority();
    while historian.wait_until_due().is_some() {
        if let Err(error) = historian.flush() {
            tracing::warn!(%error, "rows stay in memory, since they could not be written to a part");
        }
    }
}

/// Compacts parts and removes old files, until the engine stops.
pub(crate) fn run_compactor(historian: &Historian) {
    lower_priority();
    let mut collected_at: Option<Instant> = None;
    loop {
        {
            let mut held = historian.held.lock();
            while !held.compaction_wanted && !held.is_stopping {
                historian.compaction_due.wait(&mut held);
            }
            if held.is_stopping {
                return;
            }
            held.compaction_wanted = false;
        }
        let now = historian.clock.now();
        let mut done = historian.compact_what_is_due();
        if done.is_ok() && collected_at.is_none_or(|at| now.ms_since(at) >= GARBAGE_EVERY_MS) {
            collected_at = Some(now);
            done = historian.parts.collect_garbage().map(|_| ());
        }
        if historian.is_stopping() {
            return;
        }
        if let Err(error) = &done {
            tracing::warn!(%error, "parts could not be compacted; it is tried again after the next rows");
        }
        historian.held.lock().compaction_failure = done.err().map(|error| error.to_string());
    }
}
