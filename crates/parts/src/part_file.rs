//! An opened part: its footer is read once, its pages as they are asked for.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use parking_lot::Mutex;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection,
};
use parquet::basic::Encoding;
use parquet::data_type::FixedLenByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use segops_model::ProfileId;

use crate::columns::{ItemField, NARROW_PRECISION, NUMBER_SUFFIX, TypedColumn};
use crate::error::{PartsError, ReadFailure};
use crate::fixed::{POSITION, PROFILE, TS};
use crate::layout::{INFO_KEY, PART_FORMAT, PartInfo};
use crate::manifest::PartEntry;
use crate::objects::Objects;
use crate::overlay::Overlay;
use crate::precision::widened;
use crate::read_ahead::{Held, Opened, ReadAhead, as_usize};
use crate::sidecar::{Index, Run};

/// Up to so many profiles are looked up one by one; past it the whole sidecar is read.
const LOOKUPS_MAX: usize = 16;
/// Up to so many rows are read page by page.
const ROWS_READ_ALONE: u64 = 512;

pub(crate) struct PartFile {
    pub(crate) entry: PartEntry,
    pub(crate) info: PartInfo,
    objects: Objects,
    metadata: ArrowReaderMetadata,
    /// The same, with texts as numbers of a dictionary where the file has them so.
    coded: OnceLock<ArrowReaderMetadata>,
    /// The rows of each row group.
    groups: Vec<Range<u64>>,
    /// The bytes of each column chunk, in the order of the file.
    chunks: Arc<[Range<u64>]>,
    read_ahead_bytes: u64,
    sidecar: OnceLock<Arc<Index>>,
    /// The runs that were lifted last, and of which profiles: they are the same for every question until more changes.
    lifted: Mutex<(Vec<ProfileId>, Arc<[Run]>)>,
}

impl std::fmt::Debug for PartFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartFile").field("path", &self.entry.path).finish_non_exhaustive()
    }
}

impl PartFile {
    pub(crate) fn open(
        objects: &Objects,
        entry: &PartEntry,
        read_ahead_bytes: u64,
    ) -> Result<Self, PartsError> {
        let path = &entry.path;
        let failure = Arc::new(ReadFailure::default());
        let damaged = |error: ParquetError| failure.or_damaged(path, error);
        let bare = ReadAhead {
            failure: Arc::clone(&failure),
            objects: objects.clone(),
            path: path.clone(),
            bytes: entry.bytes,
            chunks: Arc::from([]),
            ahead_bytes: read_ahead_bytes,
            held: Held::default(),
            opened: Arc::default(),
        };
        let options = ArrowReaderOptions::new()
            .with_offset_index_policy(PageIndexPolicy::Required)
            .with_column_index_policy(PageIndexPolicy::Skip);
        let metadata = ArrowReaderMetadata::load(&bare, options).map_err(damaged)?;
        let info = info_of(path, &metadata)?;
        let mut start = 0;
        let mut groups = Vec::new();
        let mut chunks = Vec::new();
        for group in metadata.metadata().row_groups() {
            let rows = u64::try_from(group.num_rows()).unwrap_or_default();
            groups.push(start..start + rows);
            start += rows;
            chunks.extend(group.columns().iter().map(|column| {
                let (offset, bytes) = column.byte_range();
                offset..offset + bytes
            }));
        }
        if start != entry.rows {
            return Err(PartsError::damaged(
                path,
                format_args!("it has {start} rows, the manifest says {}", entry.rows),
            ));
        }
        chunks.sort_by_key(|chunk| chunk.start);
        Ok(Self {
            entry: entry.clone(),
            info,
            objects: objects.clone(),
            metadata,
            coded: OnceLock::new(),
            groups,
            chunks: chunks.into(),
            read_ahead_bytes,
            sidecar: OnceLock::new(),
            lifted: Mutex::new((Vec::new(), Arc::from([]))),
        })
    }

    /// Whether the file has a column, and all numbers in it are known to be of few enough digits for 64 bits.
    pub(crate) fn has_small_numbers(&self, column: &TypedColumn) -> bool {
        if !self.info.columns.iter().any(|info| info.column == *column) {
            return false;
        }
        let name = column.column_name();
        let groups = self.metadata.metadata().row_groups();
        let chunks = groups.iter().flat_map(RowGroupMetaData::columns);
        let mut of_numbers = chunks.filter(|chunk| {
            let parts = chunk.column_path().parts();
            parts.first() == Some(&name) && parts.last().is_some_and(|leaf| leaf.ends_with(NUMBER_SUFFIX))
        });
        of_numbers.all(are_small)
    }

