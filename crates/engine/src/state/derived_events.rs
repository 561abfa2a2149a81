use serde::{Deserialize, Serialize};

use segops_model::{DerivedEventId, Instant};
use segops_rules::{DerivedDefinition, Resolved};

/// Events that the workspace makes of every profile's own under a name, with the versions of how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DerivedEventState {
    pub id: DerivedEventId,
    pub name: String,
    pub owner: String,
    pub created_at: Instant,
    /// Oldest first; never empty.
    pub versions: Vec<DerivedEventVersion>,
}

/// What a derived event is made of, from one edit to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DerivedEventVersion {
    pub number: u32,
    pub definition: DerivedDefinition<Resolved>,
    pub author: String,
    pub at: Instant,
}

impl DerivedEventState {
    #[must_use]
    pub fn newest(&self) -> Option<&DerivedEventVersion> {
        self.versions.last()
    }

    /// Past `kept_max` versions the oldest go.
    pub fn add_version(
        &mut self,
        definition: DerivedDefinition<Resolved>,
        author: &str,
        at: Instant,
        kept_max: usize,
    ) {
        let number = self.newest().map_or(0, |version| version.number) + 1;
        self.versions.push(DerivedEventVersion { number, definition, author: author.to_owned(), at });
        let excess = self.versions.len().saturating_sub(kept_max.max(1));
        self.versions.drain(..excess);
    }
}
