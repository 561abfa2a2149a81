//! Every event filter of a stored rule, to see which derived events it names and to make one of them anew.

use segops_model::DerivedEventId;

use super::{
    AggregateOperand, AggregateTest, ComputedDefinition, Condition, DerivedDefinition, DerivedReference,
    EventFilter, Formula, Measure, Resolved, Rule,
};

/// The derived events that a stored rule names, each with what it says that they are made of; those in computed
/// traits among them.
#[must_use]
pub fn derived_events(rule: &Rule<Resolved>) -> Vec<DerivedReference> {
    let mut found = Vec::new();
    // A rule is small, and read this way only when something is saved.
    let mut rule = rule.clone();
    of_condition(&mut rule.when, &mut |filter| found.extend(filter.derived.as_deref().cloned()));
    found
}

/// The rule with a derived event made anew wherever it names it.
#[must_use]
pub fn with_derived(
    rule: &Rule<Resolved>,
    id: DerivedEventId,
    definition: &DerivedDefinition<Resolved>,
) -> Rule<Resolved> {
    let mut rule = rule.clone();
    of_condition(&mut rule.when, &mut |filter| replace(filter, id, definition));
    rule
}

/// As [`derived_events`], of what a computed trait is made of.
#[must_use]
pub fn derived_of_computed(definition: &ComputedDefinition<Resolved>) -> Vec<&DerivedReference> {
    definition.events().into_iter().filter_map(|event| event.derived.as_deref()).collect()
}

/// As [`with_derived`], of what a computed trait is made of.
#[must_use]
pub fn computed_with_derived(
    definition: &ComputedDefinition<Resolved>,
    id: DerivedEventId,
    made: &DerivedDefinition<Resolved>,
) -> ComputedDefinition<Resolved> {
    let mut definition = definition.clone();
    of_definition(&mut definition, &mut |filter| replace(filter, id, made));
    definition
}

fn replace(filter: &mut EventFilter<Resolved>, id: DerivedEventId, definition: &DerivedDefinition<Resolved>) {
    if let Some(reference) = filter.derived.as_mut().filter(|reference| reference.id == id) {
        reference.definition = definition.clone();
    }
}

type Each<'a> = dyn FnMut(&mut EventFilter<Resolved>) + 'a;

fn of_condition(tree: &mut Condition<Resolved>, each: &mut Each<'_>) {
    match tree {
        Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
            parts.iter_mut().for_each(|part| of_condition(part, each));
        }
        Condition::Not(part) => of_condition(part, each),
        Condition::Event(leaf) => each(&mut leaf.event),
        Condition::Aggregate(leaf) => {
            each(&mut leaf.aggregate.event);
            if let Some(AggregateOperand::Times(multiple)) = operand_mut(&mut leaf.test) {
                each(&mut multiple.aggregate.event);
            }
        }
        Condition::Occurrence(leaf) => each(&mut leaf.occurrence.event),
        Condition::Within(leaf) => {
            each(&mut leaf.event);
            each(&mut leaf.of.event);
        }
        Condition::Active(leaf) => each(leaf.event_mut()),
        Condition::Sequence(leaf) => leaf.steps.iter_mut().for_each(|step| each(&mut step.event)),
        Condition::Cadence(leaf) => each(&mut leaf.event),
        Condition::Computed(leaf) => of_definition(&mut leaf.computed.definition, each),
        Condition::Ranking(leaf) => match &mut leaf.by {
            Measure::Aggregate(aggregate) => each(&mut aggregate.event),
            Measure::Count(count) => each(&mut count.event),
            Measure::Computed(reference) => of_definition(&mut reference.definition, each),
            Measure::Trait(_) | Measure::Score(_) => {}
        },
        Condition::Score(_)
        | Condition::Trait(_)
        | Condition::TraitDate(_)
        | Condition::TraitHistory(_)
        | Condition::Segment(_)
        | Condition::Sample(_)
        | Condition::Place(_)
        | Condition::Transition(_)
        | Condition::Tenure(_)
        | Condition::Reach(_)
        | Condition::List(_)
        | Condition::Result(_) => {}
    }
}

fn operand_mut(test: &mut AggregateTest<Resolved>) -> Option<&mut AggregateOperand<Resolved>> {
    match test {
        AggregateTest::Equals(operand)
        | AggregateTest::NotEquals(operand)
        | AggregateTest::LessThan(operand)
        | AggregateTest::AtMost(operand)
        | AggregateTest::MoreThan(operand)
        | AggregateTest::AtLeast(operand) => Some(operand),
        AggregateTest::Between(..) => None,
    }
}

fn of_definition(definition: &mut ComputedDefinition<Resolved>, each: &mut Each<'_>) {
    match definition {
        ComputedDefinition::Number(formula) => of_formula(formula, each),
        ComputedDefinition::Value(chosen) => each(&mut chosen.event),
    }
}

fn of_formula(formula: &mut Formula<Resolved>, each: &mut Each<'_>) {
    match formula {
        Formula::Number(_) => {}
        Formula::Aggregate(aggregate) => each(&mut aggregate.event),
        Formula::Add(both) | Formula::Subtract(both) | Formula::Multiply(both) | Formula::Divide(both) => {
            of_formula(&mut both.0, each);
            of_formula(&mut both.1, each);
        }
    }
}
