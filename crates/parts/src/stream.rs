//! The rows of one event name in one part, as an overlay has them: in two sorted streams, those that stay where
//! they are and those that were moved.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch, UInt32Array, UInt64Array};
use arrow_buffer::BooleanBuffer;
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use segops_model::{Instant, Position, ProfileId};

use crate::error::PartsError;
use crate::fixed::{ANCHOR_KIND, ANCHOR_VALUE, PROFILE, anchor_of};
use crate::manifest::{NameRows, PartEntry};
use crate::merge::{InMemory, Keys, Source};
use crate::overlay::Overlay;
use crate::part_file::{PartFile, PartReader};
use crate::partition::Bucket;
use crate::row::PartRow;
use crate::shape::{Shape, project, replaced};
use crate::sidecar::Run;
use crate::signal_scan::{Columns, SignalRequest};

/// Which rows are wanted, beside their name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Only profiles of this bucket.
    pub bucket: Option<Bucket>,
    /// Only events from this instant on.
    pub from: Option<Instant>,
    /// Only events before this instant.
    pub before: Option<Instant>,
}

impl RowFilter {
    pub(crate) fn may_have(&self, ts: (Instant, Instant)) -> bool {
        self.from.is_none_or(|from| ts.1 >= from) && self.before.is_none_or(|before| ts.0 < before)
    }

    pub(crate) fn has(&self, profile: ProfileId, ts: Instant) -> bool {
        self.may_have((ts, ts)) && self.bucket.is_none_or(|bucket| bucket.holds(profile))
    }

    /// What is left to be asked of a part's rows, which have these instants.
    fn left_in(&self, file: &PartFile, ts: (Instant, Instant)) -> Self {
        let of_part = file.entry.partition.map(|partition| partition.bucket);
        Self {
            from: self.from.filter(|from| ts.0 < *from),
            before: self.before.filter(|before| ts.1 >= *before),
            bucket: self.bucket.filter(|bucket| of_part != Some(*bucket)),
        }
    }

    /// Whether a part may have rows of a profile of the bucket that were not moved.
    pub(crate) fn may_have_bucket(&self, part: &PartEntry) -> bool {
        match (self.bucket, part.partition) {
            (Some(wanted), Some(partition)) => {
                partition.bucket.of != wanted.of || partition.bucket.number == wanted.number
            }
            _ => true,
        }
    }

    fn filter(&self, batch: RecordBatch) -> Result<RecordBatch, PartsError> {
        let keys = Keys::of_signal(&batch)?;
        let from = self.from.map_or(i64::MIN, Instant::as_ms);
        let before = self.before.map_or(i64::MAX, Instant::as_ms);
        let is_in_time = |ts: &i64| *ts >= from && (*ts < before || self.before.is_none());
        let wanted = BooleanBuffer::collect_bool(keys.ts.len(), |row| {
            keys.ts.get(row).is_some_and(is_in_time)
                && self.bucket.is_none_or(|bucket| {
                    keys.profiles.get(row).is_some_and(|profile| bucket.holds(ProfileId(*profile)))
                })
        });
        if wanted.count_set_bits() == batch.num_rows() {
            return Ok(batch);
        }
        Ok(filter_record_batch(&batch, &BooleanArray::new(wanted, None))?)
    }

    /// Those of some rows in memory that are wanted, under the profiles that they are of now, in order.
    pub(crate) fn owned<'a>(
        &self,
        overlay: &Overlay,
        rows: impl Iterator<Item = &'a PartRow>,
    ) -> Vec<Cow<'a, PartRow>> {
        let mut owned: Vec<Cow<'a, PartRow>> = Vec::new();
        for row in rows {
            let since = Overlay::since(row.position, Position(0));
            let Some(owner) = overlay.resolve(row.profile, since, &row.anchor) else { continue };
            if self.has(owner, row.event.ts) {
                owned.push(if owner == row.profile {
                    Cow::Borrowed(row)
                } else {
                    Cow::Owned(PartRow { profile: owner, ..row.clone() })
                });
            }
        }
        owned.sort_by_key(|row| row.key());
        owned
    }
}

