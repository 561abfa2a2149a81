//! Paths through lists, made explicit. `products[].category is "Shoes"` says of one element what an
//! [`ItemTest`] says with a path relative to the element; evaluation sees item tests only.

use segops_model::Path;

use crate::ast::{
    Aggregate, AggregateCondition, AggregateOperand, AggregateTest, Condition, EventFilter, ItemTest,
    Measure, Named, Predicate, PropertyTest, Rule, Stage, Test, TraitCondition, TraitDateCondition,
    TraitHistoryCondition,
};
use crate::transitions::condition_of_event;

/// A rule in the one form that evaluation sees.
pub(crate) fn desugar_rule(rule: Rule<Named>) -> Rule<Named> {
    Rule { when: desugar_condition(rule.when), ..rule }
}

fn desugar_condition(condition: Condition<Named>) -> Condition<Named> {
    let each = |parts: Vec<Condition<Named>>| parts.into_iter().map(desugar_condition).collect();
    match condition {
        Condition::All(parts) => Condition::All(each(parts)),
        Condition::Any(parts) => Condition::Any(each(parts)),
        Condition::None(parts) => Condition::None(each(parts)),
        Condition::Not(part) => Condition::Not(Box::new(desugar_condition(*part))),
        Condition::Event(mut event) => {
            desugar_filter(&mut event.event);
            condition_of_event(event)
        }
        Condition::Aggregate(mut leaf) => {
            desugar_aggregates(&mut leaf);
            Condition::Aggregate(leaf)
        }
        Condition::Occurrence(mut leaf) => {
            desugar_filter(&mut leaf.occurrence.event);
            leaf.has = leaf.has.take().map(desugar);
            Condition::Occurrence(leaf)
        }
        Condition::Within(mut leaf) => {
            desugar_filter(&mut leaf.event);
            desugar_filter(&mut leaf.of.event);
            Condition::Within(leaf)
        }
        Condition::Active(mut leaf) => {
            desugar_filter(leaf.event_mut());
            Condition::Active(leaf)
        }
        Condition::Sequence(mut leaf) => {
            for step in &mut leaf.steps {
                step.event.predicate = step.event.predicate.take().map(desugar);
            }
            leaf.same = leaf.same.map(whole);
            Condition::Sequence(leaf)
        }
        Condition::Cadence(mut leaf) => {
            leaf.event.predicate = leaf.event.predicate.take().map(desugar);
            Condition::Cadence(leaf)
        }
        Condition::Ranking(mut leaf) => {
            match &mut leaf.by {
                Measure::Aggregate(aggregate) => desugar_aggregate(aggregate),
                Measure::Count(count) => {
                    desugar_filter(&mut count.event);
                }
                Measure::Trait(path) => *path = whole(path.clone()),
                Measure::Score(_) => {}
            }
            Condition::Ranking(leaf)
        }
        Condition::Trait(leaf) => Condition::Trait(TraitCondition { path: whole(leaf.path), ..leaf }),
        Condition::TraitDate(leaf) => {
            Condition::TraitDate(TraitDateCondition { path: whole(leaf.path), ..leaf })
        }
        Condition::TraitHistory(leaf) => {
            let TraitHistoryCondition { path, test } = *leaf;
            Condition::TraitHistory(Box::new(TraitHistoryCondition { path: whole(path), test }))
        }
        leaf @ (Condition::Segment(_)
        | Condition::Sample(_)
        | Condition::Score(_)
        | Condition::Place(_)
        | Condition::Transition(_)
        | Condition::Tenure(_)) => leaf,
    }
}

fn desugar_filter<S: Stage>(filter: &mut EventFilter<S>) {
    filter.predicate = filter.predicate.take().map(desugar);
}

fn desugar_aggregate<S: Stage>(aggregate: &mut Aggregate<S>) {
    aggregate.event.predicate = aggregate.event.predicate.take().map(desugar);
    aggregate.property = whole(aggregate.property.clone());
}

fn desugar_aggregates<S: Stage>(leaf: &mut AggregateCondition<S>) {
    desugar_aggregate(&mut leaf.aggregate);
    let operand = match &mut leaf.test {
        AggregateTest::Equals(operand)
        | AggregateTest::NotEquals(operand)
        | AggregateTest::LessThan(operand)
        | AggregateTest::AtMost(operand)
        | AggregateTest::MoreThan(operand)
        | AggregateTest::AtLeast(operand) => operand,
        AggregateTest::Between(..) => return,
    };
    if let AggregateOperand::Times(multiple) = operand {
        desugar_aggregate(&mut multiple.aggregate);
    }
}

