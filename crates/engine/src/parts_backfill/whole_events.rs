//! The events of one name with all that they have, profile after profile.

use std::iter::Peekable;
use std::vec::IntoIter;

use segops_model::{Event, Position, ProfileId};
use segops_parts::{PartRow, PartsError, RowFilter, RowScan, Snapshot};

/// Rows in the order of (profile, ts, position).
pub(super) struct WholeEvents {
    scan: RowScan,
    rows: Peekable<IntoIter<PartRow>>,
}

impl WholeEvents {
    pub(super) fn open(snapshot: &Snapshot, name: &str, filter: RowFilter) -> Result<Self, PartsError> {
        let scan = snapshot.rows(Some(&[name.to_owned()]), filter)?;
        Ok(Self { scan, rows: Vec::new().into_iter().peekable() })
    }

    /// The first profile of which there are rows that were not taken.
    pub(super) fn next_profile(&mut self) -> Result<Option<ProfileId>, PartsError> {
        while self.rows.peek().is_none() {
            let Some(rows) = self.scan.next_rows()? else { return Ok(None) };
            self.rows = rows.into_iter().peekable();
        }
        Ok(self.rows.peek().map(|row| row.profile))
    }

    /// Hands out the events of a profile. Those of profiles before it are passed over.
    pub(super) fn take(
        &mut self,
        profile: ProfileId,
        each: &mut dyn FnMut(&Event, Position),
    ) -> Result<(), PartsError> {
        loop {
            while let Some(row) = self.rows.next_if(|row| row.profile <= profile) {
                if row.profile == profile {
                    each(&row.event, row.position);
                }
            }
            if self.rows.peek().is_some() {
                return Ok(());
            }
            let Some(rows) = self.scan.next_rows()? else { return Ok(()) };
            self.rows = rows.into_iter().peekable();
        }
    }
}
