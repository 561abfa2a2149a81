//! Whom a recorded result named, and why, as an immutable file that a journalled command names by its hash.

use serde::{Deserialize, Serialize};

use segops_model::{Instant, Position, ProfileId, ResultId};

/// Whom a result names, by the inputs before a position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultArtefact {
    pub result: ResultId,
    /// The version of the definition.
    pub version: u32,
    pub position: Position,
    pub as_of: Instant,
    /// In the order of the result: by likeness, or by id.
    pub named: Vec<NamedProfile>,
    /// What likeness was judged by, in words.
    pub features: Vec<String>,
}

/// One whom a result names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedProfile {
    pub profile: ProfileId,
    /// How like it is, where the result is about that: a probability.
    pub likeness: Option<f64>,
    /// The features that make it so, the strongest first, by their numbers, and how much each adds to the log-odds.
    pub reasons: Vec<(u32, f64)>,
}

impl NamedProfile {
    /// One who is named, and no more is known of it.
    #[must_use]
    pub const fn plain(profile: ProfileId) -> Self {
        Self { profile, likeness: None, reasons: Vec::new() }
    }
}
