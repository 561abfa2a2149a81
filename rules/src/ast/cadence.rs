//! The time since the newest event, against the profile's own usual gap between such events.

use serde::{Deserialize, Serialize};

use segops_model::Decimal;

use super::{EventFilter, Stage};

/// A comparison of the time since the newest event with so many times the median gap between such events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct CadenceCondition<S: Stage> {
    pub event: EventFilter<S>,
    pub test: CadenceTest,
    /// With fewer events there is no usual gap.
    #[serde(default = "events_min")]
    pub events_min: u32,
}

/// How many times the median gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CadenceTest {
    LessThan(Decimal),
    AtMost(Decimal),
    MoreThan(Decimal),
    AtLeast(Decimal),
}

/// With two gaps, one of them can be the exception.
pub(crate) const EVENTS_MIN: u32 = 3;

const fn events_min() -> u32 {
    EVENTS_MIN
}

impl CadenceTest {
    #[must_use]
    pub const fn factor(self) -> Decimal {
        match self {
            Self::LessThan(factor)
            | Self::AtMost(factor)
            | Self::MoreThan(factor)
            | Self::AtLeast(factor) => factor,
        }
    }

    /// Its name in the JSON form, for places.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LessThan(_) => "less_than",
            Self::AtMost(_) => "at_most",
            Self::MoreThan(_) => "more_than",
            Self::AtLeast(_) => "at_least",
        }
    }
}
