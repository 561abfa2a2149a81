//! RFM: how recently, how often and for how much each customer bought, as scores.

mod named;
mod run;

#[cfg(test)]
mod tests;

use segops_model::{Decimal, Instant};
use segops_rules::{Problem, Window};
use serde::{Deserialize, Serialize};

pub use named::RfmSegment;
pub(crate) use run::{customers, run};

const SCORES_MAX: usize = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rfm {
    /// Which orders count.
    #[serde(default = "all_time")]
    pub window: Window,
    /// Into how many scores customers are divided; the greatest is best.
    #[serde(default = "five")]
    pub scores: usize,
    /// Only orders in this currency; needed where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

const fn all_time() -> Window {
    Window::AllTime
}

const fn five() -> usize {
    5
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RfmAnswer {
    pub customers: u64,
    pub currency: Option<String>,
    /// Where each score begins.
    pub recency: Vec<ScoreBand<Instant>>,
    pub frequency: Vec<ScoreBand<u64>>,
    pub monetary: Vec<ScoreBand<Decimal>>,
    /// Every combination that there is.
    pub cells: Vec<RfmCell>,
    /// With five scores, the customary names of regions of recency and frequency.
    pub segments: Vec<RfmSegmentRow>,
    pub warnings: Vec<Problem>,
}

/// The customers of one score, by one of the three.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreBand<T> {
    pub score: usize,
    pub from: T,
    pub to: T,
    pub customers: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RfmCell {
    pub recency: usize,
    pub frequency: usize,
    pub monetary: usize,
    pub customers: u64,
    pub orders: u64,
    pub net: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RfmSegmentRow {
    pub segment: RfmSegment,
    pub customers: u64,
    pub share: f64,
    pub orders: u64,
    pub net: Decimal,
}

/// Which customers are meant: those with all of the scores that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RfmPick {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recency: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monetary: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<RfmSegment>,
}
