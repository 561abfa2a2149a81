//! Aggregates of a property over events, and what they are compared with.

use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Path};

use super::{EventFilter, Scalar, Stage, Window};
use crate::time::Moment;

/// A comparison of an aggregate of a property over events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct AggregateCondition<S: Stage> {
    pub aggregate: Aggregate<S>,
    pub test: AggregateTest<S>,
}

/// One number, or date, made of a property of the events in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct Aggregate<S: Stage> {
    pub function: AggregateFunction,
    /// The property's path: `total`, or of every line of a list `products[].price`.
    pub property: Path,
    /// Whether each value counts times the `quantity` beside it, which is one where there is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_quantity: bool,
    pub event: EventFilter<S>,
    #[serde(default)]
    pub window: Window,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateFunction {
    Sum,
    Average,
    Minimum,
    Maximum,
    /// How many different values.
    Distinct,
    Median,
}

/// What is asked of an aggregate. Where there is none, nothing to average or no least, every comparison is
/// false, and so `NotEquals` true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum AggregateTest<S: Stage> {
    Equals(AggregateOperand<S>),
    NotEquals(AggregateOperand<S>),
    LessThan(AggregateOperand<S>),
    AtMost(AggregateOperand<S>),
    MoreThan(AggregateOperand<S>),
    AtLeast(AggregateOperand<S>),
    /// From the first to the second, both included.
    Between(Scalar, Scalar),
}

/// What an aggregate is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum AggregateOperand<S: Stage> {
    Number(Decimal),
    /// For the least and the greatest only, whose values are then read as dates.
    Date(Moment),
    /// So many times another aggregate of the same profile.
    Times(Box<AggregateMultiple<S>>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct AggregateMultiple<S: Stage> {
    #[serde(default = "one")]
    pub factor: Decimal,
    pub aggregate: Aggregate<S>,
}

const fn one() -> Decimal {
    Decimal::ONE
}

impl<S: Stage> AggregateTest<S> {
    /// What is compared with, for every comparison but `Between`.
    #[must_use]
    pub const fn operand(&self) -> Option<&AggregateOperand<S>> {
        match self {
            Self::Equals(operand)
            | Self::NotEquals(operand)
            | Self::LessThan(operand)
            | Self::AtMost(operand)
            | Self::MoreThan(operand)
            | Self::AtLeast(operand) => Some(operand),
            Self::Between(..) => None,
        }
    }

    /// Its name in the JSON form, for places.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::NotEquals(_) => "not_equals",
            Self::LessThan(_) => "less_than",
            Self::AtMost(_) => "at_most",
            Self::MoreThan(_) => "more_than",
            Self::AtLeast(_) => "at_least",
            Self::Between(..) => "between",
        }
    }

    /// Whether the values are compared as dates.
    #[must_use]
    pub const fn is_of_dates(&self) -> bool {
        match self {
            Self::Between(low, high) => matches!((low, high), (Scalar::Date(_), _) | (_, Scalar::Date(_))),
            _ => matches!(self.operand(), Some(AggregateOperand::Date(_))),
        }
    }

    /// The same comparison, with aggregates of another stage.
    pub(crate) fn try_map<T: Stage, E>(
        &self,
        map: impl FnOnce(&Aggregate<S>) -> Result<Aggregate<T>, E>,
    ) -> Result<AggregateTest<T>, E> {
        let operand = |operand: &AggregateOperand<S>| {
            Ok(match operand {
                AggregateOperand::Number(number) => AggregateOperand::Number(*number),
                AggregateOperand::Date(moment) => AggregateOperand::Date(*moment),
                AggregateOperand::Times(multiple) => AggregateOperand::Times(Box::new(AggregateMultiple {
                    factor: multiple.factor,
                    aggregate: map(&multiple.aggregate)?,
                })),
            })
        };
        Ok(match self {
            Self::Equals(with) => AggregateTest::Equals(operand(with)?),
            Self::NotEquals(with) => AggregateTest::NotEquals(operand(with)?),
            Self::LessThan(with) => AggregateTest::LessThan(operand(with)?),
            Self::AtMost(with) => AggregateTest::AtMost(operand(with)?),
            Self::MoreThan(with) => AggregateTest::MoreThan(operand(with)?),
            Self::AtLeast(with) => AggregateTest::AtLeast(operand(with)?),
            Self::Between(low, high) => AggregateTest::Between(low.clone(), high.clone()),
        })
    }
}

impl<S: Stage> AggregateOperand<S> {
    /// The other aggregate, if this is one.
    #[must_use]
    pub fn multiple(&self) -> Option<&AggregateMultiple<S>> {
        match self {
            Self::Times(multiple) => Some(multiple),
            Self::Number(_) | Self::Date(_) => None,
        }
    }
}

impl AggregateFunction {
    /// The word for it in canonical text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Average => "average",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Distinct => "distinct",
            Self::Median => "median",
        }
    }
}
