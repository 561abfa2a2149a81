//! Exact sums and what is made of them.

use segops_model::Decimal;

/// A quotient of exact numbers, rounded to nine fractional digits, halves away from zero; `None` for a division by 0
/// and past the range.
pub(crate) fn divided(dividend: Decimal, divisor: Decimal) -> Option<Decimal> {
    const SCALE: i128 = 1_000_000_000;
    let divisor = divisor.billionths();
    if divisor == 0 {
        return None;
    }
    let whole = dividend.billionths().checked_div(divisor)?.checked_mul(SCALE)?;
    let rest = dividend.billionths().checked_rem(divisor)?;
    let scaled = rest.checked_mul(SCALE)?;
    let part = scaled.checked_div(divisor)?;
    let left = scaled.checked_rem(divisor)?.unsigned_abs();
    let sign = if (dividend.billionths() < 0) == (divisor < 0) { 1 } else { -1 };
    let round = if left.checked_mul(2)? >= divisor.unsigned_abs() { sign } else { 0 };
    whole.checked_add(part)?.checked_add(round).map(Decimal::from_billionths)
}

/// An average of so many numbers.
pub(crate) fn average(sum: Decimal, count: u64) -> Option<Decimal> {
    divided(sum, Decimal::from_u64(count))
}
