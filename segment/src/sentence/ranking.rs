use segops_model::Path;
use segops_rules::{Measure, Named, RankingCondition};

use super::phrase::Phrase;
use super::words::Words;
use crate::explain::{ConditionExplanation, Observed};

/// What the profile has, and where the ranking has been cut.
pub(super) fn phrase(
    leaf: &RankingCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Ranked { value, threshold, as_of, population }) = &found.observed else {
        return Phrase::of_text(found);
    };
    let property = match &leaf.by {
        Measure::Aggregate(aggregate) => aggregate.property.clone(),
        Measure::Count(_) => Path::of_name("count"),
        Measure::Trait(path) => path.clone(),
        Measure::Score(name) => Path::of_name(name),
    };
    let value = value.map_or_else(|| "nothing to rank".to_owned(), |value| words.amount(&property, value));
    let inside = if found.holds { "in" } else { "not in" };
    let what = format!("{inside} the {} with {value}", found.text);
    let need = match (threshold, as_of, population) {
        (Some(threshold), Some(as_of), Some(population)) => {
            let threshold = words.amount(&property, *threshold);
            format!("{threshold}, by the {population} ranked on {}", words.moment(*as_of))
        }
        _ => "a threshold, of which there is none yet".to_owned(),
    };
    Phrase::needing(&what, Some(&need), found.holds == wanted, found)
}
