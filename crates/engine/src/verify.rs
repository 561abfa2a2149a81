//! Holding live membership against a rebuild from raw history, at one marked position, while traffic goes on.

use std::sync::Arc;

use roaring::RoaringTreemap;

use segops_model::ProfileId;

use crate::command::Change;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::questions::live_questions;
use crate::rebuild::{JournalBackfill, Plan, rebuild};
use crate::shell::{ENGINE, Marked, command};
use crate::state::Standings;
use crate::view::{Difference, VerifiedSegment, VerifyReport};
use crate::work::Work;

/// Differing profiles that are named for each segment.
const EXAMPLES_MAX: usize = 10;

impl Engine {
    /// Rebuilds every live segment from the journal and compares.
    ///
    /// # Errors
    /// History cannot be read, or the work was cancelled. Differences are no error: they are the result.
    pub fn verify(&self, work: &Work) -> Result<VerifyReport, EngineError> {
        let core = self.core();
        let decided = command(core, ENGINE, Change::Mark)?;
        decided.outcome?;
        let marked = decided.marked.ok_or_else(|| EngineError::Damaged("a mark froze no view".to_owned()))?;
        let questions = live_questions(marked.segments.iter());
        let backfill = JournalBackfill { disk: Arc::clone(&core.disk), data: core.data.clone(), work };
        let mut rebuilt = vec![RoaringTreemap::new(); questions.len()];
        let mut profiles = 0;
        let stamp = marked.stamp;
        rebuild(&backfill, &Plan::new(&questions), stamp.position, stamp.instant, |answer| {
            profiles += 1;
            for (members, verdict) in rebuilt.iter_mut().zip(answer.verdicts) {
                if verdict.member {
                    members.insert(answer.history.profile.0);
                }
            }
        })?;
        let segments: Vec<_> = questions
            .iter()
            .zip(&rebuilt)
            .map(|(question, rebuilt)| compare(&marked, question.segment, rebuilt))
            .collect();
        Ok(VerifyReport {
            from: "journal".to_owned(),
            position: stamp.position,
            at: stamp.instant,
            profiles,
            differences: segments.iter().map(|segment| segment.differences).sum(),
            profiles_agree: profiles == marked.profiles,
            segments,
        })
    }
}

fn compare(marked: &Marked, segment: segops_model::SegmentId, rebuilt: &RoaringTreemap) -> VerifiedSegment {
    let is_member = |standings: &Standings| standings.is_member(segment);
    let live: RoaringTreemap =
        marked.standings.iter().filter(|(_, held)| is_member(held)).map(|(profile, _)| profile.0).collect();
    let only = |left: &RoaringTreemap, right: &RoaringTreemap, whose: &str| -> Vec<Difference> {
        let missing = left - right;
        let examples = missing.iter().take(EXAMPLES_MAX);
        examples.map(|profile| Difference { profile: ProfileId(profile), only_in: whose.into() }).collect()
    };
    let mut examples = only(&live, rebuilt, "live");
    examples.extend(only(rebuilt, &live, "rebuilt"));
    let name = marked.segments.iter().find(|held| held.id == segment).map(|held| held.name.clone());
    VerifiedSegment {
        segment,
        name: name.unwrap_or_default(),
        live: live.len(),
        rebuilt: rebuilt.len(),
        differences: (&live ^ rebuilt).len(),
        examples,
    }
}
