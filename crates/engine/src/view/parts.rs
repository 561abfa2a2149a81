//! The history in parts: how much there is, and where.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, Position};
use segops_parts::{CheckReport, Compacted, Fetched, PartEntry, Snapshot};

use crate::shell::TailSize;

/// The parts that are the history, and how much there is in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Parts {
    /// Where they are: a folder of the server, or a bucket with its prefix.
    #[schema(example = "s3://shop-history/segops")]
    pub place: String,
    /// The version of the manifest that names them.
    pub manifest: u64,
    pub summary: PartsSummary,
    pub parts: Vec<Part>,
}

/// How much there is in parts, and in memory beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartsSummary {
    /// Parts hold every row before this journal position.
    #[schema(value_type = u64)]
    pub held_until: Position,
    pub files: u64,
    /// Of these, those that wait to be split by month.
    pub level0_files: u64,
    pub rows: u64,
    /// Bytes of parts and their sidecars.
    pub bytes: u64,
    /// Merges, splits and deletions that are not in every row yet: they are applied as rows are read.
    pub pending_changes: u64,
    /// Rows in memory, that no part holds yet. Every question sees them.
    pub tail_rows: u64,
    /// Their bytes as they came in.
    pub tail_bytes: u64,
    /// When the oldest of them came in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub tail_since: Option<Instant>,
    /// Set while rows cannot be written to parts or parts not be compacted: why.
    pub failure: Option<String>,
    /// Reads from a bucket since the start, and their bytes; 0 where the history is in a folder.
    pub fetches: u64,
    pub fetched_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    pub path: String,
    pub level: u8,
    /// The month (UTC) of its rows; none at level 0.
    #[schema(example = "2026-03")]
    pub month: Option<String>,
    /// The bucket of profiles, as `number of all`; none at level 0.
    #[schema(example = "0 of 1")]
    pub bucket: Option<String>,
    pub rows: u64,
    /// Bytes of the part and its sidecar.
    pub bytes: u64,
    /// Event names in it.
    pub names: u64,
    #[schema(value_type = u64)]
    pub first_position: Position,
    #[schema(value_type = u64)]
    pub last_position: Position,
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
}

/// What a check of the parts has looked at, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartsCheck {
    pub parts: u64,
    pub rows: u64,
    pub bytes: u64,
    pub findings: Vec<PartsFinding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartsFinding {
    /// The file.
    pub path: String,
    pub what: String,
}

/// What compactions did, one after the other, and what there is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PartsCompacted {
    pub compactions: Vec<Compaction>,
    pub now: PartsSummary,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Compaction {
    /// `split` by month, `merged`, `applied` changes to rows, or `settled`: dropped changes that no row needs.
    #[schema(example = "merged")]
    pub work: String,
    pub files_before: u64,
    pub files_after: u64,
    pub rows_before: u64,
    pub rows_after: u64,
}

impl Part {
    pub(crate) fn of(entry: &PartEntry) -> Self {
        let partition = entry.partition.as_ref();
        Self {
            path: entry.path.clone(),
            level: entry.level,
            month: partition.map(|partition| partition.month.to_string()),
            bucket: partition
                .map(|partition| format!("{} of {}", partition.bucket.number, partition.bucket.of)),
            rows: entry.rows,
            bytes: entry.bytes + entry.sidecar.bytes,
            names: entry.names.len() as u64,
            first_position: entry.positions.0,
            last_position: entry.positions.1,
            from: entry.ts.0,
            to: entry.ts.1,
        }
    }
}

impl PartsSummary {
    pub(crate) fn of(snapshot: &Snapshot, tail: TailSize, fetched: Fetched) -> Self {
        let manifest = snapshot.manifest();
        let level0 = manifest.parts.iter().filter(|part| part.level == 0);
        Self {
            held_until: manifest.held_until,
            files: manifest.parts.len() as u64,
            level0_files: level0.count() as u64,
            rows: manifest.rows(),
            bytes: manifest.parts.iter().map(|part| part.bytes + part.sidecar.bytes).sum(),
            pending_changes: snapshot.overlay().changes().len() as u64,
            tail_rows: tail.rows,
            tail_bytes: tail.bytes,
            tail_since: tail.oldest,
            failure: tail.failure,
            fetches: fetched.requests,
            fetched_bytes: fetched.bytes,
        }
    }
}

impl From<CheckReport> for PartsCheck {
    fn from(report: CheckReport) -> Self {
        let CheckReport { parts, rows, bytes, findings } = report;
        let findings =
            findings.into_iter().map(|finding| PartsFinding { path: finding.path, what: finding.what });
        Self { parts, rows, bytes, findings: findings.collect() }
    }
}

impl From<Compacted> for Compaction {
    fn from(done: Compacted) -> Self {
        Self {
            work: format!("{:?}", done.work).to_lowercase(),
            files_before: done.parts_before as u64,
            files_after: done.parts_after as u64,
            rows_before: done.rows_before,
            rows_after: done.rows_after,
        }
    }
}
