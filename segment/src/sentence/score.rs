use segops_rules::{ScoreCondition, ScoreTest};

use super::phrase::Phrase;
use super::words::{Words, decimal_text};
use crate::ScoreValue;
use crate::explain::{ConditionExplanation, Observed};

/// What the score is, what that is of, and what it needs to be.
pub(super) fn phrase(
    leaf: &ScoreCondition,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Score { value, as_of }) = &found.observed else { return Phrase::of_text(found) };
    let name = &leaf.score;
    let is_met = found.holds == wanted;
    let mut what = match value {
        Some(value) => format!("{name} is {}", value_text(*value, words)),
        None => format!("there is no {name}"),
    };
    if let Some(as_of) = as_of {
        what.push_str(&format!(", as of {}", words.moment(*as_of)));
    }
    let need = need(leaf, found, wanted);
    let says_it = is_met && leaf.test == ScoreTest::Exists;
    // What was recorded only changes by what comes in; what is made of orders, by time and by orders.
    let change = as_of.is_some().then(|| format!("once another {name} comes in"));
    Phrase::needing(&what, Some(&*need).filter(|_| !says_it), is_met, found).changing(change)
}

fn value_text(value: ScoreValue, words: &Words<'_>) -> String {
    match value {
        ScoreValue::Number(number) => decimal_text(number),
        ScoreValue::Date(date) => words.moment(date),
    }
}

/// What the score has to be, or must not be.
fn need(leaf: &ScoreCondition, found: &ConditionExplanation, wanted: bool) -> String {
    let number = |word: &str, opposite: &str, bound| {
        format!("{} {}", if wanted { word } else { opposite }, decimal_text(bound))
    };
    match &leaf.test {
        ScoreTest::AtLeast(bound) => number("at least", "less than", *bound),
        ScoreTest::MoreThan(bound) => number("more than", "at most", *bound),
        ScoreTest::AtMost(bound) => number("at most", "more than", *bound),
        ScoreTest::LessThan(bound) => number("less than", "at least", *bound),
        ScoreTest::Exactly(bound) => number("exactly", "other than", *bound),
        ScoreTest::Between(low, high) => {
            let not = if wanted { "" } else { "not " };
            format!("{not}between {} and {}", decimal_text(*low), decimal_text(*high))
        }
        ScoreTest::Exists => if wanted { "one" } else { "none" }.to_owned(),
        ScoreTest::Date(_) => {
            // The rule's text says when: all that comes after the name.
            let when = found.text.split_once(&leaf.score).map_or("", |(_, rest)| rest);
            let not = if wanted { "" } else { "not to be " };
            format!("{not}{}", when.trim_start_matches('"').trim())
        }
    }
}
