//! Derived events of one profile after the other, made of its whole rows as rules have them made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use segops_model::Event;
use segops_parts::PartRow;
use segops_segment::{Derivation, DerivedFacts, Entry, Matcher};

use super::{Reading, Row};

/// A derived event, and which filters it passes.
#[derive(Debug)]
pub(super) struct DerivedRow {
    pub(super) event: Event,
    pub(super) at: Entry,
    pub(super) signals: u64,
}

impl DerivedRow {
    pub(super) const fn row(&self) -> Row<'_> {
        Row::of_event(self.at, self.signals, &self.event, true)
    }
}

/// What the filters of a reading ask for, each definition once.
#[derive(Debug, Default)]
pub(super) struct Derivations {
    /// With the numbers of the filters.
    made: Vec<(Derivation, Vec<usize>)>,
}

impl Derivations {
    pub(super) fn of(zone: &TimeZone, reading: &Reading) -> Self {
        let mut made: Vec<(Derivation, Vec<usize>)> = Vec::new();
        for (at, signal) in reading.signals.iter().enumerate() {
            let Some(reference) = &signal.filter.derived else { continue };
            match made.iter_mut().find(|(known, _)| known.is_of(&reference.definition, zone)) {
                Some((_, signals)) => signals.push(at),
                None => made.push((Derivation::compile(&reference.definition, zone), vec![at])),
            }
        }
        Self { made }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// The events that they are made of, among those that there are.
    pub(super) fn names(&self, known: Vec<String>) -> Vec<String> {
        let inputs = || self.made.iter().flat_map(|(derivation, _)| derivation.definition().events());
        let named: BTreeSet<&str> = inputs().filter_map(|input| input.name.as_deref()).collect();
        let takes_all = inputs().any(|input| input.name.is_none());
        known.into_iter().filter(|name| takes_all || named.contains(name.as_str())).collect()
    }

    /// The derived events that some rows make and that pass a filter, in the order of time.
    pub(super) fn rows(&self, rows: &[PartRow], matchers: &[Matcher]) -> Vec<DerivedRow> {
        let mut known: BTreeMap<usize, DerivedFacts> = BTreeMap::new();
        for row in rows {
            for (number, (derivation, _)) in self.made.iter().enumerate() {
                if let Some(fact) = derivation.fact(&row.event, row.position) {
                    known.entry(number).or_default().gather(fact);
                }
            }
        }
        let mut derived = Vec::new();
        for (number, facts) in known {
            let Some((derivation, signals)) = self.made.get(number) else { continue };
            for occurrence in facts.occurrences(derivation) {
                let passes = |at: &&usize| {
                    matchers.get(**at).is_some_and(|matcher| matcher.matches(occurrence.event()))
                };
                let signals = signals.iter().filter(passes).fold(0, |signals, at| signals | 1 << at);
                if signals != 0 {
                    let (event, at) = (occurrence.event().clone(), occurrence.entry());
                    derived.push(DerivedRow { event, at, signals });
                }
            }
        }
        derived.sort_by_key(|row| row.at);
        derived
    }
}
