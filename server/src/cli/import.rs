use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::client::{Client, Request, with_query};
use super::error::CliError;
use super::output::{Output, counted, number, plain};
use super::progress::Bar;
use super::target::Target;

/// Read events from files: CSV or NDJSON by a mapping, or NDJSON of tracking events.
///
/// A file that was imported before is left alone.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops import --mapping orders.json orders.csv --data shop\n  segops import events.ndjson --source \"Web shop\" --data shop\n  segops import --mapping orders.json --dry-run orders.csv --data shop"
)]
pub(crate) struct Import {
    /// What the columns mean. Files of tracking events need none.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The source that the events are of, by its name or id.
    #[arg(long, value_name = "NAME", default_value = "Default")]
    source: String,
    /// Import also what was imported before. Events with the same ids are still dropped.
    #[arg(long)]
    again: bool,
    /// Read and check everything, and keep nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// One file's import as a request asks for it.
#[derive(Debug)]
pub(crate) struct FileImport<'a> {
    pub(crate) file: &'a Path,
    pub(crate) mapping: Option<&'a str>,
    pub(crate) source: &'a str,
    pub(crate) again: bool,
    pub(crate) dry_run: bool,
}

impl Import {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let mapping = match &self.mapping {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .map_err(CliError::io(format!("cannot read the mapping {}", path.display())))?,
            ),
            None => None,
        };
        for file in &self.files {
            let unreadable = || CliError::io(format!("cannot read {}", file.display()));
            if std::fs::metadata(file).map_err(unreadable())?.is_dir() {
                return Err(unreadable()(ErrorKind::IsADirectory.into()));
            }
        }
        let client = target.client_making()?;
        let mut reports = Vec::new();
        for file in &self.files {
            let import = FileImport {
                file,
                mapping: mapping.as_deref(),
                source: &self.source,
                again: self.again,
                dry_run: self.dry_run,
            };
            let report = import.send(&client)?;
            if out.json {
                reports.push(report);
            } else {
                print(&report, out)?;
            }
        }
        if out.json {
            let all = if reports.len() == 1 { reports.swap_remove(0) } else { json!({ "data": reports }) };
            return out.print_json(&all);
        }
        Ok(())
    }
}

impl FileImport<'_> {
    pub(crate) fn send(&self, client: &Client) -> Result<Value, CliError> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let query = [
            ("file_name", Some(name.as_ref())),
            ("mapping", self.mapping),
            ("source", Some(self.source)),
            ("again", self.again.then_some("true")),
            ("dry_run", self.dry_run.then_some("true")),
        ];
        let request = Request::new("POST", with_query("/api/v1/imports".to_owned(), &query)).file(self.file);
        let bar = Bar::new("reading", true);
        let report = client.follow(request, |done, total, rows| {
            bar.update(done, total);
            bar.say_rows(&name, rows);
        })?;
        bar.finish();
        Ok(report)
    }
}

pub(crate) fn print(report: &Value, out: &mut Output) -> Result<(), CliError> {
    let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
    let text = |name: &str| plain(report.get(name).and_then(Value::as_str).unwrap_or_default());
    let flag = |name: &str| report.get(name).and_then(Value::as_bool).unwrap_or_default();
    let name = text("file_name");
    if flag("already_imported") {
        return out.line(format!("{name}: already imported, nothing to do; --again imports it anyway."));
    }
    for warning in report.get("warnings").and_then(Value::as_array).into_iter().flatten() {
        out.warning(&format!("{name}: {}", plain(warning.as_str().unwrap_or_default())))?;
    }
    let made = counted(count("events"), "event", "events");
    let accepted = number(count("accepted_rows"));
    let rows = counted(count("rows"), "row", "rows");
    let kept = if flag("dry_run") { "would be kept (a dry run: nothing was)" } else { "kept" };
    let known = match count("duplicates") {
        0 => String::new(),
        duplicates => format!(", {} of them known already", number(duplicates)),
    };
    out.line(format!("{name}: {accepted} of {rows} accepted, {made} {kept}{known}."))?;
    let rejected = count("rejected_rows");
    if rejected == 0 {
        return Ok(());
    }
    out.line(format!("{}:", counted(rejected, "row was rejected", "rows were rejected")))?;
    for (code, count) in report.get("rejected_by_code").and_then(Value::as_object).into_iter().flatten() {
        out.line(format!("{:>12}  {}", number(count.as_u64().unwrap_or_default()), plain(code)))?;
    }
    if flag("dry_run") {
        return Ok(());
    }
    out.line("`segops rejections` lists them with their reasons.")
}
