//! Takes a change apart, and finds what of it stands out.
//!
//! **Contributions.** With w the share of a group among the units, r its average and R the average of all, the
//! change of an average is the sum over the groups of `(w2 - w1) * ((r1 + r2) / 2 - (R1 + R2) / 2)`, the mix, and `(r2 - r1) *
//! (w1 + w2) / 2`, the rate (E. M. Kitagawa, J. Am. Stat. Assoc. 50, 1955, symmetric in the two windows, with the mix
//! counted from the average). Of a sum over units it is `(n2 - n1) * (r1 + r2) / 2` and `(r2 - r1) * (n1 + n2) / 2`. A
//! group without units in one window has the other window's average there.
//!
//! **Evidence.** What one profile did hangs together: variances are of the sums over profiles (residuals of the ratio
//! estimator, W. G. Cochran, Sampling Techniques, 3rd edition 1977, section 9A), so that a few who order often are no
//! more than a few. A group's rate stands out if it changed, and changed otherwise than that of all others: the
//! weaker of the two normal statistics counts (an intersection-union test: R. L. Berger, Technometrics 24, 1982). Its
//! mix stands out if its number changed, its share did, and, for averages, its level is not that of the others: the weakest
//! counts again, the product of the last two by the delta method with the product of variances (L. A. Goodman, J. Am.
//! Stat. Assoc. 55, 1960). P-values are adjusted for all groups of all dimensions and pairs by Benjamini and
//! Yekutieli, since they depend on each other.
//!
//! **Order.** By the square of the statistic; a pair has to bring more than the logarithm of the number of units over
//! what a single group does, as another parameter of a model has to (G. Schwarz, Annals of Statistics 6, 1978). Where
//! the rest of one of its groups changed no otherwise by the same measure, the pair comes after that group: it is that
//! group's change, seen in a part of it.

use segops_model::Decimal;

use super::stat::{Stat, Tallies};
use super::units::{Grouped, Units};
use super::{Cause, CauseGroup, DimensionEffects, Effect, GroupEffect, Kind, Level};
use crate::amount::{average, divided};
use crate::groups::Group;
use crate::statistics::{Z_95, benjamini_yekutieli, count_f64, two_sided};

/// Units that a group has to have, in both windows together, for its effects to be looked at.
const UNITS_MIN: u64 = 30;
/// Adjusted p-values below this are told.
const LEVEL: f64 = 0.01;

/// Everything that is found.
pub(super) struct Found {
    pub(super) before: Level,
    pub(super) after: Level,
    pub(super) change: Decimal,
    pub(super) causes: Vec<Cause>,
    pub(super) dimensions: Vec<DimensionEffects>,
    pub(super) tests: usize,
}

/// An effect that was looked at.
struct Tested {
    stat: Stat,
    groups: Vec<(usize, usize)>,
    effect: Effect,
    statistic: f64,
    contribution: f64,
    half: f64,
}

/// Takes the change apart. `lengths` are how long the windows are.
pub(super) fn decompose(mut units: Units, kind: Kind, lengths: [f64; 2]) -> Found {
    let grouped = units.grouped();
    let tallies = Tallies::new(&units);
    let all = tallies.all();
    let level = |at: usize| {
        let (count, sum) =
            (all.units.get(at).copied().unwrap_or_default(), all.sums.get(at).copied().unwrap_or_default());
        let value = match kind {
            Kind::Total => Some(sum),
            Kind::Ratio => average(sum, count),
        };
        Level { units: count, value: value.unwrap_or_default() }
    };
    let (before, after) = (level(0), level(1));
    let change = after.value.checked_sub(before.value).unwrap_or_default();
    let mut tested = Vec::new();
    let mut dimensions = Vec::new();
    for (at, one) in grouped.iter().enumerate() {
        let stats = tallies.of(|unit| one.codes.get(unit).map(|code| (*code, 0)));
        let mut effects = Vec::new();
        for (number, group) in one.groups.iter().enumerate() {
            let stat = code_of(number).and_then(|code| stats.get(&(code, 0))).copied().unwrap_or_default();
            effects.push(effect_of(group.clone(), &stat, &all, kind));
            test(&stat, &all, kind, lengths, &[(at, number)], &mut tested);
        }
        exact(&mut effects, change, kind);
        dimensions.push(DimensionEffects { by: one.by.clone(), groups: effects });
    }
    for (left_at, left) in grouped.iter().enumerate() {
        for (right_at, right) in grouped.iter().enumerate().skip(left_at + 1) {
            let stats = tallies.of(|unit| Some((*left.codes.get(unit)?, *right.codes.get(unit)?)));
            let mut pairs: Vec<_> = stats.into_iter().collect();
            pairs.sort_unstable_by_key(|(codes, _)| *codes);
            for ((left_code, right_code), stat) in pairs {
                let groups = [(left_at, left_code as usize), (right_at, right_code as usize)];
                test(&stat, &all, kind, lengths, &groups, &mut tested);
            }
        }
    }
    let tests = tested.len();
    let causes = causes(tested, &grouped, libm::log(count_f64((all.units[0] + all.units[1]).max(1))));
    Found { before, after, change, causes, dimensions, tests }
}

