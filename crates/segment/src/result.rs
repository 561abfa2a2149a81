//! Recorded results: whom a definition named when it was computed last. Like a ranking's threshold, one is recorded
//! outside and holds until the next.

use segops_model::Instant;
use serde::{Deserialize, Serialize};

/// What a recorded result is made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultKind {
    /// A query in SQL names profiles.
    Query,
    /// The profiles most like those of a segment.
    Alike,
}

impl ResultKind {
    /// As it is told.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Alike => "likeness",
        }
    }
}

/// What a recorded result says of one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// Whether the profile is among those whom it names.
    pub is_named: bool,
    pub kind: Option<ResultKind>,
    /// What it is of; none where it was never computed.
    pub as_of: Option<Instant>,
}

impl Naming {
    /// Of a result that there is not, or that has not been computed yet: nobody is named.
    pub const NOTHING: Self = Self { is_named: false, kind: None, as_of: None };
}
