use serde::{Deserialize, Serialize};

use segops_model::{Identifier, ProfileId};
use segops_segment::{RecordedScore, ScoreRecord, newest_record};
use segops_store::Keyspace;

use super::State;

/// What was recorded of a score under one of a profile's identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldScore {
    pub score: String,
    pub of: Identifier,
    pub record: ScoreRecord,
}

impl State {
    /// What holds of a recorded score for a profile: of several that it has under its identifiers the newest.
    #[must_use]
    pub fn recorded_score(&self, profile: ProfileId, score: &str) -> Option<RecordedScore> {
        let held = self.scores.get(&profile)?;
        newest_record(held.iter().filter(|held| held.score == score).map(|held| &held.record))
    }

    /// Enters what was recorded under an identifier of a profile, unless there is something newer; whether it
    /// was entered.
    pub fn put_score(&mut self, profile: ProfileId, new: HeldScore) -> bool {
        let held = self.scores.get_mut_or_insert_with(&profile, Vec::new);
        match held.binary_search_by(|held| (&held.score, &held.of).cmp(&(&new.score, &new.of))) {
            Err(at) => {
                held.insert(at, new);
                true
            }
            Ok(at) => match held.get_mut(at) {
                Some(held) if held.record.age() < new.record.age() => {
                    *held = new;
                    true
                }
                _ => false,
            },
        }
    }

    /// Takes out everything that was recorded of a profile.
    pub fn take_scores(&mut self, profile: ProfileId) -> Vec<HeldScore> {
        self.scores.remove(&profile).unwrap_or_default()
    }
}