fn code_of(number: usize) -> Option<u32> {
    u32::try_from(number).ok()
}

/// The mix and the rate of a group.
fn effects(stat: &Stat, all: &Stat, kind: Kind) -> (f64, f64) {
    let [r1, r2] = stat.averages();
    let [n1, n2] = stat.units.map(count_f64);
    match kind {
        Kind::Total => ((n2 - n1) * f64::midpoint(r1, r2), (r2 - r1) * f64::midpoint(n1, n2)),
        Kind::Ratio => {
            let [all1, all2] = all.units.map(|units| count_f64(units).max(1.0));
            let (w1, w2) = (n1 / all1, n2 / all2);
            let [whole1, whole2] = all.averages();
            let level = f64::midpoint(r1, r2) - f64::midpoint(whole1, whole2);
            ((w2 - w1) * level, (r2 - r1) * f64::midpoint(w1, w2))
        }
    }
}

fn effect_of(group: Group, stat: &Stat, all: &Stat, kind: Kind) -> GroupEffect {
    let (mix, rate) = effects(stat, all, kind);
    let [mut mix, rate] = [mix, rate].map(|effect| Decimal::from_f64(effect).unwrap_or_default());
    if kind == Kind::Total {
        // The whole is exact, and what is not the rate is the mix.
        let whole = stat.sums[1].checked_sub(stat.sums[0]).unwrap_or_default();
        mix = whole.checked_sub(rate).unwrap_or_default();
    }
    let value = |at: usize| divided(*stat.sums.get(at)?, Decimal::from_u64(*stat.units.get(at)?));
    GroupEffect {
        group,
        units_before: stat.units[0],
        units_after: stat.units[1],
        value_before: value(0),
        value_after: value(1),
        mix,
        rate,
        contribution: [mix, rate].into_iter().sum(),
    }
}

/// Puts what rounding has left over into the greatest contribution, so that all of them come to the change.
fn exact(effects: &mut [GroupEffect], change: Decimal, kind: Kind) {
    let sum: Decimal = effects.iter().map(|effect| effect.contribution).sum();
    let left = change.checked_sub(sum).unwrap_or_default();
    let greatest = effects.iter_mut().max_by_key(|effect| effect.contribution.billionths().abs());
    if let Some(greatest) = greatest.filter(|_| left != Decimal::ZERO && kind == Kind::Ratio) {
        greatest.rate = [greatest.rate, left].into_iter().sum();
        greatest.contribution = [greatest.contribution, left].into_iter().sum();
    }
}

fn test(
    stat: &Stat,
    all: &Stat,
    kind: Kind,
    lengths: [f64; 2],
    groups: &[(usize, usize)],
    tested: &mut Vec<Tested>,
) {
    let rest = stat.rest(all);
    if stat.units[0] + stat.units[1] < UNITS_MIN || rest.units[0] + rest.units[1] < UNITS_MIN {
        return;
    }
    let (mix, rate) = effects(stat, all, kind);
    let mut push = |effect, statistic: f64, contribution, half| {
        tested.push(Tested { stat: *stat, groups: groups.to_vec(), effect, statistic, contribution, half });
    };
    let [n1, n2] = stat.units.map(count_f64);
    let [all1, all2] = all.units.map(|units| count_f64(units).max(1.0));
    let size = match kind {
        Kind::Total => f64::midpoint(n1, n2),
        Kind::Ratio => f64::midpoint(n1 / all1, n2 / all2),
    };
    if stat.units[0] > 1 && stat.units[1] > 1 && rest.units[0] > 1 && rest.units[1] > 1 {
        let own = stat.variances().iter().sum::<f64>();
        let other = rest.variances().iter().sum::<f64>();
        let [r1, r2] = stat.averages();
        let [o1, o2] = rest.averages();
        let (change, beyond) = (r2 - r1, (r2 - r1) - (o2 - o1));
        let statistic = weaker(&[ratio(change, own), ratio(beyond, own + other)]);
        push(Effect::Rate, statistic, rate, Z_95 * size * libm::sqrt(own));
    }
    push_mix(stat, &rest, all, kind, lengths, mix, &mut push);
}

