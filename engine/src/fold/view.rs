use segops_model::{Direction, ProfileId, SegmentId, SignalId, Value};
use segops_segment::{
    ProfileView, RankingKey, RankingThreshold, RecordedTransition, RecordedTransitions, Timeline,
};
use segops_store::Keyspace;

use super::{Fold, PlantedBug};
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
    /// What was recorded, with what this input has added to it.
    recorded: Vec<(SegmentId, RecordedTransitions)>,
    moves: Vec<(SegmentId, bool)>,
}

/// What comes of deciding: the standings that differ, and who has come in or gone out of what, both in
/// dependency order.
#[derive(Debug)]
pub(super) struct Decided {
    pub standings: Vec<Standing>,
    pub moves: Vec<(SegmentId, bool)>,
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
            recorded: Vec::new(),
            moves: Vec::new(),
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

    /// Notes that the profile has come into a segment, or gone out, so that those who read what was
    /// recorded see it; nothing is written.
    pub(super) fn note_move(&mut self, segment: SegmentId, new: RecordedTransition) {
        let held = self.fold.state.records.of(self.profile, segment);
        let mut recorded = held.cloned().unwrap_or_default();
        recorded.record(new);
        if !self.fold.has_planted(PlantedBug::RecordSeenLate) {
            self.recorded.push((segment, recorded));
        }
        self.moves.push((segment, new.direction == Direction::Entered));
    }

    pub(super) fn into_decided(self) -> Decided {
        Decided { standings: self.changes, moves: self.moves }
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

    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions> {
        let added = self.recorded.iter().find(|(of, _)| *of == segment).map(|(_, recorded)| recorded);
        added.or_else(|| self.fold.state.records.of(self.profile, segment))
    }
}