/// Tests of one list that must all hold, hold on one and the same element; a negative test is the negation
/// of the whole.
fn desugar(predicate: Predicate) -> Predicate {
    let each = |parts: Vec<Predicate>| parts.into_iter().map(desugar).collect();
    match predicate {
        Predicate::All(parts) => desugar_all(parts),
        Predicate::Any(parts) => Predicate::Any(each(parts)),
        Predicate::None(parts) => Predicate::None(each(parts)),
        Predicate::Not(part) => Predicate::Not(Box::new(desugar(*part))),
        Predicate::Item(item) => {
            Predicate::Item(ItemTest { list: item.list, predicate: Box::new(desugar(*item.predicate)) })
        }
        Predicate::Property(property) => match through_list(&property) {
            Some((list, rest)) => element_test(list, rest, property),
            None => Predicate::Property(PropertyTest { property: whole(property.property), ..property }),
        },
    }
}

/// A list's path for that of its elements as such, `tags` for `tags[]`: a test on a list holds if any element
/// satisfies it.
fn whole(path: Path) -> Path {
    match path.split_list() {
        Some((list, None)) => list,
        _ => path,
    }
}

fn through_list(property: &PropertyTest) -> Option<(Path, Path)> {
    let (list, rest) = property.property.split_list()?;
    Some((list, rest?))
}

fn element_test(list: Path, rest: Path, property: PropertyTest) -> Predicate {
    match positive(&property.test) {
        Some(test) => {
            let inner = desugar(Predicate::Property(PropertyTest { property: rest, test, ..property }));
            Predicate::Not(Box::new(Predicate::Item(ItemTest { list, predicate: Box::new(inner) })))
        }
        None => {
            let inner = desugar(Predicate::Property(PropertyTest { property: rest, ..property }));
            Predicate::Item(ItemTest { list, predicate: Box::new(inner) })
        }
    }
}

fn desugar_all(parts: Vec<Predicate>) -> Predicate {
    let count = parts.len();
    let mut merged: Vec<(Option<Path>, Vec<Predicate>)> = Vec::new();
    for part in parts {
        let list = match &part {
            Predicate::Property(property) if positive(&property.test).is_none() => through_list(property),
            _ => None,
        };
        let (Some((list, rest)), Predicate::Property(property)) = (list, part.clone()) else {
            merged.push((None, vec![desugar(part)]));
            continue;
        };
        let inner = desugar(Predicate::Property(PropertyTest { property: rest, ..property }));
        match merged.iter_mut().find(|(known, _)| known.as_ref() == Some(&list)) {
            Some((_, tests)) => tests.push(inner),
            None => merged.push((Some(list), vec![inner])),
        }
    }
    let mut parts: Vec<Predicate> = merged.into_iter().map(|(list, tests)| joined(list, tests)).collect();
    match parts.pop() {
        Some(only) if parts.is_empty() && count > 1 => only,
        Some(last) => {
            parts.push(last);
            Predicate::All(parts)
        }
        None => Predicate::All(parts),
    }
}

fn joined(list: Option<Path>, mut tests: Vec<Predicate>) -> Predicate {
    let inner = match tests.pop() {
        Some(only) if tests.is_empty() => only,
        Some(last) => {
            tests.push(last);
            Predicate::All(tests)
        }
        None => Predicate::All(tests),
    };
    match list {
        Some(list) => Predicate::Item(ItemTest { list, predicate: Box::new(inner) }),
        None => inner,
    }
}

/// The test that a negative one denies.
pub(crate) fn positive(test: &Test) -> Option<Test> {
    Some(match test {
        Test::IsNot(value) => Test::Is(value.clone()),
        Test::NotIn(values) => Test::In(values.clone()),
        Test::NotContains(text) => Test::Contains(text.clone()),
        Test::NotExists => Test::Exists,
        Test::ContainsNone(values) => Test::ContainsAny(values.clone()),
        _ => return None,
    })
}

/// The negative test that denies a positive one, where there is one.
pub(crate) fn negative(test: &Test) -> Option<Test> {
    Some(match test {
        Test::Is(value) => Test::IsNot(value.clone()),
        Test::In(values) => Test::NotIn(values.clone()),
        Test::Contains(text) => Test::NotContains(text.clone()),
        Test::Exists => Test::NotExists,
        Test::ContainsAny(values) => Test::ContainsNone(values.clone()),
        _ => return None,
    })
}
