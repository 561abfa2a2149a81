use segops_model::Value;
use segops_rules::{Test, TraitCondition};

use super::phrase::Phrase;
use super::words::{Words, asked_of, name_of, need_of, value_text};
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
        Some(Value::List(list)) if !list.is_empty() => {
            format!("{name} has {}", value_text(&Value::List(list.clone()), &leaf.path, words))
        }
        Some(value) => format!("{name} is {}", value_text(value, &leaf.path, words)),
        None => format!("{name} is not set"),
    };
    let mut need = need_of(&leaf.test, wanted, &leaf.path, words);
    if is_met && value.is_none() && !matches!(leaf.test, Test::Exists | Test::NotExists) {
        // A missing value passes what only denies.
        need.push_str(", where it is set");
    }
    let says_it = is_met
        && match &leaf.test {
            Test::Is(_) | Test::In(_) => wanted,
            Test::IsNot(_) | Test::NotIn(_) => !wanted,
            Test::Exists | Test::NotExists => true,
            _ => false,
        };
    let change = if is_met {
        format!("once {name} {}", if value.is_some() { "changes" } else { "is set" })
    } else {
        format!("once {name} {}", asked_of(&leaf.test, wanted, &leaf.path, words))
    };
    Phrase::needing(&what, Some(&*need).filter(|_| !says_it), is_met, found).changing(Some(change))
}
