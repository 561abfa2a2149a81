//! A file's way in: hashed, read row by row, handed to the journal in bounded batches, and written into the
//! ledger of imports. The same for a file on this machine and for one that was uploaded.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use segops_collect::files::{
    FileContext, Format, ImportError, Mapping, RowGroup, read_csv, read_ndjson, read_objects,
};
use segops_collect::{Accepted, Rejection};
use segops_engine::{Busy, Engine, EngineError, Work, view};
use segops_model::{Position, SourceId};
use segops_parts::{ForeignFileError, ParquetLines, is_parquet};

use crate::control::hex;

/// Events handed to the journal at one time.
const BATCH_EVENTS: usize = 1_000;
/// Bytes of raw events handed over at one time.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Batches handed over and not yet durable.
const BATCHES_IN_FLIGHT: usize = 8;
/// How long to wait before offering a batch again, when the journal's queue is full of others' events.
const OFFER_AGAIN_MS: u64 = 5;
const READ_BUFFER_BYTES: usize = 256 * 1024;

/// What is to be imported, and how.
#[derive(Debug)]
pub(crate) struct ImportJob {
    pub(crate) path: PathBuf,
    pub(crate) file_name: String,
    pub(crate) source: SourceId,
    /// Without one, the file holds tracking events, one a line.
    pub(crate) mapping: Option<Mapping>,
    pub(crate) again: bool,
    pub(crate) dry_run: bool,
    pub(crate) author: String,
}

/// What an import did. Accepted and rejected rows are all rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ImportReport {
    pub file_name: String,
    /// SHA-256 of the file, as hex.
    pub file_hash: String,
    /// Set where the ledger has the file already, and nothing was done.
    pub already_imported: bool,
    /// Set where everything was checked and nothing kept.
    pub dry_run: bool,
    pub rows: u64,
    pub accepted_rows: u64,
    pub rejected_rows: u64,
    /// Events made of the accepted rows.
    pub events: u64,
    /// Of those, how many were known already by their ids, and so counted once.
    pub duplicates: u64,
    pub rejected_by_code: BTreeMap<String, u64>,
    pub warnings: Vec<String>,
}

