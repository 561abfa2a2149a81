//! What is known of a group's units: how many, their sum, and how far both may be off.

use rustc_hash::FxHashMap;
use segops_model::Decimal;

use super::decompose::ratio;
use super::units::Units;
use crate::statistics::count_f64;

/// Some units of both windows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stat {
    pub(super) units: [u64; 2],
    pub(super) sums: [Decimal; 2],
    squares: [f64; 2],
    /// Over profiles.
    own: [Products; 2],
    /// Over profiles, with all units of the same.
    with_all: [Cross; 2],
}

/// Sums over profiles of products of how many units each has, and what they come to.
#[derive(Debug, Clone, Copy, Default)]
struct Products {
    counts: f64,
    count_sum: f64,
    sums: f64,
}

/// The same of a group's units (first) with all units of the profile (second).
#[derive(Debug, Clone, Copy, Default)]
struct Cross {
    counts: f64,
    count_sum: f64,
    sum_count: f64,
    sums: f64,
}

/// What one profile has in each window.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    counts: [f64; 2],
    sums: [f64; 2],
}

impl Share {
    fn add(&mut self, at: usize, value: f64) {
        if let (Some(count), Some(sum)) = (self.counts.get_mut(at), self.sums.get_mut(at)) {
            *count += 1.0;
            *sum += value;
        }
    }
}

/// All units, to be counted by groups.
#[derive(Debug)]
pub(super) struct Tallies<'a> {
    units: &'a Units,
    /// By profile.
    totals: Vec<Share>,
}

/// A group's units so far: those of the profile at hand are not in the products yet.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    stat: Stat,
    profile: usize,
    here: Share,
}

impl<'a> Tallies<'a> {
    pub(super) fn new(units: &'a Units) -> Self {
        let mut totals = Vec::new();
        for (profile, is_after, value) in units.iter() {
            if totals.len() <= profile {
                totals.resize(profile + 1, Share::default());
            }
            if let Some(total) = totals.get_mut(profile) {
                total.add(usize::from(is_after), value.to_f64());
            }
        }
        Self { units, totals }
    }

    pub(super) fn all(&self) -> Stat {
        self.of(|_| Some((0, 0))).remove(&(0, 0)).unwrap_or_default()
    }

    /// By what `codes` says of each unit.
    pub(super) fn of(&self, codes: impl Fn(usize) -> Option<(u32, u32)>) -> FxHashMap<(u32, u32), Stat> {
        let mut tallies: FxHashMap<(u32, u32), Tally> = FxHashMap::default();
        for (unit, (profile, is_after, value)) in self.units.iter().enumerate() {
            if let Some(codes) = codes(unit) {
                tallies.entry(codes).or_default().add(profile, is_after, value, &self.totals);
            }
        }
        tallies.into_iter().map(|(codes, tally)| (codes, tally.finish(&self.totals))).collect()
    }
}

impl Tally {
    fn add(&mut self, profile: usize, is_after: bool, value: Decimal, totals: &[Share]) {
        if profile != self.profile {
            self.close(totals);
            self.profile = profile;
        }
        let at = usize::from(is_after);
        self.here.add(at, value.to_f64());
        if let (Some(units), Some(sum), Some(square)) =
            (self.stat.units.get_mut(at), self.stat.sums.get_mut(at), self.stat.squares.get_mut(at))
        {
            *units += 1;
            *sum = [*sum, value].into_iter().sum();
            *square += value.to_f64() * value.to_f64();
        }
    }

    /// The profile at hand has no more units.
    fn close(&mut self, totals: &[Share]) {
        let all = totals.get(self.profile).copied().unwrap_or_default();
        let here = std::mem::take(&mut self.here);
        let windows = here.counts.into_iter().zip(here.sums).zip(all.counts.into_iter().zip(all.sums));
        let places = self.stat.own.iter_mut().zip(&mut self.stat.with_all);
        for (((count, sum), (all_count, all_sum)), (own, with_all)) in windows.zip(places) {
            own.counts += count * count;
            own.count_sum += count * sum;
            own.sums += sum * sum;
            with_all.counts += count * all_count;
            with_all.count_sum += count * all_sum;
            with_all.sum_count += sum * all_count;
            with_all.sums += sum * all_sum;
        }
    }

    fn finish(mut self, totals: &[Share]) -> Stat {
        self.close(totals);
        self.stat
    }
}

impl Stat {
    /// All but these.
    pub(super) fn rest(&self, all: &Self) -> Self {
        let mut rest = self.left_of(all);
        for (at, products) in rest.own.iter_mut().enumerate() {
            if let (Some(own), Some(cross), Some(whole)) =
                (self.own.get(at), self.with_all.get(at), all.own.get(at))
            {
                products.counts = whole.counts - 2.0 * cross.counts + own.counts;
                products.count_sum = whole.count_sum - cross.count_sum - cross.sum_count + own.count_sum;
                products.sums = whole.sums - 2.0 * cross.sums + own.sums;
            }
        }
        rest
    }

