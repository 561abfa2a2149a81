//! The same history with no cleverness at all: every row in one list, and each change carried out at once on all
//! rows before it.

use segops_model::{Path, Position, ProfileId, Value};
use segops_parts::{Change, ChangeKind, PartRow, Tail};

#[derive(Debug, Clone, Default)]
pub(crate) struct Naive {
    /// As they came in, and whose each is by now.
    rows: Vec<(PartRow, Option<ProfileId>)>,
    changes: Vec<Change>,
    pub(crate) until: Position,
}

impl Naive {
    pub(crate) fn add(&mut self, row: PartRow) {
        self.until = row.position.next();
        let owner = Some(row.profile);
        self.rows.push((row, owner));
    }

    pub(crate) fn change(&mut self, change: Change) {
        self.until = change.position.next();
        for (row, owner) in self.rows.iter_mut() {
            match &change.kind {
                ChangeKind::Merged { absorbed, survivor } if *owner == Some(*absorbed) => {
                    *owner = Some(*survivor);
                }
                ChangeKind::Split { profile, anchors, into }
                    if *owner == Some(*profile) && anchors.contains(&row.anchor) =>
                {
                    *owner = Some(*into);
                }
                ChangeKind::Deleted { profile } if *owner == Some(*profile) => *owner = None,
                _ => {}
            }
        }
        self.changes.push(change);
    }

    /// The same history as it was before a position.
    pub(crate) fn before(&self, until: Position) -> Self {
        let mut earlier = Self::default();
        let mut changes = self.changes.iter().filter(|change| change.position < until).peekable();
        for (row, _) in self.rows.iter().filter(|(row, _)| row.position < until) {
            while let Some(change) = changes.next_if(|change| change.position < row.position) {
                earlier.change(change.clone());
            }
            earlier.add(row.clone());
        }
        changes.for_each(|change| earlier.change(change.clone()));
        earlier.until = until;
        earlier
    }

    /// What came in from a position on.
    pub(crate) fn tail_from(&self, from: Position) -> Tail {
        Tail {
            rows: self.rows.iter().map(|(row, _)| row).filter(|row| row.position >= from).cloned().collect(),
            changes: self.changes.iter().filter(|change| change.position >= from).cloned().collect(),
            until: self.until,
        }
    }

    /// Every row that is not deleted, under its owner, in the order of scans.
    pub(crate) fn truth(&self) -> Vec<PartRow> {
        let owned = self.rows.iter().filter_map(|(row, owner)| {
            let owner = (*owner)?;
            Some(PartRow { profile: owner, ..row.clone() })
        });
        let mut rows: Vec<_> = owned.collect();
        rows.sort_by_key(PartRow::key);
        rows
    }

    /// The values of a path, of a list the list itself; null is as good as nothing.
    pub(crate) fn value(row: &PartRow, path: &Path) -> Option<Value> {
        let root = path.split_list().map_or_else(|| path.clone(), |(list, _)| list);
        root.in_event(&row.event).filter(|value| **value != Value::Null).cloned()
    }

    /// Profiles that have rows, and the anchors of those.
    pub(crate) fn profiles(&self) -> Vec<ProfileId> {
        let mut profiles: Vec<_> = self.rows.iter().filter_map(|(_, owner)| *owner).collect();
        profiles.sort_unstable();
        profiles.dedup();
        profiles
    }

    pub(crate) fn anchors_of(&self, profile: ProfileId) -> Vec<segops_model::Identifier> {
        let of_profile = self.rows.iter().filter(|(_, owner)| *owner == Some(profile));
        let mut anchors: Vec<_> = of_profile.map(|(row, _)| row.anchor.clone()).collect();
        anchors.sort();
        anchors.dedup();
        anchors
    }
}
