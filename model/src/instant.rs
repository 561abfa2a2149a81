use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds in one second.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds in one minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds in one hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in one day of a rolling window: always 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A point in time, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// As text it is RFC 3339 in UTC with three fractional digits (`2026-11-23T17:20:00.000Z`); in binary
/// encodings it is the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

impl Instant {
    /// 0001-01-01T00:00:00Z: earlier than anything a client can send.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-31T00:00:00Z: later than anything a client can send.
    pub const MAX: Self = Self(253_402_214_400_000);

    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// This instant moved by a number of milliseconds; stops at the ends of the range.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative if `earlier` is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same instant for calendar arithmetic; outside 0001..9999 it is the nearest end.
    #[must_use]
    pub fn to_jiff(self) -> jiff::Timestamp {
        let ms = self.0.clamp(Self::MIN.0, Self::MAX.0);
        // `jiff` ends a day before 9999 does.
        jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX)
    }

    /// From a `jiff` timestamp, truncated to milliseconds towards the past.
    #[must_use]
    pub fn from_jiff(timestamp: jiff::Timestamp) -> Self {
        let ms = timestamp.as_nanosecond().div_euclid(1_000_000);
        Self(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

impl FromStr for Instant {
    type Err = String;

    /// Reads RFC 3339 with an offset or `Z`; 0 to 9 fractional digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse::<jiff::Timestamp>().map(Self::from_jiff).map_err(|_| {
            format!("`{text}` is not an instant; write it as 2026-03-01T12:00:00Z, with an offset or Z")
        })
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}
