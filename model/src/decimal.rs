use std::fmt;
use std::iter::Sum;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SCALE_DIGITS: usize = 9;
const SCALE: i128 = 1_000_000_000;
/// A value's whole part stays below 10^20, so that a sum of 10^9 of them fits 128 bits.
const UNITS_MAX: i128 = 100_000_000_000_000_000_000 * SCALE;

/// A number as rules see it: a decimal with at most nine fractional digits, held as an exact integer of
/// billionths. Further digits are rounded to the nearest, halves away from zero, as SQL's ROUND does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i128);

impl Decimal {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(SCALE);

    /// The number of billionths.
    #[must_use]
    pub const fn billionths(self) -> i128 {
        self.0
    }

    #[must_use]
    pub const fn from_billionths(billionths: i128) -> Self {
        Self(billionths)
    }

    #[must_use]
    pub fn from_i64(whole: i64) -> Self {
        Self(i128::from(whole) * SCALE)
    }

    #[must_use]
    pub fn from_u64(whole: u64) -> Self {
        Self(i128::from(whole) * SCALE)
    }

    /// The shortest decimal that reads back as this double: 0.1 is one tenth. `None` for what is not
    /// finite or has more than 20 whole digits.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        let mut buffer = String::with_capacity(24);
        fmt::Write::write_fmt(&mut buffer, format_args!("{number:e}")).ok()?;
        Self::parse(&buffer)
    }

    /// Reads `-12`, `12.50`, `.5`, `1e3`, with surrounding white space. No thousands separators, no
    /// currency signs: those are text. `None` for everything else, and beyond 20 whole digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.trim().as_bytes();
        let (negative, bytes) = match bytes.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, bytes),
        };
        let exponent_at = bytes.iter().position(|b| matches!(b, b'e' | b'E'));
        let (mantissa, exponent) = match exponent_at {
            None => (bytes, 0),
            Some(at) => {
                let digits = std::str::from_utf8(bytes.get(at + 1..)?).ok()?;
                (bytes.get(..at)?, digits.parse::<i32>().ok().filter(|e| e.abs() <= 400)?)
            }
        };
        let point = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len());
        let whole = mantissa.get(..point)?;
        let fraction = mantissa.get(point + 1..).unwrap_or_default();
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let magnitude = scaled(whole, fraction, exponent)?;
        (magnitude < UNITS_MAX).then_some(Self(if negative { -magnitude } else { magnitude }))
    }

    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product, rounded to nine fractional digits; `None` past the range.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        // Split one factor so that the intermediate product stays within 128 bits for all real money.
        let (whole, part) = (other.0 / SCALE, other.0 % SCALE);
        let from_whole = self.0.checked_mul(whole)?;
        let from_part = self.0.checked_mul(part)?;
        let rounded = (from_part.abs() + SCALE / 2) / SCALE * from_part.signum();
        from_whole.checked_add(rounded).map(Self)
    }

    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The nearest double, for display and statistics; never for a verdict.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the caller asks for a double")]
    pub fn to_f64(self) -> f64 {
        (self.0 / SCALE) as f64 + (self.0 % SCALE) as f64 / SCALE as f64
    }

    /// The whole number, where there is no fraction and it fits.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        (self.0 % SCALE == 0).then(|| i64::try_from(self.0 / SCALE).ok()).flatten()
    }
}

/// Billionths of `whole.fraction × 10^exponent`.
fn scaled(whole: &[u8], fraction: &[u8], exponent: i32) -> Option<i128> {
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let keep = point + i64::try_from(SCALE_DIGITS).ok()?;
    let mut magnitude: i128 = 0;
    let mut round_up = false;
    let mut at = 0_i64;
    for byte in whole.iter().chain(fraction) {
        let digit = i128::from(byte.checked_sub(b'0').filter(|d| *d <= 9)?);
        if at < keep {
            magnitude = magnitude.checked_mul(10)?.checked_add(digit)?;
        } else if at == keep {
            round_up = digit >= 5;
        }
        at += 1;
    }
    if magnitude != 0 {
        for _ in at..keep {
            magnitude = magnitude.checked_mul(10)?;
        }
    }
    magnitude.checked_add(i128::from(round_up))
}

impl Sum for Decimal {
    /// Exact below 10^9 values; past the range it stays at the end of it.
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, |sum, number| Self(sum.0.saturating_add(number.0)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, fraction) = (magnitude / SCALE.unsigned_abs(), magnitude % SCALE.unsigned_abs());
        let sign = if self.0 < 0 { "-" } else { "" };
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{fraction:09}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Decimal {
    /// A JSON number where a reader gets the same number back from it, else text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i128(self.0);
        }
        if let Some(whole) = self.to_i64() {
            return serializer.serialize_i64(whole);
        }
        let double = self.to_f64();
        if Self::from_f64(double) == Some(*self) {
            serializer.serialize_f64(double)
        } else {
            serializer.collect_str(self)
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a number as text")
            }
            fn visit_i64<E>(self, whole: i64) -> Result<Decimal, E> {
                Ok(Decimal::from_i64(whole))
            }
            fn visit_u64<E>(self, whole: u64) -> Result<Decimal, E> {
                Ok(Decimal::from_u64(whole))
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Decimal, E> {
                Decimal::from_f64(number).ok_or_else(|| E::custom("a number below 10^20"))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
                Decimal::parse(text).ok_or_else(|| E::custom(format!("`{text}` is not a number below 10^20")))
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Number)
        } else {
            i128::deserialize(deserializer).map(Self).map_err(D::Error::custom)
        }
    }
}
