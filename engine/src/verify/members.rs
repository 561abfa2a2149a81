//! Who is in each segment, live and rebuilt.

use roaring::RoaringTreemap;

use segops_model::{ProfileId, SegmentId};

use super::EXAMPLES_MAX;
use crate::rebuild::Answer;
use crate::shell::Marked;
use crate::view::{Difference, VerifiedSegment};

/// The rebuilt members of each question.
pub(super) struct Members(Vec<RoaringTreemap>);

impl Members {
    pub(super) fn new(questions: usize) -> Self {
        Self(vec![RoaringTreemap::new(); questions])
    }

    pub(super) fn look_at(&mut self, answer: &Answer<'_>) {
        for (members, verdict) in self.0.iter_mut().zip(answer.verdicts) {
            if verdict.member {
                members.insert(answer.history.profile.0);
            }
        }
    }

    /// A question's members against the live ones of its segment.
    pub(super) fn compare(&self, at: usize, marked: &Marked, segment: SegmentId) -> VerifiedSegment {
        let none = RoaringTreemap::new();
        let rebuilt = self.0.get(at).unwrap_or(&none);
        let live: RoaringTreemap = marked
            .standings
            .iter()
            .filter(|(_, held)| held.is_member(segment))
            .map(|(profile, _)| profile.0)
            .collect();
        let only = |left: &RoaringTreemap, right: &RoaringTreemap, whose: &str| -> Vec<Difference> {
            let missing = left - right;
            let examples = missing.iter().take(EXAMPLES_MAX);
            examples
                .map(|profile| Difference { profile: ProfileId(profile), only_in: whose.into() })
                .collect()
        };
        // Rebuilds read what was recorded, and so cannot find it wrong.
        let recorded = recorded_members(marked, segment);
        let mut examples = only(&live, rebuilt, "live");
        examples.extend(only(rebuilt, &live, "rebuilt"));
        examples.extend(only(&recorded, &live, "recorded"));
        examples.extend(only(&live, &recorded, "live"));
        VerifiedSegment {
            segment,
            name: String::new(),
            live: live.len(),
            rebuilt: rebuilt.len(),
            differences: ((&live ^ rebuilt) | (&live ^ &recorded)).len(),
            examples,
            differing_timers: 0,
            timer_examples: Vec::new(),
        }
    }
}

/// Who is in a segment by what was recorded.
fn recorded_members(marked: &Marked, segment: SegmentId) -> RoaringTreemap {
    let Some(transitions) = &marked.environment.transitions else { return RoaringTreemap::new() };
    let of_segment = transitions.iter().filter(|((_, of), _)| *of == segment);
    let inside = of_segment.filter(|(_, recorded)| recorded.open_entry(marked.stamp.instant).is_some());
    inside.map(|((profile, _), _)| profile.0).collect()
}
