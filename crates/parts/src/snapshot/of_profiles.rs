//! Whole rows of some profiles, some at a time: for whoever goes through all that somebody has done, however much it is.

use segops_model::ProfileId;

use super::table::fixed_names;
use super::{Snapshot, TablePiece, TableRequest, TableScan};
use crate::error::PartsError;
use crate::fixed::decode;
use crate::row::PartRow;
use crate::stream::RowFilter;

/// Rows of some profiles, in no order.
#[derive(Debug)]
pub struct RowsOfProfiles {
    profiles: Vec<ProfileId>,
    pieces: std::vec::IntoIter<TablePiece>,
    scan: Option<TableScan>,
}

impl Snapshot {
    /// Rows of some profiles and event names. Of parts only their runs are read.
    #[must_use]
    pub fn rows_of(&self, profiles: &[ProfileId], names: &[String], filter: RowFilter) -> RowsOfProfiles {
        let request = TableRequest {
            names: Some(names.to_vec()),
            profiles: Some(profiles.to_vec()),
            filter,
            fixed: fixed_names().into_iter().map(str::to_owned).collect(),
            typed: Vec::new(),
        };
        RowsOfProfiles { profiles: profiles.to_vec(), pieces: self.table(request).into_iter(), scan: None }
    }
}

impl RowsOfProfiles {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn next_rows(&mut self) -> Result<Option<Vec<PartRow>>, PartsError> {
        loop {
            let Some(scan) = &mut self.scan else {
                let Some(piece) = self.pieces.next() else { return Ok(None) };
                self.scan = Some(piece.scan());
                continue;
            };
            match scan.next_batch()? {
                None => self.scan = None,
                Some(batch) => {
                    let mut rows = decode(&batch)?;
                    // A piece may give rows of others too.
                    rows.retain(|row| self.profiles.contains(&row.profile));
                    return Ok(Some(rows));
                }
            }
        }
    }
}