    /// Bytes that it takes in memory, with the index of its sidecar, which is read when it is wanted.
    pub(crate) fn memory_bytes(&self) -> usize {
        let sidecar =
            self.entry.sidecar.bytes - self.entry.sidecar.index_offset.min(self.entry.sidecar.bytes);
        self.metadata.metadata().memory_size() + as_usize(sidecar)
    }

    /// The row groups that hold any of these rows.
    pub(crate) fn groups_of(&self, rows: &Range<u64>) -> impl Iterator<Item = usize> {
        self.groups
            .iter()
            .enumerate()
            .filter(move |(_, group)| group.start < rows.end && rows.start < group.end)
            .map(|(number, _)| number)
    }

    /// Reads columns of rows; the ranges are in ascending order and do not overlap.
    pub(crate) fn read(
        self: &Arc<Self>,
        columns: &[&str],
        ranges: &[Range<u64>],
        batch_rows: usize,
    ) -> PartReader {
        let fields = self.metadata.schema().fields().iter().enumerate();
        let roots = fields.filter(|(_, field)| columns.contains(&field.name().as_str())).map(|(at, _)| at);
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots);
        PartReader { widens: true, ..self.reader(&self.metadata, mask, ranges, batch_rows) }
    }

    /// As [`PartFile::read`], of the columns of the order and of typed ones; lists with no more than the members
    /// named; positions only if they are wanted. Texts may come as numbers of a dictionary, and numbers with fewer
    /// digits.
    pub(crate) fn read_typed(
        self: &Arc<Self>,
        columns: &[&TypedColumn],
        positions: bool,
        ranges: &[Range<u64>],
        batch_rows: usize,
    ) -> Result<PartReader, PartsError> {
        let schema = self.metadata.parquet_schema();
        let named = |column: &&TypedColumn| {
            let members: Vec<String> = column.members().iter().map(ItemField::column_name).collect();
            (column.column_name(), members)
        };
        let named: Vec<(String, Vec<String>)> = columns.iter().map(named).collect();
        let is_wanted = |leaf: &[String]| match leaf {
            [name] if [PROFILE, TS].contains(&name.as_str()) => true,
            [name] if name == POSITION => positions,
            [root, .., last] => named.iter().any(|(name, members)| name == root && members.contains(last)),
            [name] => named.iter().any(|(column, _)| column == name),
            [] => false,
        };
        let leaves = schema.columns().iter().enumerate();
        let leaves = leaves.filter(|(_, leaf)| is_wanted(leaf.path().parts())).map(|(at, _)| at);
        let mask = ProjectionMask::leaves(schema, leaves);
        Ok(self.reader(self.coded()?, mask, ranges, batch_rows))
    }

    fn coded(&self) -> Result<&ArrowReaderMetadata, PartsError> {
        if let Some(coded) = self.coded.get() {
            return Ok(coded);
        }
        let schema = coded_schema(&self.metadata);
        let options = ArrowReaderOptions::new().with_schema(schema);
        let coded = ArrowReaderMetadata::try_new(Arc::clone(self.metadata.metadata()), options);
        let coded = coded.map_err(|error| PartsError::damaged(&self.entry.path, error))?;
        Ok(self.coded.get_or_init(|| coded))
    }

    fn reader(
        self: &Arc<Self>,
        metadata: &ArrowReaderMetadata,
        mask: ProjectionMask,
        ranges: &[Range<u64>],
        batch_rows: usize,
    ) -> PartReader {
        let mut groups = VecDeque::new();
        for (number, group) in self.groups.iter().enumerate() {
            let within = ranges.iter().filter_map(|range| {
                let (start, end) = (range.start.max(group.start), range.end.min(group.end));
                (start < end).then(|| as_usize(start - group.start)..as_usize(end - group.start))
            });
            let within: Vec<_> = within.collect();
            if !within.is_empty() {
                groups.push_back((number, within));
            }
        }
        let columns = mask_columns(&mask, &self.metadata).max(1);
        let ahead_bytes = if self.reads_pages_alone(ranges) {
            0
        } else {
            self.read_ahead_bytes.min(256 * 1024 * 1024 / columns as u64)
        };
        PartReader {
            file: Arc::clone(self),
            metadata: metadata.clone(),
            mask,
            groups,
            current: None,
            batch_rows,
            ahead_bytes,
            widens: false,
            opened: Arc::default(),
            failure: Arc::default(),
        }
    }

    /// Whether rows are so few that what lies behind their pages is not wanted. Over a network a request costs more, and
    /// a small file is asked for as a whole.
    fn reads_pages_alone(&self, ranges: &[Range<u64>]) -> bool {
        let rows: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        let is_small = self.entry.bytes <= self.read_ahead_bytes;
        rows <= ROWS_READ_ALONE && !is_small && !self.objects.is_remote()
    }

    fn index(&self) -> Result<&Arc<Index>, PartsError> {
        if let Some(index) = self.sidecar.get() {
            return Ok(index);
        }
        let sidecar = &self.entry.sidecar;
        let bytes = self.sidecar_range(sidecar.index_offset..sidecar.bytes)?;
        let index = Arc::new(Index::read(&sidecar.path, &bytes, sidecar.index_offset)?);
        Ok(self.sidecar.get_or_init(|| index))
    }

    fn sidecar_range(&self, range: Range<u64>) -> Result<Bytes, PartsError> {
        let path = &self.entry.sidecar.path;
        self.objects.get_range(path, range)
    }

    /// The runs of a profile, in the order of the rows.
    pub(crate) fn runs_of(&self, profile: ProfileId) -> Result<Vec<Run>, PartsError> {
        let (first, last) = self.entry.profiles;
        if !(first..=last).contains(&profile.0) {
            return Ok(Vec::new());
        }
        let index = self.index()?;
        let Some((number, range)) = index.block_of(profile.0) else { return Ok(Vec::new()) };
        let mut runs = index.read_block(number, &self.sidecar_range(range)?)?;
        runs.retain(|run| run.profile == profile.0);
        Ok(runs)
    }

    /// The runs of every profile, in ascending order of profile.
    pub(crate) fn all_runs(&self) -> Result<Vec<Run>, PartsError> {
        let bytes = self.sidecar_range(0..self.entry.sidecar.bytes)?;
        self.index()?.read_all(&bytes)
    }

    /// The runs of profiles that later changes take rows from, in the order of the rows.
    pub(crate) fn lifted(&self, overlay: &Overlay) -> Result<Arc<[Run]>, PartsError> {
        let since = Overlay::since(self.entry.positions.0, self.entry.resolved_until);
        let (first, last) = self.entry.profiles;
        let mut sources = overlay.sources(since);
        sources.retain(|profile| (first..=last).contains(&profile.0));
        if let (held, runs) = &*self.lifted.lock()
            && *held == sources
        {
            return Ok(Arc::clone(runs));
        }
        let mut runs = Vec::new();
        if sources.len() > LOOKUPS_MAX {
            runs = self.all_runs()?;
            runs.retain(|run| sources.binary_search(&ProfileId(run.profile)).is_ok());
        } else {
            for profile in &sources {
                runs.extend(self.runs_of(*profile)?);
            }
        }
        runs.sort_unstable_by_key(|run| run.start);
        let runs: Arc<[Run]> = runs.into();
        *self.lifted.lock() = (sources, Arc::clone(&runs));
        Ok(runs)
    }
}

