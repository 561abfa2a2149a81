//! Everyone's numbers from raw history, and the threshold that each ranking makes of them.

use std::collections::BTreeSet;

use segops_model::{Instant, Position};
use segops_segment::{Backfill, Census, HistoryRequest, Ranking, RankingThreshold, SignalRegistry};

use super::HistoryView;

/// Takes rankings for one instant, in one pass: over the events before `until` that happened up to `at`. The
/// thresholds come in the order of the rankings.
///
/// # Errors
/// The history cannot be read, or the work was cancelled.
pub fn rank<B: Backfill>(
    backfill: &B,
    rankings: &[Ranking],
    until: Position,
    at: Instant,
) -> Result<Vec<RankingThreshold>, B::Error> {
    let mut registry = SignalRegistry::new();
    let mut censuses: Vec<Census> =
        rankings.iter().map(|ranking| Census::new(ranking, &mut registry)).collect();
    let trait_roots: BTreeSet<_> =
        censuses.iter().filter_map(Census::trait_root).map(compact_str::CompactString::from).collect();
    let scores: BTreeSet<_> = censuses.iter().filter_map(Census::recorded_score).map(str::to_owned).collect();
    let request = HistoryRequest {
        until,
        at,
        signals: &registry,
        trait_roots: &trait_roots,
        scores: &scores,
        results: &BTreeSet::new(),
    };
    backfill.histories(&request, &mut |history| {
        for census in &mut censuses {
            census.count(&HistoryView(history), at);
        }
    })?;
    Ok(censuses.into_iter().map(|census| census.threshold(at)).collect())
}
