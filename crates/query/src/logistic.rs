//! Logistic regression on features that a unit has or has not, by iteratively reweighted least squares (P. McCullagh,
//! J. A. Nelder, Generalized Linear Models, 2nd edition 1989, section 2.5), with a ridge so small that it only keeps
//! what the data say nothing of from running away.

use crate::statistics::to_f64;

const ITERATIONS_MAX: usize = 50;
const RIDGE: f64 = 1e-6;
/// The fit is done when no coefficient moves by more.
const TOLERANCE: f64 = 1e-10;

/// A fitted model: the first coefficient is the intercept.
#[derive(Debug, Clone)]
pub(crate) struct Fit {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) standard_errors: Vec<f64>,
}

/// Fits the probability of the outcome of units with these features, by their numbers from 0; `None` if it does not
/// come to an end, as where a feature tells the outcome without fail.
pub(crate) fn fit(features: usize, units: &[(Vec<u16>, bool)]) -> Option<Fit> {
    fit_with(features, units, RIDGE * to_f64(units.len()).max(1.0))
}

/// As [`fit`], with a ridge of this weight: the coefficients are the most likely ones where each, before anything is
/// seen, is normal around 0 with a variance of one over the weight (A. E. Hoerl, R. W. Kennard, Technometrics 12,
/// 1970). It comes to an end also where features tell the outcome without fail.
pub(crate) fn fit_with(features: usize, units: &[(Vec<u16>, bool)], ridge: f64) -> Option<Fit> {
    let size = features + 1;
    let mut coefficients = vec![0.0; size];
    for _ in 0..ITERATIONS_MAX {
        let (mut hessian, mut gradient) = (vec![0.0; size * size], vec![0.0; size]);
        for (active, outcome) in units {
            let probability = logistic(linear(&coefficients, active));
            let weight = probability * (1.0 - probability);
            let residual = if *outcome { 1.0 } else { 0.0 } - probability;
            let columns = || std::iter::once(0).chain(active.iter().map(|feature| usize::from(*feature) + 1));
            for row in columns() {
                if let Some(place) = gradient.get_mut(row) {
                    *place += residual;
                }
                for column in columns() {
                    if let Some(place) = hessian.get_mut(row * size + column) {
                        *place += weight;
                    }
                }
            }
        }
        for at in 0..size {
            if let (Some(place), Some(slope)) = (hessian.get_mut(at * size + at), gradient.get_mut(at)) {
                *place += ridge;
                *slope -= ridge * coefficients.get(at).copied().unwrap_or_default();
            }
        }
        let lower = cholesky(hessian, size)?;
        let step = solve(&lower, size, &gradient);
        let mut greatest = 0.0_f64;
        for (coefficient, step) in coefficients.iter_mut().zip(&step) {
            // A step so long would leave the region where the model is anything but flat.
            *coefficient += step.clamp(-4.0, 4.0);
            greatest = greatest.max(step.abs());
        }
        if !greatest.is_finite() {
            return None;
        }
        if greatest < TOLERANCE {
            let standard_errors =
                (0..size).map(|at| libm::sqrt(inverse_diagonal(&lower, size, at))).collect();
            return Some(Fit { coefficients, standard_errors });
        }
    }
    None
}

pub(crate) fn logistic(linear: f64) -> f64 {
    if linear >= 0.0 { 1.0 / (1.0 + libm::exp(-linear)) } else { 1.0 - 1.0 / (1.0 + libm::exp(linear)) }
}

pub(crate) fn linear(coefficients: &[f64], active: &[u16]) -> f64 {
    let of = |at: usize| coefficients.get(at).copied().unwrap_or_default();
    of(0) + active.iter().map(|feature| of(usize::from(*feature) + 1)).sum::<f64>()
}

/// The lower triangle whose product with its transpose is the matrix; `None` if that is not positive definite.
fn cholesky(mut matrix: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    for column in 0..size {
        for row in column..size {
            let mut sum = *matrix.get(row * size + column)?;
            for before in 0..column {
                sum -= matrix.get(row * size + before)? * matrix.get(column * size + before)?;
            }
            let value = if row == column {
                if sum <= 0.0 || !sum.is_finite() {
                    return None;
                }
                libm::sqrt(sum)
            } else {
                sum / matrix.get(column * size + column)?
            };
            *matrix.get_mut(row * size + column)? = value;
        }
    }
    Some(matrix)
}

/// Solves with both triangles, one after the other.
fn solve(lower: &[f64], size: usize, right: &[f64]) -> Vec<f64> {
    let of = |row: usize, column: usize| lower.get(row * size + column).copied().unwrap_or(1.0);
    let mut solution = right.to_vec();
    for row in 0..size {
        let known: f64 = (0..row).map(|at| of(row, at) * solution.get(at).copied().unwrap_or_default()).sum();
        if let Some(place) = solution.get_mut(row) {
            *place = (*place - known) / of(row, row);
        }
    }
    for row in (0..size).rev() {
        let known: f64 =
            (row + 1..size).map(|at| of(at, row) * solution.get(at).copied().unwrap_or_default()).sum();
        if let Some(place) = solution.get_mut(row) {
            *place = (*place - known) / of(row, row);
        }
    }
    solution
}

fn inverse_diagonal(lower: &[f64], size: usize, at: usize) -> f64 {
    let mut unit = vec![0.0; size];
    if let Some(place) = unit.get_mut(at) {
        *place = 1.0;
    }
    solve(lower, size, &unit).get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many units with the outcome, and without.
    fn units(active: &[u16], with: usize, without: usize) -> Vec<(Vec<u16>, bool)> {
        let unit = |outcome| (active.to_vec(), outcome);
        std::iter::repeat_n(unit(true), with).chain(std::iter::repeat_n(unit(false), without)).collect()
    }

    #[test]
    fn one_feature_is_the_odds_ratio_of_the_table() {
        let mut all = units(&[0], 30, 70);
        all.extend(units(&[], 20, 180));
        let fit = fit(1, &all).unwrap();
        let odds = (30.0_f64 * 180.0) / (70.0 * 20.0);
        let error = (1.0_f64 / 30.0 + 1.0 / 70.0 + 1.0 / 20.0 + 1.0 / 180.0).sqrt();
        assert!((fit.coefficients[1] - odds.ln()).abs() < 1e-3, "{fit:?}");
        assert!((fit.standard_errors[1] - error).abs() < 1e-3, "{fit:?}");
        assert!((logistic(fit.coefficients[0]) - 0.1).abs() < 1e-3);
    }

    #[test]
    fn a_feature_that_only_comes_with_another_adds_nothing() {
        // The second goes with the first, and the outcome with the first alone: half of those with it.
        let mut all = units(&[0, 1], 40, 40);
        all.extend(units(&[0], 10, 10));
        all.extend(units(&[1], 2, 18));
        all.extend(units(&[], 8, 72));
        let fit = fit(2, &all).unwrap();
        assert!((fit.coefficients[1] - 9.0_f64.ln()).abs() < 1e-2, "{fit:?}");
        assert!(fit.coefficients[2].abs() < 1e-2, "{fit:?}");
    }

    #[test]
    fn what_tells_the_outcome_without_fail_has_no_end_or_a_vast_error() {
        let mut all = units(&[0], 50, 0);
        all.extend(units(&[], 0, 50));
        assert!(fit(1, &all).is_none_or(|fit| fit.standard_errors[1] > 2.0));
    }
}
