//! Conditions on what a trait was, and when it became something else.

use serde::{Deserialize, Serialize};

use segops_model::Path;

use super::{Test, Window};
use crate::time::{Moment, Span};

/// A condition on the values that a trait of the profile has had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitHistoryCondition {
    #[serde(rename = "trait")]
    pub path: Path,
    pub test: HistoryTest,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryTest {
    /// The value passes a test now, and has done so without a break for so long.
    Held {
        state: StateTest,
        #[serde(rename = "for")]
        time: HeldFor,
    },
    /// The value became another in the window: one that passed `from` one that passes `to`.
    Changed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<StateTest>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<StateTest>,
        #[serde(default)]
        window: Window,
    },
    /// The value passed a test at a time that is past.
    Was { state: StateTest, when: PastTime },
}

/// One time of which a trait's value is asked; while it is still to come, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastTime {
    /// So long before now.
    Ago(Span),
    /// The end of a local day.
    On(jiff::civil::Date),
    At(Moment),
}

/// A test of the value that a trait had at one time; a missing value passes the negative ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateTest {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_case: bool,
    pub test: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldFor {
    /// Since now-D or earlier.
    AtLeast(Span),
    /// Since after now-D.
    LessThan(Span),
}

impl HeldFor {
    #[must_use]
    pub const fn span(self) -> Span {
        match self {
            Self::AtLeast(span) | Self::LessThan(span) => span,
        }
    }
}
