//! A file's way in: hashed, read row by row, handed to the journal in bounded batches, and written into the
//! ledger of imports. The same for a file on this machine and for one that was uploaded.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use segops_collect::files::{FileContext, Format, ImportError, Mapping, RowGroup, read_csv, read_ndjson};
use segops_collect::{Accepted, Rejection};
use segops_engine::{Busy, Engine, EngineError, Work, view};
use segops_model::{Position, SourceId};

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
    let rows = open_rows(engine, job, &report.file_hash)?;
    if !job.again && !job.dry_run && engine.imports().iter().any(|import| has_taken(import, &report)) {
        report.already_imported = true;
        return Ok(report);
    }
    if !job.dry_run {
        engine.start_import(&job.author, &report.file_hash, &job.file_name, job.source)?;
    }
    let mut sink = Sink { engine, dry_run: job.dry_run, batch: Batch::default(), in_flight: InFlight::new() };
    for group in rows {
        let group = group?;
        report.count(&group);
        rows_read.store(report.rows, Ordering::Relaxed);
        work.reach(size.saturating_add(group.bytes_read)).map_err(EngineError::from)?;
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

fn open_rows(
    engine: &Engine,
    job: &ImportJob,
    file_hash: &str,
) -> Result<Box<dyn Iterator<Item = Result<RowGroup, ImportError>>>, ImportError> {
    let context = FileContext {
        source: job.source,
        file_name: job.file_name.clone(),
        file_hash: file_hash.to_owned(),
        received_at: engine.now(),
        limits: *engine.limits(),
    };
    let reader = buffered(job)?;
    Ok(match &job.mapping {
        Some(mapping) if mapping.format == Format::Csv => Box::new(read_csv(reader, mapping, context)?),
        mapping => Box::new(read_ndjson(reader, mapping.as_ref(), context)?),
    })
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
