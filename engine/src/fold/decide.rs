//! Deciding memberships anew, for one profile.

use segops_model::{
    Cause, Direction, Instant, Position, ProfileId, SegmentId, SegmentVersion, Transition, TransitionId,
};
use segops_segment::{Entry, RecordedTransition, evaluate};
use segops_store::Keyspace;

use super::roster::Slot;
use super::view::Decided;
use super::{Effects, Fold, LiveProfile, PlantedBug};
use crate::state::{Membership, Standing, Standings};

/// Why memberships are decided anew: the frame, the instant that counts as now, and the cause that
/// transitions will carry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reason {
    pub position: Position,
    pub now: Instant,
    pub cause: Cause,
}

/// Places in the roster, each once, taken in dependency order.
#[derive(Debug, Clone, Default)]
pub(super) struct SlotSet {
    bits: Vec<u64>,
}

impl SlotSet {
    pub(super) fn add(&mut self, slot: Slot) {
        let (word, bit) = (slot.0 / 64, slot.0 % 64);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << bit;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }

    /// Takes the first slot out.
    fn pop(&mut self) -> Option<Slot> {
        let (word, bits) = self.bits.iter_mut().enumerate().find(|(_, bits)| **bits != 0)?;
        let bit = bits.trailing_zeros() as usize;
        *bits &= *bits - 1;
        Some(Slot(word * 64 + bit))
    }
}

impl Extend<Slot> for SlotSet {
    fn extend<I: IntoIterator<Item = Slot>>(&mut self, slots: I) {
        for slot in slots {
            self.add(slot);
        }
    }
}

impl Fold {
    /// Decides the given segments for one profile, in dependency order, and whatever depends on one that
    /// flips; writes the standings, and one transition for each membership that changed.
    pub(super) fn decide(
        &mut self,
        profile: ProfileId,
        slots: SlotSet,
        reason: Reason,
        effects: &mut Effects,
    ) {
        let before = self.state.standings.get(&profile);
        let Decided { standings: changes, moves } =
            self.decide_against(profile, before, |_, was_member| was_member, slots, reason);
        if changes.is_empty() {
            return;
        }
        let moved: Vec<_> = changes
            .iter()
            .map(|change| before.is_some_and(|before| before.is_member(change.segment)))
            .zip(&changes)
            .filter(|(was_member, change)| *was_member != change.membership.is_some())
            .map(|(was_member, change)| (was_member, change.clone()))
            .collect();
        self.state.change_standings(profile, |standings| {
            for change in changes {
                standings.set(change);
            }
        });
        for (segment, is_in) in moves {
            self.record(profile, segment, is_in, reason);
        }
        for (was_member, change) in moved {
            self.note_membership(profile, was_member, &change, reason, effects);
        }
    }

    /// The standings that come out different, in dependency order. Changes nothing. `was_in` says whether
    /// the profile was in a segment by what was recorded, given whether it was by its standings: of a merge
    /// the survivor may have been in as another.
    pub(super) fn decide_against(
        &self,
        profile: ProfileId,
        before: Option<&Standings>,
        was_in: impl Fn(SegmentId, bool) -> bool,
        mut slots: SlotSet,
        reason: Reason,
    ) -> Decided {
        let mut view = LiveProfile::new(self, profile, before);
        while let Some(slot) = slots.pop() {
            let Some(entry) = self.roster.get(slot) else { continue };
            let verdict = evaluate(&entry.program, &view, reason.now);
            // A slot is decided once: what the profile stood at before is what it stands at now.
            let held = before.and_then(|before| before.get(entry.segment));
            let membership = held.and_then(|standing| standing.membership);
            let mut due = verdict.next_change.map(|at| at.max(reason.now.plus_ms(1)));
            if self.has_planted(PlantedBug::TimerLost) {
                due = None;
            }
            if self.has_planted(PlantedBug::TimerKeepsVerdict) {
                due = due.map(|at| at.plus_ms(1));
            }
            let moves = was_in(entry.segment, membership.is_some()) != verdict.member;
            if moves {
                let new = self.transition(entry.segment, verdict.member, reason);
                view.note_move(entry.segment, new);
            }
            let stays = membership.is_some() == verdict.member;
            if stays && !moves && held.and_then(|standing| standing.due) == due {
                continue;
            }
            if (moves || !stays) && !self.has_planted(PlantedBug::DependentsForgotten) {
                slots.extend(entry.dependents.iter().copied());
            }
            let entered = Membership { since: reason.now, cause: reason.cause };
            view.change(Standing {
                segment: entry.segment,
                membership: verdict.member.then(|| membership.unwrap_or(entered)),
                due,
            });
        }
        view.into_decided()
    }

    /// Records a membership that changed: the member set, primings in progress, the transition.
    pub(super) fn note_membership(
        &mut self,
        profile: ProfileId,
        was_member: bool,
        now: &Standing,
        reason: Reason,
        effects: &mut Effects,
    ) {
        if was_member == now.membership.is_some() {
            return;
        }
        let members = self.state.members.entry(now.segment).or_default();
        let direction = if was_member {
            members.remove(profile.0);
            Direction::Exited
        } else {
            members.insert(profile.0);
            Direction::Entered
        };
        self.touch(profile);
        self.record(profile, now.segment, direction == Direction::Entered, reason);
        self.emit(profile, now.segment, direction, reason, effects);
    }

    fn transition(&self, segment: SegmentId, is_in: bool, reason: Reason) -> RecordedTransition {
        let version = self.state.segments.get(&segment).and_then(|segment| segment.serving);
        RecordedTransition {
            entry: Entry { ts: reason.now, position: reason.position },
            direction: if is_in { Direction::Entered } else { Direction::Exited },
            cause: reason.cause,
            version: version.unwrap_or(SegmentVersion(0)),
        }
    }

    /// Records that a profile has come into a segment or gone out.
    pub(super) fn record(&mut self, profile: ProfileId, segment: SegmentId, is_in: bool, reason: Reason) {
        let new = self.transition(segment, is_in, reason);
        self.state.records.record(profile, segment, new);
    }

    pub(super) fn emit(
        &mut self,
        profile: ProfileId,
        segment: SegmentId,
        direction: Direction,
        reason: Reason,
        effects: &mut Effects,
    ) {
        let Some(version) = self.state.segments.get(&segment).and_then(|segment| segment.serving) else {
            return;
        };
        self.state.tallies.transitions += 1;
        let id = TransitionId { position: reason.position, due: reason.now, profile, segment };
        effects.transitions.push(Transition { id, version, direction, cause: reason.cause });
    }
}
