//! Questions over a bucket of profiles, a block at a time: tallies where they are enough, and profile by profile what
//! has to be looked at in order.

use segops_model::{ProfileId, SignalId};
use segops_parts::{PartsError, Snapshot};
use segops_segment::{Alone, History, Vectorized};

use super::blocks::{Blocks, Look, NamedReads};
use super::matches::{Gathered, Purpose, Timelines};
use super::reader::empty;
use super::selection::{Asked, Finding};
use crate::rebuild::RebuildError;

/// Questions, and the rows that answer them.
pub(super) struct Blockwise<'a> {
    asked: &'a Asked<'a>,
    questions: &'a Vectorized,
    blocks: Blocks<'a>,
    /// Of the signals that are looked at profile by profile.
    gathered: Vec<Gathered>,
    timelines: Timelines,
}

impl<'a> Blockwise<'a> {
    pub(super) fn open(
        snapshot: &Snapshot,
        asked: &'a Asked<'a>,
        questions: &'a Vectorized,
        reads: Vec<NamedReads>,
    ) -> Result<Self, PartsError> {
        let registry = asked.request.signals;
        let mut alone: Vec<SignalId> = questions.alone().flat_map(Alone::signals).copied().collect();
        alone.sort_unstable();
        alone.dedup();
        let look = Look { orders: questions.orders_matches(), passes_over_older: alone.is_empty() };
        Ok(Self {
            asked,
            questions,
            blocks: Blocks::open(snapshot, registry, reads, look)?,
            gathered: Gathered::each(registry, alone.into_iter()),
            timelines: Timelines::default(),
        })
    }

    /// Finds who holds the questions, and tells of how many profiles it knows.
    pub(super) fn find(
        mut self,
        finding: &mut Finding,
        reached: &mut dyn FnMut(u64) -> Result<(), RebuildError>,
    ) -> Result<(), RebuildError> {
        let questions = self.questions;
        let mut tallies = questions.tallies();
        while self.blocks.advance()? {
            let profiles = self.blocks.profiles().len();
            tallies.begin(profiles);
            self.blocks.rows().for_each(|rows| tallies.add(&rows));
            let blocks = &self.blocks;
            self.gathered.iter_mut().for_each(|gathered| gathered.gather(profiles, || blocks.rows()));
            let mut answers = tallies.answers(|condition, answers| self.look_at_each(condition, answers));
            if let Some(last) = self.asked.plan.last() {
                let last = last.answers(&answers);
                answers.push(last);
            }
            self.add(finding, &answers);
            reached(profiles as u64)?;
        }
        Ok(())
    }

    /// What a condition says of each profile of the block by itself.
    fn look_at_each(&mut self, condition: &Alone, answers: &mut [bool]) {
        let Self { asked, gathered, timelines, .. } = self;
        let mut read: Vec<&mut Gathered> =
            gathered.iter_mut().filter(|one| condition.signals().contains(&one.signal())).collect();
        let mut history = empty();
        let of_nothing = holds(asked, condition, &history);
        for (slot, (answer, profile)) in answers.iter_mut().zip(self.blocks.profiles()).enumerate() {
            if !read.iter().any(|gathered| gathered.has(slot)) {
                *answer = of_nothing;
                continue;
            }
            timelines.take_back(&mut history.timelines);
            history
                .timelines
                .extend(read.iter_mut().filter_map(|one| one.timeline(slot, Purpose::Read, timelines)));
            history.profile = ProfileId(*profile);
            *answer = holds(asked, condition, &history);
        }
    }

    fn add(&self, finding: &mut Finding, answers: &[Vec<bool>]) {
        let profiles = self.blocks.profiles();
        debug_assert!(self.are_right(answers), "answers of a block differ from those one by one");
        for (members, answers) in finding.members.iter_mut().zip(answers) {
            let Some(members) = members else { continue };
            let held = profiles.iter().zip(answers).filter(|(_, holds)| **holds);
            held.for_each(|(profile, _)| members.push(ProfileId(*profile)));
        }
        if self.asked.needs_seen {
            profiles.iter().for_each(|profile| finding.seen.push(ProfileId(*profile)));
        }
        let Asked { plan, environment, request, .. } = self.asked;
        for (slot, _) in (0..).zip(answers.last().into_iter().flatten()).filter(|(_, holds)| **holds) {
            let Some(history) = self.history(slot).filter(|_| finding.may_show_more()) else { break };
            let of_profile: Vec<bool> =
                answers.iter().map(|answers| answers.get(slot).copied().unwrap_or_default()).collect();
            let next_change = plan.next_change(&history, environment, request.at, &of_profile);
            finding.shown.push((history.profile, next_change));
        }
    }

    /// What there is of one profile of the block.
    fn history(&self, slot: usize) -> Option<History> {
        let mut history = empty();
        history.profile = ProfileId(*self.blocks.profiles().get(slot)?);
        let registry = self.asked.request.signals;
        let mut each = Gathered::each(registry, self.blocks.signals());
        let mut timelines = Timelines::default();
        for gathered in &mut each {
            gathered.gather(slot + 1, || self.blocks.rows_of(slot));
            history.timelines.extend(gathered.timeline(slot, Purpose::Read, &mut timelines));
        }
        Some(history)
    }

    /// Whether each profile by itself has the same answers.
    fn are_right(&self, answers: &[Vec<bool>]) -> bool {
        let Asked { plan, environment, request, .. } = self.asked;
        let mut alone = Vec::new();
        (0..self.blocks.profiles().len()).all(|slot| {
            let Some(history) = self.history(slot) else { return false };
            plan.select(&history, environment, request.at, &mut alone);
            alone.iter().zip(answers).all(|(alone, answers)| answers.get(slot) == Some(alone))
        })
    }
}

fn holds(asked: &Asked<'_>, condition: &Alone, history: &History) -> bool {
    asked.plan.holds_alone(condition, history, asked.environment, asked.request.at)
}
