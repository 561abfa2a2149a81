//! Which analyses there are.

use serde::{Deserialize, Serialize};

use crate::basket::{self, Acquisition, AcquisitionAnswer, Basket, BasketAnswer};
use crate::change::{self, Change, ChangeAnswer};
use crate::cohorts::{self, CohortPick, Cohorts, CohortsAnswer};
use crate::customers::Customers;
use crate::error::AnalysisError;
use crate::funnel::{self, Funnel, FunnelAnswer, FunnelCell};
use crate::lifecycle::{self, Lifecycle, LifecycleAnswer, LifecyclePick};
use crate::overlap::{self, Alike, AlikeAnswer, Apart, ApartAnswer, Overlap, OverlapAnswer, OverlapPick};
use crate::predictors::{self, Predictors, PredictorsAnswer};
use crate::retention::{self, Retention, RetentionAnswer, RetentionPick};
use crate::rfm::{self, Rfm, RfmAnswer, RfmPick};
use crate::setting::Setting;
use crate::trend::{self, Trend, TrendAnswer, TrendCell};

/// What is asked of history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Analysis {
    Trend(Trend),
    Funnel(Funnel),
    Retention(Box<Retention>),
    Cohorts(Cohorts),
    Rfm(Rfm),
    Lifecycle(Lifecycle),
    Change(Box<Change>),
    Predictors(Predictors),
    Overlap(Overlap),
    Apart(Apart),
    Alike(Alike),
    Basket(Basket),
    Acquisition(Acquisition),
}

/// What history answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Trend(TrendAnswer),
    Funnel(FunnelAnswer),
    Retention(RetentionAnswer),
    Cohorts(CohortsAnswer),
    Rfm(RfmAnswer),
    Lifecycle(LifecycleAnswer),
    Change(ChangeAnswer),
    Predictors(PredictorsAnswer),
    Overlap(OverlapAnswer),
    Apart(ApartAnswer),
    Alike(AlikeAnswer),
    Basket(BasketAnswer),
    Acquisition(AcquisitionAnswer),
}

/// A part of an answer, whose customers are asked for: with the analysis that it is a part of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Trend(Trend, TrendCell),
    Funnel(Funnel, FunnelCell),
    Retention(Box<Retention>, RetentionPick),
    Cohorts(Cohorts, CohortPick),
    Rfm(Rfm, RfmPick),
    Lifecycle(Lifecycle, LifecyclePick),
    Overlap(Overlap, OverlapPick),
}

/// Computes an analysis.
///
/// # Errors
/// Something is wrong with the definition (then every problem is said), history can't be read, a limit is passed, or
/// the work was cancelled.
pub fn analyse(analysis: &Analysis, setting: &Setting<'_>) -> Result<Answer, AnalysisError> {
    match analysis {
        Analysis::Trend(trend) => trend::run(trend, setting).map(Answer::Trend),
        Analysis::Funnel(funnel) => funnel::run(funnel, setting).map(Answer::Funnel),
        Analysis::Retention(retention) => retention::run(retention, setting).map(Answer::Retention),
        Analysis::Cohorts(cohorts) => cohorts::run(cohorts, setting).map(Answer::Cohorts),
        Analysis::Rfm(rfm) => rfm::run(rfm, setting).map(Answer::Rfm),
        Analysis::Lifecycle(lifecycle) => lifecycle::run(lifecycle, setting).map(Answer::Lifecycle),
        Analysis::Change(change) => change::run(change, setting).map(Answer::Change),
        Analysis::Predictors(predictors) => predictors::run(predictors, setting).map(Answer::Predictors),
        Analysis::Overlap(overlap) => overlap::run(overlap, setting).map(Answer::Overlap),
        Analysis::Apart(apart) => overlap::run_apart(apart, setting).map(Answer::Apart),
        Analysis::Alike(alike) => overlap::run_alike(alike, setting).map(Answer::Alike),
        Analysis::Basket(basket) => basket::run(basket, setting).map(Answer::Basket),
        Analysis::Acquisition(acquisition) => {
            basket::run_acquisition(acquisition, setting).map(Answer::Acquisition)
        }
    }
}

/// Whom a part of an answer is about.
///
/// # Errors
/// As [`analyse`], and if the answer has no such part.
pub fn customers(part: &Part, setting: &Setting<'_>) -> Result<Customers, AnalysisError> {
    match part {
        Part::Trend(trend, cell) => trend::customers(trend, cell, setting),
        Part::Funnel(funnel, cell) => funnel::customers(funnel, cell, setting),
        Part::Retention(retention, pick) => retention::customers(retention, pick, setting),
        Part::Cohorts(cohorts, pick) => cohorts::customers(cohorts, pick, setting),
        Part::Rfm(rfm, pick) => rfm::customers(rfm, pick, setting),
        Part::Lifecycle(lifecycle, pick) => lifecycle::customers(lifecycle, pick, setting),
        Part::Overlap(overlap, pick) => overlap::customers(overlap, pick, setting),
    }
}