    /// What is left of a group without a part of it. As if no profile had units of both: who has makes the variance
    /// greater than it is.
    fn left_of(&self, whole: &Self) -> Self {
        let mut left = *whole;
        for at in 0..2 {
            if let (Some(units), Some(own)) = (left.units.get_mut(at), self.units.get(at)) {
                *units = units.saturating_sub(*own);
            }
            if let (Some(sum), Some(own)) = (left.sums.get_mut(at), self.sums.get(at)) {
                *sum = sum.checked_sub(*own).unwrap_or_default();
            }
            if let (Some(square), Some(own)) = (left.squares.get_mut(at), self.squares.get(at)) {
                *square -= own;
            }
            if let (Some(products), Some(own)) = (left.own.get_mut(at), self.own.get(at)) {
                products.counts -= own.counts;
                products.count_sum -= own.count_sum;
                products.sums -= own.sums;
            }
        }
        left
    }

    /// The average in both windows: where a window has no units, that of the other.
    pub(super) fn averages(&self) -> [f64; 2] {
        let [before, after] = [0, 1].map(|at: usize| self.average(at));
        [before.or(after).unwrap_or_default(), after.or(before).unwrap_or_default()]
    }

    fn average(&self, at: usize) -> Option<f64> {
        let units = self.units.get(at).copied().filter(|units| *units > 0)?;
        Some(self.sums.get(at)?.to_f64() / count_f64(units))
    }

    /// The variance of the average in each window. A unit of the average over both windows is added, so that a
    /// handful that are all alike is not taken for certain.
    pub(super) fn variances(&self) -> [f64; 2] {
        let [n1, n2] = self.units.map(count_f64);
        let total = n1 + n2;
        if total < 2.0 {
            return [f64::INFINITY; 2];
        }
        let mean = (self.sums[0].to_f64() + self.sums[1].to_f64()) / total;
        let spread = ((self.squares[0] + self.squares[1]) / total - mean * mean).max(0.0);
        [0, 1].map(|at: usize| {
            let units = self.units.get(at).copied().map_or(0.0, count_f64);
            let (Some(average), Some(own)) = (self.average(at), self.own.get(at)) else {
                return f64::INFINITY;
            };
            let residuals = own.sums - 2.0 * average * own.count_sum + average * average * own.counts;
            (residuals.max(0.0) + spread) / (units + 1.0) / units
        })
    }

    /// How many more there are in the second window than its length lets expect, and the variance of that.
    pub(super) fn growth(&self, lengths: [f64; 2]) -> (f64, f64) {
        let [n1, n2] = self.units.map(count_f64);
        let second = lengths[1] / (lengths[0] + lengths[1]);
        let first = 1.0 - second;
        let [before, after] = self.own.map(|own| own.counts);
        (first * n2 - second * n1, first * first * after + second * second * before)
    }

    /// The variance of how many there are in both windows.
    pub(super) fn count_variance(&self) -> f64 {
        self.own.iter().map(|own| own.counts).sum()
    }

    /// The variance of the difference of the group's shares of all units, if it had the pooled share in both.
    pub(super) fn share_variance(&self, all: &Self, pooled: f64) -> f64 {
        [0, 1]
            .map(|at: usize| {
                let (Some(own), Some(cross), Some(whole)) =
                    (self.own.get(at), self.with_all.get(at), all.own.get(at))
                else {
                    return 0.0;
                };
                let count = all.units.get(at).copied().map_or(1.0, |units| count_f64(units).max(1.0));
                let residuals = own.counts - 2.0 * pooled * cross.counts + pooled * pooled * whole.counts;
                residuals.max(0.0) / (count * count)
            })
            .iter()
            .sum()
    }

    /// How surely its average changed otherwise than that of the rest of a group that it is a part of.
    pub(super) fn rate_apart(&self, whole: &Self) -> f64 {
        let rest = self.left_of(whole);
        let change = |stat: &Self| {
            let [before, after] = stat.averages();
            after - before
        };
        let variance = |stat: &Self| stat.variances().iter().sum::<f64>();
        ratio(change(self) - change(&rest), variance(self) + variance(&rest))
    }

    /// How surely its number grew by another factor than that of the rest of a group that it is a part of.
    pub(super) fn growth_apart(&self, whole: &Self) -> f64 {
        let growth = |stat: &Self| {
            let [n1, n2] = stat.units.map(|units| count_f64(units) + 0.5);
            let [before, after] = stat.own.map(|own| own.counts);
            (libm::log(n2 / n1), before / (n1 * n1) + after / (n2 * n2))
        };
        let (own, own_variance) = growth(self);
        let (rest, rest_variance) = growth(&self.left_of(whole));
        ratio(own - rest, own_variance + rest_variance)
    }
}
