//! Thresholds of rankings: which are due, and what follows when one is recorded. They are taken outside the
//! fold; here they only hold, until the next.

use std::collections::BTreeMap;

use segops_model::{Cause, Instant, ProfileId};
use segops_segment::{Ranking, RankingKey};

use super::command::done;
use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, Stamp};
use crate::command::{Outcome, RecordedThreshold, Refusal};

/// The rankings that serving rules speak of. Derived from the programs and the recorded thresholds.
#[derive(Debug, Default)]
pub(super) struct Rankings {
    used: BTreeMap<RankingKey, Ranking>,
    next_due: Option<Instant>,
}

impl Rankings {
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next_due.is_some_and(|due| due <= now)
    }

    /// The next instant after this one at which a ranking has to be taken again.
    pub(super) fn next_due_after(&self, now: Instant) -> Option<Instant> {
        self.next_due.filter(|due| *due > now)
    }
}

impl Fold {
    /// Brings the rankings in line with the rules that serve.
    pub(super) fn refresh_rankings(&mut self) {
        let serving = self.programs.serving();
        let used = serving.iter().flat_map(|(_, program)| program.rankings());
        self.rankings.used = used.map(|ranking| (ranking.key.clone(), ranking.clone())).collect();
        self.rankings.next_due =
            self.rankings.used.values().filter_map(|ranking| self.ranking_due(ranking)).min();
    }

    /// When a ranking has to be taken: at once where it never was.
    fn ranking_due(&self, ranking: &Ranking) -> Option<Instant> {
        match self.state.thresholds.get(&ranking.key) {
            None => Some(Instant::MIN),
            Some(threshold) => ranking.due_after(threshold.as_of),
        }
    }

    /// The rankings of serving rules that are due now, each with the instant that it is to be taken for: the
    /// newest local midnight, or now where it never was taken. Midnights in between are not made up for.
    #[must_use]
    pub fn due_rankings(&self) -> Vec<(Ranking, Instant)> {
        self.due_of(self.rankings.used.values())
    }

    /// Those of some rankings that are due now.
    #[must_use]
    pub fn due_of<'a>(&self, rankings: impl Iterator<Item = &'a Ranking>) -> Vec<(Ranking, Instant)> {
        let now = self.state.instant;
        let due = rankings.filter(|ranking| self.ranking_due(ranking).is_some_and(|due| due <= now));
        due.map(|ranking| {
            let was_taken = self.state.thresholds.contains_key(&ranking.key);
            (ranking.clone(), if was_taken { ranking.midnight(now) } else { now })
        })
        .collect()
    }

    /// New thresholds hold from here on: everyone is decided anew by the rules that speak of them.
    pub(super) fn record_thresholds(
        &mut self,
        stamp: Stamp,
        recorded: &[RecordedThreshold],
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let mut slots = SlotSet::default();
        let mut moved = Vec::new();
        for RecordedThreshold { ranking, threshold } in recorded {
            let before = self.state.thresholds.insert(ranking.clone(), threshold.clone());
            if before.and_then(|before| before.cut) != threshold.cut {
                slots.extend(self.roster.of_ranking(ranking).iter().copied());
                moved.push(ranking);
            }
        }
        self.refresh_rankings();
        let everyone: Vec<ProfileId> = self.state.groups.all.iter().map(ProfileId).collect();
        let is_gathered = self.programs.gathering().iter().any(|segment| {
            let program = self.programs.gathering_program(*segment);
            program
                .is_some_and(|program| program.rankings().iter().any(|ranking| moved.contains(&&ranking.key)))
        });
        if is_gathered {
            everyone.iter().for_each(|profile| self.touch(*profile));
        }
        if !slots.is_empty() && !self.has_planted(PlantedBug::ThresholdNotDecided) {
            let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::Model };
            for profile in everyone {
                self.decide(profile, slots.clone(), reason, effects);
            }
        }
        Ok(done(stamp))
    }
}
