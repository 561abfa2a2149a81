use serde::{Deserialize, Serialize};

use segops_model::{ComputedTraitId, Instant};
use segops_rules::{ComputedDefinition, Resolved};

/// What the workspace makes of every profile's events under a name, with its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComputedTraitState {
    pub id: ComputedTraitId,
    pub name: String,
    pub owner: String,
    pub created_at: Instant,
    /// Oldest first; never empty.
    pub versions: Vec<ComputedTraitVersion>,
}

/// What a computed trait is made of, from one edit to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComputedTraitVersion {
    pub number: u32,
    pub definition: ComputedDefinition<Resolved>,
    pub author: String,
    pub at: Instant,
}

impl ComputedTraitState {
    #[must_use]
    pub fn newest(&self) -> Option<&ComputedTraitVersion> {
        self.versions.last()
    }

    /// Past `kept_max` versions the oldest go.
    pub fn add_version(
        &mut self,
        definition: ComputedDefinition<Resolved>,
        author: &str,
        at: Instant,
        kept_max: usize,
    ) {
        let number = self.newest().map_or(0, |version| version.number) + 1;
        self.versions.push(ComputedTraitVersion { number, definition, author: author.to_owned(), at });
        let excess = self.versions.len().saturating_sub(kept_max.max(1));
        self.versions.drain(..excess);
    }
}
