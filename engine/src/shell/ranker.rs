//! Taking rankings: everyone's numbers are read from history outside the fold, and what comes out enters as a
//! command. It runs on the primer's thread, between primings.

use std::collections::BTreeMap;
use std::sync::Arc;

use segops_model::Instant;
use segops_segment::Ranking;

use super::Core;
use super::primer::{ENGINE, command};
use crate::command::{Change, RecordedThreshold};
use crate::error::EngineError;
use crate::rebuild::{JournalBackfill, rank};
use crate::work::Work;

/// Takes the rankings of serving rules that are due; true if there were any.
///
/// # Errors
/// History cannot be read, or the engine is stopping.
pub(super) fn take_due(core: &Core, work: &Work) -> Result<bool, EngineError> {
    let due = core.fold.read().due_rankings();
    take(core, due, work)
}

/// Takes rankings, each for its instant; true if there were any.
///
/// # Errors
/// As [`take_due`].
pub(super) fn take(core: &Core, due: Vec<(Ranking, Instant)>, work: &Work) -> Result<bool, EngineError> {
    if due.is_empty() {
        return Ok(false);
    }
    let position = core.fold.read().state.position;
    let mut by_instant: BTreeMap<Instant, Vec<Ranking>> = BTreeMap::new();
    for (ranking, as_of) in due {
        by_instant.entry(as_of).or_default().push(ranking);
    }
    let backfill = JournalBackfill { disk: Arc::clone(&core.disk), data: core.data.clone(), work };
    let mut thresholds = Vec::new();
    for (as_of, rankings) in by_instant {
        tracing::info!(%as_of, rankings = rankings.len(), %position, "ranking");
        let found = rank(&backfill, &rankings, position, as_of)?;
        let pairs = rankings.into_iter().zip(found);
        thresholds
            .extend(pairs.map(|(ranking, threshold)| RecordedThreshold { ranking: ranking.key, threshold }));
    }
    command(core, ENGINE, Change::RecordThresholds { position, thresholds })?.outcome?;
    Ok(true)
}
