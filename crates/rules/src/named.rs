//! What a rule names that is not looked up yet.

use std::collections::BTreeSet;

use crate::ast::{Condition, Measure, Named, Rule};
use crate::lists::desugar_rule;

/// The segments and computed traits that a rule names, as it writes them, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedReferences {
    pub segments: BTreeSet<String>,
    pub computed_traits: BTreeSet<String>,
}

/// The segments and computed traits that a rule names.
#[must_use]
pub fn named_references(rule: &Rule<Named>) -> NamedReferences {
    let mut found = NamedReferences::default();
    // A filter on the event of an entry names a segment too, which its one form shows.
    collect(&desugar_rule(rule.clone()).when, &mut found);
    found
}

fn collect(tree: &Condition<Named>, found: &mut NamedReferences) {
    match tree {
        Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
            parts.iter().for_each(|part| collect(part, found));
        }
        Condition::Not(part) => collect(part, found),
        Condition::Segment(leaf) => {
            found.segments.insert(leaf.segment.clone());
        }
        Condition::Transition(leaf) => {
            found.segments.insert(leaf.segment.clone());
        }
        Condition::Tenure(leaf) => {
            found.segments.insert(leaf.segment.clone());
        }
        Condition::Computed(leaf) => {
            found.computed_traits.insert(leaf.computed.clone());
        }
        Condition::Ranking(leaf) => {
            if let Measure::Computed(name) = &leaf.by {
                found.computed_traits.insert(name.clone());
            }
        }
        Condition::Event(_)
        | Condition::Aggregate(_)
        | Condition::Occurrence(_)
        | Condition::Within(_)
        | Condition::Active(_)
        | Condition::Sequence(_)
        | Condition::Cadence(_)
        | Condition::Score(_)
        | Condition::Trait(_)
        | Condition::Sample(_)
        | Condition::Place(_)
        | Condition::TraitDate(_)
        | Condition::TraitHistory(_)
        | Condition::Reach(_)
        | Condition::List(_)
        | Condition::Result(_) => {}
    }
}