/// Rows of a part that stay where they are.
struct Staying {
    file: Arc<PartFile>,
    reader: PartReader,
    shape: Shape,
    filter: Option<RowFilter>,
}

impl Source for Staying {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, PartsError> {
        let Some((group, batch)) = self.reader.next_batch()? else { return Ok(None) };
        let batch = self.shape.adapt(&self.file, group, &batch)?;
        self.filter.map_or(Ok(batch.clone()), |filter| filter.filter(batch)).map(Some)
    }
}

/// The same, with nothing but typed columns.
struct Typed {
    reader: PartReader,
    filter: Option<RowFilter>,
}

impl Source for Typed {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, PartsError> {
        let Some((_, batch)) = self.reader.next_batch()? else { return Ok(None) };
        match self.filter {
            Some(filter) => filter.filter(batch).map(Some),
            None => Ok(Some(batch)),
        }
    }
}

/// Rows that stay where they are, and those that changes may have moved.
fn parted(ranges: &[Range<u64>], lifted: &[Run]) -> (Vec<Range<u64>>, Vec<Range<u64>>) {
    let (mut staying, mut moving) = (Vec::new(), Vec::new());
    for rows in ranges {
        let lifted = lifted.iter().map(|run| run.range()).filter(|run| rows.contains(&run.start));
        let lifted: Vec<_> = lifted.collect();
        staying.extend(without(rows, &lifted));
        moving.extend(lifted);
    }
    (staying, moving)
}

/// How a scan reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) overlay: &'a Overlay,
    pub(crate) filter: RowFilter,
    pub(crate) batch_rows: usize,
}

