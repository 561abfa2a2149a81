//! A Parquet file of anybody's, as lines of JSON: one object a row, in the order of the file. Whoever reads JSON lines
//! reads Parquet by it, with the same rows, numbers and rules.
//!
//! The file is read in batches, so that memory does not grow with it, and trusted with nothing: its footer is looked at before
//! Parquet's own reader is, and what that reader trips over is an error of the file.

mod cell;
mod footer;

use std::fs::File;
use std::io::{self, BufRead, ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::LogicalType;
use parquet::schema::types::SchemaDescriptor;

use cell::{Kind, is_readable, write_cell, write_text};

/// Rows of one batch: few, since a row may be as large as an event.
const BATCH_ROWS: usize = 128;
const MAGIC: &[u8; 4] = b"PAR1";
const ENCRYPTED_MAGIC: &[u8; 4] = b"PARE";

/// Why a file is not read, or not further.
#[derive(Debug, thiserror::Error)]
pub enum ForeignFileError {
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("it is no Parquet file: {0}")]
    NoParquet(String),
    #[error("the Parquet file is encrypted; write it without encryption")]
    Encrypted,
    #[error("the Parquet file is damaged, or of a kind that cannot be read: {0}; write it again")]
    Damaged(String),
}

/// Whether a file says that it is Parquet.
#[must_use]
pub fn is_parquet(start: &[u8]) -> bool {
    start.starts_with(MAGIC) || start.starts_with(ENCRYPTED_MAGIC)
}

/// The rows of a file, to be read line by line.
pub struct ParquetLines {
    reader: ParquetRecordBatchReader,
    columns: Vec<(String, Kind)>,
    left_out: Vec<String>,
    rows: u64,
    batch: Option<RecordBatch>,
    next_row: usize,
    line: Vec<u8>,
    /// How much of the line is read.
    consumed: usize,
    ended: bool,
}

impl std::fmt::Debug for ParquetLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetLines")
            .field("columns", &self.columns)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl ParquetLines {
    /// Opens a file and looks at its footer.
    ///
    /// # Errors
    /// It is no Parquet, is damaged, nests too deep, or has two columns of one name.
    pub fn open(mut file: File) -> Result<Self, ForeignFileError> {
        footer::check(&mut file)?;
        // Types are the file's own, and not those of the program that has written it.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = guarded(|| ArrowReaderMetadata::load(&file, options).map_err(damaged))?;
        let fields = metadata.schema().fields();
        let (mut columns, mut left_out, mut roots) = (Vec::new(), Vec::new(), Vec::new());
        for (at, field) in fields.iter().enumerate() {
            if !is_readable(field.data_type()) {
                left_out.push(format!("{} ({})", field.name(), field.data_type()));
                continue;
            }
            if columns.iter().any(|(name, _)| name == field.name()) {
                let name = field.name();
                return Err(ForeignFileError::Damaged(format!("two columns are named `{name}`; rename one")));
            }
            columns.push((field.name().clone(), kind_of(metadata.parquet_schema(), at, field)));
            roots.push(at);
        }
        let rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or_default();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        let reader = guarded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()
                .map_err(damaged)
        })?;
        Ok(Self {
            reader,
            columns,
            left_out,
            rows,
            batch: None,
            next_row: 0,
            line: Vec::new(),
            consumed: 0,
            ended: false,
        })
    }

    /// The columns' names, in the order of the file.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Columns of types that have no value in JSON, each with its type.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// How many rows the footer says there are.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes the next row the line; false at the end.
    fn next_line(&mut self) -> Result<bool, ForeignFileError> {
        while self.batch.as_ref().is_none_or(|batch| self.next_row >= batch.num_rows()) {
            let reader = &mut self.reader;
            let next = guarded(|| reader.next().transpose().map_err(damaged))?;
            let Some(batch) = next else { return Ok(false) };
            (self.batch, self.next_row) = (Some(batch), 0);
        }
        let Some(batch) = &self.batch else { return Ok(false) };
        self.line.clear();
        self.consumed = 0;
        self.line.push(b'{');
        for ((name, kind), column) in self.columns.iter().zip(batch.columns()) {
            if column.is_null(self.next_row) {
                continue;
            }
            let before = self.line.len();
            if before > 1 {
                self.line.push(b',');
            }
            write_text(name, &mut self.line);
            self.line.push(b':');
            if !write_cell(column.as_ref(), self.next_row, *kind, &mut self.line) {
                self.line.truncate(before);
            }
        }
        self.line.extend_from_slice(b"}\n");
        self.next_row += 1;
        Ok(true)
    }
}

/// What a column's type alone does not say.
fn kind_of(schema: &SchemaDescriptor, at: usize, field: &Field) -> Kind {
    let root = schema.root_schema().get_fields().get(at);
    let logical =
        root.filter(|root| root.is_primitive()).and_then(|root| root.get_basic_info().logical_type_ref());
    match (logical, field.data_type()) {
        (Some(LogicalType::Uuid), DataType::FixedSizeBinary(16)) => Kind::Uuid,
        (Some(LogicalType::Json), DataType::Utf8 | DataType::Binary) => Kind::Json,
        _ => Kind::Plain,
    }
}

fn damaged(error: impl std::fmt::Display) -> ForeignFileError {
    ForeignFileError::Damaged(error.to_string())
}

/// Parquet's reader may panic on a file that lies; that is the file's fault, and no reason to end.
fn guarded<T>(read: impl FnOnce() -> Result<T, ForeignFileError>) -> Result<T, ForeignFileError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(ForeignFileError::Damaged("its content is not what its footer says".to_owned()))
    })
}

impl BufRead for ParquetLines {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed >= self.line.len() && !self.ended {
            match self.next_line() {
                Ok(true) => {}
                Ok(false) => {
                    self.ended = true;
                    self.line.clear();
                    self.consumed = 0;
                }
                Err(error) => {
                    self.ended = true;
                    self.line.clear();
                    self.consumed = 0;
                    return Err(match error {
                        ForeignFileError::Read(error) => error,
                        error => io::Error::new(ErrorKind::InvalidData, error),
                    });
                }
            }
        }
        Ok(self.line.get(self.consumed..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.consumed += count;
    }
}

impl Read for ParquetLines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.fill_buf()?;
        let count = line.len().min(buffer.len());
        let (Some(from), Some(to)) = (line.get(..count), buffer.get_mut(..count)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.consume(count);
        Ok(count)
    }
}
