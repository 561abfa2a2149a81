//! Which share of all a profile belongs to.

use sha2::{Digest, Sha256};

use segops_model::ProfileId;
use segops_rules::SampleCondition;

/// The first sixteen hex digits of the hash, read as a number, are so many of 2^64: below the share, it is in.
pub(crate) fn is_in_sample(condition: &SampleCondition, profile: ProfileId) -> bool {
    let hash = Sha256::digest(format!("{}:{profile}", condition.salt).as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let place = digits.get(..16).and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or(0);
    let share = u128::try_from(condition.percent.billionths()).unwrap_or(0);
    place * 100_000_000_000 < share * 2_u128.pow(64)
}
