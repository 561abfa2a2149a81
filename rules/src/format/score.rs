//! The canonical text of conditions on scores.

use super::history::date_window;
use super::quoted;
use crate::ast::{ScoreCondition, ScoreTest};
use crate::parse::is_bare_score;

pub(super) fn score(leaf: &ScoreCondition) -> String {
    let test = match &leaf.test {
        ScoreTest::LessThan(bound) => format!("< {bound}"),
        ScoreTest::AtMost(bound) => format!("<= {bound}"),
        ScoreTest::MoreThan(bound) => format!("> {bound}"),
        ScoreTest::AtLeast(bound) => format!(">= {bound}"),
        ScoreTest::Exactly(bound) => format!("= {bound}"),
        ScoreTest::Between(low, high) => format!("between {low} and {high}"),
        ScoreTest::Date(window) => date_window(window),
        ScoreTest::Exists => "exists".to_owned(),
    };
    format!("{} {test}", named(&leaf.score))
}

/// A score by its name; a name that would read as something else is in quotes.
pub(super) fn named(name: &str) -> String {
    if is_bare_score(name) { format!("score {name}") } else { format!("score {}", quoted(name)) }
}
