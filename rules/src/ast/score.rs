//! Conditions on a score of the profile.

use serde::{Deserialize, Serialize};

use segops_model::Decimal;

use super::DateWindow;

/// What is asked of a score of the profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreCondition {
    /// The score's name.
    pub score: String,
    pub test: ScoreTest,
}

/// A test of a score. Of a profile that has none, every test is false.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreTest {
    LessThan(Decimal),
    AtMost(Decimal),
    MoreThan(Decimal),
    AtLeast(Decimal),
    Exactly(Decimal),
    /// From the first to the second, both included.
    Between(Decimal, Decimal),
    /// The score is a date, and lies in the window.
    Date(DateWindow),
    /// The profile has the score.
    Exists,
}

/// What a score is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreKind {
    Number,
    Date,
}

impl ScoreKind {
    /// The word for it, as in `a number`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Date => "date",
        }
    }
}

impl ScoreTest {
    /// The kind of score that it can be asked of; none where it only asks whether there is one.
    #[must_use]
    pub const fn kind(&self) -> Option<ScoreKind> {
        match self {
            Self::LessThan(_)
            | Self::AtMost(_)
            | Self::MoreThan(_)
            | Self::AtLeast(_)
            | Self::Exactly(_)
            | Self::Between(..) => Some(ScoreKind::Number),
            Self::Date(_) => Some(ScoreKind::Date),
            Self::Exists => None,
        }
    }

    /// The numbers that it compares with.
    #[must_use]
    pub fn bounds(&self) -> Vec<Decimal> {
        match self {
            Self::LessThan(bound)
            | Self::AtMost(bound)
            | Self::MoreThan(bound)
            | Self::AtLeast(bound)
            | Self::Exactly(bound) => vec![*bound],
            Self::Between(low, high) => vec![*low, *high],
            Self::Date(_) | Self::Exists => Vec::new(),
        }
    }

    /// Whether a number passes. No number passes what is asked of a date.
    #[must_use]
    pub fn passes(&self, number: Decimal) -> bool {
        match self {
            Self::LessThan(bound) => number < *bound,
            Self::AtMost(bound) => number <= *bound,
            Self::MoreThan(bound) => number > *bound,
            Self::AtLeast(bound) => number >= *bound,
            Self::Exactly(bound) => number == *bound,
            Self::Between(low, high) => (*low..=*high).contains(&number),
            Self::Date(_) => false,
            Self::Exists => true,
        }
    }
}
