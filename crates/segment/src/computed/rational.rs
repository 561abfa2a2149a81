//! Exact numbers with a division in them.

use std::cmp::Ordering;

use segops_model::Decimal;

/// A fraction in lowest terms. What does not fit into 128 bits above and below the line is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rational {
    numerator: i128,
    /// Above 0.
    denominator: i128,
}

impl Rational {
    pub(crate) fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let common = common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let common = i128::try_from(common).ok()?;
        let (numerator, denominator) = (numerator.checked_div(common)?, denominator.checked_div(common)?);
        if denominator > 0 {
            return Some(Self { numerator, denominator });
        }
        Some(Self { numerator: numerator.checked_neg()?, denominator: denominator.checked_neg()? })
    }

    pub(crate) fn of(number: Decimal) -> Option<Self> {
        Self::new(number.billionths(), Decimal::ONE.billionths())
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        // Over the least common denominator, so that sums of like fractions stay small.
        let common = common_divisor(self.denominator.unsigned_abs(), other.denominator.unsigned_abs());
        let common = i128::try_from(common).ok()?;
        let (own, others) = (other.denominator / common, self.denominator / common);
        let sum = self.numerator.checked_mul(own)?.checked_add(other.numerator.checked_mul(others)?)?;
        Self::new(sum, self.denominator.checked_mul(own)?)
    }

    pub(crate) fn subtract(self, other: Self) -> Option<Self> {
        self.add(Self { numerator: other.numerator.checked_neg()?, ..other })
    }

    pub(crate) fn multiply(self, other: Self) -> Option<Self> {
        // Crosswise in lowest terms first, so that only what must be large is.
        let left = Self::new(self.numerator, other.denominator)?;
        let right = Self::new(other.numerator, self.denominator)?;
        let numerator = left.numerator.checked_mul(right.numerator)?;
        Self::new(numerator, left.denominator.checked_mul(right.denominator)?)
    }

    pub(crate) fn divide(self, other: Self) -> Option<Self> {
        self.multiply(Self::new(other.denominator, other.numerator)?)
    }

    /// To the nearest billionth, for people: no verdict depends on it.
    pub(crate) fn rounded(self) -> Option<Decimal> {
        const BILLION: i128 = Decimal::ONE.billionths();
        let (whole, rest) =
            (self.numerator.div_euclid(self.denominator), self.numerator.rem_euclid(self.denominator));
        // Of a fraction with so many digits the last ones do not show.
        let (rest, below) = match rest.checked_mul(BILLION) {
            Some(rest) => (rest, self.denominator),
            None => (rest, self.denominator / BILLION),
        };
        let part = rest / below + i128::from(rest % below >= below - rest % below);
        Some(Decimal::from_billionths(whole.checked_mul(BILLION)?.checked_add(part)?))
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    /// By whole parts, then by what is left of each, turned over: no product of the two is needed.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) =
            ((self.numerator, self.denominator), (other.numerator, other.denominator));
        loop {
            let wholes = left.0.div_euclid(left.1).cmp(&right.0.div_euclid(right.1));
            let rests = (left.0.rem_euclid(left.1), right.0.rem_euclid(right.1));
            if wholes.is_ne() || rests.0 == 0 || rests.1 == 0 {
                return wholes.then(rests.0.cmp(&rests.1));
            }
            // The one whose rest turned over is greater is the smaller.
            (left, right) = ((right.1, rests.1), (left.1, rests.0));
        }
    }
}

fn common_divisor(one: u128, other: u128) -> u128 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rational(numerator: i128, denominator: i128) -> Rational {
        Rational::new(numerator, denominator).expect("a fraction")
    }

    proptest! {
        #[test]
        fn small_ones_are_as_by_hand(a in -500_i128..500, b in 1_i128..60, c in -500_i128..500, d in 1_i128..60) {
            let (left, right) = (rational(a, b), rational(c, -d));
            prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(-c * b)));
            prop_assert_eq!(left.add(right), Rational::new(a * d - c * b, b * d));
            prop_assert_eq!(left.subtract(right), Rational::new(a * d + c * b, b * d));
            prop_assert_eq!(left.multiply(right), Rational::new(-a * c, b * d));
            prop_assert_eq!(left.divide(right), Rational::new(a * d, -b * c));
        }

        #[test]
        fn none_panics(a in any::<i128>(), b in any::<i128>(), c in any::<i128>(), d in any::<i128>()) {
            if let (Some(left), Some(right)) = (Rational::new(a, b), Rational::new(c, d)) {
                prop_assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
                let _ = (left.add(right), left.subtract(right), left.multiply(right), left.divide(right));
                let _ = left.rounded();
            }
        }
    }

    #[test]
    fn a_third_is_shown_to_nine_digits_and_compared_exactly() {
        let third = rational(1, 3);
        assert_eq!(third.rounded(), Decimal::parse("0.333333333"));
        assert_eq!(rational(-2, 3).rounded(), Decimal::parse("-0.666666667"));
        let near = Rational::of(Decimal::parse("0.333333333").expect("a number")).expect("a fraction");
        assert!(third > near);
        assert_eq!(third.add(third).and_then(|sum| sum.add(third)), Rational::new(1, 1));
    }

    #[test]
    fn what_does_not_fit_is_no_number() {
        let huge = rational(i128::MAX, 1);
        assert_eq!(huge.add(huge), None);
        assert_eq!(huge.divide(rational(0, 5)), None);
        assert_eq!(huge.divide(huge), Rational::new(1, 1));
    }
}