/// Why an import ended before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportFailure {
    #[error(transparent)]
    File(#[from] ImportError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Imports one file. `rows_read` counts rows while it runs; `work` counts bytes, each twice, because the
/// file is hashed first.
pub(crate) fn import(
    engine: &Engine,
    job: &ImportJob,
    work: &Work,
    rows_read: &AtomicU64,
) -> Result<ImportReport, ImportFailure> {
    let size = std::fs::metadata(&job.path).map_err(ImportError::Read)?.len();
    work.set_total(size.saturating_mul(2));
    let file_hash = hash_of(job, work)?;
    let mut report = ImportReport {
        file_name: job.file_name.clone(),
        file_hash,
        already_imported: false,
        dry_run: job.dry_run,
        rows: 0,
        accepted_rows: 0,
        rejected_rows: 0,
        events: 0,
        duplicates: 0,
        rejected_by_code: BTreeMap::new(),
        warnings: job.mapping.as_ref().map(Mapping::warnings).unwrap_or_default(),
    };
    let OpenedRows { rows, of, warnings } = open_rows(engine, job, &report.file_hash)?;
    report.warnings.extend(warnings);
    if !job.again && !job.dry_run && engine.imports().iter().any(|import| has_taken(import, &report)) {
        report.already_imported = true;
        return Ok(report);
    }
    if !job.dry_run {
        engine.start_import(&job.author, &report.file_hash, &job.file_name, job.source)?;
    }
    let mut sink = Sink { engine, dry_run: job.dry_run, batch: Batch::default(), in_flight: InFlight::new() };
    for group in rows {
        let group = group.map_err(of_content)?;
        report.count(&group);
        rows_read.store(report.rows, Ordering::Relaxed);
        let read = match of {
            None => group.bytes_read,
            Some(rows) => share(size, report.rows, rows),
        };
        work.reach(size.saturating_add(read)).map_err(EngineError::from)?;
        sink.take(group.outcome)?;
    }
    let applied = sink.finish()?;
    if !job.dry_run {
        engine.wait_applied(applied);
        engine.finish_import(&job.author, &report.entry(engine, job))?;
        let ledger = engine.imports();
        let entry = ledger.iter().find(|import| import.file_hash == report.file_hash);
        report.duplicates = entry.map_or(0, |import| import.duplicates);
    }
    Ok(report)
}

/// Whether an earlier import has taken this file in. One that has rejected every row has not: its mapping was
/// wrong, and the next one may be right.
fn has_taken(import: &view::Import, report: &ImportReport) -> bool {
    import.file_hash == report.file_hash
        && import.finished_at.is_some()
        && (import.accepted_rows > 0 || import.rows == 0)
}

fn hash_of(job: &ImportJob, work: &Work) -> Result<String, ImportFailure> {
    let mut reader = buffered(job)?;
    let mut hasher = Sha256::new();
    let mut hashed = 0_u64;
    loop {
        let bytes = reader.fill_buf().map_err(ImportError::Read)?;
        let count = bytes.len();
        if count == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(bytes);
        reader.consume(count);
        hashed += u64::try_from(count).unwrap_or_default();
        work.reach(hashed).map_err(EngineError::from)?;
    }
}

fn buffered(job: &ImportJob) -> Result<BufReader<File>, ImportError> {
    Ok(BufReader::with_capacity(READ_BUFFER_BYTES, File::open(&job.path)?))
}

/// A file's rows, as they come.
struct OpenedRows {
    rows: Box<dyn Iterator<Item = Result<RowGroup, ImportError>>>,
    /// How many there are, where the file says so: then they are the progress, and not the bytes.
    of: Option<u64>,
    warnings: Vec<String>,
}

/// How much of a file so many of its rows are.
fn share(size: u64, done: u64, of: u64) -> u64 {
    let share = u128::from(size) * u128::from(done.min(of)) / u128::from(of.max(1));
    u64::try_from(share).unwrap_or(size)
}

/// What is wrong with a file's content comes as an error of reading it.
fn of_content(error: ImportError) -> ImportError {
    match error {
        ImportError::Read(error) if error.kind() == ErrorKind::InvalidData => {
            ImportError::Content(error.to_string())
        }
        other => other,
    }
}

fn open_rows(engine: &Engine, job: &ImportJob, file_hash: &str) -> Result<OpenedRows, ImportError> {
    let context = FileContext {
        source: job.source,
        file_name: job.file_name.clone(),
        file_hash: file_hash.to_owned(),
        received_at: engine.now(),
        limits: *engine.limits(),
    };
    let mut reader = buffered(job)?;
    // Whatever the mapping says: its names are the same in either.
    if is_parquet(reader.fill_buf()?) {
        return open_parquet(job, context).map_err(of_content);
    }
    let rows: Box<dyn Iterator<Item = _>> = match &job.mapping {
        Some(mapping) if mapping.format == Format::Parquet => {
            let what =
                "the mapping's format is parquet, and the file does not begin as Parquet does; is it whole?";
            return Err(ImportError::Content(what.to_owned()));
        }
        Some(mapping) if mapping.format == Format::Csv => Box::new(read_csv(reader, mapping, context)?),
        mapping => Box::new(read_ndjson(reader, mapping.as_ref(), context)?),
    };
    Ok(OpenedRows { rows, of: None, warnings: Vec::new() })
}

fn open_parquet(job: &ImportJob, context: FileContext) -> Result<OpenedRows, ImportError> {
    let lines = ParquetLines::open(File::open(&job.path)?).map_err(|error| match error {
        ForeignFileError::Read(error) => ImportError::Read(error),
        other => ImportError::Content(other.to_string()),
    })?;
    let warnings = lines.left_out().iter();
    let warnings = warnings.map(|column| {
        format!("the column {column} is of a type without values that can be read; it is left out")
    });
    let (warnings, of) = (warnings.collect(), Some(lines.rows()));
    let columns: Vec<String> = lines.columns().map(str::to_owned).collect();
    let rows: Box<dyn Iterator<Item = _>> = match &job.mapping {
        Some(mapping) => Box::new(read_objects(lines, &columns, mapping, context)?),
        None => Box::new(read_ndjson(lines, None, context)?),
    };
    Ok(OpenedRows { rows, of, warnings })
}

impl ImportReport {
    /// As the ledger has it.
    fn entry(&self, engine: &Engine, job: &ImportJob) -> view::Import {
        let now = engine.now();
        view::Import {
            file_hash: self.file_hash.clone(),
            file_name: self.file_name.clone(),
            source: job.source,
            started_at: now,
            finished_at: Some(now),
            rows: self.rows,
            accepted_rows: self.accepted_rows,
            rejected_rows: self.rejected_rows,
            events: self.events,
            duplicates: self.duplicates,
        }
    }

    fn count(&mut self, group: &RowGroup) {
        let rows = u64::try_from(group.rows.len()).unwrap_or_default();
        self.rows += rows;
        match &group.outcome {
            Ok(_) => {
                self.accepted_rows += rows;
                self.events += 1;
            }
            Err(rejection) => {
                self.rejected_rows += rows;
                *self.rejected_by_code.entry(code_of(rejection)).or_default() += rows;
            }
        }
    }
}

fn code_of(rejection: &Rejection) -> String {
    match serde_json::to_value(rejection.code) {
        Ok(serde_json::Value::String(code)) => code,
        _ => format!("{:?}", rejection.code),
    }
}

#[derive(Debug, Default)]
struct Batch {
    accepted: Vec<Accepted>,
    bytes: usize,
    rejected: Vec<Rejection>,
}

/// Hands batches to the journal and keeps no more than a few on their way.
struct Sink<'a> {
    engine: &'a Engine,
    dry_run: bool,
    batch: Batch,
    in_flight: InFlight,
}

