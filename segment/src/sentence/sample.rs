use segops_rules::SampleCondition;

use super::phrase::Phrase;
use crate::explain::ConditionExplanation;

/// Whether the profile is drawn. Nothing changes that but a merge.
pub(super) fn phrase(leaf: &SampleCondition, found: &ConditionExplanation, wanted: bool) -> Phrase {
    let is_met = found.holds == wanted;
    let sample = format!("the {}% sample \"{}\"", leaf.percent, leaf.salt);
    let what = if found.holds { format!("in {sample}") } else { format!("not in {sample}") };
    let need = match (is_met, wanted) {
        (true, _) => None,
        (false, true) => Some("to be in it"),
        (false, false) => Some("to be out of it"),
    };
    Phrase::needing(&what, need, is_met, found)
}
