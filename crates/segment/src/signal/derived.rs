//! Derived events as signals: what they are made of is kept once for all signals that ask for them.

use std::sync::Arc;

use jiff::tz::TimeZone;

use segops_model::{Event, Position, SignalId};
use segops_rules::{DerivedDefinition, Resolved};

use super::index::Bucket;
use super::{EventReads, Reads, Signal, SignalRegistry};
use crate::TimelineItem;
use crate::derived::{Derivation, DerivedFact, DerivedOccurrence};

/// One derivation, and the signals that ask for its events.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    pub(super) derivation: Arc<Derivation>,
    pub(super) bucket: Bucket,
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
        let derivation = Arc::new(Derivation::compile(definition, zone));
        self.derived.insert(id, Derived { derivation, bucket: Bucket::default() });
    }

    pub(super) fn find_derivation(
        &self,
        definition: &DerivedDefinition<Resolved>,
        zone: &TimeZone,
    ) -> Option<SignalId> {
        let mut all = self.derived.iter();
        all.find(|(_, derived)| derived.derivation.is_of(definition, zone)).map(|(id, _)| *id)
    }

    pub(super) fn derivation_of_signal(&self, signal: &Signal) -> Option<SignalId> {
        let made = signal.filter.derived.as_ref()?;
        self.find_derivation(&made.definition, &signal.zone)
    }

    /// Every derivation that a signal asks for, in the order of ids.
    pub fn derivations(&self) -> impl Iterator<Item = (SignalId, &Arc<Derivation>)> {
        self.derived.iter().map(|(id, derived)| (*id, &derived.derivation))
    }

    #[must_use]
    pub fn derivation(&self, id: SignalId) -> Option<&Arc<Derivation>> {
        self.derived.get(&id).map(|derived| &derived.derivation)
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
        let facts = self.derived.iter();
        facts.filter_map(|(id, derived)| Some((*id, derived.derivation.fact(event, position)?))).collect()
    }

    /// What the timelines of the signals hold of some derived events, in the order of ids.
    #[must_use]
    pub fn derived_items(
        &self,
        derivation: SignalId,
        occurrences: &[DerivedOccurrence],
    ) -> Vec<(SignalId, TimelineItem)> {
        let Some(derived) = self.derived.get(&derivation) else { return Vec::new() };
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
        for derived in self.derived.values() {
            for input in derived.derivation.definition().events() {
                reads.add(input.name.as_deref(), &EventReads::Whole);
            }
        }
    }
}
