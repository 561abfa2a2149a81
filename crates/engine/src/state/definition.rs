use serde::{Deserialize, Serialize};

use segops_model::{ComputedTraitId, DerivedEventId, Instant};
use segops_rules::{ComputedDefinition, DerivedDefinition, Resolved};

/// What the workspace makes of every profile's events under a name, with its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition<I, D> {
    pub id: I,
    pub name: String,
    pub owner: String,
    pub created_at: Instant,
    /// Oldest first; never empty.
    pub versions: Vec<DefinitionVersion<D>>,
}

/// What something is made of, from one edit to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DefinitionVersion<D> {
    pub number: u32,
    pub definition: D,
    pub author: String,
    pub at: Instant,
}

pub type ComputedTraitState = Definition<ComputedTraitId, ComputedDefinition<Resolved>>;
pub type DerivedEventState = Definition<DerivedEventId, DerivedDefinition<Resolved>>;

impl<I, D> Definition<I, D> {
    #[must_use]
    pub fn newest(&self) -> Option<&DefinitionVersion<D>> {
        self.versions.last()
    }

    /// Past `kept_max` versions the oldest go.
    pub fn add_version(&mut self, definition: D, author: &str, at: Instant, kept_max: usize) {
        let number = self.newest().map_or(0, |version| version.number) + 1;
        self.versions.push(DefinitionVersion { number, definition, author: author.to_owned(), at });
        let excess = self.versions.len().saturating_sub(kept_max.max(1));
        self.versions.drain(..excess);
    }
}
