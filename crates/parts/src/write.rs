//! Sorted rows into a part file and its sidecar.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, UInt64Type};
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use segops_model::{Instant, Position};

use crate::error::PartsError;
use crate::fixed::{ANCHOR_KIND, ANCHOR_VALUE, CONTEXT, EVENT, POSITION, PROFILE, PROPERTIES, TS};
use crate::layout::{ColumnInfo, INEXACT, INFO_KEY, Layout, PART_FORMAT, PartInfo};
use crate::manifest::{NameRows, PartEntry, SidecarEntry, checksum_of};
use crate::objects::Objects;
use crate::options::PartsOptions;
use crate::partition::Partition;
use crate::precision::as_in;
use crate::sidecar::{Run, write};

/// Bytes of one page before compression: a reader of a single profile unpacks a page of each column.
const PAGE_BYTES: usize = 96 * 1024;
/// The same for texts that are read seldom.
const TEXT_PAGE_BYTES: usize = 128 * 1024;
/// Bytes of the dictionary of such texts: a reader of a single profile unpacks all of it.
const TEXT_DICTIONARY_BYTES: usize = 64 * 1024;
/// Rows of one page.
const PAGE_ROWS: usize = 8_192;

/// Writes one part, which is held in memory until it is whole.
pub(crate) struct PartWriter {
    layout: Layout,
    schema: SchemaRef,
    arrow: ArrowWriter<Vec<u8>>,
    row_group_rows: usize,
    named_group_rows: usize,
    group: usize,
    rows_in_group: usize,
    group_marks: u64,
    /// For each typed column, the row groups with marks, and the rows that have a value.
    inexact: Vec<Vec<usize>>,
    valued: Vec<u64>,
    facts: Facts,
}

/// What is gathered of the rows on their way.
#[derive(Debug, Default)]
struct Facts {
    rows: u64,
    positions: Option<(u64, u64)>,
    profiles: Option<(u64, u64)>,
    names: Vec<NameRows>,
    runs: Vec<Run>,
}

/// A part that is written and not stored yet.
#[derive(Debug)]
pub(crate) struct WrittenPart {
    bytes: Vec<u8>,
    sidecar: crate::sidecar::Written,
    facts: Facts,
}

impl PartWriter {
    pub(crate) fn new(layout: Layout, options: &PartsOptions) -> Result<Self, PartsError> {
        let row_group_rows = options.row_group_rows.max(1);
        let writing = ArrowWriterOptions::new().with_properties(properties(row_group_rows));
        let schema = layout.file_schema();
        let arrow = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), writing);
        let columns = layout.columns.len();
        Ok(Self {
            layout,
            schema,
            arrow: arrow.map_err(encode_error)?,
            row_group_rows,
            named_group_rows: options.named_group_rows,
            group: 0,
            rows_in_group: 0,
            group_marks: 0,
            inexact: vec![Vec::new(); columns],
            valued: vec![0; columns],
            facts: Facts::default(),
        })
    }

    pub(crate) const fn rows(&self) -> u64 {
        self.facts.rows
    }

    /// Appends rows of the layout's row schema, which continue the order.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<(), PartsError> {
        let mut at = 0;
        for rows in runs_of_names(batch)? {
            // Whoever reads a name begins with a page, and has its values in dictionaries of their own.
            if self.facts.last_name() != Some(name_at(batch, at)?)
                && self.rows_in_group >= self.named_group_rows
            {
                self.flush_group()?;
            }
            let end = at + rows;
            while at < end {
                let rows = (self.row_group_rows - self.rows_in_group).min(end - at);
                self.push_within_group(&batch.slice(at, rows))?;
                at += rows;
                if self.rows_in_group == self.row_group_rows {
                    self.flush_group()?;
                }
            }
        }
        Ok(())
    }

    fn flush_group(&mut self) -> Result<(), PartsError> {
        self.arrow.flush().map_err(encode_error)?;
        self.end_group();
        Ok(())
    }

    fn push_within_group(&mut self, batch: &RecordBatch) -> Result<(), PartsError> {
        let file_columns = batch.num_columns() - 1;
        let columns = batch.columns().get(..file_columns).unwrap_or_default();
        let first_typed = file_columns - self.layout.columns.len();
        for (valued, column) in self.valued.iter_mut().zip(columns.iter().skip(first_typed)) {
            *valued += (column.len() - column.null_count()) as u64;
        }
        let marks = batch.column_by_name(INEXACT).and_then(|column| column.as_primitive_opt::<UInt64Type>());
        self.group_marks |=
            marks.map_or(u64::MAX, |marks| marks.values().iter().fold(0, |all, mark| all | mark));
        self.facts.note(batch)?;
        self.rows_in_group += batch.num_rows();
        let columns = as_in(columns, &self.schema)?;
        let file_batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        self.arrow.write(&file_batch).map_err(encode_error)
    }

    fn end_group(&mut self) {
        for (column, groups) in self.inexact.iter_mut().enumerate() {
            if self.group_marks >> column & 1 == 1 {
                groups.push(self.group);
            }
        }
        (self.group, self.rows_in_group, self.group_marks) = (self.group + 1, 0, 0);
    }

    pub(crate) fn finish(mut self) -> Result<WrittenPart, PartsError> {
        if self.rows_in_group > 0 {
            self.end_group();
        }
        let per_column = self.layout.columns.into_iter().zip(self.valued).zip(self.inexact);
        let columns = per_column.map(|((column, rows), inexact)| ColumnInfo { column, rows, inexact });
        let info = PartInfo { format: PART_FORMAT, columns: columns.collect() };
        let json = serde_json::to_string(&info).map_err(|error| PartsError::Encode(error.to_string()))?;
        self.arrow.append_key_value_metadata(KeyValue::new(INFO_KEY.to_owned(), json));
        let bytes = self.arrow.into_inner().map_err(encode_error)?;
        let mut facts = self.facts;
        let sidecar = write(std::mem::take(&mut facts.runs));
        Ok(WrittenPart { bytes, sidecar, facts })
    }
}

