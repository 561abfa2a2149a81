//! The profiles most like the members of a segment, who are no members themselves, and what makes them so.
//!
//! A model of who is a member is fitted over everyone: a logistic regression on what profiles have or have not, with a
//! ridge (see `logistic`). Features are those by which `apart` tells members from others (events done, values of
//! properties of orders and lines, traits) and bands of how often, how recently and for how much profiles order. Who
//! is no member and has the highest probability of being one is most alike. What each feature adds is its coefficient
//! times how far the profile is from the average, so that the additions of all features and the average come to the
//! log-odds.

use std::collections::BinaryHeap;

use segops_model::ProfileId;
use segops_rules::{Code, Problem, Severity, Window};
use serde::{Deserialize, Serialize};

use super::apart::{Apart, Habits, Known, gather};
use crate::error::AnalysisError;
use crate::groups::Dimension;
use crate::logistic::{Fit, fit_with, linear, logistic};
use crate::predictors::said;
use crate::setting::Setting;
use crate::statistics::{count_f64, share, to_f64, two_proportions};

/// Profiles that an analysis shows.
pub const ALIKE_SHOWN_MAX: u64 = 1_000;
/// Features that members could differ by.
const CANDIDATES_MAX: usize = 400;
/// Features of the model: those by which members differ most surely.
const FEATURES_MAX: usize = 64;
/// Members, and others, that the model is fitted to: of more, as many at equal distances.
const FITTED_MAX: usize = 100_000;
/// Of every band so many profiles, and so many not.
const BAND_UNITS_MIN: u64 = 30;
/// The weight of the ridge: a feature changes the odds by more than about seven times only where much speaks for it.
const RIDGE: f64 = 1.0;
/// Reasons that are given for one profile.
const REASONS: usize = 3;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alike {
    pub segment: String,
    /// How many profiles.
    #[serde(default = "some")]
    pub count: u64,
    /// When events and orders count.
    #[serde(default = "all_time")]
    pub window: Window,
    /// What is looked at beside which events profiles did and how they order; none: every property of orders and of
    /// their lines, and every trait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
}

const fn some() -> u64 {
    100
}

const fn all_time() -> Window {
    Window::AllTime
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlikeAnswer {
    pub members: u64,
    pub others: u64,
    /// What the model goes by, the weightiest first.
    pub features: Vec<AlikeFeature>,
    /// The most alike first; of equals the one with the lower id.
    pub profiles: Vec<AlikeProfile>,
    pub warnings: Vec<Problem>,
}

/// Something that profiles have or have not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlikeFeature {
    pub feature: String,
    /// What having it adds to the log-odds of being a member, all else being equal.
    pub adds: f64,
    pub share_members: f64,
    pub share_others: f64,
}

/// Someone who is no member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlikeProfile {
    pub profile: ProfileId,
    /// The probability of being a member, by the model.
    pub likeness: f64,
    /// What speaks for it most, against the average of everyone.
    pub reasons: Vec<AlikeReason>,
}

/// What a feature adds for one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlikeReason {
    /// By its number among the answer's.
    pub feature: usize,
    /// Whether it is that the profile has it not.
    pub is_absent: bool,
    /// To the log-odds.
    pub adds: f64,
}

/// # Errors
/// Something is wrong with the definition, nobody is a member, or history can't be read.
pub(crate) fn run(alike: &Alike, setting: &Setting<'_>) -> Result<AlikeAnswer, AnalysisError> {
    if !(1..=ALIKE_SHOWN_MAX).contains(&alike.count) {
        let expected = format!("1 to {ALIKE_SHOWN_MAX}; more come in a recorded result");
        return Err(wrong("count", &format!("{} profiles", alike.count), &expected));
    }
    find_alike(alike, setting)
}

