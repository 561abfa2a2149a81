//! What happened to profiles after their rows were written: merges, splits, deletions.
//!
//! A row stands in its part under the profile that it had at an instant of its own: when it came in, or when the
//! part was last written anew. A change applies to it if it came later than that. Nothing in here is ever
//! altered; a scan is given one overlay and keeps to it.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use segops_model::{Identifier, Position, ProfileId};
use serde::{Deserialize, Serialize};

use crate::error::PartsError;
use crate::manifest::{OverlayEntry, checksum_of};
use crate::objects::Objects;

const FORMAT: u32 = 1;

/// What a frame of the journal did to who is who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The frame's position. Rows before it are meant.
    pub position: Position,
    pub kind: ChangeKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Every row of one profile is the survivor's.
    Merged { absorbed: ProfileId, survivor: ProfileId },
    /// Rows of a profile that go by one of these anchors are another profile's.
    Split { profile: ProfileId, anchors: Vec<Identifier>, into: ProfileId },
    /// The rows of a profile are gone.
    Deleted { profile: ProfileId },
}

impl Change {
    /// The profile whose rows it changes.
    #[must_use]
    pub const fn source(&self) -> ProfileId {
        match &self.kind {
            ChangeKind::Merged { absorbed: profile, .. }
            | ChangeKind::Split { profile, .. }
            | ChangeKind::Deleted { profile } => *profile,
        }
    }

    /// The profile that gets them.
    #[must_use]
    pub const fn target(&self) -> Option<ProfileId> {
        match &self.kind {
            ChangeKind::Merged { survivor, .. } => Some(*survivor),
            ChangeKind::Split { into, .. } => Some(*into),
            ChangeKind::Deleted { .. } => None,
        }
    }
}

/// Changes in the order in which they happened.
#[derive(Debug, Default)]
pub struct Overlay {
    changes: Vec<Change>,
    by_source: FxHashMap<ProfileId, Vec<usize>>,
    by_target: FxHashMap<ProfileId, Vec<ProfileId>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    changes: Vec<Change>,
}

