//! The customary names of regions of recency and frequency scores from 1 to 5.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RfmSegment {
    Champions,
    Loyal,
    PotentialLoyalists,
    NewCustomers,
    Promising,
    NeedAttention,
    AboutToSleep,
    CannotLose,
    AtRisk,
    Hibernating,
}

impl RfmSegment {
    pub(super) const ALL: [Self; 10] = [
        Self::Champions,
        Self::Loyal,
        Self::PotentialLoyalists,
        Self::NewCustomers,
        Self::Promising,
        Self::NeedAttention,
        Self::AboutToSleep,
        Self::CannotLose,
        Self::AtRisk,
        Self::Hibernating,
    ];

    /// The region of two scores. Every pair is in exactly one.
    pub(super) fn of(recency: usize, frequency: usize) -> Self {
        use RfmSegment as S;
        /// A row for each recency from 1 to 5, a column for each frequency.
        const REGIONS: [[RfmSegment; 5]; 5] = [
            [S::Hibernating, S::Hibernating, S::AtRisk, S::AtRisk, S::CannotLose],
            [S::Hibernating, S::Hibernating, S::AtRisk, S::AtRisk, S::CannotLose],
            [S::AboutToSleep, S::AboutToSleep, S::NeedAttention, S::Loyal, S::Loyal],
            [S::Promising, S::PotentialLoyalists, S::PotentialLoyalists, S::Loyal, S::Loyal],
            [S::NewCustomers, S::PotentialLoyalists, S::PotentialLoyalists, S::Champions, S::Champions],
        ];
        let row = REGIONS.get(recency.saturating_sub(1));
        row.and_then(|row| row.get(frequency.saturating_sub(1))).copied().unwrap_or(Self::Hibernating)
    }
}
