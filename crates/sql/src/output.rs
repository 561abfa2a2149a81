//! Answers as bytes: JSON, CSV, Arrow, Parquet.

mod cells;
mod json;
mod lines;

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::error::SqlError;
use crate::service::{Answering, Sql};
use json::JsonWriter;
use lines::CsvWriter;

/// Pieces of an answer that wait to be sent.
const WAITING_PIECES: usize = 4;
/// Rows of a row group of a Parquet answer: they are in memory until it is written.
const ROW_GROUP_ROWS: usize = 65_536;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Json,
    Csv,
    Parquet,
    Arrow,
}

impl Format {
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

/// An answer in pieces. Dropping it ends the query.
#[derive(Debug)]
pub struct Pieces {
    first: Option<Vec<u8>>,
    rest: mpsc::Receiver<Result<Vec<u8>, SqlError>>,
}

impl Pieces {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The query went wrong after it had begun to answer.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, SqlError>> {
        match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => self.rest.recv().await,
        }
    }
}

/// Writes an answer: of at most so many rows, where a number is given. JSON is one piece.
///
/// # Errors
/// The query goes wrong before it has given anything.
pub async fn write(
    sql: &Sql,
    answering: Answering,
    format: Format,
    rows_max: Option<usize>,
) -> Result<Pieces, SqlError> {
    let (sender, mut rest) = mpsc::channel(WAITING_PIECES);
    let (rows_json, bytes_json) = (sql.limits().sql_rows_max, sql.limits().sql_result_bytes_max);
    let writing = async move {
        let written = match format {
            Format::Json => {
                let rows_max = rows_max.unwrap_or(rows_json).min(rows_json);
                json::write_whole(answering, JsonWriter::new(rows_max, bytes_json), &sender).await
            }
            Format::Csv | Format::Parquet | Format::Arrow => {
                write_pieces(answering, format, rows_max.unwrap_or(usize::MAX), &sender).await
            }
        };
        if let Err(error) = written {
            let _nobody = sender.send(Err(error)).await;
        }
    };
    // On the threads of queries: what is written is as much as what is worked out.
    sql.handle()?.spawn(writing);
    match rest.recv().await {
        None => Ok(Pieces { first: None, rest }),
        Some(Ok(first)) => Ok(Pieces { first: Some(first), rest }),
        Some(Err(error)) => Err(error),
    }
}

async fn write_pieces(
    mut answering: Answering,
    format: Format,
    mut rows_left: usize,
    sender: &mpsc::Sender<Result<Vec<u8>, SqlError>>,
) -> Result<(), SqlError> {
    let written = Written::default();
    let mut writer = PieceWriter::new(format, &answering.schema, &written)?;
    while rows_left > 0 {
        let Some(batch) = answering.next().await? else { break };
        let batch = batch.slice(0, batch.num_rows().min(rows_left));
        rows_left -= batch.num_rows();
        writer.write(&batch)?;
        let piece = written.take();
        if !piece.is_empty() && sender.send(Ok(piece)).await.is_err() {
            return Ok(());
        }
    }
    writer.finish()?;
    let _nobody = sender.send(Ok(written.take())).await;
    Ok(())
}

/// Bytes that were written and not sent yet.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

enum PieceWriter {
    Csv(CsvWriter),
    Arrow(Box<StreamWriter<Written>>),
    Parquet(Box<ArrowWriter<Written>>),
}

fn unwritable(error: &dyn std::fmt::Display) -> SqlError {
    SqlError::Run(format!("the answer cannot be written: {error}"))
}

impl PieceWriter {
    fn new(format: Format, schema: &SchemaRef, written: &Written) -> Result<Self, SqlError> {
        match format {
            Format::Arrow => {
                let writer = StreamWriter::try_new(written.clone(), schema);
                writer.map(|writer| Self::Arrow(Box::new(writer))).map_err(|error| unwritable(&error))
            }
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
                    .build();
                let writer = ArrowWriter::try_new(written.clone(), Arc::clone(schema), Some(properties));
                writer.map(|writer| Self::Parquet(Box::new(writer))).map_err(|error| unwritable(&error))
            }
            Format::Csv | Format::Json => CsvWriter::new(schema, written.clone()).map(Self::Csv),
        }
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        match self {
            Self::Csv(writer) => writer.write(batch),
            Self::Arrow(writer) => writer.write(batch).map_err(|error| unwritable(&error)),
            Self::Parquet(writer) => writer.write(batch).map_err(|error| unwritable(&error)),
        }
    }

    fn finish(self) -> Result<(), SqlError> {
        match self {
            Self::Csv(_) => Ok(()),
            Self::Arrow(mut writer) => writer.finish().map_err(|error| unwritable(&error)),
            Self::Parquet(writer) => writer.close().map(drop).map_err(|error| unwritable(&error)),
        }
    }
}
