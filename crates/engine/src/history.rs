//! The history in columns: every event, as the fold has resolved it, up to one position.

use segops_model::{Instant, Position};
use segops_parts::{Effort, Objects, PartsOptions, Snapshot};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::parts_backfill::FrozenHistory;
use crate::shell::Pinned;
use crate::view;
use crate::work::Work;

/// Bytes that are asked for in advance over the network, where a request is mostly waiting.
const REMOTE_READ_AHEAD_BYTES: u64 = 4 * 1024 * 1024;

/// Where the history in parts is kept, and when rows go there.
#[derive(Debug, Clone)]
pub struct HistoryOptions {
    pub objects: Objects,
    pub parts: PartsOptions,
    /// Rows in memory past which they are written to a part.
    pub flush_rows: usize,
    /// How long rows stay in memory at most.
    pub flush_after_ms: i64,
    /// How long after a failure it is tried again.
    pub retry_ms: i64,
}

impl HistoryOptions {
    /// In memory, for an engine that nobody opens again. Rows stay as they came in, but for want of room.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { flush_after_ms: i64::MAX, ..Self::at(Objects::in_memory()) }
    }

    /// In a place, with defaults for the rest.
    #[must_use]
    pub fn at(objects: Objects) -> Self {
        let mut parts = PartsOptions::default();
        if objects.is_remote() {
            parts.read_ahead_bytes = REMOTE_READ_AHEAD_BYTES;
        }
        Self { objects, parts, flush_rows: 65_536, flush_after_ms: 60_000, retry_ms: 5_000 }
    }
}

/// The whole history up to one position: what parts hold, what no part holds yet, and what has happened to
/// profiles. It stays as it is for as long as it is held.
#[derive(Debug, Clone)]
pub struct History {
    pub snapshot: Snapshot,
    /// The instant of the newest input.
    pub instant: Instant,
}

impl History {
    /// Every input before this position is in it, and none after.
    #[must_use]
    pub fn until(&self) -> Position {
        self.snapshot.until()
    }
}

impl Engine {
    /// The history of everything that is applied by now.
    #[must_use]
    pub fn history(&self) -> History {
        let fold = self.core().fold.read();
        let (pinned, instant) = (self.pin_history(&fold), fold.state.instant);
        drop(fold);
        History { snapshot: pinned.snapshot(), instant }
    }

    /// The history of exactly the position of the fold, which the caller has under lock.
    pub(crate) fn pin_history(&self, _locked: &Fold) -> Pinned {
        self.core().historian.pin()
    }

    /// The history up to exactly the position of the fold, with what it knows of profiles there.
    pub(crate) fn freeze_history(&self, fold: &mut Fold) -> FrozenHistory {
        FrozenHistory::of(self.pin_history(fold), &mut fold.state)
    }

    /// The parts there are, and what is not in one yet.
    #[must_use]
    pub fn parts(&self) -> view::Parts {
        let snapshot = self.core().historian.parts.snapshot();
        let manifest = snapshot.manifest();
        let parts = manifest.parts.iter().map(view::Part::of).collect();
        let place = self.core().historian.objects().to_string();
        view::Parts { place, manifest: manifest.version, summary: self.parts_summary(), parts }
    }

    /// How much there is in parts, and beside them.
    #[must_use]
    pub fn parts_summary(&self) -> view::PartsSummary {
        let historian = &self.core().historian;
        let tail = historian.tail_size();
        view::PartsSummary::of(&historian.parts.snapshot(), tail, historian.objects().fetched())
    }

    /// Reads every part whole, and holds it against everything that is said of it.
    ///
    /// # Errors
    /// The store can't be reached, or the work was cancelled. What is found is no error: it is the result.
    pub fn check_parts(&self, work: &Work) -> Result<view::PartsCheck, EngineError> {
        let mut is_called_off = |rows, rows_in_all| {
            work.set_total(rows_in_all);
            work.reach(rows).is_err() || self.core().is_stopping()
        };
        Ok(self.core().historian.parts.check_unless(&mut is_called_off)?.into())
    }

    /// Writes what is in memory to a part, and compacts: what is due, or everything that can be. Says what was done.
    ///
    /// # Errors
    /// Parts can't be read or written, or the work was cancelled.
    pub fn compact_parts(&self, effort: Effort, work: &Work) -> Result<view::PartsCompacted, EngineError> {
        let historian = &self.core().historian;
        historian.flush()?;
        let mut compactions = Vec::new();
        let is_called_off = || work.reach(0).is_err() || self.core().is_stopping();
        while let Some(compacted) = historian.parts.compact_unless(effort, &is_called_off)? {
            compactions.push(compacted.into());
            work.reach(compactions.len() as u64)?;
        }
        historian.parts.collect_garbage()?;
        Ok(view::PartsCompacted { compactions, now: self.parts_summary() })
    }

    /// Writes what is in memory to a part; false if there is nothing.
    ///
    /// # Errors
    /// It can't be written.
    pub fn flush_history(&self) -> Result<bool, EngineError> {
        Ok(self.core().historian.flush()?)
    }

    /// SQL for DuckDB that makes a view `events` over the part files. What is in memory is written to a part first.
    ///
    /// # Errors
    /// Parts can't be written, or are where no other tool can reach them.
    pub fn sql_view(&self) -> Result<String, EngineError> {
        let historian = &self.core().historian;
        historian.flush()?;
        let root = historian.objects().root().ok_or_else(|| {
            EngineError::Asked("parts are in memory, so that no view can name them".to_owned())
        })?;
        Ok(historian.parts.snapshot().sql_view(&root)?)
    }
}
