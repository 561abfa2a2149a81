//! Everyone's numbers from raw history, and the threshold that each ranking makes of them.

use std::collections::BTreeSet;

use segops_model::{Instant, Position, ProfileId, SegmentId, SignalId, Value};
use segops_segment::{
    Backfill, Census, History, HistoryRequest, ProfileView, Ranking, RankingKey, RankingThreshold,
    RecordedTransitions, SignalRegistry, Timeline,
};

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
    let request = HistoryRequest { until, at, signals: &registry, trait_roots: &trait_roots };
    backfill.histories(&request, &mut |history| {
        for census in &mut censuses {
            census.count(&Counted(history), at);
        }
    })?;
    Ok(censuses.into_iter().map(|census| census.threshold(at)).collect())
}

/// A profile that is ranked: its history, of which no number asks for segments or thresholds.
#[derive(Debug)]
struct Counted<'a>(&'a History);

impl ProfileView for Counted<'_> {
    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.0.timelines.iter().find(|(id, _)| *id == signal).map(|(_, timeline)| timeline)
    }

    fn trait_value(&self, root: &str) -> Option<&Value> {
        self.0.traits.iter().find(|(name, _)| name == root).map(|(_, value)| value)
    }

    fn is_identified(&self) -> bool {
        self.0.is_identified()
    }

    fn profile(&self) -> ProfileId {
        self.0.profile
    }

    fn is_member(&self, _: SegmentId) -> bool {
        false
    }

    fn threshold(&self, _: &RankingKey) -> Option<&RankingThreshold> {
        None
    }

    fn recorded(&self, _: SegmentId) -> Option<&RecordedTransitions> {
        None
    }
}