/// As the analysis, of however many profiles.
///
/// # Errors
/// As there.
pub fn find_alike(alike: &Alike, setting: &Setting<'_>) -> Result<AlikeAnswer, AnalysisError> {
    let asked = Apart {
        segment: alike.segment.clone(),
        window: alike.window.clone(),
        dimensions: alike.dimensions.clone(),
    };
    let Known { table, profiles, habits, warnings } = gather(&asked, setting)?;
    let chosen = table.chosen(CANDIDATES_MAX);
    let mut labels: Vec<String> = chosen.features.iter().map(|(_, feature)| said(feature)).collect();
    let mut units = chosen.units;
    add_bands(&habits, &mut labels, &mut units);
    let all = Shares::of(labels.len(), &units);
    if all.members == 0 || all.others == 0 {
        let found = if all.members == 0 { "nobody is in it" } else { "everybody is in it" };
        return Err(wrong("segment", found, "a segment with members, and others beside them"));
    }
    let kept = all.surest(FEATURES_MAX);
    if kept.is_empty() {
        return Err(wrong(
            "segment",
            "nothing tells its members from others",
            "something that at least 30 profiles have, and 30 have not",
        ));
    }
    renumber(&kept, &mut units);
    let mut fit = fitted(kept.len(), &units)
        .ok_or_else(|| wrong("segment", "no model of its members is found", "other dimensions"))?;
    let order = weightiest_first(&mut fit, &mut units);
    let features = order.iter().zip(fit.coefficients.iter().skip(1)).filter_map(|(at, adds)| {
        let feature = *kept.get(*at)?;
        let (with, without) = *all.with.get(feature)?;
        Some(AlikeFeature {
            feature: labels.get(feature)?.clone(),
            adds: *adds,
            share_members: share(with, all.members),
            share_others: share(without, all.others),
        })
    });
    let features: Vec<AlikeFeature> = features.collect();
    let everywhere = count_f64(all.members + all.others);
    let averages: Vec<f64> = features
        .iter()
        .map(|one| {
            (one.share_members * count_f64(all.members) + one.share_others * count_f64(all.others))
                / everywhere
        })
        .collect();
    let found = most_alike(alike.count, &profiles, &units, &fit);
    let shown = found.into_iter().filter_map(|(log_odds, at)| {
        let active = &units.get(at)?.0;
        Some(AlikeProfile {
            profile: ProfileId(*profiles.get(at)?),
            likeness: logistic(log_odds),
            reasons: reasons(active, &fit, &averages),
        })
    });
    let profiles = shown.collect();
    Ok(AlikeAnswer { members: all.members, others: all.others, features, profiles, warnings })
}

fn wrong(place: &str, found: &str, expected: &str) -> AnalysisError {
    AnalysisError::Definition(vec![Problem {
        code: Code::UnsupportedValue,
        severity: Severity::Error,
        message: format!("nothing can be like this: {found}"),
        span: None,
        place: Some(place.to_owned()),
        expected: Some(expected.to_owned()),
        suggestion: None,
    }])
}

type Unit = (Vec<u16>, bool);
/// What is read of someone's habits.
type Habit = fn(&Habits) -> Option<i64>;

/// Four bands with about as many profiles each, of each habit.
fn add_bands(habits: &[Habits], labels: &mut Vec<String>, units: &mut [Unit]) {
    let read: [(&str, &str, Habit); 3] = [
        ("", " orders", |habits| (habits.orders > 0).then_some(habits.orders)),
        ("last order ", " days ago", |habits| habits.days_since),
        ("spent ", "", |habits| habits.spent),
    ];
    for (before, after, value) in read {
        let mut values: Vec<i64> = habits.iter().filter_map(value).collect();
        values.sort_unstable();
        let quarter = |number: usize| values.get(values.len() * number / 4).copied();
        let mut cuts: Vec<i64> = [1, 2, 3].into_iter().filter_map(quarter).collect();
        cuts.dedup();
        let (Some(least), Some(greatest)) = (values.first().copied(), values.last().copied()) else {
            continue;
        };
        let starts: Vec<i64> =
            std::iter::once(least).chain(cuts.into_iter().filter(|cut| *cut > least)).collect();
        for (at, from) in starts.iter().enumerate() {
            let end = starts.get(at + 1).map_or(greatest, |next| next - 1);
            let is_in = |habits: &Habits| value(habits).is_some_and(|value| (*from..=end).contains(&value));
            let count = habits.iter().filter(|habits| is_in(habits)).count() as u64;
            if count < BAND_UNITS_MIN || (habits.len() as u64) - count < BAND_UNITS_MIN {
                continue;
            }
            let Ok(number) = u16::try_from(labels.len()) else { return };
            let band = if *from == end { from.to_string() } else { format!("{from} to {end}") };
            labels.push(format!("{before}{band}{after}"));
            let having = units.iter_mut().zip(habits).filter(|(_, habits)| is_in(habits));
            having.for_each(|((active, _), _)| active.push(number));
        }
    }
}

/// Of each feature, how many members and others have it.
struct Shares {
    members: u64,
    others: u64,
    with: Vec<(u64, u64)>,
}

impl Shares {
    fn of(features: usize, units: &[Unit]) -> Self {
        let mut shares = Self { members: 0, others: 0, with: vec![(0, 0); features] };
        for (active, is_member) in units {
            let all = if *is_member { &mut shares.members } else { &mut shares.others };
            *all += 1;
            for feature in active {
                if let Some((members, others)) = shares.with.get_mut(usize::from(*feature)) {
                    *if *is_member { members } else { others } += 1;
                }
            }
        }
        shares
    }

