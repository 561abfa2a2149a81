//! Analyses of the whole event history: trends, funnels, retention, cohorts, RFM, lifecycle, why a metric changed,
//! what predicts an outcome, overlaps of segments, what is bought together.
//!
//! Every analysis is a definition and an answer, both plain data: [`analyse`] makes one of the other, and
//! [`customers`] names those whom a part of an answer is about. All go through history in one way (`walk`): profile
//! after profile, in the order in which parts have the rows, so that memory holds one profile and the answer.
//!
//! This crate knows nothing of HTTP, journals or the engine: it is given a snapshot of the history, the names that
//! there are, who is in which segment, and an instant.

mod amount;
mod analysis;
mod as_rule;
mod basket;
mod change;
mod check;
mod cohorts;
mod customers;
mod error;
mod event_definition;
mod features;
mod funnel;
mod groups;
mod lifecycle;
mod logistic;
mod overlap;
mod periods;
mod predictors;
mod retention;
mod rfm;
mod setting;
mod sheet;
mod statistics;
mod trend;
mod values;
mod walk;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use analysis::{Analysis, Answer, Part, analyse, customers};
pub use basket::{Acquired, Acquisition, AcquisitionAnswer, Basket, BasketAnswer, BasketKind, BasketPair};
pub use change::{
    Cause, CauseGroup, Change, ChangeAnswer, Conversion, DimensionEffects, Effect, GroupEffect, Level, Metric,
};
pub use cohorts::{CohortPick, CohortValue, Cohorts, CohortsAnswer, FollowUp, OrderCohort};
pub use customers::Customers;
pub use error::AnalysisError;
pub use event_definition::EventDefinition;
pub use features::{Contrast, Feature, Interval95};
pub use funnel::{
    Durations, Exclusion, Funnel, FunnelAnswer, FunnelCell, FunnelCount, FunnelOutcome, FunnelRow,
    FunnelStep, StepOrder,
};
pub use groups::{Breakdown, Dimension, Group};
pub use lifecycle::{Flow, Lifecycle, LifecycleAnswer, LifecyclePick, Stage, StageCount};
pub use overlap::{
    ALIKE_SHOWN_MAX, Alike, AlikeAnswer, AlikeFeature, AlikeProfile, AlikeReason, Apart, ApartAnswer,
    ApartFeature, Overlap, OverlapAnswer, OverlapPair, OverlapPick, OverlapRegion, find_alike,
};
pub use periods::{Bucket, Interval};
pub use predictors::{Adjusted, Outcome, Predictor, Predictors, PredictorsAnswer};
pub use retention::{Cohort, Retention, RetentionAnswer, RetentionCell, RetentionPick, ReturnCount};
pub use rfm::{Rfm, RfmAnswer, RfmCell, RfmPick, RfmSegment, RfmSegmentRow, ScoreBand};
pub use setting::{NoSegments, Population, ProfileSet, Segments, Setting, Unwatched, Watcher};
pub use sheet::Sheet;
pub use trend::{Comparison, Measure, Series, Trend, TrendAnswer, TrendCell, TrendRow};
