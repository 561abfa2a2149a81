//! Derived events as signals: what they are made of is kept once for all signals that ask for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use segops_model::{Event, Position, SignalId};
use segops_rules::{DerivedDefinition, Resolved};

use super::index::Bucket;
use super::{EventReads, Reads, Signal, SignalRegistry};
use crate::TimelineItem;
use crate::derived::{Derivation, DerivedFact, DerivedOccurrence};

/// One derivation, and the signals that ask for its events.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    derivation: Arc<Derivation>,
    pub(super) bucket: Bucket,
}

/// Every derivation that a signal asks for, found by the names of the events that they are made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Derivations {
    by_id: BTreeMap<SignalId, Derived>,
    /// In the order of ids.
    by_name: FxHashMap<CompactString, Vec<SignalId>>,
    /// Those that are made of events of every name, in the order of ids.
    any_event: Vec<SignalId>,
}

impl Derivations {
    fn put(&mut self, id: SignalId, derivation: Derivation) {
        for place in self.places_of(&derivation) {
            let at = place.partition_point(|known| *known < id);
            if place.get(at) != Some(&id) {
                place.insert(at, id);
            }
        }
        self.by_id.insert(id, Derived { derivation: Arc::new(derivation), bucket: Bucket::default() });
    }

    /// Lets go of a derivation that no signal asks for any more.
    pub(super) fn remove_if_free(&mut self, id: SignalId) {
        let Some(derived) = self.by_id.get(&id).filter(|derived| derived.bucket.ids().is_empty()) else {
            return;
        };
        let derivation = Arc::clone(&derived.derivation);
        self.by_id.remove(&id);
        for place in self.places_of(&derivation) {
            place.retain(|known| *known != id);
        }
        self.by_name.retain(|_, place| !place.is_empty());
    }

    /// Where a derivation is listed; a place may come more than once.
    fn places_of(&mut self, derivation: &Derivation) -> Vec<&mut Vec<SignalId>> {
        let inputs = derivation.definition().events();
        if inputs.iter().any(|input| input.name.is_none()) {
            return vec![&mut self.any_event];
        }
        for name in inputs.iter().filter_map(|input| input.name.as_deref()) {
            self.by_name.entry(name.into()).or_default();
        }
        let is_input =
            |name: &CompactString| inputs.iter().any(|input| input.name.as_deref() == Some(name.as_str()));
        self.by_name.iter_mut().filter(|(name, _)| is_input(name)).map(|(_, place)| place).collect()
    }

    pub(super) fn get(&self, id: SignalId) -> Option<&Derived> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: SignalId) -> Option<&mut Derived> {
        self.by_id.get_mut(&id)
    }

    /// What an event is to each derivation that is made of it, in the order of ids.
    fn facts(&self, event: &Event, position: Position) -> Vec<(SignalId, DerivedFact)> {
        let named = self.by_name.get(&event.name).map_or(&[][..], Vec::as_slice);
        let mut facts = Vec::new();
        for id in named.iter().chain(&self.any_event) {
            let derived = self.by_id.get(id);
            facts.extend(derived.and_then(|derived| Some((*id, derived.derivation.fact(event, position)?))));
        }
        facts.sort_by_key(|(id, _)| *id);
        facts
    }
}

impl SignalRegistry {
    /// The derivation of a definition, which is made where there is none yet. It has a number like a signal.
    pub(super) fn derive(&mut self, definition: &DerivedDefinition<Resolved>, zone: &TimeZone) {
        if self.find_derivation(definition, zone).is_none() {
            let id = SignalId(self.next);
            self.next += 1;
            self.put_derivation(id, definition, zone);
        }
    }

    pub(super) fn put_derivation(
        &mut self,
        id: SignalId,
        definition: &DerivedDefinition<Resolved>,
        zone: &TimeZone,
    ) {
        self.derived.put(id, Derivation::compile(definition, zone));
    }

    /// The id of the derivation of a definition, if a signal asks for its events.
    #[must_use]
    pub fn find_derivation(
        &self,
        definition: &DerivedDefinition<Resolved>,
        zone: &TimeZone,
    ) -> Option<SignalId> {
        let mut all = self.derived.by_id.iter();
        all.find(|(_, derived)| derived.derivation.is_of(definition, zone)).map(|(id, _)| *id)
    }

    pub(super) fn derivation_of_signal(&self, signal: &Signal) -> Option<SignalId> {
        let made = signal.filter.derived.as_ref()?;
        self.find_derivation(&made.definition, &signal.zone)
    }

    /// Every derivation that a signal asks for, in the order of ids.
    pub fn derivations(&self) -> impl Iterator<Item = (SignalId, &Arc<Derivation>)> {
        self.derived.by_id.iter().map(|(id, derived)| (*id, &derived.derivation))
    }

    #[must_use]
    pub fn derivation(&self, id: SignalId) -> Option<&Arc<Derivation>> {
        self.derived.get(id).map(|derived| &derived.derivation)
    }

    /// The derivation whose events a signal is of, if it is of derived ones: its entries change with what more is
    /// known.
    #[must_use]
    pub fn derivation_of(&self, id: SignalId) -> Option<SignalId> {
        self.signals.get(&id).and_then(|signal| self.derivation_of_signal(signal))
    }

    /// The id here of a derivation that another registry numbers in its own way.
    #[must_use]
    pub fn derivation_counterpart(&self, other: &Self, id: SignalId) -> Option<SignalId> {
        let derivation = other.derivation(id)?;
        self.find_derivation(derivation.definition(), derivation.zone())
    }

    /// What an event is to each derivation that is made of it.
    #[must_use]
    pub fn derived_facts(&self, event: &Event, position: Position) -> Vec<(SignalId, DerivedFact)> {
        self.derived.facts(event, position)
    }

    /// What the timelines of the signals hold of some derived events, in the order of ids.
    #[must_use]
    pub fn derived_items(
        &self,
        derivation: SignalId,
        occurrences: &[DerivedOccurrence],
    ) -> Vec<(SignalId, TimelineItem)> {
        let Some(derived) = self.derived.get(derivation) else { return Vec::new() };
        let (mut items, mut values) = (Vec::new(), Vec::new());
        for DerivedOccurrence { event, entry } in occurrences {
            let mut ids = Vec::new();
            derived.bucket.candidates(event, &mut ids);
            ids.sort_unstable();
            ids.dedup();
            for id in ids {
                let Some(signal) = self.signals.get(&id).filter(|signal| signal.matcher.matches(event))
                else {
                    continue;
                };
                match &signal.capture {
                    None => items.push((id, TimelineItem::Match(*entry))),
                    Some((_, capturer)) => {
                        capturer.values(event, entry.position, &mut values);
                        items.extend(values.iter().map(|value| (id, TimelineItem::Value(*value))));
                    }
                }
            }
        }
        items.sort_unstable();
        items
    }

    /// Adds what derivations look at of events: each whole, since whoever reads but some of an event in columns asks
    /// for signals alone, and not for what it is to a derivation.
    pub(super) fn add_derived_reads(&self, reads: &mut Reads) {
        for derived in self.derived.by_id.values() {
            for input in derived.derivation.definition().events() {
                reads.add(input.name.as_deref(), &EventReads::Whole);
            }
        }
    }
}
