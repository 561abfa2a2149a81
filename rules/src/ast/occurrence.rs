//! One chosen event, the first, last or n-th of all time, and what is asked of it or counted around it.

use serde::{Deserialize, Serialize};

use super::{CountTest, EventFilter, Predicate, Stage, Window};
use crate::time::Span;

/// The n-th event of a filter, over all time, by (time, journal position).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct Occurrence<S: Stage> {
    #[serde(default)]
    pub rank: Rank,
    pub event: EventFilter<S>,
}

/// Which of the events that pass a filter, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// From the oldest on.
    First(u32),
    /// From the newest back.
    Last(u32),
}

impl Default for Rank {
    fn default() -> Self {
        Self::First(1)
    }
}

/// Whether the chosen event passes a test of its own, and lies in a window. Without such an event it does not
/// hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct OccurrenceCondition<S: Stage> {
    pub occurrence: Occurrence<S>,
    /// What the chosen event must pass. The filter says which event is chosen, this what it is like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<Predicate>,
    #[serde(default)]
    pub window: Window,
}

/// How often the profile did something within a span of a chosen event. Without such an event it does not
/// hold, whatever the count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct WithinCondition<S: Stage> {
    pub event: EventFilter<S>,
    #[serde(default)]
    pub count: CountTest,
    pub span: Span,
    #[serde(default)]
    pub side: Side,
    pub of: Occurrence<S>,
}

/// On which side of the chosen event the counted ones lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Later by (time, position), and less than the span later.
    #[default]
    After,
    /// Earlier by (time, position), and less than the span earlier.
    Before,
}

impl Rank {
    /// The place, counted from 1.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::First(number) | Self::Last(number) => number,
        }
    }

    /// As a person says it: `first`, `2nd`, `last`, `3rd to last`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::First(1) => "first".to_owned(),
            Self::Last(1) => "last".to_owned(),
            Self::First(number) => ordinal(number),
            Self::Last(number) => format!("{} to last", ordinal(number)),
        }
    }
}

fn ordinal(number: u32) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

impl<S: Stage> Occurrence<S> {
    /// The same with a filter of another stage.
    pub(crate) fn with<T: Stage>(&self, event: EventFilter<T>) -> Occurrence<T> {
        Occurrence { rank: self.rank, event }
    }
}

impl<S: Stage> OccurrenceCondition<S> {
    /// The same with a filter of another stage.
    pub(crate) fn with<T: Stage>(&self, event: EventFilter<T>) -> OccurrenceCondition<T> {
        OccurrenceCondition {
            occurrence: self.occurrence.with(event),
            has: self.has.clone(),
            window: self.window.clone(),
        }
    }
}

impl<S: Stage> WithinCondition<S> {
    /// The same with filters of another stage: of what is counted, and of the chosen event.
    pub(crate) fn with<T: Stage>(&self, event: EventFilter<T>, of: EventFilter<T>) -> WithinCondition<T> {
        WithinCondition { event, count: self.count, span: self.span, side: self.side, of: self.of.with(of) }
    }
}
