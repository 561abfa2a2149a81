//! Who is in several segments, and what sets one of them apart from everyone else.

mod alike;
mod apart;

#[cfg(test)]
mod tests;

use roaring::RoaringTreemap;
use segops_rules::{Condition, Problem, SegmentCondition};
use serde::{Deserialize, Serialize};

use crate::as_rule::{not, rule_of};
use crate::check::Checker;
use crate::customers::{Customers, no_such_cell};
use crate::error::AnalysisError;
use crate::setting::Setting;
use crate::statistics::share;
pub(crate) use alike::run as run_alike;
pub use alike::{ALIKE_SHOWN_MAX, Alike, AlikeAnswer, AlikeFeature, AlikeProfile, AlikeReason, find_alike};
pub(crate) use apart::run as run_apart;
pub use apart::{Apart, ApartAnswer, ApartFeature};

const SEGMENTS_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    pub segments: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverlapAnswer {
    pub sizes: Vec<u64>,
    pub pairs: Vec<OverlapPair>,
    /// Every combination that somebody is in, and in no other of the segments.
    pub regions: Vec<OverlapRegion>,
    pub warnings: Vec<Problem>,
}

/// Two of the segments, by their numbers from 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverlapPair {
    pub first: usize,
    pub second: usize,
    pub both: u64,
    pub of_first: f64,
    pub of_second: f64,
    /// Those in both, of those in either.
    pub jaccard: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverlapRegion {
    pub segments: Vec<usize>,
    pub customers: u64,
}

/// Those who are in exactly these of the segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapPick {
    pub segments: Vec<usize>,
}

fn sets(
    overlap: &Overlap,
    setting: &Setting<'_>,
) -> Result<(Vec<RoaringTreemap>, Vec<Problem>), AnalysisError> {
    let mut checker = Checker::new(setting);
    checker.within("segments", "segments", overlap.segments.len(), 2, SEGMENTS_MAX);
    for (at, name) in overlap.segments.iter().enumerate() {
        checker.segment(name, &format!("segments[{at}]"));
    }
    let warnings = checker.finish()?;
    let within = |name: &String| {
        let members = setting.segments.members(name).unwrap_or_default();
        match &setting.population.members {
            None => RoaringTreemap::clone(&members),
            Some(population) => &*members & &**population,
        }
    };
    Ok((overlap.segments.iter().map(within).collect(), warnings))
}

/// # Errors
/// Something is wrong with the definition.
pub(crate) fn run(overlap: &Overlap, setting: &Setting<'_>) -> Result<OverlapAnswer, AnalysisError> {
    let (sets, warnings) = sets(overlap, setting)?;
    let mut pairs = Vec::new();
    for (first, one) in sets.iter().enumerate() {
        for (second, two) in sets.iter().enumerate().skip(first + 1) {
            let (both, either) = (one.intersection_len(two), one.union_len(two));
            let (of_first, of_second) = (share(both, one.len()), share(both, two.len()));
            pairs.push(OverlapPair {
                first,
                second,
                both,
                of_first,
                of_second,
                jaccard: share(both, either),
            });
        }
    }
    let mut regions = Vec::new();
    for combination in 1_usize..1 << sets.len() {
        let segments: Vec<usize> = (0..sets.len()).filter(|at| combination & (1 << at) != 0).collect();
        let customers = region(&sets, &segments).len();
        if customers > 0 {
            regions.push(OverlapRegion { segments, customers });
        }
    }
    regions.sort_by(|left, right| {
        right.customers.cmp(&left.customers).then_with(|| left.segments.cmp(&right.segments))
    });
    Ok(OverlapAnswer { sizes: sets.iter().map(RoaringTreemap::len).collect(), pairs, regions, warnings })
}

fn region(sets: &[RoaringTreemap], segments: &[usize]) -> RoaringTreemap {
    let mut inside: Option<RoaringTreemap> = None;
    for set in segments.iter().filter_map(|at| sets.get(*at)) {
        inside = Some(inside.map_or_else(|| set.clone(), |inside| inside & set));
    }
    let mut inside = inside.unwrap_or_default();
    for (_, set) in sets.iter().enumerate().filter(|(at, _)| !segments.contains(at)) {
        inside -= set;
    }
    inside
}

/// # Errors
/// As [`run`].
pub(crate) fn customers(
    overlap: &Overlap,
    pick: &OverlapPick,
    setting: &Setting<'_>,
) -> Result<Customers, AnalysisError> {
    let (sets, _) = sets(overlap, setting)?;
    if pick.segments.is_empty() || pick.segments.iter().any(|at| *at >= sets.len()) {
        return Err(no_such_cell("the numbers of some of the segments, from 0"));
    }
    let condition = |(at, name): (usize, &String)| {
        let is_in = Condition::Segment(SegmentCondition { segment: name.clone() });
        if pick.segments.contains(&at) { is_in } else { not(is_in) }
    };
    let conditions = overlap.segments.iter().enumerate().map(condition).collect();
    let rule = rule_of(setting.population, conditions);
    Ok(Customers::new(region(&sets, &pick.segments), rule, "the profiles' own rule is not known"))
}
