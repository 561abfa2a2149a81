//! Priming: a version's history is read outside, up to a position; what arrives from there on is gathered
//! here; and one command brings both together, in one step.

use std::collections::BTreeMap;
use std::sync::Arc;

use segops_model::{Position, ProfileId, SegmentId, SegmentVersion, SignalId};
use segops_segment::{Calendar, Program, SignalRegistry, Timeline, evaluate};
use segops_store::Keyspace;

use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, LiveProfile, PlantedBug, Stamp};
use crate::artefact::{Artefact, Artefacts};
use crate::command::{Outcome, Refusal};
use crate::settings::calendar_of;
use crate::state::{Membership, Standing, Started, Touched, VersionState};

impl Fold {
    /// From this position on the timelines of the version's signals are gathered.
    pub(super) fn start_priming(
        &mut self,
        stamp: Stamp,
        id: SegmentId,
        number: SegmentVersion,
    ) -> Result<Outcome, Refusal> {
        let segment = self.segment_mut(id)?;
        if !segment.is_evaluated() {
            return Err(Refusal::StalePriming);
        }
        let pending = segment.pending.as_mut().filter(|pending| pending.version == number);
        let pending = pending.ok_or(Refusal::StalePriming)?;
        pending.started = Some(Started {
            position: stamp.position,
            instant: stamp.instant,
            touched: Touched::default(),
            reread: Touched::default(),
        });
        let version = segment.version(number).ok_or(Refusal::StalePriming)?.clone();
        let program = Program::compile(&version.rule, &mut self.signals, &calendar(&version)?);
        let unread = self.programs.gather(id, number, Arc::new(program), &mut self.signals);
        self.drop_timelines(&unread);
        Ok(super::command::done(stamp))
    }

    /// The signals of a version that is gathering: each by its id here, and by its id in the registry of a
    /// rebuild.
    #[must_use]
    pub fn gathering_signals(&self, id: SegmentId, rebuilt: &SignalRegistry) -> Vec<(SignalId, SignalId)> {
        let Some(program) = self.programs.gathering_program(id) else { return Vec::new() };
        let pair = |here: SignalId| Some((here, rebuilt.counterpart(&self.signals, here)?));
        program.signals().iter().filter_map(|(here, _)| pair(*here)).collect()
    }

