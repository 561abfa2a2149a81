use std::io::Read;

use clap::Subcommand;

use segops_engine::view;

use super::client::{Client, Request, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain};
use super::progress::Bar;
use super::target::Target;
use crate::control::FolderLock;
use crate::history_place::move_history;

/// The history in parts: what there is, whether it is whole, and how other tools read it.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops parts list --data shop\n  segops parts sql-view --data shop > events.sql && duckdb -init events.sql"
)]
pub(crate) enum Parts {
    /// List the parts, and say what is in memory beside them.
    #[command(
        after_help = "Examples:\n  segops parts list --data shop\n  segops parts list --data shop --json"
    )]
    List,
    /// Read every part whole, and hold it against all that is said of it.
    ///
    /// Checksums, order, counts, typed columns against the JSON, each position once. Exits with 1 where anything
    /// is found.
    #[command(after_help = "Examples:\n  segops parts check --data shop")]
    Check,
    /// Write rows in memory to a part, and compact what is due.
    #[command(
        after_help = "Examples:\n  segops parts compact --data shop\n  segops parts compact --full --data shop"
    )]
    Compact {
        /// Everything that can be: as few parts as possible, and no merge, split or deletion left to apply.
        #[arg(long)]
        full: bool,
    },
    /// Take the history to another place: into a bucket, out of it, or to another folder.
    ///
    /// No server may have the data folder open. Everything is copied and held against its checksums, and then the data folder
    /// records the new place; what is at the old one stays, and may be removed.
    #[command(
        after_help = "Examples:\n  segops parts move s3://shop-history/segops --data shop\n  segops parts move folder --data shop"
    )]
    Move {
        /// s3://bucket/prefix, file:///folder, or `folder` for the data folder itself.
        to: String,
    },
    /// Print SQL for DuckDB that makes a view `events` of the parts.
    ///
    /// Merges, splits and deletions hold in it, whatever is pending. Rows in memory are written to a part first.
    #[command(after_help = "Examples:\n  segops parts sql-view --data shop > events.sql")]
    SqlView,
}

impl Parts {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        if let Self::Move { to } = &self {
            return move_to(to, target, out);
        }
        let client = target.client()?;
        if !out.json {
            out.use_zone_of(&client)?;
        }
        match self {
            Self::List => list(&client, out),
            Self::Check => check(&client, out),
            Self::Compact { full } => compact(&client, full, out),
            Self::SqlView => sql_view(&client, out),
            // It is of a folder that nobody has open.
            Self::Move { .. } => Ok(()),
        }
    }
}

fn move_to(to: &str, target: &Target, out: &mut Output) -> Result<(), CliError> {
    let data = target.data.as_ref().filter(|_| target.url.is_none()).ok_or_else(|| {
        CliError::Usage(
            "say whose history to move: --data DIR, of a folder that no server has open".to_owned(),
        )
    })?;
    if !FolderLock::is_at(data) {
        return Err(CliError::NoWorkspace(data.clone()));
    }
    let Some(_lock) = FolderLock::take(data)? else { return Err(CliError::FolderBusy) };
    let bar = Bar::new("copying", false);
    let (from, into, files) = move_history(data, Some(to).filter(|to| *to != "folder"), &mut |done, of| {
        bar.update(done as u64, of as u64);
    })?;
    bar.finish();
    if out.json {
        return out.print_json(&serde_json::json!({ "from": from, "to": into, "files": files }));
    }
    out.line(format!("{} copied from {from} to {into}.", counted(files as u64, "file", "files")))?;
    if to == "folder" {
        out.line(
            "From now on the history is in the data folder: leave --history-url and SEGOPS_HISTORY_URL out.",
        )?;
    } else {
        out.line(format!("From now on give --history-url {into}, or set SEGOPS_HISTORY_URL to it."))?;
    }
    out.line(format!("What is at {from} is of no more use, and may be removed."))
}

