//! Which folder a row belongs to: the month in which it happened, and the bucket of its profile.

use std::fmt;

use jiff::tz::TimeZone;
use segops_model::{Instant, ProfileId};
use serde::{Deserialize, Serialize};

/// A month in UTC, counted from January of the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    #[must_use]
    pub fn of(instant: Instant) -> Self {
        let date = TimeZone::UTC.to_datetime(instant.to_jiff());
        Self(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let month = || {
            let (year, month) = text.split_once('-')?;
            let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
            (1..=12).contains(&month).then_some(Self(year * 12 + month - 1))
        };
        month().ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no month such as 2026-03")))
    }
}

/// One of so many sets of profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bucket {
    pub number: u32,
    pub of: u32,
}

impl Bucket {
    /// The bucket of a profile. Ids are positions in the journal, so neighbours are told apart by mixing: this is
    /// the finaliser of SplitMix64, and part of the stored format.
    #[must_use]
    pub fn of(profile: ProfileId, of: u32) -> Self {
        let mut mixed = profile.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let of = of.max(1);
        let number = u32::try_from(mixed % u64::from(of)).unwrap_or_default();
        Self { number, of }
    }

    #[must_use]
    pub fn holds(self, profile: ProfileId) -> bool {
        Self::of(profile, self.of) == self
    }
}

/// Where a part of a level above 0 belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partition {
    pub month: Month,
    pub bucket: Bucket,
}

impl Partition {
    pub(crate) fn folder(self) -> String {
        let Self { month, bucket } = self;
        format!("parts/month={month}/bucket={}-of-{}", bucket.number, bucket.of)
    }
}

/// Months of instants that mostly fall into the same one.
#[derive(Debug, Default)]
pub(crate) struct Months {
    last: Option<(std::ops::Range<i64>, Month)>,
}

impl Months {
    pub(crate) fn of(&mut self, ts: i64) -> Month {
        if let Some((range, month)) = &self.last
            && range.contains(&ts)
        {
            return *month;
        }
        let month = Month::of(Instant::from_ms(ts));
        let day = ts.div_euclid(segops_model::DAY_MS) * segops_model::DAY_MS;
        self.last = Some((day..day + segops_model::DAY_MS, month));
        month
    }
}
