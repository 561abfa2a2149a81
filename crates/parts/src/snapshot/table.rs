//! Rows as record batches, in no order: what a query engine scans. It comes in pieces that can be read side by side.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use segops_model::ProfileId;

use super::Snapshot;
use crate::columns::TypedColumn;
use crate::error::PartsError;
use crate::fixed::FIXED;
use crate::manifest::{NameRows, PartEntry};
use crate::merge::Source;
use crate::part_file::PartFile;
use crate::row::PartRow;
use crate::shape::Shape;
use crate::stream::{Reading, RowFilter};

/// What to read. A piece may give more rows than those that are asked for by profile.
#[derive(Debug, Clone, Default)]
pub struct TableRequest {
    /// Only rows of these event names; of all where there is none.
    pub names: Option<Vec<String>>,
    /// Only rows of these profiles; of all where there is none.
    pub profiles: Option<Vec<ProfileId>>,
    pub filter: RowFilter,
    /// Columns that every part has, by their names; those that there are not are left out. The profile, the time and
    /// the position are there always.
    pub fixed: Vec<String>,
    /// Properties as columns, whether a part has one or not: by the one coercion, null where it gives nothing.
    pub typed: Vec<TypedColumn>,
}

/// A share of the rows, which can be read any number of times.
#[derive(Debug, Clone)]
pub struct TablePiece {
    snapshot: Snapshot,
    request: Arc<TableRequest>,
    shape: Arc<Shape>,
    /// The part; rows in memory where there is none.
    part: Option<PartEntry>,
}

/// Reads a piece. Nothing is opened before it is asked for rows.
pub struct TableScan {
    piece: TablePiece,
    place: Place,
}

enum Place {
    Unopened,
    Opened(VecDeque<Box<dyn Source>>),
    /// In memory, from the number of a row on.
    Tail(usize),
}

impl std::fmt::Debug for TableScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableScan").field("piece", &self.piece).finish_non_exhaustive()
    }
}

impl TableRequest {
    fn wants(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted == name))
    }

    fn may_be_in(&self, part: &PartEntry) -> bool {
        let mut names = part.names.iter().filter(|of_name| self.wants(&of_name.name));
        names.any(|of_name| self.filter.may_have(of_name.ts))
    }

    fn shape(&self) -> Shape {
        let wanted = |name: &str| self.fixed.iter().any(|wanted| wanted == name);
        let is_of_order =
            |name: &str| [crate::fixed::PROFILE, crate::fixed::TS, crate::fixed::POSITION].contains(&name);
        let fixed = fixed_names().into_iter().filter(|name| wanted(name) && !is_of_order(name));
        Shape::Columns { fixed: fixed.collect(), typed: self.typed.clone() }
    }
}

pub(super) fn fixed_names() -> Vec<&'static str> {
    let fixed: &'static arrow_schema::SchemaRef = &FIXED;
    fixed.fields().iter().map(|field| field.name().as_str()).collect()
}

impl Snapshot {
    /// Rows with some columns, in no order: each row is in one of the pieces.
    #[must_use]
    pub fn table(&self, request: TableRequest) -> Vec<TablePiece> {
        let (shape, request) = (Arc::new(request.shape()), Arc::new(request));
        let piece = |part| TablePiece {
            snapshot: self.clone(),
            request: Arc::clone(&request),
            shape: Arc::clone(&shape),
            part,
        };
        let parts = self.manifest.parts.iter().filter(|part| request.may_be_in(part));
        parts.cloned().map(Some).chain([None]).map(piece).collect()
    }
}

impl TableScan {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, PartsError> {
        loop {
            match &mut self.place {
                Place::Unopened => {
                    self.place = match &self.piece.part {
                        Some(part) => Place::Opened(self.piece.open(part)?),
                        None => Place::Tail(0),
                    };
                }
                Place::Opened(sources) => {
                    let Some(source) = sources.front_mut() else { return Ok(None) };
                    match source.next_batch()? {
                        Some(batch) if batch.num_rows() == 0 => {}
                        Some(batch) => return Ok(Some(batch)),
                        None => drop(sources.pop_front()),
                    }
                }
                Place::Tail(from) => {
                    let start = *from;
                    let (batch, next) = self.piece.tail_from(start)?;
                    let Some(next) = next else { return Ok(batch) };
                    self.place = Place::Tail(next);
                    if batch.is_some() {
                        return Ok(batch);
                    }
                }
            }
        }
    }
}

impl TablePiece {
    #[must_use]
    pub fn scan(&self) -> TableScan {
        TableScan { piece: self.clone(), place: Place::Unopened }
    }

    fn reading(&self) -> Reading<'_> {
        Reading {
            shape: &self.shape,
            overlay: &self.snapshot.overlay,
            filter: self.request.filter,
            batch_rows: self.snapshot.batch_rows,
        }
    }

    fn open(&self, part: &PartEntry) -> Result<VecDeque<Box<dyn Source>>, PartsError> {
        let file = self.snapshot.files.open(part)?;
        let lifted = self.snapshot.lifted(&file)?;
        let ranges = self.ranges(&file)?;
        if ranges.is_empty() {
            return Ok(VecDeque::new());
        }
        Ok(self.reading().streams_within(&file, &ranges, file.entry.ts, &lifted)?.into())
    }

    /// The rows of a part that may be wanted, in ascending order.
    fn ranges(&self, file: &PartFile) -> Result<Vec<Range<u64>>, PartsError> {
        let of_names = file.entry.names.iter().filter(|of_name| self.request.wants(&of_name.name));
        let of_names = of_names.filter(|of_name| self.request.filter.may_have(of_name.ts));
        let of_names: Vec<Range<u64>> = of_names.map(NameRows::range).collect();
        let Some(profiles) = &self.request.profiles else { return Ok(of_names) };
        let overlay = &self.snapshot.overlay;
        let origins: BTreeSet<ProfileId> =
            profiles.iter().flat_map(|profile| overlay.origins(*profile)).collect();
        let mut ranges = Vec::new();
        for origin in origins {
            let runs = file.runs_of(origin)?;
            let is_wanted = |run: &Range<u64>| of_names.iter().any(|rows| rows.contains(&run.start));
            ranges.extend(runs.iter().map(|run| run.range()).filter(is_wanted));
        }
        ranges.sort_by_key(|range| range.start);
        Ok(ranges)
    }

    /// Rows in memory from a place on, and the place after them; none at the end.
    fn tail_from(&self, from: usize) -> Result<(Option<RecordBatch>, Option<usize>), PartsError> {
        let rows: Vec<&PartRow> =
            self.snapshot.tail_rows().skip(from).take(self.snapshot.batch_rows).collect();
        if rows.is_empty() {
            return Ok((None, None));
        }
        let next = from + rows.len();
        let profiles = self.request.profiles.as_deref();
        let is_wanted = |row: &&&PartRow| {
            let is_of = |profiles: &[ProfileId]| {
                self.snapshot.owner_in_tail(row).is_some_and(|owner| profiles.contains(&owner))
            };
            self.request.wants(&row.event.name) && profiles.is_none_or(is_of)
        };
        let wanted = rows.iter().filter(is_wanted).copied();
        let source = self.reading().stream_of_rows(wanted)?;
        let batch = source.map(|mut source| source.next_batch()).transpose()?.flatten();
        Ok((batch, Some(next)))
    }
}
