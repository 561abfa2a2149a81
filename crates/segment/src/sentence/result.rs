use segops_rules::{Named, ResultCondition};

use super::phrase::Phrase;
use super::words::Words;
use crate::explain::{ConditionExplanation, Observed};

/// Whether a recorded result names the profile, and what it is of.
pub(super) fn phrase(
    leaf: &ResultCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Named(naming)) = &found.observed else { return Phrase::of_text(found) };
    let is_met = found.holds == wanted;
    let what = naming.kind.map_or("result", |kind| kind.word());
    let name = &leaf.result;
    let told = match (naming.as_of, naming.is_named) {
        (None, _) => format!("the {what} {name} was not computed yet"),
        (Some(as_of), true) => format!("the {what} {name}, as of {}, named them", words.moment(as_of)),
        (Some(as_of), false) => {
            format!("the {what} {name}, as of {}, did not name them", words.moment(as_of))
        }
    };
    let need = match (is_met, wanted) {
        (true, _) => None,
        (false, true) => Some("to be named by it"),
        (false, false) => Some("not to be named by it"),
    };
    let change = if naming.is_named {
        format!("once {name} is refreshed without them")
    } else {
        format!("once {name} is refreshed and names them")
    };
    Phrase::needing(&told, need, is_met, found).changing(Some(change))
}
