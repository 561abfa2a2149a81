//! Whether each verdict's timer is set where the rebuild says that the verdict changes by itself.
//!
//! A timer may be early: it then costs one look and is set anew. One that is late, or that is not set at all,
//! leaves a member where it does not belong. Both are found by the instant at which the rebuilt verdict
//! really changes.

use segops_model::Instant;

use super::EXAMPLES_MAX;
use crate::rebuild::{Answer, Question};
use crate::shell::Marked;
use crate::view::TimerDifference;

#[derive(Debug, Clone, Default)]
struct Found {
    differences: u64,
    examples: Vec<TimerDifference>,
}

/// The wrong timers of each question.
pub(super) struct Timers(Vec<Found>);

impl Timers {
    pub(super) fn new(questions: usize) -> Self {
        Self(vec![Found::default(); questions])
    }

    pub(super) fn look_at(&mut self, questions: &[Question], marked: &Marked, answer: &Answer<'_>) {
        let profile = answer.history.profile;
        let standings = marked.standings.get(&profile);
        let verdicts = questions.iter().zip(answer.verdicts).enumerate();
        for ((at, (question, verdict)), found) in verdicts.zip(&mut self.0) {
            let live = standings.and_then(|held| held.get(question.segment)).and_then(|held| held.due);
            let is_member = standings.is_some_and(|held| held.is_member(question.segment));
            // A wrong membership is told as such: its timer is that of another verdict.
            if live == verdict.next_change || is_member != verdict.member {
                continue;
            }
            let flip = answer.next_flip(at);
            let is_overdue = live.is_some_and(|due| due <= marked.stamp.instant);
            if is_overdue || flip.is_some_and(|flip| is_late(live, flip)) {
                found.differences += 1;
                if found.examples.len() < EXAMPLES_MAX {
                    found.examples.push(TimerDifference { profile, live, rebuilt: flip });
                }
            }
        }
    }

    pub(super) fn result(&mut self, at: usize) -> (u64, Vec<TimerDifference>) {
        let found = self.0.get_mut(at).map(std::mem::take).unwrap_or_default();
        (found.differences, found.examples)
    }
}

fn is_late(live: Option<Instant>, flip: Instant) -> bool {
    live.is_none_or(|due| due > flip)
}
