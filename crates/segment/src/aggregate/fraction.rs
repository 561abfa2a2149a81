//! Exact values of aggregates, compared by cross-multiplication.

use std::cmp::Ordering;

use segops_model::Decimal;

/// 64-bit digits of a product, the least first: enough for 128 by 64 by 128 bits.
type Digits = [u64; 5];

/// A value as a whole number over how many it is divided among.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fraction {
    pub(crate) numerator: i128,
    /// Never 0.
    pub(crate) denominator: u64,
}

impl Fraction {
    pub(crate) const fn whole(value: i128) -> Self {
        Self { numerator: value, denominator: 1 }
    }

    /// Of a number of things, as an aggregate has it.
    pub(crate) fn of_count(count: u64) -> Self {
        Self::whole(Decimal::from_u64(count).billionths())
    }

    /// How this stands to `factor` times another.
    pub(crate) fn compare(self, other: Self, factor: Decimal) -> Ordering {
        if self.denominator == other.denominator && factor == Decimal::ONE {
            return self.numerator.cmp(&other.numerator);
        }
        let left = product(self.numerator, other.denominator, Decimal::ONE.billionths());
        let right = product(other.numerator, self.denominator, factor.billionths());
        match (left.0, right.0) {
            (Ordering::Less, Ordering::Less) => larger(&right.1, &left.1),
            (Ordering::Greater, Ordering::Greater) => larger(&left.1, &right.1),
            (left, right) => left.cmp(&right),
        }
    }

    /// To the nearest whole number, halves away from zero: for people, not for verdicts.
    pub(crate) fn rounded(self) -> i128 {
        let denominator = i128::from(self.denominator);
        let (whole, rest) = (self.numerator / denominator, self.numerator % denominator);
        if rest.abs() * 2 >= denominator { whole + rest.signum() } else { whole }
    }

    /// `factor` times this, rounded, where it is within range.
    pub(crate) fn times_rounded(self, factor: Decimal) -> Option<i128> {
        Some(Decimal::from_billionths(self.rounded()).checked_mul(factor)?.billionths())
    }
}

/// The sign and the digits of a product.
fn product(number: i128, by: u64, times: i128) -> (Ordering, Digits) {
    let mut digits = [0; 5];
    for (digit, half) in digits.iter_mut().zip(halves(number.unsigned_abs())) {
        *digit = half;
    }
    let digits = multiplied(&multiplied(&digits, [by, 0]), halves(times.unsigned_abs()));
    let sign = number.signum() * times.signum() * i128::from(by.min(1));
    (sign.cmp(&0), digits)
}

fn multiplied(digits: &Digits, by: [u64; 2]) -> Digits {
    let mut product: Digits = [0; 5];
    for (shift, factor) in by.into_iter().enumerate() {
        let mut carry: u128 = 0;
        for (digit, out) in digits.iter().zip(product.iter_mut().skip(shift)) {
            let sum = u128::from(*digit) * u128::from(factor) + u128::from(*out) + carry;
            let [low, high] = halves(sum);
            *out = low;
            carry = u128::from(high);
        }
    }
    product
}

/// The lower and the upper 64 bits.
fn halves(number: u128) -> [u64; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "each half is cut off on purpose")]
    let halves = [number as u64, (number >> 64) as u64];
    halves
}

fn larger(left: &Digits, right: &Digits) -> Ordering {
    left.iter().rev().cmp(right.iter().rev())
}
