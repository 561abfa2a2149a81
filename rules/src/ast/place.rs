//! Conditions on where a profile is.

use serde::{Deserialize, Serialize};

use segops_model::Decimal;

use super::StateTest;

/// A condition on where the profile is, by the traits that say so in any of their common spellings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceTest {
    Country(CountryTest),
    Region(StateTest),
    City(StateTest),
    Within(Circle),
}

/// Countries by code or name, in any of the ways in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountryTest {
    In(Vec<String>),
    /// The negation: also of a profile whose country is not known.
    NotIn(Vec<String>),
    /// A country that is known.
    Exists,
}

/// What lies no farther from a point than a distance, over the earth's surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    pub distance: Decimal,
    pub unit: DistanceUnit,
    /// Degrees north.
    pub latitude: Decimal,
    /// Degrees east.
    pub longitude: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistanceUnit {
    Kilometre,
    /// The international mile of 1.609344 km.
    Mile,
}

impl DistanceUnit {
    /// Its sign in canonical text.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Kilometre => "km",
            Self::Mile => "miles",
        }
    }
}
