//! Scores that were computed elsewhere: they hold as recorded, until the next.

use std::collections::BTreeSet;

use segops_model::{Cause, Identifier, ProfileId};
use segops_store::Keyspace;

use super::command::done;
use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, Stamp};
use crate::command::{Outcome, Refusal};
use crate::score_batch::ScoreBatch;
use crate::state::HeldScore;

impl Fold {
    /// Takes in values, and decides anew whoever has another than before, by the rules that read the score.
    pub(super) fn record_scores(
        &mut self,
        stamp: Stamp,
        author: &str,
        batch: &ScoreBatch,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.state.known_scores.admit(batch, author, stamp.instant).map_err(Refusal::BadScore)?;
        let records = batch.records(&self.state, stamp.position, stamp.instant);
        let new: Vec<(ProfileId, HeldScore)> = records
            .map(|(profile, of, record)| {
                (profile, HeldScore { score: batch.score.clone(), of: of.clone(), record })
            })
            .collect();
        let mut changed = BTreeSet::new();
        for (profile, held) in new {
            if self.state.put_score(profile, held) {
                changed.insert(profile);
            }
        }
        self.decide_scored(stamp, &batch.score, changed, effects);
        Ok(done(stamp))
    }

    /// Takes a score out. Rules that still name it find that nobody has it.
    pub(super) fn forget_score(
        &mut self,
        stamp: Stamp,
        score: &str,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        if !self.state.known_scores.forget(score) {
            return Err(Refusal::NoScore(score.to_owned()));
        }
        let has_it = |held: &[HeldScore]| held.iter().any(|held| held.score == score);
        let holders: BTreeSet<ProfileId> =
            self.state.scores.iter().filter(|(_, held)| has_it(held)).map(|(profile, _)| *profile).collect();
        for profile in &holders {
            let mut held = self.state.take_scores(*profile);
            held.retain(|held| held.score != score);
            if !held.is_empty() {
                self.state.scores.insert(*profile, held);
            }
        }
        self.decide_scored(stamp, score, holders, effects);
        Ok(done(stamp))
    }

    fn decide_scored(
        &mut self,
        stamp: Stamp,
        score: &str,
        changed: BTreeSet<ProfileId>,
        effects: &mut Effects,
    ) {
        let mut slots = SlotSet::default();
        if !self.has_planted(PlantedBug::ScoreNotDecided) {
            slots.extend(self.roster.of_score(score).iter().copied());
        }
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::Model };
        for profile in changed {
            self.touch(profile);
            // Whoever has no row is nobody yet.
            let is_there = self.state.profiles.get(&profile).is_some_and(|record| record.rows > 0);
            if is_there && !slots.is_empty() {
                self.decide(profile, slots.clone(), reason, effects);
            }
        }
    }

    /// Moves what was recorded of an absorbed profile to the survivor.
    pub(super) fn move_scores(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        let old = self.state.take_scores(absorbed);
        if self.has_planted(PlantedBug::MergeForgetsScores) {
            return;
        }
        for held in old {
            self.state.put_score(survivor, held);
        }
    }

    /// What was recorded under identifiers that are taken out goes with them.
    pub(super) fn part_scores(
        &mut self,
        from: ProfileId,
        to: ProfileId,
        is_taken: &dyn Fn(&Identifier) -> bool,
    ) {
        let (taken, kept): (Vec<_>, Vec<_>) =
            self.state.take_scores(from).into_iter().partition(|held| is_taken(&held.of));
        for (profile, held) in [(to, taken), (from, kept)] {
            if !held.is_empty() {
                self.state.scores.insert(profile, held);
            }
        }
    }
}
