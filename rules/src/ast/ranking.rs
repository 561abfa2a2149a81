//! A place among the rule's base by a number: the top or the bottom so many percent.

use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Path};

use super::{Aggregate, EventFilter, Stage, Window};

/// Whether the profile is among so many percent of the rule's base by a number, as recorded last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct RankingCondition<S: Stage> {
    pub end: RankingEnd,
    /// Above 0 and below 100.
    pub percent: Decimal,
    pub by: Measure<S>,
}

/// From which end of the ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankingEnd {
    /// The greatest numbers.
    Top,
    /// The least.
    Bottom,
}

/// A number that a profile has, or has not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum Measure<S: Stage> {
    Aggregate(Aggregate<S>),
    /// How many events, or orders.
    Count(CountMeasure<S>),
    /// A trait that is a number.
    Trait(Path),
    /// A score that is a number.
    Score(String),
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct CountMeasure<S: Stage> {
    pub event: EventFilter<S>,
    #[serde(default)]
    pub window: Window,
}

impl RankingEnd {
    /// The word for it in text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Bottom => "bottom",
        }
    }
}

impl<S: Stage> Measure<S> {
    /// The same measure, with filters of another stage.
    pub(crate) fn try_map<T: Stage, E>(
        &self,
        aggregate: impl FnOnce(&Aggregate<S>) -> Result<Aggregate<T>, E>,
        filter: impl FnOnce(&EventFilter<S>) -> Result<EventFilter<T>, E>,
    ) -> Result<Measure<T>, E> {
        Ok(match self {
            Self::Aggregate(tree) => Measure::Aggregate(aggregate(tree)?),
            Self::Count(count) => {
                Measure::Count(CountMeasure { event: filter(&count.event)?, window: count.window.clone() })
            }
            Self::Trait(path) => Measure::Trait(path.clone()),
            Self::Score(score) => Measure::Score(score.clone()),
        })
    }

    /// The filter of what is measured, if it is of events or orders.
    #[must_use]
    pub const fn filter(&self) -> Option<&EventFilter<S>> {
        match self {
            Self::Aggregate(aggregate) => Some(&aggregate.event),
            Self::Count(count) => Some(&count.event),
            Self::Trait(_) | Self::Score(_) => None,
        }
    }
}
