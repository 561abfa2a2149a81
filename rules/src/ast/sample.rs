//! A share of all profiles that stays the same.

use serde::{Deserialize, Serialize};

use segops_model::Decimal;

/// Whether the profile belongs to a share of all profiles, drawn under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleCondition {
    /// How much of a hundred; above 0 and below 100.
    pub percent: Decimal,
    /// The draw's name. Two draws of one name hold the same profiles, as far as the smaller one goes; draws of
    /// different names have nothing to do with each other.
    pub salt: String,
}
