//! Computed traits: conditions on them, and what they are made of, with parentheses only where reading needs
//! them.

use std::fmt;

use super::{aggregate, clauses, named_event, path, quoted, tested};
use crate::ast::{ChosenValue, ComputedCondition, ComputedDefinition, Formula, Named, Operands};

impl fmt::Display for ComputedDefinition<Named> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(formula) => write!(f, "{formula}"),
            Self::Value(chosen) => f.write_str(&chosen_value(chosen)),
        }
    }
}

impl fmt::Display for Formula<Named> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&formula(self, 0, false))
    }
}

pub(super) fn computed(leaf: &ComputedCondition<Named>) -> String {
    // Its name is always in quotes, which a name in front of a test may do without.
    let text = tested("x", &leaf.test, leaf.match_case);
    format!("{}{}", named(&leaf.computed), text.strip_prefix('x').unwrap_or(&text))
}

/// A computed trait by its name, which is always in quotes.
pub(super) fn named(name: &str) -> String {
    format!("computed {}", quoted(name))
}

fn chosen_value(chosen: &ChosenValue<Named>) -> String {
    let property = match chosen.property.to_string() {
        over if over.eq_ignore_ascii_case("over") => quoted(&over),
        other => path(&other),
    };
    let name = named_event(&chosen.event);
    let clauses = clauses(&chosen.event, &chosen.window, false);
    format!("{} value of {property} over {name}{clauses}", chosen.choice.words())
}

/// `outer` is how tightly the operation around it binds; on its right side what binds as tightly is enclosed
/// too.
fn formula(tree: &Formula<Named>, outer: u8, is_right: bool) -> String {
    let (sign, binds, operands) = match tree {
        Formula::Number(number) => return number.to_string(),
        Formula::Aggregate(leaf) => return aggregate(leaf),
        Formula::Add(operands) => ("+", 1, operands),
        Formula::Subtract(operands) => ("-", 1, operands),
        Formula::Multiply(operands) => ("*", 2, operands),
        Formula::Divide(operands) => ("/", 2, operands),
    };
    let Operands(left, right) = &**operands;
    let text = format!("{} {sign} {}", formula(left, binds, false), formula(right, binds, true));
    if binds < outer || (is_right && binds == outer) { format!("({text})") } else { text }
}
