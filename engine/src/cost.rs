//! What a live segment keeps in memory: the timelines that its rule reads, and where each profile stands with it.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use segops_model::{ProfileId, SignalId};
use segops_segment::Timeline;
use segops_store::Keyspace;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::names::WorkspaceNames;
use crate::showing::filter_text;
use crate::state::Standing;
use crate::view;

/// A keyspace's own bytes for an entry beside key and value: a hash table is at most seven eighths full, and has
/// one byte of its own for each place.
const fn table_bytes(entry_bytes: usize) -> usize {
    (entry_bytes + 1) * 8 / 7
}

impl Engine {
    /// What a live segment keeps. It looks at a frozen view of the state, so that nothing waits for it.
    ///
    /// # Errors
    /// There is no such segment, or it is not live.
    pub fn segment_cost(&self, segment: &str) -> Result<view::SegmentCost, EngineError> {
        let id = self.with_segment(segment, |segment| segment.id)?;
        let (signals, timelines, standings) = {
            let mut fold = self.core().fold.write();
            let (registry, _) = fold.served_signals();
            let names = WorkspaceNames::new(&fold.state);
            let Some(program) = fold.serving_program(id) else {
                return Err(EngineError::NotFound(format!(
                    "`{segment}` is not live; nothing is kept for it"
                )));
            };
            let signals: BTreeMap<SignalId, (String, u64)> = program
                .signals()
                .iter()
                .map(|(signal, _)| {
                    (*signal, (filter_text(&registry, *signal, &names), fold.readers_of(*signal)))
                })
                .collect();
            (signals, fold.state.timelines.freeze(), fold.state.standings.freeze())
        };
        let mut sums: FxHashMap<SignalId, view::TimelineCost> = FxHashMap::default();
        for ((_, signal), timeline) in timelines.iter() {
            let Some((filter, read_by)) = signals.get(signal) else { continue };
            let sum = sums.entry(*signal).or_insert_with(|| view::TimelineCost::new(filter, *read_by));
            sum.add(timeline);
        }
        let mut cost = view::SegmentCost {
            segment: id,
            standings: 0,
            standing_bytes: 0,
            timelines: signals
                .iter()
                .map(|(signal, (filter, read_by))| {
                    sums.remove(signal).unwrap_or_else(|| view::TimelineCost::new(filter, *read_by))
                })
                .collect(),
            bytes: 0,
        };
        cost.standings = standings.iter().filter(|(_, held)| held.get(id).is_some()).count() as u64;
        cost.standing_bytes = cost.standings * size_of::<Standing>() as u64;
        cost.bytes = cost.standing_bytes + cost.timelines.iter().map(|sum| sum.bytes).sum::<u64>();
        Ok(cost)
    }
}

impl view::TimelineCost {
    fn new(filter: &str, read_by: u64) -> Self {
        Self { filter: filter.to_owned(), read_by, timelines: 0, entries: 0, longest: 0, bytes: 0 }
    }

    fn add(&mut self, timeline: &Timeline) {
        let heap = timeline.memory_bytes() - size_of::<Timeline>();
        let in_table = table_bytes(size_of::<(ProfileId, SignalId)>() + size_of::<Timeline>());
        self.timelines += 1;
        self.entries += timeline.len() as u64;
        self.longest = self.longest.max(timeline.len() as u64);
        self.bytes += (in_table + heap) as u64;
    }
}
