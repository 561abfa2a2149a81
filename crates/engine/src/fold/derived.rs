//! Derived events: what is known of a profile for each derivation that a rule reads, and what the timelines of signals
//! hold of the events that come of it. What a fact changes is taken out, and what holds now is put in.

use jiff::tz::TimeZone;

use segops_model::{Event, Position, ProfileId, SignalId};
use segops_rules::{DerivedDefinition, Resolved};
use segops_segment::{DerivedChange, DerivedFacts, Timeline, TimelineItem};
use segops_store::Keyspace;

use super::decide::SlotSet;
use super::{Fold, PlantedBug};
use crate::artefact::Artefact;
use crate::state::Touched;

impl Fold {
    /// Adds what an event is to each derivation, and brings the timelines of derived events in line.
    pub(super) fn record_derived(
        &mut self,
        profile: ProfileId,
        event: &Event,
        position: Position,
        slots: &mut SlotSet,
    ) {
        for (id, fact) in self.signals.derived_facts(event, position) {
            let Some(derivation) = self.signals.derivation(id) else { continue };
            let facts = self.state.derived.get_mut_or_insert_with(&(profile, id), DerivedFacts::default);
            let DerivedChange { before, after } = facts.add(derivation, fact);
            let before = self.signals.derived_items(id, &before);
            let after = self.signals.derived_items(id, &after);
            if self.has_planted(PlantedBug::DerivedKeepsOldEvent) {
                self.replace_items(profile, &[], &after, slots);
            } else {
                self.replace_items(profile, &before, &after, slots);
            }
        }
    }

    fn derived_items_of(&self, profile: ProfileId, id: SignalId) -> Vec<(SignalId, TimelineItem)> {
        let facts = self.state.derived.get(&(profile, id)).zip(self.signals.derivation(id));
        let occurrences = facts.map(|(facts, derivation)| facts.occurrences(derivation));
        occurrences.map(|occurrences| self.signals.derived_items(id, &occurrences)).unwrap_or_default()
    }

    fn derivation_ids(&self) -> Vec<SignalId> {
        self.signals.derivations().map(|(id, _)| id).collect()
    }

    /// Everything that something of a profile is kept under: signals that are read, and derivations.
    pub(super) fn kept_ids(&self) -> Vec<SignalId> {
        let signals = self.programs.kept_signals().into_iter().map(|(signal, _)| signal);
        signals.chain(self.signals.derivations().map(|(id, _)| id)).collect()
    }

    /// Moves what derivations know of an absorbed profile to the survivor, after its timelines: what was an event of
    /// either becomes part of what both have done.
    pub(super) fn move_derived(&mut self, survivor: ProfileId, absorbed: ProfileId) {
        for id in self.derivation_ids() {
            let mut before = self.derived_items_of(absorbed, id);
            before.extend(self.derived_items_of(survivor, id));
            before.sort_unstable();
            let Some(old) = self.state.derived.remove(&(absorbed, id)) else { continue };
            let held = self.state.derived.get_mut_or_insert_with(&(survivor, id), DerivedFacts::default);
            held.merge(&old);
            if self.has_planted(PlantedBug::MergeKeepsDerivedApart) {
                continue;
            }
            let after = self.derived_items_of(survivor, id);
            self.replace_items(survivor, &before, &after, &mut SlotSet::default());
        }
    }

    /// Lets go of what derivations know that nobody reads any more.
    pub(super) fn drop_derived(&mut self) {
        let kept = self.derivation_ids();
        let gone: Vec<_> =
            self.state.derived.iter().map(|(key, _)| *key).filter(|(_, id)| !kept.contains(id)).collect();
        for key in gone {
            self.state.derived.remove(&key);
        }
    }

    /// Adds what history knows to what has come in since it was read: both are sets of facts. The timelines of those
    /// concerned are made anew from all of it: what came in first made events of the little that was known.
    pub(super) fn take_derived(
        &mut self,
        artefact: &Artefact,
        signals: &[SignalId],
        touched: &Touched,
        reread: &Touched,
    ) {
        if signals.is_empty() {
            return;
        }
        let mut concerned: Vec<ProfileId> = touched.iter().collect();
        for (profile, id, facts) in &artefact.derived {
            if reread.contains(*profile) || self.signals.derivation(*id).is_none() {
                continue;
            }
            let Ok(profile) = self.state.existing(*profile) else { continue };
            self.state.derived.get_mut_or_insert_with(&(profile, *id), DerivedFacts::default).merge(facts);
            concerned.push(profile);
        }
        concerned.sort_unstable();
        concerned.dedup();
        concerned.retain(|profile| self.state.groups.all.contains(profile.0));
        for profile in concerned {
            self.derive_timelines(profile, signals);
        }
    }

    /// Makes a profile's timelines of some signals of derived events anew.
    fn derive_timelines(&mut self, profile: ProfileId, signals: &[SignalId]) {
        for signal in signals {
            self.state.timelines.remove(&(profile, *signal));
        }
        for id in self.derivation_ids() {
            for (signal, item) in self.derived_items_of(profile, id) {
                if signals.contains(&signal) {
                    let slot = (profile, signal);
                    self.state.timelines.get_mut_or_insert_with(&slot, Timeline::default).insert_item(item);
                }
            }
        }
    }

    /// What is known of a profile for a definition, if all is: a segment that serves reads its events.
    pub fn derived_facts_of(
        &self,
        profile: ProfileId,
        definition: &DerivedDefinition<Resolved>,
        zone: &TimeZone,
    ) -> Option<DerivedFacts> {
        let id = self.signals.find_derivation(definition, zone)?;
        let served = self.programs.served_signals();
        let mut served = served.into_iter().filter_map(|(signal, _)| self.signals.derivation_of(signal));
        let is_served = served.any(|served| served == id);
        is_served.then(|| self.state.derived.get(&(profile, id)).cloned().unwrap_or_default())
    }

    /// Those of some signals that are of derived events.
    pub(super) fn derived_signals<'a>(&self, signals: impl Iterator<Item = &'a SignalId>) -> Vec<SignalId> {
        signals.copied().filter(|signal| self.signals.derivation_of(*signal).is_some()).collect()
    }
}
