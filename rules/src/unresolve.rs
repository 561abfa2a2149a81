//! Ids back to names, to show a stored rule; and which ids a rule holds.

use std::collections::BTreeSet;
use std::convert::Infallible;

use segops_model::{SegmentId, SourceId};

use crate::ast::{
    Aggregate, AggregateCondition, AggregateOperand, CadenceCondition, Condition, EventCondition,
    EventFilter, Measure, Named, RankingCondition, Resolved, Rule, SegmentCondition, TenureCondition,
    TransitionCondition,
};
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
            event: filter(&event.event, labels),
            count: event.count,
            window: event.window.clone(),
        }),
        Condition::Aggregate(leaf) => {
            let Ok(test) = leaf.test.try_map(|other| Ok::<_, Infallible>(aggregate(other, labels)));
            let aggregate = aggregate(&leaf.aggregate, labels);
            Condition::Aggregate(Box::new(AggregateCondition { aggregate, test }))
        }
        Condition::Occurrence(leaf) => {
            Condition::Occurrence(Box::new(leaf.with(filter(&leaf.occurrence.event, labels))))
        }
        Condition::Within(leaf) => {
            let (event, of) = (filter(&leaf.event, labels), filter(&leaf.of.event, labels));
            Condition::Within(Box::new(leaf.with(event, of)))
        }
        Condition::Active(leaf) => Condition::Active(Box::new(leaf.with(filter(leaf.event(), labels)))),
        Condition::Sequence(leaf) => {
            let Ok(leaf) = leaf.try_map(|_, event| Ok::<_, Infallible>(filter(event, labels)));
            Condition::Sequence(Box::new(leaf))
        }
        Condition::Cadence(leaf) => Condition::Cadence(Box::new(CadenceCondition {
            event: filter(&leaf.event, labels),
            test: leaf.test,
            events_min: leaf.events_min,
        })),
        Condition::Ranking(leaf) => {
            let Ok(by) = leaf.by.try_map(
                |other| Ok::<_, Infallible>(aggregate(other, labels)),
                |other| Ok(filter(other, labels)),
            );
            Condition::Ranking(Box::new(RankingCondition { end: leaf.end, percent: leaf.percent, by }))
        }
        Condition::Score(leaf) => Condition::Score(leaf.clone()),
        Condition::Trait(leaf) => Condition::Trait(leaf.clone()),
        Condition::Sample(leaf) => Condition::Sample(leaf.clone()),
        Condition::Place(test) => Condition::Place(test.clone()),
        Condition::TraitDate(leaf) => Condition::TraitDate(leaf.clone()),
        Condition::TraitHistory(leaf) => Condition::TraitHistory(leaf.clone()),
        Condition::Segment(leaf) => {
            Condition::Segment(SegmentCondition { segment: segment(leaf.segment, labels) })
        }
        Condition::Transition(leaf) => Condition::Transition(TransitionCondition {
            segment: segment(leaf.segment, labels),
            direction: leaf.direction,
            count: leaf.count,
            window: leaf.window.clone(),
        }),
        Condition::Tenure(leaf) => Condition::Tenure(TenureCondition {
            segment: segment(leaf.segment, labels),
            test: leaf.test.clone(),
        }),
    }
}

fn segment(id: SegmentId, labels: &dyn Labels) -> String {
    labels.segment_name(id).unwrap_or_else(|| id.to_string())
}

fn aggregate(tree: &Aggregate<Resolved>, labels: &dyn Labels) -> Aggregate<Named> {
    Aggregate {
        function: tree.function,
        property: tree.property.clone(),
        by_quantity: tree.by_quantity,
        event: filter(&tree.event, labels),
        window: tree.window.clone(),
    }
}

fn filter(tree: &EventFilter<Resolved>, labels: &dyn Labels) -> EventFilter<Named> {
    let label = |id: &SourceId| labels.source_name(*id).unwrap_or_else(|| id.to_string());
    EventFilter {
        subject: tree.subject,
        name: tree.name.clone(),
        predicate: tree.predicate.clone(),
        sources: tree.sources.iter().map(label).collect(),
    }
}

/// What a rule refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct References {
    pub segments: BTreeSet<SegmentId>,
    pub sources: BTreeSet<SourceId>,
    /// By their names.
    pub scores: BTreeSet<String>,
}

/// The segments, sources and scores that a rule refers to.
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
        Condition::Aggregate(leaf) => {
            found.sources.extend(leaf.aggregate.event.sources.iter().copied());
            let other = leaf.test.operand().and_then(AggregateOperand::multiple);
            found.sources.extend(other.iter().flat_map(|other| &other.aggregate.event.sources).copied());
        }
        Condition::Occurrence(leaf) => found.sources.extend(leaf.occurrence.event.sources.iter().copied()),
        Condition::Within(leaf) => {
            let filters = [&leaf.event, &leaf.of.event];
            found.sources.extend(filters.iter().flat_map(|filter| &filter.sources).copied());
        }
        Condition::Active(leaf) => found.sources.extend(leaf.event().sources.iter().copied()),
        Condition::Sequence(leaf) => {
            found.sources.extend(leaf.steps.iter().flat_map(|step| &step.event.sources).copied());
        }
        Condition::Cadence(leaf) => found.sources.extend(leaf.event.sources.iter().copied()),
        Condition::Ranking(leaf) => {
            found.sources.extend(leaf.by.filter().iter().flat_map(|filter| &filter.sources).copied());
            if let Measure::Score(score) = &leaf.by {
                found.scores.insert(score.clone());
            }
        }
        Condition::Score(leaf) => {
            found.scores.insert(leaf.score.clone());
        }
        Condition::Trait(_)
        | Condition::TraitDate(_)
        | Condition::TraitHistory(_)
        | Condition::Place(_)
        | Condition::Sample(_) => {}
        Condition::Segment(leaf) => {
            found.segments.insert(leaf.segment);
        }
        Condition::Transition(leaf) => {
            found.segments.insert(leaf.segment);
        }
        Condition::Tenure(leaf) => {
            found.segments.insert(leaf.segment);
        }
    }
}
