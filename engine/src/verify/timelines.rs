//! Whether the timelines that live rules read hold what the raw history gives.

use parking_lot::RwLock;
use roaring::RoaringTreemap;
use rustc_hash::FxHashMap;

use segops_model::{ProfileId, SegmentId, SignalId};
use segops_segment::{Keep, Timeline};
use segops_store::FrozenKeyspace;

use super::{EXAMPLES_MAX, name_of};
use crate::fold::Fold;
use crate::names::WorkspaceNames;
use crate::rebuild::{Answer, Plan};
use crate::shell::Marked;
use crate::showing::filter_text;
use crate::view::{Difference, VerifiedTimelines};

/// One signal that a live rule reads, under its id there and in the rebuild.
struct Looked {
    live: SignalId,
    rebuilt: SignalId,
    keep: Keep,
    read_by: Vec<SegmentId>,
    /// Profiles with any match in the rebuild.
    profiles: RoaringTreemap,
    differences: u64,
    examples: Vec<Difference>,
}

impl Looked {
    fn differs(&mut self, profile: ProfileId, whose: &str) {
        self.differences += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Difference { profile, only_in: whose.to_owned() });
        }
    }
}

pub(super) struct Timelines {
    looked: Vec<Looked>,
    by_rebuilt: FxHashMap<SignalId, usize>,
    live: FrozenKeyspace<(ProfileId, SignalId), Timeline>,
    empty: Timeline,
}

impl Timelines {
    /// The signals that both a serving rule and the plan read.
    pub(super) fn new(marked: &Marked, plan: &Plan) -> Self {
        let looked: Vec<_> = marked
            .served
            .iter()
            .filter_map(|(live, keep)| {
                let rebuilt = plan.signals().counterpart(&marked.signals, *live)?;
                Some(Looked {
                    live: *live,
                    rebuilt,
                    keep: *keep,
                    read_by: plan.readers(rebuilt),
                    profiles: RoaringTreemap::new(),
                    differences: 0,
                    examples: Vec::new(),
                })
            })
            .collect();
        let by_rebuilt = looked.iter().enumerate().map(|(at, looked)| (looked.rebuilt, at)).collect();
        Self { looked, by_rebuilt, live: marked.timelines.clone(), empty: Timeline::new() }
    }

    pub(super) fn look_at(&mut self, answer: &Answer<'_>) {
        let profile = answer.history.profile;
        for (signal, rebuilt) in &answer.history.timelines {
            let Some(looked) = self.by_rebuilt.get(signal).and_then(|at| self.looked.get_mut(*at)) else {
                continue;
            };
            looked.profiles.insert(profile.0);
            let live = self.live.get(&(profile, looked.live)).unwrap_or(&self.empty);
            if !says_the_same(live, rebuilt, looked.keep) {
                let whose = if live.is_empty() { "rebuilt" } else { "both, with other entries" };
                looked.differs(profile, whose);
            }
        }
    }

    /// What differs, signal by signal, with those live timelines that the rebuild has nothing of.
    pub(super) fn compare(mut self, marked: &Marked, fold: &RwLock<Fold>) -> Vec<VerifiedTimelines> {
        let by_live: FxHashMap<SignalId, usize> =
            self.looked.iter().enumerate().map(|(at, looked)| (looked.live, at)).collect();
        let mut counts = vec![0_u64; self.looked.len()];
        for ((profile, signal), _) in self.live.iter().filter(|(_, timeline)| !timeline.is_empty()) {
            let Some(at) = by_live.get(signal) else { continue };
            if let (Some(looked), Some(count)) = (self.looked.get_mut(*at), counts.get_mut(*at)) {
                *count += 1;
                if !looked.profiles.contains(profile.0) {
                    looked.differs(*profile, "live");
                }
            }
        }
        let fold = fold.read();
        let names = WorkspaceNames::new(&fold.state);
        let name = |id: &SegmentId| name_of(&marked.segments, *id);
        self.looked
            .into_iter()
            .zip(counts)
            .map(|(looked, live)| VerifiedTimelines {
                filter: filter_text(&marked.signals, looked.live, &names),
                read_by: looked.read_by.iter().map(name).collect(),
                live,
                rebuilt: looked.profiles.len(),
                differences: looked.differences,
                examples: looked.examples,
            })
            .collect()
    }
}

/// Whether two timelines have the same of what rules need of them.
fn says_the_same(live: &Timeline, rebuilt: &Timeline, keep: Keep) -> bool {
    if live == rebuilt {
        return true;
    }
    let kept = |timeline: &Timeline| {
        let mut timeline = timeline.clone();
        timeline.keep(keep);
        timeline
    };
    kept(live) == kept(rebuilt)
}