impl std::fmt::Debug for PartWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartWriter").field("layout", &self.layout).field("facts", &self.facts).finish()
    }
}

impl Facts {
    fn last_name(&self) -> Option<&str> {
        self.names.last().map(|of_name| of_name.name.as_str())
    }

    fn note(&mut self, batch: &RecordBatch) -> Result<(), PartsError> {
        let missing = || PartsError::Encode("a part's rows lack a fixed column".to_owned());
        let events: &StringArray = batch.column_by_name(EVENT).ok_or_else(missing)?.as_string();
        let numbers = |name: &str| -> Result<&[u64], PartsError> {
            Ok(batch.column_by_name(name).ok_or_else(missing)?.as_primitive::<UInt64Type>().values())
        };
        let (profiles, positions) = (numbers(PROFILE)?, numbers(POSITION)?);
        let ts = batch.column_by_name(TS).ok_or_else(missing)?.as_primitive::<TimestampMillisecondType>();
        for (row, ((profile, position), ts)) in profiles.iter().zip(positions).zip(ts.values()).enumerate() {
            let (name, ts) = (events.value(row), Instant::from_ms(*ts));
            let is_new_name = self.names.last().is_none_or(|last| last.name != name);
            if is_new_name {
                self.names.push(NameRows { name: name.to_owned(), start: self.rows, rows: 0, ts: (ts, ts) });
            }
            if let Some(of_name) = self.names.last_mut() {
                of_name.rows += 1;
                of_name.ts = (of_name.ts.0.min(ts), of_name.ts.1.max(ts));
            }
            match self.runs.last_mut() {
                Some(run) if run.profile == *profile && !is_new_name => run.rows += 1,
                _ => self.runs.push(Run { profile: *profile, start: self.rows, rows: 1 }),
            }
            self.positions = Some(widened(self.positions, *position));
            self.profiles = Some(widened(self.profiles, *profile));
            self.rows += 1;
        }
        Ok(())
    }
}

