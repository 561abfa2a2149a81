//! Conditions on what was recorded of a profile and a segment: when it came in and went out, and since when
//! it has been in.

use serde::{Deserialize, Serialize};

use segops_model::Direction;

use super::{CountTest, Stage, Window};
use crate::time::{Moment, Span};

/// How often the profile entered or left a segment in a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct TransitionCondition<S: Stage> {
    pub segment: S::Segment,
    pub direction: Direction,
    #[serde(default)]
    pub count: CountTest,
    #[serde(default)]
    pub window: Window,
}

/// Since when the profile has been in a segment without a break. It fails for who is not in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct TenureCondition<S: Stage> {
    pub segment: S::Segment,
    pub test: TenureTest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenureTest {
    /// For so long or longer.
    AtLeast(Span),
    /// For less than that.
    LessThan(Span),
    /// Since an instant before the moment's start.
    SinceBefore(Moment),
    /// Since the moment's start or later.
    SinceAfter(Moment),
}

impl TenureTest {
    /// Its name in the JSON form, for places.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at_least",
            Self::LessThan(_) => "less_than",
            Self::SinceBefore(_) => "since_before",
            Self::SinceAfter(_) => "since_after",
        }
    }
}
