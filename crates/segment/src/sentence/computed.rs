use segops_model::Path;
use segops_rules::{ComputedCondition, Named};

use super::phrase::Phrase;
use super::words::{Words, need_of, often, value_text};
use crate::explain::{ComputedPart, ConditionExplanation, Observed};

/// Aggregates of one formula that are told; of more, how many there are.
const PARTS_SHOWN: usize = 4;

/// What a computed trait is, what it needs to be, and what it is made of.
pub(super) fn phrase(
    leaf: &ComputedCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let name = &leaf.computed;
    // Not money by its name: what a formula comes to has no currency of its own.
    let property = Path::of_name("number");
    let need = need_of(&leaf.test, wanted, &property, words);
    let (what, told) = match &found.observed {
        Some(Observed::Computed { value, parts }) => {
            let what = value.map_or_else(
                || format!("{name} is no number"),
                |value| format!("{name} is {}", words.amount(&property, value)),
            );
            (what, parts_text(parts, &property, words))
        }
        Some(Observed::Chosen { event: None, .. }) => (format!("{name} has no value"), String::new()),
        Some(Observed::Chosen { value, event: Some(event), count, .. }) => {
            let value = match value {
                Some(value) => value_text(value, &property, words),
                None => "what an event says".to_owned(),
            };
            let seen = count.map(|count| format!("{}, ", often(count))).unwrap_or_default();
            (format!("{name} is {value}"), format!(" ({seen}last on {})", words.day(event.ts)))
        }
        _ => return Phrase::of_text(found),
    };
    let mut phrase = Phrase::needing(&what, Some(&need), found.holds == wanted, found);
    phrase.found.push_str(&told);
    phrase
}

/// `: count of "Order Refunded" is 1, count of "Order Completed" is 3`.
pub(super) fn parts_text(parts: &[ComputedPart], property: &Path, words: &Words<'_>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for part in parts.iter().take(PARTS_SHOWN) {
        let value = match part.value {
            Some(value) => words.amount(property, value),
            None if part.several_currencies => "in several currencies, which are not added up".to_owned(),
            None => "nothing".to_owned(),
        };
        let text = format!("{} is {value}", part.text);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let more = parts.len().saturating_sub(PARTS_SHOWN);
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    if texts.is_empty() { String::new() } else { format!(": {}", texts.join(", ")) }
}
