//! An amount spread over parts, so that the shares come to exactly the amount.

use segops_model::Decimal;

/// Hundredths, as billionths.
const HUNDREDTH: i128 = 10_000_000;

/// Spreads an amount over parts in proportion to what they are worth, by largest remainders: in steps of a
/// hundredth, or finer where the amount itself is finer, each share is first rounded towards nothing, and the
/// steps that are left go one each to the shares that lost most by it; of equals to the earlier one. Parts
/// worth nothing, or less, get nothing; where no part is worth anything, nobody gets anything.
pub(super) fn spread(amount: Decimal, worths: &[Decimal]) -> Vec<Decimal> {
    let nothing = || vec![Decimal::ZERO; worths.len()];
    let mut step = HUNDREDTH;
    while amount.billionths() % step != 0 {
        step /= 10;
    }
    let steps = (amount.billionths() / step).abs();
    let Some(weights) = weights(worths, steps) else { return nothing() };
    let total: i128 = weights.iter().sum();
    if total == 0 || steps == 0 {
        return nothing();
    }
    let mut shares: Vec<i128> = weights.iter().map(|weight| steps * weight / total).collect();
    let left = steps - shares.iter().sum::<i128>();
    let mut by_loss: Vec<(i128, usize)> =
        weights.iter().enumerate().map(|(at, weight)| (-(steps * weight % total), at)).collect();
    by_loss.sort_unstable();
    for (_, at) in by_loss.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        if let Some(share) = shares.get_mut(at) {
            *share += 1;
        }
    }
    let sign = amount.billionths().signum();
    shares.into_iter().map(|share| Decimal::from_billionths(share * step * sign)).collect()
}

/// What the parts are worth, in units so large that no product with the steps leaves the range.
fn weights(worths: &[Decimal], steps: i128) -> Option<Vec<i128>> {
    let mut weights: Vec<i128> = worths.iter().map(|worth| worth.billionths().max(0)).collect();
    for _ in 0..i128::BITS {
        let total = weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight));
        if total.is_some_and(|total| total.checked_mul(steps.max(1)).is_some()) {
            return Some(weights);
        }
        for weight in &mut weights {
            *weight /= 2;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(amount: &str, worths: &[&str], shares: &[&str]) {
        let decimals = |texts: &[&str]| -> Vec<Decimal> {
            texts.iter().map(|text| Decimal::parse(text).unwrap()).collect()
        };
        assert_eq!(
            spread(Decimal::parse(amount).unwrap(), &decimals(worths)),
            decimals(shares),
            "{amount} {worths:?}"
        );
    }

    #[test]
    fn shares_are_in_proportion_and_come_to_the_amount() {
        check("10", &["30", "10"], &["7.5", "2.5"]);
        check("10", &["1", "1", "1"], &["3.34", "3.33", "3.33"]);
        check("0.05", &["1", "1", "1"], &["0.02", "0.02", "0.01"]);
        check("1", &["2", "0", "-3", "1"], &["0.67", "0", "0", "0.33"]);
        check("-10", &["1", "2"], &["-3.33", "-6.67"]);
        check("0.001", &["1", "1"], &["0.001", "0"]);
        check("5", &["0", "0"], &["0", "0"]);
        check("0", &["1", "2"], &["0", "0"]);
        check("5", &[], &[]);
        check(
            "99999999999999999999",
            &["99999999999999999999", "99999999999999999999"],
            &["50000000000000000000", "49999999999999999999"].map(|_| "49999999999999999999.5"),
        );
    }

    proptest! {
        #[test]
        fn the_shares_come_to_exactly_the_amount(
            amount in -1_000_000_000_000_i128..1_000_000_000_000,
            worths in prop::collection::vec(-50_000_i128..1_000_000, 1..30),
        ) {
            let amount = Decimal::from_billionths(amount);
            let worths: Vec<Decimal> = worths.into_iter().map(|cents| Decimal::from_billionths(cents * HUNDREDTH)).collect();
            let shares = spread(amount, &worths);
            if worths.iter().any(|worth| *worth > Decimal::ZERO) {
                prop_assert_eq!(shares.iter().copied().sum::<Decimal>(), amount);
            }
            for (share, worth) in shares.iter().zip(&worths) {
                prop_assert!(*worth > Decimal::ZERO || *share == Decimal::ZERO);
            }
        }
    }
}