fn push_mix(
    stat: &Stat,
    rest: &Stat,
    all: &Stat,
    kind: Kind,
    lengths: [f64; 2],
    mix: f64,
    push: &mut impl FnMut(Effect, f64, f64, f64),
) {
    let [n1, n2] = stat.units.map(count_f64);
    let [all1, all2] = all.units.map(|units| count_f64(units).max(1.0));
    let (w1, w2) = (n1 / all1, n2 / all2);
    let pooled = (n1 + n2) / (all1 + all2);
    let (growth, growth_variance) = stat.growth(lengths);
    let growth = ratio(growth, growth_variance);
    let share_variance = stat.share_variance(all, pooled);
    let shift = w2 - w1;
    let in_share = ratio(shift, share_variance);
    match kind {
        Kind::Total => {
            let [r1, r2] = stat.averages();
            let half = Z_95 * libm::sqrt(stat.count_variance()) * f64::midpoint(r1, r2).abs();
            push(Effect::Mix, weaker(&[growth, in_share]), mix, half);
        }
        Kind::Ratio => {
            let pooled_average = |stat: &Stat| {
                let units = count_f64(stat.units[0] + stat.units[1]).max(1.0);
                (stat.sums[0].to_f64() + stat.sums[1].to_f64()) / units
            };
            let variance = |stat: &Stat| {
                let [v1, v2] = stat.variances();
                let [u1, u2] = stat.units.map(count_f64);
                let part =
                    |variance: f64, units: f64| if units > 0.0 { variance * units * units } else { 0.0 };
                (part(v1, u1) + part(v2, u2)) / ((u1 + u2) * (u1 + u2)).max(1.0)
            };
            let level = pooled_average(stat) - pooled_average(rest);
            let level_variance = variance(stat) + variance(rest);
            let product = level * level * share_variance
                + shift * shift * level_variance
                + share_variance * level_variance;
            let statistic = weaker(&[growth, in_share, ratio(shift * level, product)]);
            push(Effect::Mix, statistic, mix, Z_95 * (1.0 - pooled) * libm::sqrt(product));
        }
    }
}

pub(super) fn ratio(effect: f64, variance: f64) -> f64 {
    if variance > 0.0 && variance.is_finite() { effect / libm::sqrt(variance) } else { 0.0 }
}

fn weaker(statistics: &[f64]) -> f64 {
    statistics.iter().map(|statistic| statistic.abs()).fold(f64::INFINITY, f64::min)
}

/// How much each explains: of a pair, no more than a group of which it is a part like any other.
fn weights(standing: &[(Tested, f64)], pair_costs: f64) -> Vec<f64> {
    let singles: Vec<&Tested> =
        standing.iter().map(|(one, _)| one).filter(|one| one.groups.len() == 1).collect();
    let weight = |one: &Tested| {
        let square = one.statistic * one.statistic;
        if one.groups.len() == 1 {
            return square;
        }
        let holds = |single: &&&Tested| {
            let is_of_it = single.groups.iter().all(|group| one.groups.contains(group));
            is_of_it && single.effect == one.effect
        };
        let is_alike = |single: &&&Tested| {
            let apart = match one.effect {
                Effect::Rate => one.stat.rate_apart(&single.stat),
                Effect::Mix => one.stat.growth_apart(&single.stat),
            };
            apart * apart < pair_costs
        };
        let capped =
            singles.iter().filter(holds).filter(is_alike).map(|single| single.statistic * single.statistic);
        capped.fold(square - pair_costs, f64::min)
    };
    standing.iter().map(|(one, _)| weight(one)).collect()
}

/// What stands out, the strongest first.
fn causes(tested: Vec<Tested>, grouped: &[Grouped], pair_costs: f64) -> Vec<Cause> {
    let p_values: Vec<f64> = tested.iter().map(|one| two_sided(one.statistic)).collect();
    let adjusted = benjamini_yekutieli(&p_values);
    let standing: Vec<(Tested, f64)> =
        tested.into_iter().zip(adjusted).filter(|(_, adjusted)| *adjusted < LEVEL).collect();
    let weights = weights(&standing, pair_costs);
    let mut order: Vec<usize> = (0..standing.len()).collect();
    order.sort_by(|left, right| {
        let key = |at: &usize| standing.get(*at).map(|(one, _)| (one.groups.len(), &one.groups));
        let weight = |at: &usize| weights.get(*at).copied().unwrap_or_default();
        weight(right).total_cmp(&weight(left)).then_with(|| key(left).cmp(&key(right)))
    });
    let mut causes: Vec<Cause> = Vec::new();
    for (one, adjusted_p) in order.into_iter().filter_map(|at| standing.get(at)) {
        let adjusted_p = *adjusted_p;
        let groups: Vec<CauseGroup> = one
            .groups
            .iter()
            .filter_map(|(dimension, group)| {
                let dimension = grouped.get(*dimension)?;
                Some(CauseGroup { by: dimension.by.clone(), group: dimension.groups.get(*group)?.clone() })
            })
            .collect();
        let shares = |cause: &Cause| cause.groups.iter().any(|group| groups.contains(group));
        let related_to = causes.iter().position(|cause| cause.related_to.is_none() && shares(cause));
        let [average_before, average_after] = one.stat.averages();
        causes.push(Cause {
            groups,
            effect: one.effect,
            units_before: one.stat.units[0],
            units_after: one.stat.units[1],
            average_before,
            average_after,
            contribution: one.contribution,
            low: one.contribution - one.half,
            high: one.contribution + one.half,
            adjusted_p,
            related_to,
            sentence: String::new(),
        });
    }
    causes
}
