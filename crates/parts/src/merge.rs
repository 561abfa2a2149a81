//! Sorted streams of rows into one, by (profile, ts, position).
//!
//! Streams are merged run by run: from the stream that is first, all rows up to where the second begins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch, make_array};
use arrow_buffer::ScalarBuffer;
use arrow_data::transform::MutableArrayData;

use crate::error::PartsError;
use crate::fixed::{POSITION, PROFILE, TS};

/// Rows in order, some at a time. Batches have at least the three columns of the order.
pub(crate) trait Source: Send {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, PartsError>;
}

/// Rows that are in memory.
pub(crate) struct InMemory(pub(crate) Option<RecordBatch>);

impl Source for InMemory {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, PartsError> {
        Ok(self.0.take())
    }
}

/// The columns of the order.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) profiles: ScalarBuffer<u64>,
    pub(crate) ts: ScalarBuffer<i64>,
    pub(crate) positions: ScalarBuffer<u64>,
}

type Key = (u64, i64, u64);

/// Streams of rows, each in order.
pub(crate) type Streams = Vec<Box<dyn Source>>;

impl Keys {
    pub(crate) fn of(batch: &RecordBatch) -> Result<Self, PartsError> {
        let keys = || {
            let numbers = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>();
            let ts = batch.column_by_name(TS)?.as_primitive_opt::<TimestampMillisecondType>()?;
            Some(Self {
                profiles: numbers(PROFILE)?.values().clone(),
                ts: ts.values().clone(),
                positions: numbers(POSITION)?.values().clone(),
            })
        };
        keys().ok_or_else(Self::missing)
    }

    /// As [`Keys::of`], of rows that may have come without their positions.
    pub(crate) fn of_signal(batch: &RecordBatch) -> Result<Self, PartsError> {
        if batch.column_by_name(POSITION).is_some() {
            return Self::of(batch);
        }
        let keys = || {
            let profiles = batch.column_by_name(PROFILE)?.as_primitive_opt::<UInt64Type>()?;
            let ts = batch.column_by_name(TS)?.as_primitive_opt::<TimestampMillisecondType>()?;
            Some((profiles.values().clone(), ts.values().clone()))
        };
        let (profiles, ts) = keys().ok_or_else(Self::missing)?;
        Ok(Self { profiles, ts, positions: ScalarBuffer::from(Vec::new()) })
    }

    fn missing() -> PartsError {
        PartsError::Encode("rows lack the columns of their order".to_owned())
    }

    pub(crate) fn at(&self, row: usize) -> Option<Key> {
        Some((*self.profiles.get(row)?, *self.ts.get(row)?, *self.positions.get(row)?))
    }

    fn len(&self) -> usize {
        self.profiles.len()
    }
}

struct Cursor {
    source: Box<dyn Source>,
    batch: RecordBatch,
    keys: Keys,
    at: usize,
    /// The number of the batch among those that the output in progress is made of.
    used_as: Option<usize>,
}

impl Cursor {
    /// The row after the last that is before a key; looked for in steps that double.
    fn end_before(&self, bound: Key) -> usize {
        let is_before = |row: usize| self.keys.at(row).is_some_and(|key| key < bound);
        let (mut low, mut step) = (self.at + 1, 1);
        while is_before(low + step - 1) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step - 1).min(self.keys.len());
        while low < high {
            let middle = low.midpoint(high);
            if is_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The merged rows.
pub(crate) struct Merge {
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Reverse<(Key, usize)>>,
    batch_rows: usize,
}

impl std::fmt::Debug for Merge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merge").field("streams", &self.cursors.len()).finish_non_exhaustive()
    }
}

/// Rows of one input batch that follow each other in the output.
#[derive(Debug, Clone, Copy)]
struct Slice {
    batch: usize,
    start: usize,
    end: usize,
}

impl Merge {
    pub(crate) fn new(sources: Vec<Box<dyn Source>>, batch_rows: usize) -> Result<Self, PartsError> {
        let mut merge = Self { cursors: Vec::new(), heads: BinaryHeap::new(), batch_rows: batch_rows.max(1) };
        for mut source in sources {
            if let Some((batch, keys, key)) = load(source.as_mut())? {
                merge.heads.push(Reverse((key, merge.cursors.len())));
                merge.cursors.push(Cursor { source, batch, keys, at: 0, used_as: None });
            }
        }
        Ok(merge)
    }

    /// The next rows; `None` at the end.
    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, PartsError> {
        let (mut batches, mut slices): (Vec<RecordBatch>, Vec<Slice>) = (Vec::new(), Vec::new());
        let mut rows = 0;
        while rows < self.batch_rows {
            let Some(Reverse((_, number))) = self.heads.pop() else { break };
            let bound = self.heads.peek().map(|Reverse((key, _))| *key);
            let Some(cursor) = self.cursors.get_mut(number) else { break };
            let end = bound.map_or(cursor.keys.len(), |bound| cursor.end_before(bound));
            let end = end.min(cursor.at + self.batch_rows - rows);
            let batch = *cursor.used_as.get_or_insert_with(|| {
                batches.push(cursor.batch.clone());
                batches.len() - 1
            });
            slices.push(Slice { batch, start: cursor.at, end });
            rows += end - cursor.at;
            cursor.at = end;
            if let Some(key) = cursor.keys.at(end) {
                self.heads.push(Reverse((key, number)));
            } else if let Some((batch, keys, key)) = load(cursor.source.as_mut())? {
                (cursor.batch, cursor.keys, cursor.at, cursor.used_as) = (batch, keys, 0, None);
                self.heads.push(Reverse((key, number)));
            }
        }
        for cursor in &mut self.cursors {
            cursor.used_as = None;
        }
        if slices.is_empty() { Ok(None) } else { assemble(&batches, &slices, rows).map(Some) }
    }
}

/// The next batch that has rows.
fn load(source: &mut dyn Source) -> Result<Option<(RecordBatch, Keys, Key)>, PartsError> {
    while let Some(batch) = source.next_batch()? {
        let keys = Keys::of(&batch)?;
        if let Some(key) = keys.at(0) {
            return Ok(Some((batch, keys, key)));
        }
    }
    Ok(None)
}

fn assemble(batches: &[RecordBatch], slices: &[Slice], rows: usize) -> Result<RecordBatch, PartsError> {
    let nothing = || PartsError::Encode("a merge of no rows".to_owned());
    let first = batches.first().ok_or_else(nothing)?;
    if let [Slice { start, end, .. }] = slices {
        return Ok(first.slice(*start, end - start));
    }
    let columns = (0..first.num_columns()).map(|column| {
        let inputs: Vec<_> = batches.iter().map(|batch| batch.column(column).to_data()).collect();
        let mut output = MutableArrayData::new(inputs.iter().collect(), false, rows);
        for slice in slices {
            output.try_extend(slice.batch, slice.start, slice.end)?;
        }
        Ok::<ArrayRef, PartsError>(make_array(output.freeze()))
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(first.schema_ref()), columns)?)
}
