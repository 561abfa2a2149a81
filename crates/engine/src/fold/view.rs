use segops_model::{ProfileId, SegmentId, SignalId, Value};
use segops_segment::{ProfileView, RankingKey, RankingThreshold, Timeline};
use segops_store::Keyspace;

use super::Fold;
use crate::state::{ProfileRecord, Standing, Standings, Traits};

/// One profile as its segments see it: the live records, and the memberships decided so far for this input.
#[derive(Debug)]
pub struct LiveProfile<'a> {
    fold: &'a Fold,
    profile: ProfileId,
    record: Option<&'a ProfileRecord>,
    traits: Option<&'a Traits>,
    before: Option<&'a Standings>,
    changes: Vec<Standing>,
}

impl<'a> LiveProfile<'a> {
    pub(super) fn new(fold: &'a Fold, profile: ProfileId, before: Option<&'a Standings>) -> Self {
        Self {
            fold,
            profile,
            record: fold.state.profiles.get(&profile),
            traits: fold.state.traits.get(&profile),
            before,
            changes: Vec::new(),
        }
    }

    /// A profile as it stands, to explain its memberships.
    #[must_use]
    pub fn of(fold: &'a Fold, profile: ProfileId) -> Self {
        Self::new(fold, profile, fold.state.standings.get(&profile))
    }

    pub(super) fn standing(&self, segment: SegmentId) -> Option<&Standing> {
        let changed = self.changes.iter().rev().find(|standing| standing.segment == segment);
        changed.or_else(|| self.before.and_then(|before| before.get(segment)))
    }

    pub(super) fn change(&mut self, standing: Standing) {
        self.changes.push(standing);
    }

    pub(super) fn into_changes(self) -> Vec<Standing> {
        self.changes
    }
}

impl ProfileView for LiveProfile<'_> {
    fn profile(&self) -> ProfileId {
        self.profile
    }

    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.fold.state.timelines.get(&(self.profile, signal))
    }

    fn trait_value(&self, root: &str) -> Option<&Value> {
        self.traits.and_then(|traits| traits.get(root))
    }

    fn is_identified(&self) -> bool {
        self.record.is_some_and(ProfileRecord::is_identified)
    }

    fn is_member(&self, segment: SegmentId) -> bool {
        self.standing(segment).is_some_and(|standing| standing.membership.is_some())
    }

    fn threshold(&self, ranking: &RankingKey) -> Option<&RankingThreshold> {
        self.fold.state.thresholds.get(ranking)
    }
}
