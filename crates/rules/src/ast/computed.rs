//! Computed traits: what a workspace makes of every profile's events and gives a name to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use segops_model::{ComputedTraitId, Decimal, Path};

use super::{Aggregate, Condition, EventFilter, Resolved, Rule, Stage, Test, Window};

/// Numbers, aggregates and counts that one formula may have: so many it may also nest deep.
pub const FORMULA_PARTS_MAX: usize = 50;

/// A condition on a computed trait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ComputedCondition<S: Stage> {
    #[serde(rename = "trait")]
    pub computed: S::Computed,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_case: bool,
    pub test: Test,
}

/// A computed trait as a stored rule has it: which one, and what it was made of when the rule was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputedReference {
    pub id: ComputedTraitId,
    pub definition: ComputedDefinition<Resolved>,
}

/// What a computed trait is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum ComputedDefinition<S: Stage> {
    /// Arithmetic between aggregates.
    Number(Formula<S>),
    /// One of the values that a property had.
    Value(ChosenValue<S>),
}

/// How a number is made of a profile's events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum Formula<S: Stage> {
    Number(Decimal),
    Aggregate(Box<Aggregate<S>>),
    Add(Box<Operands<S>>),
    Subtract(Box<Operands<S>>),
    Multiply(Box<Operands<S>>),
    /// Of a division by 0 there is no number.
    Divide(Box<Operands<S>>),
}

/// The left and the right side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Operands<S: Stage>(pub Formula<S>, pub Formula<S>);

/// One of the values that a property of the events in a window had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ChosenValue<S: Stage> {
    pub choice: ValueChoice,
    pub property: Path,
    pub event: EventFilter<S>,
    #[serde(default)]
    pub window: Window,
}

/// Which of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueChoice {
    /// The one that came most often; of several the one that came last.
    MostFrequent,
    First,
    Last,
}

impl ValueChoice {
    /// The words for it in canonical text.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::MostFrequent => "most frequent",
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

impl<S: Stage> ComputedDefinition<S> {
    /// Whether it gives a number, rather than a value of any kind.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Every event filter in it.
    #[must_use]
    pub fn events(&self) -> Vec<&EventFilter<S>> {
        match self {
            Self::Number(formula) => formula.aggregates().into_iter().map(|leaf| &leaf.event).collect(),
            Self::Value(chosen) => vec![&chosen.event],
        }
    }

    /// The same definition with events of another stage. The place of each, and its property, are given.
    pub(crate) fn try_map<T: Stage, E>(
        &self,
        place: &str,
        map: &mut impl FnMut(&EventFilter<S>, Option<&Path>, &str) -> Result<EventFilter<T>, E>,
    ) -> Result<ComputedDefinition<T>, E> {
        Ok(match self {
            Self::Number(formula) => {
                ComputedDefinition::Number(formula.try_map(&format!("{place}.number"), map)?)
            }
            Self::Value(chosen) => ComputedDefinition::Value(ChosenValue {
                choice: chosen.choice,
                property: chosen.property.clone(),
                event: map(&chosen.event, Some(&chosen.property), &format!("{place}.value"))?,
                window: chosen.window.clone(),
            }),
        })
    }
}

impl<S: Stage> Formula<S> {
    /// The two sides of an operation.
    #[must_use]
    pub const fn operands(&self) -> Option<&Operands<S>> {
        match self {
            Self::Add(both) | Self::Subtract(both) | Self::Multiply(both) | Self::Divide(both) => Some(both),
            Self::Number(_) | Self::Aggregate(_) => None,
        }
    }

    /// Every aggregate in it, from left to right.
    #[must_use]
    pub fn aggregates(&self) -> Vec<&Aggregate<S>> {
        match self {
            Self::Aggregate(aggregate) => vec![aggregate],
            _ => self.operands().map_or_else(Vec::new, |both| {
                let mut aggregates = both.0.aggregates();
                aggregates.extend(both.1.aggregates());
                aggregates
            }),
        }
    }

    fn try_map<T: Stage, E>(
        &self,
        place: &str,
        map: &mut impl FnMut(&EventFilter<S>, Option<&Path>, &str) -> Result<EventFilter<T>, E>,
    ) -> Result<Formula<T>, E> {
        let place = format!("{place}.{}", self.name());
        let mut both = |operands: &Operands<S>| -> Result<Box<Operands<T>>, E> {
            let left = operands.0.try_map(&format!("{place}[0]"), map)?;
            Ok(Box::new(Operands(left, operands.1.try_map(&format!("{place}[1]"), map)?)))
        };
        Ok(match self {
            Self::Number(number) => Formula::Number(*number),
            Self::Aggregate(aggregate) => Formula::Aggregate(Box::new(Aggregate {
                function: aggregate.function,
                property: aggregate.property.clone(),
                by_quantity: aggregate.by_quantity,
                event: map(&aggregate.event, aggregate.property.as_ref(), &place)?,
                window: aggregate.window.clone(),
            })),
            Self::Add(operands) => Formula::Add(both(operands)?),
            Self::Subtract(operands) => Formula::Subtract(both(operands)?),
            Self::Multiply(operands) => Formula::Multiply(both(operands)?),
            Self::Divide(operands) => Formula::Divide(both(operands)?),
        })
    }

    /// Its name in the JSON form, for places.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Aggregate(_) => "aggregate",
            Self::Add(_) => "add",
            Self::Subtract(_) => "subtract",
            Self::Multiply(_) => "multiply",
            Self::Divide(_) => "divide",
        }
    }
}

/// The computed traits that a stored rule names, each with what it says that they are made of.
#[must_use]
pub fn computed_traits(rule: &Rule<Resolved>) -> Vec<&ComputedReference> {
    let mut found = Vec::new();
    collect(&rule.when, &mut found);
    found
}

fn collect<'a>(tree: &'a Condition<Resolved>, found: &mut Vec<&'a ComputedReference>) {
    match tree {
        Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
            parts.iter().for_each(|part| collect(part, found));
        }
        Condition::Not(part) => collect(part, found),
        Condition::Computed(leaf) => found.push(&leaf.computed),
        Condition::Ranking(leaf) => found.extend(leaf.by.computed()),
        _ => {}
    }
}

/// The rule with a computed trait made anew wherever it names it.
#[must_use]
pub fn with_definition(
    rule: &Rule<Resolved>,
    id: ComputedTraitId,
    definition: &ComputedDefinition<Resolved>,
) -> Rule<Resolved> {
    let mut rule = rule.clone();
    replace(&mut rule.when, id, definition);
    rule
}

fn replace(tree: &mut Condition<Resolved>, id: ComputedTraitId, definition: &ComputedDefinition<Resolved>) {
    match tree {
        Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
            parts.iter_mut().for_each(|part| replace(part, id, definition));
        }
        Condition::Not(part) => replace(part, id, definition),
        Condition::Computed(leaf) if leaf.computed.id == id => {
            leaf.computed.definition = definition.clone();
        }
        Condition::Ranking(leaf) => {
            if let Some(reference) = leaf.by.computed_mut().filter(|reference| reference.id == id) {
                reference.definition = definition.clone();
            }
        }
        _ => {}
    }
}

/// The ids of the computed traits that a stored rule names.
#[must_use]
pub fn computed_trait_ids(rule: &Rule<Resolved>) -> BTreeSet<ComputedTraitId> {
    computed_traits(rule).into_iter().map(|reference| reference.id).collect()
}