fn list(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let path = "/api/v1/parts";
    let answer = client.get(path)?;
    if out.json {
        return out.print_json(&answer);
    }
    let parts: view::Parts = typed(answer, path)?;
    out.line(format!("In {}.", plain(&parts.place)))?;
    let mut table =
        Table::new(&["MONTH", "BUCKET", "#LEVEL", "#ROWS", "#BYTES", "#NAMES", "FROM", "TO", "FILE"]);
    for part in &parts.parts {
        table.row([
            part.month.clone().unwrap_or_default(),
            part.bucket.clone().unwrap_or_default(),
            part.level.to_string(),
            number(part.rows),
            number(part.bytes),
            number(part.names),
            out.date(part.from),
            out.date(part.to),
            part.path.rsplit('/').next().unwrap_or_default().to_owned(),
        ]);
    }
    if !table.is_empty() {
        out.table(&table)?;
        out.line("")?;
    }
    summary(&parts.summary, out)
}

fn summary(parts: &view::PartsSummary, out: &mut Output) -> Result<(), CliError> {
    out.line(format!(
        "{} in {}, {} bytes; {} in memory.",
        counted(parts.rows, "row", "rows"),
        counted(parts.files, "part", "parts"),
        number(parts.bytes),
        counted(parts.tail_rows, "row", "rows"),
    ))?;
    if parts.pending_changes > 0 {
        let pending =
            counted(parts.pending_changes, "merge, split or deletion is", "merges, splits and deletions are");
        out.line(format!("{pending} applied as rows are read."))?;
    }
    match &parts.failure {
        Some(failure) => out.warning(&format!("Parts cannot be written: {}", plain(failure))),
        None => Ok(()),
    }
}

fn check(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let path = "/api/v1/parts/check";
    let bar = Bar::new("reading parts", false);
    let answer = client.follow(Request::new("POST", path), |done, total, _| bar.update(done, total))?;
    bar.finish();
    let report: view::PartsCheck = typed(answer.clone(), path)?;
    if out.json {
        out.print_json(&answer)?;
    } else {
        for finding in &report.findings {
            out.warning(&format!("{}: {}", plain(&finding.path), plain(&finding.what)))?;
        }
        out.line(format!(
            "{}: {}, {}, {} bytes.",
            counted(report.findings.len() as u64, "finding", "findings"),
            counted(report.parts, "part", "parts"),
            counted(report.rows, "row", "rows"),
            number(report.bytes),
        ))?;
    }
    if report.findings.is_empty() {
        return Ok(());
    }
    out.flush()?;
    Err(CliError::Reported)
}

fn compact(client: &Client, full: bool, out: &mut Output) -> Result<(), CliError> {
    let path = if full { "/api/v1/parts/compact?full=true" } else { "/api/v1/parts/compact" };
    let bar = Bar::new("compacting", false);
    let answer = client.follow(Request::new("POST", path), |done, total, _| bar.update(done, total))?;
    bar.finish();
    if out.json {
        return out.print_json(&answer);
    }
    let done: view::PartsCompacted = typed(answer, path)?;
    for compaction in &done.compactions {
        out.line(format!(
            "{}: {} with {} became {} with {}.",
            plain(&compaction.work),
            counted(compaction.files_before, "part", "parts"),
            counted(compaction.rows_before, "row", "rows"),
            number(compaction.files_after),
            number(compaction.rows_after),
        ))?;
    }
    if done.compactions.is_empty() {
        out.line("Nothing was to be compacted.")?;
    }
    summary(&done.now, out)
}

fn sql_view(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let mut sql = String::new();
    let mut reply = client.open(&Request::new("GET", "/api/v1/parts/sql-view"))?;
    reply.body.read_to_string(&mut sql).map_err(CliError::io("the answer broke off"))?;
    if out.json {
        return out.print_json(&serde_json::json!({ "sql": sql }));
    }
    out.line(sql.trim_end())
}
