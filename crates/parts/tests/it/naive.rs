//! The same history with no cleverness at all: every row in one list, and each change carried out at once on all
//! rows before it.

use segops_model::{Position, ProfileId};
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

    /// What came in from a position on.
    pub(crate) fn tail_from(&self, from: Position) -> Tail {
        let rows = self.rows.iter().map(|(row, _)| row).filter(|row| row.position >= from).cloned();
        let changes = self.changes.iter().filter(|change| change.position >= from).cloned();
        Tail::of(rows.collect(), changes.collect(), self.until)
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