    /// The version takes over with the members that history and what was gathered since give it.
    #[expect(clippy::too_many_arguments, reason = "the command's own fields")]
    pub(super) fn finish_priming(
        &mut self,
        stamp: Stamp,
        id: SegmentId,
        number: SegmentVersion,
        position: Position,
        hash: &str,
        artefacts: &dyn Artefacts,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let segment = self.segment_mut(id)?;
        let current = segment.pending.as_ref().is_some_and(|pending| {
            pending.version == number
                && pending.started.as_ref().is_some_and(|started| started.position == position)
        });
        if !current || !segment.is_evaluated() {
            return Err(Refusal::StalePriming);
        }
        let artefact = artefacts.load(hash).map_err(Refusal::Artefact)?;
        if (artefact.segment, artefact.version, artefact.position) != (id, number, position) {
            return Err(Refusal::Artefact("it was made for another version".to_owned()));
        }
        let segment = self.segment_mut(id)?;
        let Some(pending) = segment.pending.take() else { return Err(Refusal::StalePriming) };
        let Some(mut started) = pending.started else { return Err(Refusal::StalePriming) };
        self.take_timelines(&artefact, &started.touched, &started.reread);
        for profile in self.take_product_events(&artefact, &started.reread) {
            started.touched.add(profile);
        }
        self.derive_touched_orders(id, &started.touched);
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: pending.cause };
        let standings = self.first_standings(id, &artefact, &started.touched, reason);
        self.switch(id, number, standings, reason, effects);
        Ok(super::command::done(stamp))
    }

    /// Adds history to what has been gathered: both are sets of entries, so their union is the whole. What was
    /// read of profiles that have been split since is here already, and of those deleted there is nothing.
    /// Nor are orders, whose entries may have changed since: those of whoever was touched are made anew.
    fn take_timelines(&mut self, artefact: &Artefact, touched: &Touched, reread: &Touched) {
        let is_current = |profile: &ProfileId| {
            !reread.contains(*profile) || self.has_planted(PlantedBug::SplitUnknownToPriming)
        };
        let current: Vec<_> = artefact.timelines.iter().filter(|(profile, ..)| is_current(profile)).collect();
        for (profile, signal, timeline) in current {
            let Some(keep) = self.programs.keep_of(*signal) else { continue };
            let Ok(profile) = self.state.existing(*profile) else { continue };
            let key = (profile, *signal);
            if self.signals.is_of_orders(*signal) && touched.contains(profile) {
                continue;
            }
            let held = self.state.timelines.get_mut_or_insert_with(&key, Timeline::default);
            held.merge(timeline);
            held.keep(keep);
        }
    }

    fn derive_touched_orders(&mut self, id: SegmentId, touched: &Touched) {
        let Some(program) = self.programs.gathering_program(id).cloned() else { return };
        let signals = self.order_signals(program.signals().iter().map(|(signal, _)| signal));
        if signals.is_empty() {
            return;
        }
        for profile in touched.iter() {
            if self.state.groups.all.contains(profile.0) {
                self.derive_order_timelines(profile, &signals);
            }
        }
    }

    /// Everyone's standing with the new version: the artefact's verdict where nothing has happened since,
    /// decided now where something has, or where time has passed the verdict's next change.
    fn first_standings(
        &self,
        id: SegmentId,
        artefact: &Artefact,
        touched: &Touched,
        reason: Reason,
    ) -> BTreeMap<ProfileId, Standing> {
        let mut standings = BTreeMap::new();
        let Some(program) = self.programs.gathering_program(id) else { return standings };
        let entered = Membership { since: reason.now, cause: reason.cause };
        let mut put = |profile: ProfileId, member: bool, due| {
            let standing = Standing { segment: id, membership: member.then_some(entered), due };
            standings.insert(profile, standing);
        };
        let decide = |profile: ProfileId| {
            let verdict = evaluate(program, &LiveProfile::of(self, profile), reason.now);
            (verdict.member, verdict.next_change.map(|at| at.max(reason.now.plus_ms(1))))
        };
        for verdict in &artefact.verdicts {
            let profile = verdict.profile;
            if touched.contains(profile) || !self.state.groups.all.contains(profile.0) {
                continue;
            }
            if verdict.next_change.is_some_and(|at| at <= reason.now) {
                let (member, due) = decide(profile);
                put(profile, member, due);
            } else {
                put(profile, verdict.member, verdict.next_change);
            }
        }
        for profile in touched.iter() {
            if self.state.groups.all.contains(profile.0) {
                let (member, due) = decide(profile);
                put(profile, member, due);
            }
        }
        standings
    }

    /// Makes the version serve, with one transition for each membership that differs from before.
    fn switch(
        &mut self,
        id: SegmentId,
        number: SegmentVersion,
        mut standings: BTreeMap<ProfileId, Standing>,
        reason: Reason,
        effects: &mut Effects,
    ) {
        if let Some(segment) = self.state.segments.get_mut(&id) {
            segment.serving = Some(number);
            if let Some(version) = segment.versions.iter_mut().find(|version| version.number == number) {
                version.primed_at = Some(reason.now);
            }
        }
        let unread = self.programs.promote(id, &mut self.signals);
        self.rebuild_roster();
        let held: Vec<ProfileId> = self
            .state
            .standings
            .iter()
            .filter(|(_, held)| held.get(id).is_some())
            .map(|(profile, _)| *profile)
            .collect();
        for profile in held {
            let nothing = Standing { segment: id, membership: None, due: None };
            standings.entry(profile).or_insert(nothing);
        }
        let dependents = self.roster.slot_of(id).and_then(|slot| self.roster.get(slot));
        let mut dependent_slots = SlotSet::default();
        dependent_slots.extend(dependents.into_iter().flat_map(|entry| entry.dependents.iter().copied()));
        for (profile, mut standing) in standings {
            let mut held = self.state.standings.get(&profile).cloned().unwrap_or_default();
            let before = held.get(id).and_then(|standing| standing.membership);
            if let (Some(membership), Some(before)) = (&mut standing.membership, before) {
                *membership = before;
            }
            let flipped = before.is_some() != standing.membership.is_some();
            self.note_membership(profile, before.is_some(), &standing, reason, effects);
            held.set(standing);
            self.state.put_standings(profile, held);
            if flipped && !dependent_slots.is_empty() {
                self.decide(profile, dependent_slots.clone(), reason, effects);
            }
        }
        self.drop_timelines(&unread);
    }
}

fn calendar(version: &VersionState) -> Result<Calendar, Refusal> {
    calendar_of(&version.time_zone, version.week_start).map_err(Refusal::BadSettings)
}
