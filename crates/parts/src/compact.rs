//! Compaction: level 0 is split by month and bucket, parts of similar size are merged, and what happened to
//! profiles is written into the rows.
//!
//! A compaction writes new files beside the old ones and commits a manifest that names them instead. Wherever it
//! stops, the manifest before is whole, and what was written is garbage.

mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use segops_model::{Position, ProfileId};

use crate::choose::Chooser;
use crate::columns::TypedColumn;
use crate::error::PartsError;
use crate::layout::Layout;
use crate::manifest::{Manifest, PartEntry};
use crate::merge::{Keys, Merge};
use crate::overlay::Overlay;
use crate::part_file::PartFile;
use crate::partition::{Bucket, Months, Partition};
use crate::parts::Parts;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::stream::{Reading, RowFilter};
use crate::write::PartWriter;
use plan::{Job, buckets_of, plan};

/// How much is to be compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// What is due by the options.
    Due,
    /// Everything that can be: no level 0, each month as few parts as possible, no change left to apply.
    Full,
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    pub work: CompactionWork,
    pub parts_before: usize,
    pub parts_after: usize,
    pub rows_before: u64,
    /// Fewer than before where rows were deleted.
    pub rows_after: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactionWork {
    /// Level 0 was split by month and bucket, or a month by more buckets than before.
    Split,
    /// Parts of one month were merged.
    Merged,
    /// What happened to profiles was written into rows.
    Applied,
    /// Changes that no row is left for were dropped.
    Settled,
}

impl Parts {
    /// Does the one compaction that is most wanted; `None` if nothing is.
    ///
    /// # Errors
    /// Parts can't be read or written; then nothing has changed, or all of it has.
    pub fn compact(&self, effort: Effort) -> Result<Option<Compacted>, PartsError> {
        self.compact_unless(effort, &|| false)
    }

    /// As [`Parts::compact`], but it is given up, with nothing changed, as soon as it is called off.
    ///
    /// # Errors
    /// As there; [`PartsError::CalledOff`] if it was given up.
    pub fn compact_unless(
        &self,
        effort: Effort,
        is_called_off: &dyn Fn() -> bool,
    ) -> Result<Option<Compacted>, PartsError> {
        let _compacting = self.compacting.lock();
        drop(self.begin_writing()?);
        let snapshot = self.snapshot();
        let Some(job) = plan(&snapshot, &self.options, effort)? else {
            return self.settle();
        };
        let inputs: Vec<&PartEntry> =
            job.inputs.iter().filter_map(|number| snapshot.manifest.parts.get(*number)).collect();
        let outputs = self.run(&snapshot, &inputs, &job, is_called_off)?;
        let rows_of = |parts: &mut dyn Iterator<Item = &PartEntry>| parts.map(|part| part.rows).sum();
        let compacted = Compacted {
            work: job.work,
            parts_before: inputs.len(),
            parts_after: outputs.len(),
            rows_before: rows_of(&mut inputs.iter().copied()),
            rows_after: rows_of(&mut outputs.iter()),
        };
        // Rows and changes may have come in meanwhile; parts are taken out and rewritten by compactions alone.
        let writing = self.begin_writing()?;
        let snapshot = self.snapshot();
        let mut next = Manifest::clone(&snapshot.manifest);
        next.parts.retain(|part| !inputs.iter().any(|input| input.path == part.path));
        next.parts.extend(outputs);
        let overlay = settled(&mut next, &snapshot)?;
        self.commit(&writing, next, overlay)?;
        Ok(Some(compacted))
    }

    fn settle(&self) -> Result<Option<Compacted>, PartsError> {
        let writing = self.begin_writing()?;
        let snapshot = self.snapshot();
        if snapshot.overlay.is_empty() {
            return Ok(None);
        }
        let mut next = Manifest::clone(&snapshot.manifest);
        let overlay = settled(&mut next, &snapshot)?;
        if overlay.changes().len() == snapshot.overlay.changes().len() {
            return Ok(None);
        }
        self.commit(&writing, next, overlay)?;
        let work = CompactionWork::Settled;
        Ok(Some(Compacted { work, parts_before: 0, parts_after: 0, rows_before: 0, rows_after: 0 }))
    }

