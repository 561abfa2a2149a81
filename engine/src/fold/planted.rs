//! Mistakes that tests plant in the incremental apply, to see that a verify finds each. Outside tests there
//! is nothing to plant, and the questions below are constant.

use super::Fold;

/// One mistake of the kind that an incremental engine makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// An event older than the newest of its timeline is not entered.
    LateEventDropped,
    /// The instant at which a verdict changes by itself is forgotten.
    TimerLost,
    /// A timer fires a moment after the window's edge, so that its verdict is that of before.
    TimerKeepsVerdict,
    /// A timeline is cut to one entry fewer than its rules need.
    TimelineCutShort,
    /// A merge leaves the absorbed profile's timelines behind.
    MergeDropsTimelines,
    /// A merge leaves the absorbed profile's traits behind.
    MergeDropsTraits,
    /// After a merge nothing is decided anew.
    MergeNotDecided,
    /// The trait that arrives last wins, whatever its time.
    LastTraitArrivalWins,
    /// Segments that name one that has changed are not decided anew.
    DependentsForgotten,
    /// A profile that becomes identified is not decided anew.
    IdentifiedForgotten,
    /// Rules that hold of a profile with no history do not see new profiles.
    NewProfileForgotten,
    /// A message that comes twice counts twice.
    DuplicateCounted,
    /// The value of an event older than the newest of its timeline is entered as nothing.
    LateValueLost,
    /// Where both sides of a merge have values, those of the absorbed profile are left behind.
    MergeKeepsOneSidesValues,
    /// Of a timeline of the oldest events, a later one that came in first stays in the place of one that came
    /// in late.
    FirstToArriveStays,
    /// A merge cuts the oldest entries that the rules need along with those that none needs.
    MergeDropsOldest,
    /// A split leaves what the whole profile has done with one of its sides.
    SplitKeepsRecords,
    /// What came in while history was read for a split is lost.
    SplitLosesGathered,
    /// Nothing keeps the sides of a split apart.
    SplitPutsUpNoBar,
    /// A priming that was reading while a split took effect adds what it has read of the whole profile.
    SplitUnknownToPriming,
    /// Rows from before a deletion are taken in again.
    DeletionLeavesNoTombstone,
    /// Of several values of one event only the first is entered.
    OnlyFirstValueEntered,
    /// An event that shares its instant with the newest of its timeline is entered, but nothing is decided.
    SameInstantNotDecided,
    /// What an order stood for stays where it now stands for something else.
    OrderKeepsOldValue,
    /// A new threshold is recorded, and nobody is decided anew.
    ThresholdNotDecided,
    /// An order of which both sides of a merge know something stays two orders.
    MergeCountsOrdersTwice,
    /// A trait that is set to what it is already is not entered, as if nothing could come in before it.
    RepeatedTraitSetSkipped,
    /// Rules that read what was recorded of a segment are decided before the move that they wait for is
    /// recorded.
    RecordSeenLate,
    /// A merge leaves behind what was recorded of the absorbed profile.
    MergeForgetsRecord,
    /// What names a product is not matched again when the product changes.
    ProductChangeForgotten,
}

impl PlantedBug {
    /// Every mistake there is.
    pub const ALL: [Self; 30] = [
        Self::LateEventDropped,
        Self::TimerLost,
        Self::TimerKeepsVerdict,
        Self::TimelineCutShort,
        Self::MergeDropsTimelines,
        Self::MergeDropsTraits,
        Self::MergeNotDecided,
        Self::LastTraitArrivalWins,
        Self::DependentsForgotten,
        Self::IdentifiedForgotten,
        Self::NewProfileForgotten,
        Self::DuplicateCounted,
        Self::LateValueLost,
        Self::MergeKeepsOneSidesValues,
        Self::FirstToArriveStays,
        Self::MergeDropsOldest,
        Self::SplitKeepsRecords,
        Self::SplitLosesGathered,
        Self::SplitPutsUpNoBar,
        Self::SplitUnknownToPriming,
        Self::DeletionLeavesNoTombstone,
        Self::OnlyFirstValueEntered,
        Self::SameInstantNotDecided,
        Self::OrderKeepsOldValue,
        Self::MergeCountsOrdersTwice,
        Self::ThresholdNotDecided,
        Self::RepeatedTraitSetSkipped,
        Self::RecordSeenLate,
        Self::MergeForgetsRecord,
        Self::ProductChangeForgotten,
    ];
}

impl Fold {
    #[cfg(test)]
    pub(super) fn has_planted(&self, bug: PlantedBug) -> bool {
        self.planted == Some(bug)
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "with tests it asks the fold")]
    pub(super) const fn has_planted(&self, _: PlantedBug) -> bool {
        false
    }
}
