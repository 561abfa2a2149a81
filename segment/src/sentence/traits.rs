use segops_rules::{Test, TraitCondition};

use super::phrase::Phrase;
use super::words::{Words, name_of, need_of, value_text};
use crate::explain::{ConditionExplanation, Observed};

/// What a trait is, and what it needs to be.
pub(super) fn phrase(
    leaf: &TraitCondition,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Trait(value)) = &found.observed else { return Phrase::of_text(found) };
    let name = name_of(&leaf.path);
    let is_met = found.holds == wanted;
    let value = value.as_ref().filter(|value| value.is_present());
    let what = match value {
        Some(value) => format!("{name} is {}", value_text(value, &leaf.path, words)),
        None => format!("{name} is not set"),
    };
    let need = need_of(&leaf.test, wanted, &leaf.path, words);
    let says_it = is_met
        && match &leaf.test {
            Test::Is(_) | Test::In(_) => wanted,
            Test::IsNot(_) | Test::NotIn(_) => !wanted,
            Test::Exists | Test::NotExists => true,
            _ => false,
        };
    let change = match (is_met, &leaf.test) {
        (false, Test::Exists | Test::NotExists) => None,
        (false, _) if need.starts_with("to ") || need.starts_with("not to ") => None,
        (false, _) => Some(format!("once {name} is {need}")),
        (true, _) => Some(format!("once {name} changes")),
    };
    let change = change.or_else(|| {
        Some(if value.is_some() { format!("once {name} changes") } else { format!("once {name} is set") })
    });
    Phrase::needing(&what, Some(&*need).filter(|_| !says_it), is_met, found).changing(change)
}
