//! Derived events of one profile, for whoever reads its events to tell of them.

use segops_model::{Event, Position};

use super::{Derivation, DerivedFacts, DerivedOccurrence};

/// Makes the derived events of several definitions out of one profile's events, which come in any order.
#[derive(Debug)]
pub struct Deriving<'a> {
    derivations: &'a [Derivation],
    /// By the number of the definition.
    facts: Vec<DerivedFacts>,
}

impl<'a> Deriving<'a> {
    #[must_use]
    pub fn new(derivations: &'a [Derivation]) -> Self {
        Self { derivations, facts: vec![DerivedFacts::default(); derivations.len()] }
    }

    /// Takes in an event. What it is under another name is told at once, with the number of the definition.
    pub fn add(&mut self, event: &Event, position: Position, each: &mut dyn FnMut(usize, DerivedOccurrence)) {
        for (number, (derivation, facts)) in self.derivations.iter().zip(&mut self.facts).enumerate() {
            if let Some(occurrence) = derivation.renamed(event, position) {
                each(number, occurrence);
            } else if let Some(fact) = derivation.fact(event, position) {
                facts.gather(fact);
            }
        }
    }

    /// Takes in what is known already of a definition with this number.
    pub fn add_facts(&mut self, number: usize, known: &DerivedFacts) {
        if let Some(facts) = self.facts.get_mut(number) {
            facts.merge(known);
        }
    }

    /// Tells what comes of all the events, and begins anew, with another profile.
    pub fn finish(&mut self, each: &mut dyn FnMut(usize, DerivedOccurrence)) {
        for (number, (derivation, facts)) in self.derivations.iter().zip(&mut self.facts).enumerate() {
            if !facts.is_empty() {
                let facts = std::mem::take(facts);
                facts.occurrences(derivation).into_iter().for_each(|occurrence| each(number, occurrence));
            }
        }
    }
}