fn info_of(path: &str, metadata: &ArrowReaderMetadata) -> Result<PartInfo, PartsError> {
    let entries = metadata.metadata().file_metadata().key_value_metadata();
    let entry = entries.into_iter().flatten().find(|entry| entry.key == INFO_KEY);
    let json = entry.and_then(|entry| entry.value.as_deref());
    let json = json.ok_or_else(|| PartsError::damaged(path, "it does not say what its columns are"))?;
    let info: PartInfo = serde_json::from_str(json).map_err(|error| PartsError::damaged(path, error))?;
    if info.format != PART_FORMAT {
        return Err(PartsError::UnknownFormat { path: path.to_owned(), format: info.format });
    }
    Ok(info)
}

/// The schema of a file with a dictionary in place of the texts of each typed column that has one for all its rows.
fn coded_schema(metadata: &ArrowReaderMetadata) -> SchemaRef {
    let groups = metadata.metadata().row_groups();
    let is_coded = |leaf: usize| {
        groups.iter().all(|group| {
            let pages = group.column(leaf).page_encoding_stats_mask();
            pages.is_some_and(|pages| pages.is_only(Encoding::RLE_DICTIONARY))
        })
    };
    let leaves = metadata.parquet_schema().columns().iter().enumerate();
    let coded: Vec<&[String]> =
        leaves.filter(|(leaf, _)| is_coded(*leaf)).map(|(_, column)| column.path().parts()).collect();
    let is_coded = |root: &str, last: &str| {
        coded.iter().any(|parts| {
            parts.first().is_some_and(|name| name == root) && parts.last().is_some_and(|name| name == last)
        })
    };
    let schema = metadata.schema();
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 if field.name().contains(':') && is_coded(field.name(), field.name()) => {
            Arc::new(field.as_ref().clone().with_data_type(coded_type()))
        }
        DataType::List(item) => match item.data_type() {
            DataType::Struct(members) => {
                let members = members.iter().map(|member| match member.data_type() {
                    DataType::Utf8 if is_coded(field.name(), member.name()) => {
                        Arc::new(member.as_ref().clone().with_data_type(coded_type()))
                    }
                    _ => Arc::clone(member),
                });
                let item = item.as_ref().clone().with_data_type(DataType::Struct(members.collect()));
                Arc::new(field.as_ref().clone().with_data_type(DataType::List(Arc::new(item))))
            }
            _ => Arc::clone(field),
        },
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

/// Whether a chunk's numbers are stored in 64 bits, or could be.
fn are_small(chunk: &ColumnChunkMetaData) -> bool {
    const LIMIT: i128 = 10_i128.pow(NARROW_PRECISION as u32);
    let is_small = |number: &FixedLenByteArray| {
        <[u8; 16]>::try_from(number.data()).is_ok_and(|bytes| i128::from_be_bytes(bytes).abs() < LIMIT)
    };
    match chunk.statistics() {
        Some(Statistics::Int64(_)) => true,
        Some(Statistics::FixedLenByteArray(of)) => match (of.min_opt(), of.max_opt()) {
            (Some(min), Some(max)) => is_small(min) && is_small(max),
            _ => of.null_count_opt() == u64::try_from(chunk.num_values()).ok(),
        },
        _ => chunk.num_values() == 0,
    }
}

fn coded_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn mask_columns(mask: &ProjectionMask, metadata: &ArrowReaderMetadata) -> usize {
    (0..metadata.parquet_schema().num_columns()).filter(|leaf| mask.leaf_included(*leaf)).count()
}

/// Reads rows of a part, one row group after the other.
pub(crate) struct PartReader {
    file: Arc<PartFile>,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    groups: VecDeque<(usize, Vec<Range<usize>>)>,
    current: Option<(usize, ParquetRecordBatchReader)>,
    batch_rows: usize,
    ahead_bytes: u64,
    /// Whether numbers come as they are in memory, and not as in the file.
    widens: bool,
    /// The file itself, for all row groups.
    opened: Arc<Opened>,
    failure: Arc<ReadFailure>,
}

impl std::fmt::Debug for PartReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartReader").field("file", &self.file).finish_non_exhaustive()
    }
}

