//! What units have or have not, and how a share differs between those with it and those without.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::groups::{Dimension, Group};
use crate::statistics::{Z_95, benjamini_hochberg, count_f64, newcombe, two_proportions, two_sided};

/// Units that have to have a feature, and not to have it, for it to be looked at.
const UNITS_MIN: u64 = 30;
/// Values of one dimension that are features: those with most units.
const VALUES_MAX: usize = 30;
/// Values of all dimensions that are counted.
const COUNTED_MAX: usize = 100_000;

/// Something that a unit has or has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// A value of a property, or of a trait.
    Value { by: Dimension, group: Group },
    /// The order was of an amount between these, both included: one of four bands with about as many orders.
    OrderValue { from: segops_model::Decimal, to: segops_model::Decimal },
    /// The order had a discount.
    Discounted,
    /// The order was of more than one article.
    SeveralArticles,
    /// The profile did such an event.
    Did(String),
}

/// How a share differs with a feature. All intervals are of 95%.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    pub with: u64,
    pub with_outcome: u64,
    pub without: u64,
    pub without_outcome: u64,
    pub share_with: f64,
    pub share_without: f64,
    pub difference: Interval95,
    /// How many times the one share is of the other; absent where that is 0.
    pub lift: Option<Interval95>,
    pub p: f64,
    /// Adjusted for all features by Benjamini and Hochberg: of those below q, at most q are false on average.
    pub q: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval95 {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
}

impl Contrast {
    pub(crate) fn new(with: (u64, u64), without: (u64, u64)) -> Self {
        let as_f64 = |(outcome, units): (u64, u64)| (count_f64(outcome), count_f64(units));
        let (one, two) = (as_f64(with), as_f64(without));
        let share = |(outcome, units): (f64, f64)| if units > 0.0 { outcome / units } else { 0.0 };
        let (low, high) = newcombe(one, two);
        Self {
            with: with.1,
            with_outcome: with.0,
            without: without.1,
            without_outcome: without.0,
            share_with: share(one),
            share_without: share(two),
            difference: Interval95 { estimate: share(one) - share(two), low, high },
            lift: lift(one, two),
            p: two_sided(two_proportions(one, two)),
            q: 1.0,
        }
    }
}

/// The ratio of two shares with the interval of its logarithm (D. Katz and others, Biometrics 34, 1978).
fn lift(one: (f64, f64), two: (f64, f64)) -> Option<Interval95> {
    if one.0 <= 0.0 || two.0 <= 0.0 {
        return None;
    }
    let estimate = (one.0 / one.1) / (two.0 / two.1);
    let error = libm::sqrt(1.0 / one.0 - 1.0 / one.1 + 1.0 / two.0 - 1.0 / two.1);
    let factor = libm::exp(Z_95 * error);
    Some(Interval95 { estimate, low: estimate / factor, high: estimate * factor })
}

/// Adjusts the p-values of all contrasts for each other.
pub(crate) fn adjust<'a>(contrasts: impl Iterator<Item = &'a mut Contrast>) {
    let contrasts: Vec<&mut Contrast> = contrasts.collect();
    let p_values: Vec<f64> = contrasts.iter().map(|contrast| contrast.p).collect();
    for (contrast, q) in contrasts.into_iter().zip(benjamini_hochberg(&p_values)) {
        contrast.q = q;
    }
}

/// Units with their features and an outcome.
#[derive(Debug, Default)]
pub(crate) struct Table {
    numbers: FxHashMap<(usize, String), u32>,
    /// The dimension of each feature, its spelling, and how many units have it.
    features: Vec<(usize, Feature, u64)>,
    units: Vec<(Vec<u32>, bool)>,
}

/// The features that are looked at, and the units with the numbers of these.
pub(crate) struct Chosen {
    /// With the number of the dimension.
    pub(crate) features: Vec<(usize, Feature)>,
    pub(crate) units: Vec<(Vec<u16>, bool)>,
}

impl Table {
    /// Adds a unit. Each feature has the number of its dimension and a key within it.
    pub(crate) fn add(&mut self, features: impl Iterator<Item = (usize, String, Feature)>, outcome: bool) {
        let mut numbers: Vec<u32> = Vec::new();
        for (dimension, key, feature) in features {
            let known = self.numbers.get(&(dimension, key.clone())).copied();
            let number = match known {
                Some(number) => number,
                None if self.features.len() >= COUNTED_MAX => continue,
                None => {
                    let number = u32::try_from(self.features.len()).unwrap_or(u32::MAX);
                    self.numbers.insert((dimension, key), number);
                    self.features.push((dimension, feature, 0));
                    number
                }
            };
            numbers.push(number);
        }
        numbers.sort_unstable();
        numbers.dedup();
        for number in &numbers {
            if let Some((_, _, units)) = self.features.get_mut(*number as usize) {
                *units += 1;
            }
        }
        self.units.push((numbers, outcome));
    }

    pub(crate) const fn len(&self) -> usize {
        self.units.len()
    }

    /// The features that enough units have and have not: of each dimension those with most, in all at most `max`.
    pub(crate) fn chosen(self, max: usize) -> Chosen {
        let all = self.units.len() as u64;
        let mut candidates: Vec<(u64, usize)> = self
            .features
            .iter()
            .enumerate()
            .filter(|(_, (_, _, units))| *units >= UNITS_MIN && all - units >= UNITS_MIN)
            .map(|(at, (_, _, units))| (*units, at))
            .collect();
        candidates.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        let mut of_dimension: FxHashMap<usize, usize> = FxHashMap::default();
        candidates.retain(|(_, at)| {
            let dimension = self.features.get(*at).map_or(0, |(dimension, _, _)| *dimension);
            let count = of_dimension.entry(dimension).or_default();
            *count += 1;
            *count <= VALUES_MAX
        });
        candidates.truncate(max);
        let mut new_numbers = vec![None; self.features.len()];
        let mut features = Vec::new();
        for (number, (_, at)) in (0_u16..).zip(&candidates) {
            if let (Some(place), Some((dimension, feature, _))) =
                (new_numbers.get_mut(*at), self.features.get(*at))
            {
                *place = Some(number);
                features.push((*dimension, feature.clone()));
            }
        }
        let renumbered = |numbers: Vec<u32>| -> Vec<u16> {
            numbers.iter().filter_map(|number| new_numbers.get(*number as usize).copied().flatten()).collect()
        };
        let units = self.units.into_iter().map(|(numbers, outcome)| (renumbered(numbers), outcome)).collect();
        Chosen { features, units }
    }
}

impl Chosen {
    /// How many units have each feature, with the outcome and in all; and the same of all units.
    pub(crate) fn counts(&self) -> (Vec<(u64, u64)>, (u64, u64)) {
        let (mut counts, mut all) = (vec![(0, 0); self.features.len()], (0, 0));
        for (features, outcome) in &self.units {
            all = (all.0 + u64::from(*outcome), all.1 + 1);
            for feature in features {
                if let Some(count) = counts.get_mut(usize::from(*feature)) {
                    *count = (count.0 + u64::from(*outcome), count.1 + 1);
                }
            }
        }
        (counts, all)
    }
}
