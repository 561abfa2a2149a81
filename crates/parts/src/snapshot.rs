//! The history as it stood at one moment: a manifest, an overlay, and rows that are not in a part yet.

mod of_profiles;
mod table;
mod timeline;

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use segops_model::{Instant, Position, ProfileId};

use crate::error::PartsError;
use crate::fixed::decode;
use crate::manifest::{Manifest, PartEntry};
use crate::merge::{Merge, Streams};
use crate::opened::Files;
use crate::overlay::{Change, Overlay};
use crate::part_file::PartFile;
use crate::row::PartRow;
use crate::shape::Shape;
use crate::sidecar::Run;
use crate::signal_scan::{Columns, SignalRequest, SignalStream};
use crate::stream::{Reading, RowFilter};
pub use of_profiles::RowsOfProfiles;
pub use table::{TablePiece, TableRequest, TableScan};
pub use timeline::TimelineRequest;

/// Rows that came in after what parts hold, and what happened to profiles since. A clone shares the rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tail {
    /// Rows in the order of their positions, some at a time.
    pub batches: Vec<Arc<Vec<PartRow>>>,
    pub changes: Vec<Change>,
    /// Everything before this position is here or in a part.
    pub until: Position,
}

impl Tail {
    /// A tail of rows that are in one piece.
    #[must_use]
    pub fn of(rows: Vec<PartRow>, changes: Vec<Change>, until: Position) -> Self {
        Self { batches: vec![Arc::new(rows)], changes, until }
    }

    /// As they came in.
    pub fn rows(&self) -> impl Iterator<Item = &PartRow> {
        self.batches.iter().flat_map(|batch| batch.iter())
    }

    /// Lets go of what parts hold.
    pub fn forget_before(&mut self, held_until: Position) {
        let is_needed =
            |batch: &Arc<Vec<PartRow>>| batch.last().is_some_and(|row| row.position >= held_until);
        self.batches.retain(is_needed);
        self.changes.retain(|change| change.position >= held_until);
        self.until = self.until.max(held_until);
    }
}

/// The whole history, unchanging for as long as it is held: whatever is flushed, compacted or removed meanwhile.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(crate) files: Arc<Files>,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) overlay: Arc<Overlay>,
    tail: Option<Arc<Tail>>,
    batch_rows: usize,
}

impl Snapshot {
    pub(crate) fn new(
        files: Arc<Files>,
        manifest: Arc<Manifest>,
        overlay: Arc<Overlay>,
        batch_rows: usize,
    ) -> Self {
        Self { files, manifest, overlay, tail: None, batch_rows }
    }

    /// The same history with rows that no part holds yet. Those that a part holds already are left out, so that
    /// a tail may be older than the snapshot.
    #[must_use]
    pub fn with_tail(&self, tail: &Tail) -> Self {
        let mut tail = tail.clone();
        tail.forget_before(self.manifest.held_until);
        Self {
            overlay: if tail.changes.is_empty() {
                Arc::clone(&self.overlay)
            } else {
                Arc::new(self.overlay.with(&tail.changes))
            },
            tail: Some(Arc::new(tail)),
            files: Arc::clone(&self.files),
            manifest: Arc::clone(&self.manifest),
            batch_rows: self.batch_rows,
        }
    }

    /// Everything before this position is in the snapshot, and nothing after it.
    #[must_use]
    pub fn until(&self) -> Position {
        self.tail.as_ref().map_or(self.manifest.held_until, |tail| tail.until)
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    #[must_use]
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Every event name of which there may be rows, in order. Inputs that are no events have the empty name.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let in_parts = self.manifest.parts.iter().flat_map(|part| &part.names);
        let mut names: BTreeSet<&str> = in_parts.map(|of_name| of_name.name.as_str()).collect();
        names.extend(self.tail_rows().map(|row| row.event.name.as_str()));
        names.into_iter().map(str::to_owned).collect()
    }

    /// The time of the oldest row, whatever became of it since; `None` if there are no rows.
    #[must_use]
    pub fn oldest_ts(&self) -> Option<Instant> {
        let in_parts = self.manifest.parts.iter().map(|part| part.ts.0);
        in_parts.chain(self.tail_rows().map(|row| row.event.ts)).min()
    }

    /// How many rows there are of some event names, or of all, deleted ones included.
    #[must_use]
    pub fn row_count(&self, names: Option<&[String]>) -> u64 {
        let is_wanted = |name: &str| names.is_none_or(|names| names.iter().any(|wanted| wanted == name));
        let in_parts = self.manifest.parts.iter().flat_map(|part| &part.names);
        let in_parts = in_parts.filter(|of_name| is_wanted(&of_name.name)).map(|of_name| of_name.rows);
        let in_tail = self.tail_rows().filter(|row| is_wanted(&row.event.name)).count();
        in_parts.sum::<u64>() + in_tail as u64
    }

