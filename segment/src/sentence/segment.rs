use segops_rules::{Named, SegmentCondition};

use super::phrase::Phrase;
use crate::explain::ConditionExplanation;

/// Whether the profile is in another segment.
pub(super) fn phrase(leaf: &SegmentCondition<Named>, found: &ConditionExplanation, wanted: bool) -> Phrase {
    let name = &leaf.segment;
    let is_met = found.holds == wanted;
    let where_now = if found.holds { format!("in segment {name}") } else { format!("not in segment {name}") };
    let need = match (is_met, wanted) {
        (true, _) => None,
        (false, true) => Some("to be in it"),
        (false, false) => Some("to be out of it"),
    };
    // What is in would leave once out, and the other way round.
    let change = if found.holds { format!("once out of {name}") } else { format!("once in {name}") };
    Phrase::needing(&where_now, need, is_met, found).changing(Some(change))
}