    /// The features by which members differ most surely, in the order of their numbers.
    fn surest(&self, max: usize) -> Vec<usize> {
        let all = (count_f64(self.members), count_f64(self.others));
        let z = |(members, others): &(u64, u64)| {
            two_proportions((count_f64(*members), all.0), (count_f64(*others), all.1)).abs()
        };
        let mut ranked: Vec<(f64, usize)> =
            self.with.iter().enumerate().map(|(at, with)| (z(with), at)).filter(|(z, _)| *z > 0.0).collect();
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let mut kept: Vec<usize> = ranked.into_iter().take(max).map(|(_, at)| at).collect();
        kept.sort_unstable();
        kept
    }
}

/// Leaves each unit only the features that are kept, by their new numbers.
fn renumber(kept: &[usize], units: &mut [Unit]) {
    for (active, _) in units {
        let new = active.iter().filter_map(|feature| {
            let at = kept.binary_search(&usize::from(*feature)).ok()?;
            u16::try_from(at).ok()
        });
        *active = new.collect();
    }
}

/// Fits the model to members and others, each thinned out to a bounded number; the intercept is that of everyone
/// (G. King, L. Zeng, Political Analysis 9, 2001, section 4.1).
fn fitted(features: usize, units: &[Unit]) -> Option<Fit> {
    let of = |is_member: bool| units.iter().filter(move |(_, outcome)| *outcome == is_member);
    let step = |is_member| of(is_member).count().div_ceil(FITTED_MAX).max(1);
    let (members, others) = (step(true), step(false));
    if members == 1 && others == 1 {
        return fit_with(features, units, RIDGE);
    }
    let thinned: Vec<Unit> = of(true).step_by(members).chain(of(false).step_by(others)).cloned().collect();
    let mut fit = fit_with(features, &thinned, RIDGE)?;
    if let Some(intercept) = fit.coefficients.first_mut() {
        *intercept += libm::log(to_f64(members) / to_f64(others));
    }
    Some(fit)
}

/// Puts the features in the order of their weight; which each was.
fn weightiest_first(fit: &mut Fit, units: &mut [Unit]) -> Vec<usize> {
    let weights: Vec<f64> = fit.coefficients.iter().skip(1).copied().collect();
    let weight = |at: &usize| weights.get(*at).copied().unwrap_or_default().abs();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|left, right| weight(right).total_cmp(&weight(left)).then(left.cmp(right)));
    let mut new = vec![0_u16; order.len()];
    for (number, at) in (0_u16..).zip(&order) {
        if let (Some(place), Some(coefficient)) =
            (new.get_mut(*at), fit.coefficients.get_mut(usize::from(number) + 1))
        {
            *place = number;
            *coefficient = weights.get(*at).copied().unwrap_or_default();
        }
    }
    for (active, _) in units {
        active.iter_mut().for_each(|one| *one = new.get(usize::from(*one)).copied().unwrap_or_default());
        active.sort_unstable();
    }
    order
}

/// Someone on the way to be among the most alike: the greatest is the first to go.
#[derive(PartialEq)]
struct Candidate {
    log_odds: f64,
    profile: u64,
    at: usize,
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.log_odds.total_cmp(&self.log_odds).then(self.profile.cmp(&other.profile))
    }
}

/// The log-odds and the places of those who are no members and most alike, the most alike first.
fn most_alike(count: u64, profiles: &[u64], units: &[Unit], fit: &Fit) -> Vec<(f64, usize)> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut best: BinaryHeap<Candidate> = BinaryHeap::new();
    for (at, ((active, is_member), profile)) in units.iter().zip(profiles).enumerate() {
        if *is_member {
            continue;
        }
        best.push(Candidate { log_odds: linear(&fit.coefficients, active), profile: *profile, at });
        if best.len() > count {
            best.pop();
        }
    }
    best.into_sorted_vec().into_iter().map(|one| (one.log_odds, one.at)).collect()
}

/// What speaks most for a profile, against the average of everyone.
fn reasons(active: &[u16], fit: &Fit, averages: &[f64]) -> Vec<AlikeReason> {
    let coefficients = fit.coefficients.iter().skip(1);
    let all = coefficients.zip(averages).enumerate().map(|(feature, (coefficient, average))| {
        let has = u16::try_from(feature).is_ok_and(|number| active.binary_search(&number).is_ok());
        let adds = coefficient * (if has { 1.0 } else { 0.0 } - average);
        AlikeReason { feature, is_absent: !has, adds }
    });
    let mut reasons: Vec<AlikeReason> = all.filter(|reason| reason.adds > 0.0).collect();
    reasons.sort_by(|left, right| right.adds.total_cmp(&left.adds).then(left.feature.cmp(&right.feature)));
    reasons.truncate(REASONS);
    reasons
}
