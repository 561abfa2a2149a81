//! What an answer says of customers, as rules: a preview of the rule at the analysis's instant counts the same.

use segops_model::{Path, Value};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateTest, Base, Condition, CountTest,
    EventCondition, EventFilter, Moment, Named, Occurrence, OccurrenceCondition, Predicate, PropertyTest,
    RULE_FORMAT, Rule, SegmentCondition, Subject, Test, TraitCondition, Window,
};

use crate::check::Range;
use crate::groups::{Dimension, Group};
use crate::setting::Population;

/// A rule that all of some conditions hold for, within the population.
pub(crate) fn rule_of(population: &Population, conditions: Vec<Condition<Named>>) -> Option<Rule<Named>> {
    let mut all: Vec<Condition<Named>> = Vec::new();
    if population.members.is_some() {
        all.push(population.condition.clone()?);
    }
    all.extend(conditions);
    let when = if all.len() == 1 { all.pop()? } else { Condition::All(all) };
    Some(Rule { version: RULE_FORMAT, base: Base::Everyone, when })
}

pub(crate) fn window_of(range: Range) -> Window {
    Window::Range { from: Some(Moment::Instant(range.from)), to: Some(Moment::Instant(range.until)) }
}

pub(crate) const fn did(filter: EventFilter<Named>, count: CountTest, window: Window) -> Condition<Named> {
    Condition::Event(EventCondition { event: filter, count, window })
}

pub(crate) fn did_once(filter: &EventFilter<Named>, range: Range) -> Condition<Named> {
    did(filter.clone(), CountTest::AtLeast(1), window_of(range))
}

pub(crate) fn did_not(filter: &EventFilter<Named>, range: Range) -> Condition<Named> {
    did(filter.clone(), CountTest::Exactly(0), window_of(range))
}

pub(crate) fn not(condition: Condition<Named>) -> Condition<Named> {
    Condition::Not(Box::new(condition))
}

/// Every order that counts.
pub(crate) const fn orders() -> EventFilter<Named> {
    EventFilter { subject: Subject::Orders, derived: None, name: None, predicate: None, sources: Vec::new() }
}

/// That the first event of all time, of those that pass a filter, was in a range.
pub(crate) fn first_was_in(filter: &EventFilter<Named>, range: Range) -> Vec<Condition<Named>> {
    // Rules choose the first of events; of orders they say that there was none before.
    if filter.subject.is_orders() {
        let before = Window::Range { from: None, to: Some(Moment::Instant(range.from)) };
        return vec![did_once(filter, range), did(filter.clone(), CountTest::Exactly(0), before)];
    }
    let occurrence = Occurrence { rank: segops_rules::Rank::First(1), event: filter.clone() };
    let leaf = OccurrenceCondition { occurrence, has: None, window: window_of(range) };
    vec![Condition::Occurrence(Box::new(leaf))]
}

/// A comparison of the sum of a property over events.
pub(crate) fn sum_of(
    filter: EventFilter<Named>,
    property: &str,
    window: Window,
    test: AggregateTest<Named>,
) -> Condition<Named> {
    let aggregate = Aggregate {
        function: AggregateFunction::Sum,
        property: Some(Path::of_name(property)),
        by_quantity: false,
        event: filter,
        window,
    };
    Condition::Aggregate(Box::new(AggregateCondition { aggregate, test }))
}

/// The filter with one more thing to pass.
pub(crate) fn with_predicate(filter: &EventFilter<Named>, more: Predicate) -> EventFilter<Named> {
    let predicate = match filter.predicate.clone() {
        None => more,
        Some(Predicate::All(mut parts)) => {
            parts.push(more);
            Predicate::All(parts)
        }
        Some(other) => Predicate::All(vec![other, more]),
    };
    EventFilter { predicate: Some(predicate), ..filter.clone() }
}

/// What narrows a filter, or a rule, to one group of a breakdown; `None` where the rule language has no such form.
pub(crate) enum Narrowed {
    Filter(EventFilter<Named>),
    Also(Condition<Named>),
    Whole,
}

pub(crate) fn narrowed(
    filter: &EventFilter<Named>,
    by: Option<&Dimension>,
    group: &Group,
) -> Option<Narrowed> {
    let test = |group: &Group| match group {
        Group::Value(shown) => Some(Test::Is(Value::text(shown.as_str()))),
        Group::Missing => Some(Test::NotExists),
        _ => None,
    };
    match (by, group) {
        (_, Group::All) => Some(Narrowed::Whole),
        (Some(Dimension::Property(path)), group) => {
            // The lines that pass the filter have the value: with another test of lines, that is one of the same line.
            if path.split_list().is_some() && (*group == Group::Missing || filter.predicate.is_some()) {
                return None;
            }
            let more = PropertyTest { property: path.clone(), match_case: false, test: test(group)? };
            Some(Narrowed::Filter(with_predicate(filter, Predicate::Property(more))))
        }
        (Some(Dimension::Trait(path)), group) => {
            let leaf = TraitCondition { path: path.clone(), match_case: false, test: test(group)? };
            Some(Narrowed::Also(Condition::Trait(leaf)))
        }
        (Some(Dimension::Segments(_)), Group::Segment(name)) => {
            Some(Narrowed::Also(Condition::Segment(SegmentCondition { segment: name.clone() })))
        }
        (Some(Dimension::Segments(names)), Group::NoSegment) => {
            let each =
                names.iter().map(|name| Condition::Segment(SegmentCondition { segment: name.clone() }));
            Some(Narrowed::Also(Condition::None(each.collect())))
        }
        _ => None,
    }
}