impl WrittenPart {
    /// Stores the part under the name of its content, beside its sidecar.
    pub(crate) fn store(
        self,
        objects: &Objects,
        level: u8,
        partition: Option<Partition>,
        resolved_until: Position,
    ) -> Result<PartEntry, PartsError> {
        let folder = partition.map_or_else(|| "parts/level0".to_owned(), Partition::folder);
        let checksum = checksum_of(&self.bytes);
        let path = format!("{folder}/{checksum}.parquet");
        let sidecar_path = format!("{folder}/{checksum}.profiles");
        let Facts { rows, positions, profiles, names, runs: _ } = self.facts;
        let (first, last) = positions.unwrap_or_default();
        let start = names.iter().map(|of_name| of_name.ts.0).min().unwrap_or_default();
        let end = names.iter().map(|of_name| of_name.ts.1).max().unwrap_or_default();
        let entry = PartEntry {
            path,
            bytes: self.bytes.len() as u64,
            checksum,
            sidecar: SidecarEntry {
                path: sidecar_path,
                bytes: self.sidecar.bytes.len() as u64,
                index_offset: self.sidecar.index_offset,
                checksum: checksum_of(&self.sidecar.bytes),
            },
            level,
            partition,
            rows,
            positions: (Position(first), Position(last)),
            ts: (start, end),
            profiles: profiles.unwrap_or_default(),
            resolved_until,
            names,
        };
        objects.put(&entry.sidecar.path, self.sidecar.bytes)?;
        objects.put(&entry.path, self.bytes)?;
        Ok(entry)
    }
}

fn names_of(batch: &RecordBatch) -> Result<&StringArray, PartsError> {
    let names = batch.column_by_name(EVENT).and_then(|column| column.as_string_opt::<i32>());
    names.ok_or_else(|| PartsError::Encode("a part's rows lack the names of their events".to_owned()))
}

fn name_at(batch: &RecordBatch, row: usize) -> Result<&str, PartsError> {
    Ok(names_of(batch)?.value(row))
}

/// How many rows there are of one event name after the other.
fn runs_of_names(batch: &RecordBatch) -> Result<Vec<usize>, PartsError> {
    let names = names_of(batch)?;
    let mut runs: Vec<usize> = Vec::new();
    for row in 0..names.len() {
        match runs.last_mut() {
            Some(rows) if names.value(row) == names.value(row - 1) => *rows += 1,
            _ => runs.push(1),
        }
    }
    Ok(runs)
}

fn widened(range: Option<(u64, u64)>, number: u64) -> (u64, u64) {
    range.map_or((number, number), |(first, last)| (first.min(number), last.max(number)))
}

fn encode_error(error: ParquetError) -> PartsError {
    PartsError::Encode(error.to_string())
}

/// The columns of the order, which every scan reads, are packed as differences and hardly compressed; all else is
/// small before it is fast. JSON is kept as a dictionary for as long as it repeats itself, which that of products
/// and devices does. There are no Bloom filters: names are in the manifest and profiles in the sidecar, and nothing
/// else is looked up by equality.
fn properties(row_group_rows: usize) -> WriterProperties {
    let path = |name: &str| ColumnPath::new(vec![name.to_owned()]);
    let zstd = |level: i32| ZstdLevel::try_new(level).map(Compression::ZSTD).unwrap_or(Compression::LZ4_RAW);
    let mut builder = WriterProperties::builder()
        .set_created_by("segops".to_owned())
        .set_max_row_group_row_count(Some(row_group_rows))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(512)
        .set_compression(zstd(1))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_index_truncate_length(Some(32))
        .set_statistics_truncate_length(Some(64));
    for name in [PROFILE, TS, POSITION] {
        builder = builder
            .set_column_dictionary_enabled(path(name), false)
            .set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED)
            .set_column_compression(path(name), Compression::LZ4_RAW);
    }
    for name in ["received_at", "message_id"] {
        builder = builder.set_column_dictionary_enabled(path(name), false);
    }
    for name in ["message_id", PROPERTIES, "traits", "group_traits", CONTEXT, ANCHOR_KIND, ANCHOR_VALUE] {
        builder = builder
            .set_column_statistics_enabled(path(name), EnabledStatistics::None)
            .set_column_data_page_size_limit(path(name), TEXT_PAGE_BYTES)
            .set_column_dictionary_page_size_limit(path(name), TEXT_DICTIONARY_BYTES)
            .set_column_compression(path(name), zstd(3));
    }
    builder.build()
}
