//! Estimates, intervals and tests. Each names where its formula is from; all are computed with `libm`, so that the
//! same data gives the same digits on every machine.

/// The two-sided p-value of a standard normal statistic.
pub(crate) fn two_sided(z: f64) -> f64 {
    if z.is_nan() { 1.0 } else { libm::erfc(z.abs() / std::f64::consts::SQRT_2).min(1.0) }
}

/// The 97.5% point of the standard normal distribution: 95% intervals reach so many standard errors to each side.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;

/// Wilson's 95% interval of a proportion (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927).
pub(crate) fn wilson(successes: f64, trials: f64) -> (f64, f64) {
    if trials <= 0.0 {
        return (0.0, 1.0);
    }
    let share = successes / trials;
    let z2 = Z_95 * Z_95;
    let middle = (share + z2 / (2.0 * trials)) / (1.0 + z2 / trials);
    let half = Z_95 / (1.0 + z2 / trials)
        * libm::sqrt(share * (1.0 - share) / trials + z2 / (4.0 * trials * trials));
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Newcombe's 95% interval of the difference of two independent proportions, from Wilson's intervals (R. G.
/// Newcombe, Statistics in Medicine 17, 1998, method 10).
pub(crate) fn newcombe(one: (f64, f64), two: (f64, f64)) -> (f64, f64) {
    let share = |(successes, trials): (f64, f64)| if trials > 0.0 { successes / trials } else { 0.0 };
    let (first, second) = (share(one), share(two));
    let ((low_one, high_one), (low_two, high_two)) = (wilson(one.0, one.1), wilson(two.0, two.1));
    let difference = first - second;
    let square = |number: f64| number * number;
    (
        difference - libm::sqrt(square(first - low_one) + square(high_two - second)),
        difference + libm::sqrt(square(high_one - first) + square(second - low_two)),
    )
}

/// The score statistic of equality of two proportions, with the pooled variance.
pub(crate) fn two_proportions(one: (f64, f64), two: (f64, f64)) -> f64 {
    let (successes, trials) = (one.0 + two.0, one.1 + two.1);
    if one.1 <= 0.0 || two.1 <= 0.0 {
        return 0.0;
    }
    let pooled = successes / trials;
    let variance = pooled * (1.0 - pooled) * (1.0 / one.1 + 1.0 / two.1);
    if variance <= 0.0 { 0.0 } else { (one.0 / one.1 - two.0 / two.1) / libm::sqrt(variance) }
}

/// Adjusted p-values that control the false discovery rate among independent or positively dependent tests (Y.
/// Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57, 1995).
pub(crate) fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    step_up(p_values, 1.0)
}

/// As [`benjamini_hochberg`], under any dependence (Y. Benjamini, D. Yekutieli, Annals of Statistics 29, 2001).
pub(crate) fn benjamini_yekutieli(p_values: &[f64]) -> Vec<f64> {
    let mut harmonic = 0.0;
    let mut at = 1.0;
    for _ in p_values {
        harmonic += 1.0 / at;
        at += 1.0;
    }
    step_up(p_values, harmonic)
}

fn step_up(p_values: &[f64], factor: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    let p_of = |at: usize| p_values.get(at).copied().unwrap_or(1.0);
    order.sort_by(|left, right| p_of(*left).total_cmp(&p_of(*right)));
    let count = to_f64(p_values.len());
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, at) in order.iter().enumerate().rev() {
        least = least.min(p_of(*at) * count * factor / to_f64(rank + 1));
        if let Some(place) = adjusted.get_mut(*at) {
            *place = least;
        }
    }
    adjusted
}

/// A quantile of numbers in ascending order, between neighbours in proportion: type 7 of R. J. Hyndman, Y. Fan, The
/// American Statistician 50, 1996, which pandas and DuckDB's `quantile_cont` compute too.
pub(crate) fn quantile(sorted: &[i64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = to_f64(last) * share;
    let below = libm::floor(place);
    let at = floor_index(below).min(last);
    let lower = int_f64(*sorted.get(at)?);
    let upper = int_f64(*sorted.get((at + 1).min(last))?);
    Some(lower + (upper - lower) * (place - below))
}

/// Counts are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) const fn to_f64(count: usize) -> f64 {
    count as f64
}

/// Counts and milliseconds are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of ten thousand years are below 2^53")]
pub(crate) const fn int_f64(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) const fn count_f64(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a floor of an index, not below 0"
)]
const fn floor_index(number: f64) -> usize {
    number as usize
}

/// A share of a whole; 0 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { count_f64(part) / count_f64(whole) }
}