    fn run(
        &self,
        snapshot: &Snapshot,
        inputs: &[&PartEntry],
        job: &Job,
        is_called_off: &dyn Fn() -> bool,
    ) -> Result<Vec<PartEntry>, PartsError> {
        let files = inputs.iter().map(|part| self.files.open(part)).collect::<Result<Vec<_>, _>>()?;
        let layout = layout_of(&files);
        let shape = Shape::Rows(layout.clone());
        let reading = Reading {
            shape: &shape,
            overlay: &snapshot.overlay,
            filter: RowFilter::default(),
            batch_rows: self.options.batch_rows,
        };
        let buckets = buckets_of(&snapshot.manifest.parts, &self.options);
        let (months, open) = (Months::default(), BTreeMap::new());
        let mut outputs = Outputs { parts: self, layout, job, buckets, months, open };
        let mut stored = Vec::new();
        let names: BTreeSet<&str> =
            inputs.iter().flat_map(|part| &part.names).map(|of_name| of_name.name.as_str()).collect();
        for name in names {
            let mut streams = Vec::new();
            for file in &files {
                streams.extend(reading.streams_of(file, name, &snapshot.lifted(file)?)?);
            }
            let mut merge = Merge::new(streams, self.options.batch_rows)?;
            while let Some(batch) = merge.next_batch()? {
                if is_called_off() {
                    return Err(PartsError::CalledOff);
                }
                stored.extend(outputs.push(&batch, snapshot.until())?);
            }
        }
        stored.extend(outputs.finish(snapshot.until())?);
        Ok(stored)
    }
}

/// The columns of parts together.
fn layout_of(files: &[Arc<PartFile>]) -> Layout {
    let mut chooser = Chooser::default();
    for info in files.iter().flat_map(|file| &file.info.columns) {
        chooser.want(&info.column, info.rows);
    }
    let columns = chooser.choose();
    // Where a part has to make a column from the JSON, nobody has looked at its numbers yet.
    let is_narrow = |column: &&TypedColumn| {
        column.has_numbers() && files.iter().all(|file| file.has_small_numbers(column))
    };
    let narrow = columns.iter().filter(is_narrow).cloned().collect();
    Layout { columns, narrow }
}

/// Parts that are being written, one for each place.
struct Outputs<'a> {
    parts: &'a Parts,
    layout: Layout,
    job: &'a Job,
    buckets: u32,
    months: Months,
    open: BTreeMap<Partition, PartWriter>,
}

impl Outputs<'_> {
    /// Hands rows to the parts that they belong to; stores those that are full.
    fn push(&mut self, batch: &RecordBatch, until: Position) -> Result<Vec<PartEntry>, PartsError> {
        let keys = Keys::of(batch)?;
        let mut places: BTreeMap<Partition, Vec<u32>> = BTreeMap::new();
        for (row, (profile, ts)) in keys.profiles.iter().zip(&keys.ts).enumerate() {
            let month = self.months.of(*ts);
            let bucket = Bucket::of(ProfileId(*profile), self.buckets);
            places.entry(Partition { month, bucket }).or_default().push(row_number(row));
        }
        let mut stored = Vec::new();
        let is_one = places.len() == 1;
        for (place, rows) in places {
            let taken;
            let rows = if is_one {
                batch
            } else {
                taken = take_record_batch(batch, &UInt32Array::from(rows))?;
                &taken
            };
            let mut writer = match self.open.remove(&place) {
                Some(writer) => writer,
                None => PartWriter::new(self.layout.clone(), &self.parts.options)?,
            };
            writer.push(rows)?;
            if writer.rows() >= self.parts.options.part_rows_max {
                stored.push(self.store(place, writer, until)?);
            } else {
                self.open.insert(place, writer);
            }
        }
        Ok(stored)
    }

    fn store(&self, place: Partition, writer: PartWriter, until: Position) -> Result<PartEntry, PartsError> {
        writer.finish()?.store(&self.parts.files.objects, self.job.level, Some(place), until)
    }

    fn finish(mut self, until: Position) -> Result<Vec<PartEntry>, PartsError> {
        let open = std::mem::take(&mut self.open);
        open.into_iter().map(|(place, writer)| self.store(place, writer, until)).collect()
    }
}

/// Batches have a few thousand rows.
fn row_number(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

/// Notes of each part without rows to move that all changes are in it, and gives the overlay without those that
/// are in every part.
fn settled(manifest: &mut Manifest, snapshot: &Snapshot) -> Result<Arc<Overlay>, PartsError> {
    if snapshot.overlay.is_empty() {
        return Ok(Arc::clone(&snapshot.overlay));
    }
    let until = snapshot.until();
    let mut wanted_from = until;
    for part in &mut manifest.parts {
        if part.resolved_until < until {
            let file = snapshot.files.open(part)?;
            if snapshot.lifted(&file)?.is_empty() {
                part.resolved_until = until;
            }
        }
        wanted_from = wanted_from.min(Overlay::since(part.positions.0, part.resolved_until));
    }
    let left = snapshot.overlay.from(wanted_from);
    if left.changes().len() == snapshot.overlay.changes().len() {
        return Ok(Arc::clone(&snapshot.overlay));
    }
    Ok(Arc::new(left))
}
