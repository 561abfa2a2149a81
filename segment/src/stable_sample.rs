//! A stable share of all profiles: where a profile lies under a salt, and whether that is below the share.
//!
//! The first eight bytes of SHA-256 of `SALT:PROFILE` (the salt as written, a colon, the profile's id as
//! shown, such as `p_17`), as a big-endian number over 2^64, are the profile's place between 0 and 1. It is in
//! a sample of p percent if that is below p / 100; so a smaller sample under a salt is inside a greater one.

#[cfg(test)]
mod tests;

use compact_str::CompactString;
use sha2::{Digest, Sha256};

use segops_model::{Decimal, ProfileId};
use segops_rules::SampleCondition;

/// Billionths in one hundred percent.
const WHOLE: u128 = 100_000_000_000;

#[derive(Debug, Clone)]
pub(crate) struct SampleNode {
    salt: CompactString,
    /// The share in billionths of a percent.
    share: u128,
}

impl SampleNode {
    pub(crate) fn compile(leaf: &SampleCondition) -> Self {
        let share = u128::try_from(leaf.percent.billionths()).unwrap_or(0).min(WHOLE);
        Self { salt: leaf.salt.as_str().into(), share }
    }

    pub(crate) fn holds(&self, profile: ProfileId) -> bool {
        u128::from(self.place(profile)) * WHOLE < self.share << 64
    }

    /// The profile's place among all, in percent, cut to nine digits.
    pub(crate) fn percent(&self, profile: ProfileId) -> Decimal {
        let billionths = (u128::from(self.place(profile)) * WHOLE) >> 64;
        Decimal::from_billionths(i128::try_from(billionths).unwrap_or(i128::MAX))
    }

    /// In parts of 2^64.
    fn place(&self, profile: ProfileId) -> u64 {
        let digest = Sha256::digest(format!("{}:{profile}", self.salt));
        digest.iter().take(8).fold(0, |place, byte| (place << 8) | u64::from(*byte))
    }
}
