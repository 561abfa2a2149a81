use proptest::prelude::*;

use segops_model::Limits;

use super::{aggregate, filter, name, number, path, test, window};
use crate::ast::{ChosenValue, ComputedCondition, ComputedDefinition, Formula, Named, Operands, ValueChoice};
use crate::check::check_definition;

/// Anything that a computed trait can be made of.
pub fn definition() -> impl Strategy<Value = ComputedDefinition<Named>> {
    let choice = prop::sample::select(vec![ValueChoice::MostFrequent, ValueChoice::First, ValueChoice::Last]);
    let chosen = (choice, path(), filter(), window())
        .prop_map(|(choice, property, event, window)| ChosenValue { choice, property, event, window });
    prop_oneof![
        3 => formula().prop_map(ComputedDefinition::Number),
        1 => chosen.prop_map(ComputedDefinition::Value),
    ]
    .prop_filter("one that gives something", |definition| {
        check_definition(definition, &Limits::default()).is_empty()
    })
}

fn formula() -> impl Strategy<Value = Formula<Named>> {
    let leaf = prop_oneof![
        1 => number().prop_map(Formula::Number),
        3 => aggregate().prop_map(|aggregate| Formula::Aggregate(Box::new(aggregate))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let operation = prop::sample::select(vec![
            Formula::Add as fn(Box<Operands<Named>>) -> Formula<Named>,
            Formula::Subtract,
            Formula::Multiply,
            Formula::Divide,
        ]);
        (operation, inner.clone(), inner)
            .prop_map(|(operation, left, right)| operation(Box::new(Operands(left, right))))
    })
}

pub(super) fn computed() -> impl Strategy<Value = ComputedCondition<Named>> {
    (name(), any::<bool>(), test()).prop_map(|(computed, match_case, test)| ComputedCondition {
        computed,
        match_case,
        test,
    })
}