impl Overlay {
    #[must_use]
    pub fn new(mut changes: Vec<Change>) -> Self {
        changes.sort_by_key(|change| change.position);
        let mut by_source: FxHashMap<ProfileId, Vec<usize>> = FxHashMap::default();
        let mut by_target: FxHashMap<ProfileId, Vec<ProfileId>> = FxHashMap::default();
        for (at, change) in changes.iter().enumerate() {
            by_source.entry(change.source()).or_default().push(at);
            if let Some(target) = change.target() {
                by_target.entry(target).or_default().push(change.source());
            }
        }
        Self { changes, by_source, by_target }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whose a row is, of a profile as it stands in a part; `None` if it is deleted. `since` is the first
    /// position whose change applies.
    #[must_use]
    pub fn resolve(&self, profile: ProfileId, since: Position, anchor: &Identifier) -> Option<ProfileId> {
        let (mut profile, mut from) = (profile, self.first_at(since));
        while let Some(at) = self.next_of(profile, from) {
            let Some(change) = self.changes.get(at) else { break };
            match &change.kind {
                ChangeKind::Merged { survivor, .. } => profile = *survivor,
                ChangeKind::Split { anchors, into, .. } if anchors.contains(anchor) => profile = *into,
                ChangeKind::Split { .. } => {}
                ChangeKind::Deleted { .. } => return None,
            }
            from = at + 1;
        }
        Some(profile)
    }

    /// The first position whose change applies to a row.
    #[must_use]
    pub fn since(position: Position, resolved_until: Position) -> Position {
        position.next().max(resolved_until)
    }

    fn first_at(&self, position: Position) -> usize {
        self.changes.partition_point(|change| change.position < position)
    }

    fn next_of(&self, profile: ProfileId, from: usize) -> Option<usize> {
        let numbers = self.by_source.get(&profile)?;
        numbers.get(numbers.partition_point(|number| *number < from)).copied()
    }

    /// Whether rows that stand under a profile may be deleted by a change at a position or later.
    pub(crate) fn may_delete(&self, profile: ProfileId, since: Position) -> bool {
        let mut waiting = vec![(profile, self.first_at(since))];
        while let Some((profile, from)) = waiting.pop() {
            let Some(at) = self.next_of(profile, from) else { continue };
            match self.changes.get(at).map(|change| &change.kind) {
                Some(ChangeKind::Deleted { .. }) => return true,
                Some(ChangeKind::Merged { survivor, .. }) => waiting.push((*survivor, at + 1)),
                Some(ChangeKind::Split { into, .. }) => {
                    waiting.extend([(*into, at + 1), (profile, at + 1)]);
                }
                None => {}
            }
        }
        false
    }

    /// The anchors by which rows of a profile may part ways from a position on.
    pub(crate) fn anchors(&self, profile: ProfileId, since: Position) -> Vec<&Identifier> {
        let mut found = Vec::new();
        let mut waiting = vec![(profile, self.first_at(since))];
        while let Some((profile, from)) = waiting.pop() {
            let Some(at) = self.next_of(profile, from) else { continue };
            match self.changes.get(at).map(|change| &change.kind) {
                Some(ChangeKind::Merged { survivor, .. }) => waiting.push((*survivor, at + 1)),
                Some(ChangeKind::Split { into, anchors, .. }) => {
                    found.extend(anchors);
                    waiting.extend([(*into, at + 1), (profile, at + 1)]);
                }
                Some(ChangeKind::Deleted { .. }) | None => {}
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// Profiles that a change at a position or later takes rows from, in ascending order.
    pub(crate) fn sources(&self, since: Position) -> Vec<ProfileId> {
        let mut sources: Vec<_> =
            self.changes.get(self.first_at(since)..).unwrap_or_default().iter().map(Change::source).collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// The profiles under which rows of a profile may stand, itself first.
    pub(crate) fn origins(&self, profile: ProfileId) -> Vec<ProfileId> {
        let mut origins = vec![profile];
        let mut at = 0;
        while let Some(origin) = origins.get(at).copied() {
            for source in self.by_target.get(&origin).into_iter().flatten() {
                if !origins.contains(source) {
                    origins.push(*source);
                }
            }
            at += 1;
        }
        origins
    }

    /// This and later changes.
    pub(crate) fn with(&self, later: &[Change]) -> Self {
        Self::new(self.changes.iter().chain(later).cloned().collect())
    }

    /// Without what every part has in its rows.
    pub(crate) fn from(&self, position: Position) -> Self {
        Self::new(self.changes.get(self.first_at(position)..).unwrap_or_default().to_vec())
    }

    pub(crate) fn store(&self, objects: &Objects) -> Result<Option<OverlayEntry>, PartsError> {
        if self.is_empty() {
            return Ok(None);
        }
        let stored = Stored { format: FORMAT, changes: self.changes.clone() };
        let bytes = serde_json::to_vec(&stored).map_err(|error| PartsError::Encode(error.to_string()))?;
        let checksum = checksum_of(&bytes);
        let path = format!("overlay/{checksum}.json");
        let entry =
            OverlayEntry { path, bytes: bytes.len() as u64, checksum, changes: self.changes.len() as u64 };
        objects.put(&entry.path, bytes)?;
        Ok(Some(entry))
    }

    pub(crate) fn load(objects: &Objects, entry: Option<&OverlayEntry>) -> Result<Arc<Self>, PartsError> {
        let Some(entry) = entry else { return Ok(Arc::default()) };
        let bytes = objects.get(&entry.path)?;
        if checksum_of(&bytes) != entry.checksum {
            return Err(PartsError::damaged(&entry.path, "its checksum is wrong"));
        }
        let stored: Stored =
            serde_json::from_slice(&bytes).map_err(|error| PartsError::damaged(&entry.path, error))?;
        if stored.format != FORMAT {
            return Err(PartsError::UnknownFormat { path: entry.path.clone(), format: stored.format });
        }
        Ok(Arc::new(Self::new(stored.changes)))
    }
}