impl Reading<'_> {
    /// The streams of one name of a part. `lifted` are the runs of profiles that changes take rows from.
    pub(crate) fn streams_of(
        &self,
        file: &Arc<PartFile>,
        name: &str,
        lifted: &[Run],
    ) -> Result<Vec<Box<dyn Source>>, PartsError> {
        let Some(of_name) = file.entry.names.iter().find(|of_name| of_name.name == name) else {
            return Ok(Vec::new());
        };
        if !self.filter.may_have(of_name.ts) {
            return Ok(Vec::new());
        }
        self.streams_within(file, &[of_name.range()], of_name.ts, lifted)
    }

    /// The streams of some rows of a part, which are all within these instants. The ranges are in ascending order,
    /// and each holds a run whole or not at all.
    pub(crate) fn streams_within(
        &self,
        file: &Arc<PartFile>,
        ranges: &[Range<u64>],
        ts: (Instant, Instant),
        lifted: &[Run],
    ) -> Result<Vec<Box<dyn Source>>, PartsError> {
        let (staying, moving) = parted(ranges, lifted);
        let mut streams: Vec<Box<dyn Source>> = Vec::new();
        if self.filter.may_have_bucket(&file.entry) {
            let columns = self.shape.columns_of(file);
            let columns: Vec<_> = columns.iter().map(String::as_str).collect();
            let reader = file.read(&columns, &staying, self.batch_rows);
            streams.push(Box::new(Staying {
                file: Arc::clone(file),
                reader,
                shape: self.shape.clone(),
                filter: Some(self.filter.left_in(file, ts)).filter(|left| *left != RowFilter::default()),
            }));
        }
        if !moving.is_empty()
            && let Some(moved) = self.moved(file, &moving)?
        {
            streams.push(Box::new(InMemory(Some(moved))));
        }
        Ok(streams)
    }

    /// As [`Reading::streams_of`], of the columns of a signal; those of rows that stay are read no further than asked.
    pub(crate) fn signal_streams(
        &self,
        file: &Arc<PartFile>,
        request: &SignalRequest,
        columns: &Columns,
        of_name: &NameRows,
        lifted: &[Run],
    ) -> Result<Vec<Box<dyn Source>>, PartsError> {
        if !columns.are_typed() {
            return self.streams_within(file, &[of_name.range()], of_name.ts, lifted);
        }
        let (staying, moving) = parted(&[of_name.range()], lifted);
        let mut streams: Vec<Box<dyn Source>> = Vec::new();
        if self.filter.may_have_bucket(&file.entry) {
            let typed: Vec<_> = columns.typed().collect();
            let reader = file.read_typed(&typed, request.positions, &staying, self.batch_rows)?;
            let mut left = self.filter.left_in(file, of_name.ts);
            if request.earlier_rows {
                left.from = None;
            }
            let filter = (left != RowFilter::default()).then_some(left);
            streams.push(Box::new(Typed { reader, filter }));
        }
        if !moving.is_empty()
            && let Some(moved) = self.moved(file, &moving)?
        {
            streams.push(Box::new(InMemory(Some(moved))));
        }
        Ok(streams)
    }

    /// Rows that changes may have moved, under the profiles that they are of now.
    fn moved(&self, file: &Arc<PartFile>, lifted: &[Range<u64>]) -> Result<Option<RecordBatch>, PartsError> {
        let mut columns = self.shape.columns_of(file);
        columns.extend([ANCHOR_KIND, ANCHOR_VALUE].map(str::to_owned));
        let columns: Vec<_> = columns.iter().map(String::as_str).collect();
        let mut reader = file.read(&columns, lifted, self.batch_rows);
        let schema = self.shape.schema();
        let mut batches = Vec::new();
        while let Some((group, batch)) = reader.next_batch()? {
            let owners = self.owners(&batch, file.entry.resolved_until)?;
            let kept: BooleanArray = owners.iter().map(|owner| Some(owner.is_some())).collect();
            let owners = UInt64Array::from_iter_values(owners.into_iter().flatten().map(|owner| owner.0));
            let batch = self.shape.adapt(file, group, &filter_record_batch(&batch, &kept)?)?;
            let batch = replaced(&batch, PROFILE, Arc::new(owners))?;
            batches.push(self.filter.filter(project(&batch, &schema)?)?);
        }
        let all = concat_batches(&schema, &batches)?;
        if all.num_rows() == 0 { Ok(None) } else { sorted(&all).map(Some) }
    }

    /// Whose each row is now; `None` if it is deleted.
    fn owners(
        &self,
        batch: &RecordBatch,
        resolved_until: Position,
    ) -> Result<Vec<Option<ProfileId>>, PartsError> {
        let keys = Keys::of(batch)?;
        (0..batch.num_rows())
            .map(|row| {
                let no_row = || PartsError::Encode("a row lacks its anchor".to_owned());
                let (profile, _, position) = keys.at(row).ok_or_else(no_row)?;
                let anchor = anchor_of(batch, row).ok_or_else(no_row)?;
                let since = Overlay::since(Position(position), resolved_until);
                Ok(self.overlay.resolve(ProfileId(profile), since, &anchor))
            })
            .collect()
    }

    /// The stream of rows in memory, of one name.
    pub(crate) fn stream_of_rows<'a>(
        &self,
        rows: impl Iterator<Item = &'a PartRow>,
    ) -> Result<Option<Box<dyn Source>>, PartsError> {
        let owned = self.filter.owned(self.overlay, rows);
        if owned.is_empty() {
            return Ok(None);
        }
        let batch = self.shape.encode(&owned.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
        Ok(Some(Box::new(InMemory(Some(batch)))))
    }
}

/// Rows in the order of scans.
fn sorted(batch: &RecordBatch) -> Result<RecordBatch, PartsError> {
    let keys = Keys::of(batch)?;
    let rows = u32::try_from(batch.num_rows()).map_err(|error| PartsError::Encode(error.to_string()))?;
    let mut order: Vec<u32> = (0..rows).collect();
    order.sort_unstable_by_key(|row| keys.at(*row as usize));
    Ok(take_record_batch(batch, &UInt32Array::from(order))?)
}

/// A range of rows without some, which are in ascending order and within it.
fn without(rows: &Range<u64>, holes: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut holes: VecDeque<_> = holes.iter().collect();
    let (mut left, mut start) = (Vec::new(), rows.start);
    while let Some(hole) = holes.pop_front() {
        if start < hole.start {
            left.push(start..hole.start);
        }
        start = hole.end;
    }
    if start < rows.end {
        left.push(start..rows.end);
    }
    left
}
