use super::{aggregate, filter, window};
use crate::ast::{ComputedDefinition, Formula, Resolved};

/// What a computed trait is made of. Whoever is ranked by it is ranked by that, whatever it is called: a
/// threshold that was taken of an older version is not the new one's.
pub(super) fn definition(tree: &ComputedDefinition<Resolved>) -> String {
    match tree {
        ComputedDefinition::Number(tree) => formula(tree),
        ComputedDefinition::Value(chosen) => format!(
            "{} of {:?} over {:?} {}{}",
            chosen.choice.words(),
            chosen.property.to_string(),
            chosen.event.name,
            window(&chosen.window),
            filter(&chosen.event)
        ),
    }
}

fn formula(tree: &Formula<Resolved>) -> String {
    match tree {
        Formula::Number(number) => number.to_string(),
        Formula::Aggregate(leaf) => aggregate(leaf),
        _ => tree.operands().map_or_else(String::new, |both| {
            format!("{}({}, {})", tree.name(), formula(&both.0), formula(&both.1))
        }),
    }
}