impl PartReader {
    /// The next rows, and the row group that they are of.
    pub(crate) fn next_batch(&mut self) -> Result<Option<(usize, RecordBatch)>, PartsError> {
        loop {
            if let Some((group, reader)) = &mut self.current {
                match reader.next() {
                    Some(Ok(batch)) => {
                        let batch = if self.widens { widened(batch)? } else { batch };
                        return Ok(Some((*group, batch)));
                    }
                    Some(Err(error)) => return Err(self.failure.or_damaged(&self.file.entry.path, error)),
                    None => self.current = None,
                }
            }
            let Some((group, ranges)) = self.groups.pop_front() else { return Ok(None) };
            let reader = self.open_group(group, ranges);
            let reader = reader.map_err(|error| self.failure.or_damaged(&self.file.entry.path, error))?;
            self.current = Some((group, reader));
        }
    }

    fn open_group(
        &self,
        group: usize,
        ranges: Vec<Range<usize>>,
    ) -> Result<ParquetRecordBatchReader, ParquetError> {
        let PartFile { entry, objects, groups, chunks, .. } = self.file.as_ref();
        let rows = groups.get(group).map_or(0, |rows| as_usize(rows.end - rows.start));
        let input = ReadAhead {
            failure: Arc::clone(&self.failure),
            objects: objects.clone(),
            path: entry.path.clone(),
            bytes: entry.bytes,
            chunks: Arc::clone(chunks),
            ahead_bytes: self.ahead_bytes,
            held: Held::default(),
            opened: Arc::clone(&self.opened),
        };
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, self.metadata.clone())
            .with_projection(self.mask.clone())
            .with_row_groups(vec![group])
            .with_batch_size(self.batch_rows);
        let is_whole = matches!(ranges.as_slice(), [all] if *all == (0..rows));
        if is_whole {
            return builder.build();
        }
        builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges.into_iter(), rows)).build()
    }
}