impl Sink<'_> {
    fn take(&mut self, outcome: Result<Accepted, Rejection>) -> Result<(), EngineError> {
        if self.dry_run {
            return Ok(());
        }
        match outcome {
            Ok(accepted) => {
                self.batch.bytes += accepted.raw.len();
                self.batch.accepted.push(accepted);
            }
            Err(rejection) => self.batch.rejected.push(rejection),
        }
        let rows = self.batch.accepted.len() + self.batch.rejected.len();
        if rows >= BATCH_EVENTS || self.batch.bytes >= BATCH_BYTES { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<(), EngineError> {
        let batch = std::mem::take(&mut self.batch);
        if !batch.rejected.is_empty() {
            self.engine.reject(&batch.rejected);
        }
        if batch.accepted.is_empty() {
            return Ok(());
        }
        while self.in_flight.count() >= BATCHES_IN_FLIGHT {
            self.in_flight.wait()?;
        }
        loop {
            match self.in_flight.offer(self.engine, batch.accepted.clone()) {
                Err(Busy::QueueFull) if self.in_flight.count() > 0 => self.in_flight.wait()?,
                Err(Busy::QueueFull) => std::thread::sleep(Duration::from_millis(OFFER_AGAIN_MS)),
                other => return other.map_err(EngineError::Busy),
            }
        }
    }

    /// Waits until everything is durable; the position after it.
    fn finish(mut self) -> Result<Position, EngineError> {
        self.hand_over()?;
        while self.in_flight.count() > 0 {
            self.in_flight.wait()?;
        }
        Ok(self.in_flight.durable)
    }
}

/// Batches that the journal has and that are not yet durable.
struct InFlight {
    waiting: VecDeque<mpsc::Receiver<Result<Position, Busy>>>,
    durable: Position,
}

impl InFlight {
    fn new() -> Self {
        Self { waiting: VecDeque::new(), durable: Position::default() }
    }

    fn count(&self) -> usize {
        self.waiting.len()
    }

    fn offer(&mut self, engine: &Engine, items: Vec<Accepted>) -> Result<(), Busy> {
        let (tell, told) = mpsc::channel();
        let done = move |result| {
            // Nobody listens any more where the import was cancelled.
            let _gone = tell.send(result);
        };
        engine.submit(items, Box::new(done))?;
        self.waiting.push_back(told);
        Ok(())
    }

    /// Waits for the oldest.
    fn wait(&mut self) -> Result<(), EngineError> {
        if let Some(told) = self.waiting.pop_front() {
            let position = told.recv().unwrap_or(Err(Busy::Stopping)).map_err(EngineError::Busy)?;
            self.durable = self.durable.max(position);
        }
        Ok(())
    }
}
