//! Ids back to names, to show a stored rule; and which ids a rule holds.

use std::collections::BTreeSet;

use segops_model::{SegmentId, SourceId};

use crate::ast::{Condition, EventCondition, EventFilter, Named, Resolved, Rule, SegmentCondition};
use crate::names::Labels;

/// The rule with what things are called now. What has no name any more is shown by its id.
#[must_use]
pub fn unresolve(rule: &Rule<Resolved>, labels: &dyn Labels) -> Rule<Named> {
    Rule { version: rule.version, base: rule.base, when: condition(&rule.when, labels) }
}

fn condition(tree: &Condition<Resolved>, labels: &dyn Labels) -> Condition<Named> {
    let each = |parts: &[Condition<Resolved>]| parts.iter().map(|part| condition(part, labels)).collect();
    match tree {
        Condition::All(parts) => Condition::All(each(parts)),
        Condition::Any(parts) => Condition::Any(each(parts)),
        Condition::None(parts) => Condition::None(each(parts)),
        Condition::Not(part) => Condition::Not(Box::new(condition(part, labels))),
        Condition::Event(event) => Condition::Event(EventCondition {
            event: EventFilter {
                name: event.event.name.clone(),
                predicate: event.event.predicate.clone(),
                sources: event
                    .event
                    .sources
                    .iter()
                    .map(|id| labels.source_name(*id).unwrap_or_else(|| id.to_string()))
                    .collect(),
            },
            count: event.count,
            window: event.window.clone(),
        }),
        Condition::Trait(leaf) => Condition::Trait(leaf.clone()),
        Condition::Segment(leaf) => Condition::Segment(SegmentCondition {
            segment: labels.segment_name(leaf.segment).unwrap_or_else(|| leaf.segment.to_string()),
        }),
    }
}

/// What a rule refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct References {
    pub segments: BTreeSet<SegmentId>,
    pub sources: BTreeSet<SourceId>,
}

/// The segments and sources that a rule refers to.
#[must_use]
pub fn references(rule: &Rule<Resolved>) -> References {
    let mut found = References::default();
    collect(&rule.when, &mut found);
    found
}

fn collect(tree: &Condition<Resolved>, found: &mut References) {
    match tree {
        Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
            for part in parts {
                collect(part, found);
            }
        }
        Condition::Not(part) => collect(part, found),
        Condition::Event(event) => found.sources.extend(event.event.sources.iter().copied()),
        Condition::Trait(_) => {}
        Condition::Segment(leaf) => {
            found.segments.insert(leaf.segment);
        }
    }
}