    /// Rows of one event name with some of their properties, in as many streams as there are pieces of the history, each
    /// in order: for readers that take all rows of one profile from all of them before they go on to the next.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn streams(&self, request: &SignalRequest) -> Result<Vec<SignalStream>, PartsError> {
        let parts = self.manifest.parts.iter().filter_map(|part| {
            let of_name = part.names.iter().find(|of_name| of_name.name == request.event)?;
            request.filter.may_have(of_name.ts).then_some((part, of_name))
        });
        let parts: Vec<_> = parts.collect();
        // Every stream has a batch in memory; the more there are, the smaller they get.
        let streams = parts.iter().filter(|(part, _)| request.filter.may_have_bucket(part)).count();
        let batch_rows = (self.batch_rows * 8 / streams.max(8)).max(512);
        let mut streams = Vec::new();
        for (part, of_name) in parts {
            let file = self.files.open(part)?;
            let lifted = self.lifted(&file)?;
            let columns = Arc::new(Columns::of(request, Some(&file)));
            let shape = columns.shape(&file);
            let reading =
                Reading { shape: &shape, overlay: &self.overlay, filter: request.filter, batch_rows };
            let sources = reading.signal_streams(&file, request, &columns, of_name, &lifted)?;
            streams.extend(sources.into_iter().map(|source| SignalStream::new(source, Arc::clone(&columns))));
        }
        let in_tail = self.tail_rows().filter(|row| row.event.name == request.event.as_str());
        let in_tail = request.filter.owned(&self.overlay, in_tail);
        if !in_tail.is_empty() {
            streams.push(SignalStream::of_rows(&in_tail, Arc::new(Columns::of(request, None))));
        }
        Ok(streams)
    }

    /// Into how many buckets of profiles most of the history is divided.
    #[must_use]
    pub fn buckets(&self) -> u32 {
        let mut rows: FxHashMap<u32, u64> = FxHashMap::default();
        for part in &self.manifest.parts {
            *rows.entry(part.partition.map_or(1, |partition| partition.bucket.of)).or_default() += part.rows;
        }
        rows.into_iter().max_by_key(|(of, rows)| (*rows, *of)).map_or(1, |(of, _)| of)
    }

    /// Whole rows of some event names, or of all, in the order of (profile, ts, position) across the names.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn rows(&self, names: Option<&[String]>, filter: RowFilter) -> Result<RowScan, PartsError> {
        let names = names.map_or_else(|| self.names(), <[String]>::to_vec);
        let has_any = |part: &&PartEntry| {
            part.names.iter().any(|of_name| names.contains(&of_name.name) && filter.may_have(of_name.ts))
        };
        let files = self.manifest.parts.iter().filter(has_any).map(|part| self.files.open(part));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let streams = self.sorted(&files, &names, &Shape::events(), filter)?;
        Ok(RowScan { merge: Merge::new(streams, self.batch_rows)? })
    }

    /// Streams of rows of some names, each in order.
    fn sorted(
        &self,
        files: &[Arc<PartFile>],
        names: &[String],
        shape: &Shape,
        filter: RowFilter,
    ) -> Result<Streams, PartsError> {
        // Every stream has a batch in memory; the more there are, the smaller they get.
        let batch_rows = (self.batch_rows * 8 / (files.len() * names.len()).max(8)).max(256);
        let reading = Reading { shape, overlay: &self.overlay, filter, batch_rows };
        let mut streams = Streams::new();
        for file in files {
            let lifted = self.lifted(file)?;
            for name in names {
                streams.extend(reading.streams_of(file, name, &lifted)?);
            }
        }
        let in_tail = self.tail_rows().filter(|row| names.iter().any(|name| row.event.name == name.as_str()));
        streams.extend(reading.stream_of_rows(in_tail)?);
        Ok(streams)
    }

    /// The runs of a part that changes may have moved.
    pub(crate) fn lifted(&self, file: &PartFile) -> Result<Arc<[Run]>, PartsError> {
        if self.overlay.is_empty() { Ok(Arc::from([])) } else { file.lifted(&self.overlay) }
    }

    fn tail_rows(&self) -> impl Iterator<Item = &PartRow> {
        // A batch may be held in part.
        let held_until = self.manifest.held_until;
        self.tail.iter().flat_map(|tail| tail.rows()).filter(move |row| row.position >= held_until)
    }

    fn owner_in_tail(&self, row: &PartRow) -> Option<ProfileId> {
        self.overlay.resolve(row.profile, Overlay::since(row.position, Position(0)), &row.anchor)
    }
}

/// Whole rows in the order of (profile, ts, position).
#[derive(Debug)]
pub struct RowScan {
    merge: Merge,
}

impl RowScan {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn next_rows(&mut self) -> Result<Option<Vec<PartRow>>, PartsError> {
        self.merge.next_batch()?.map(|batch| decode(&batch)).transpose()
    }
}
