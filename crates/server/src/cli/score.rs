//! Scores: listed, read from files, taken out.

mod file;
mod unknown;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use segops_engine::{Score as Listed, ScoreOrigin, ScoresRecorded};

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain};
use super::target::Target;
use file::ScoreFile;
use unknown::UnknownFile;

const PATH: &str = "/api/v1/scores";
/// Values sent at once.
const BATCH_VALUES: usize = 5_000;
/// People whom nobody knows that the JSON output lists.
const UNKNOWN_LISTED_MAX: usize = 10_000;
/// And those that are named for people to read.
const UNKNOWN_SHOWN_MAX: usize = 20;

/// Scores that rules can ask for: computed here, or brought from elsewhere.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops score list --data shop\n  segops score import churn.csv --name churn_risk --data shop"
)]
pub(crate) enum Score {
    /// List the scores.
    #[command(after_help = "Examples:\n  segops score list --data shop")]
    List,
    /// Read values of a score from a CSV or NDJSON file; each holds for its profile until a newer one comes.
    ///
    /// A CSV file needs a column `profile`, with ids or identifiers as kind:value, or a column that is named by
    /// the kind of identifier in it, such as `user_id` or `email`; and a column `value`, or one with the
    /// score's name. An empty value takes the score back. NDJSON has the same names.
    #[command(
        after_help = "Examples:\n  segops score import churn.csv --name churn_risk --as-of 2026-03-01T00:00:00Z --data shop\n  segops score import next.csv --name next_visit --kind date --data shop"
    )]
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What rules call the score.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Write the values of people whom nobody here knows yet into this file, as NDJSON that can be imported
        /// again once they are known.
        #[arg(long, value_name = "FILE")]
        unknown: Option<PathBuf>,
        /// What the score is, where it is new.
        #[arg(long, value_name = "KIND")]
        kind: Option<Kind>,
        /// What the values are of: the instant up to which history was looked at.
        #[arg(long, value_name = "INSTANT")]
        as_of: Option<String>,
        /// What made them, as you call it.
        #[arg(long, value_name = "TEXT")]
        version_name: Option<String>,
    },
    /// Take a score out that was brought from elsewhere, with its values.
    #[command(after_help = "Examples:\n  segops score delete churn_risk --data shop")]
    Delete { name: String },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Number,
    Date,
}

impl Score {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        match self {
            Self::List => list(&target.client()?, out),
            Self::Import { file, name, unknown, kind, as_of, version_name } => {
                let kind = kind.map(|kind| match kind {
                    Kind::Number => "number",
                    Kind::Date => "date",
                });
                let about = json!({ "kind": kind, "as_of": as_of, "version": version_name });
                let unknown = unknown.map(UnknownFile::create).transpose()?;
                import(&file, &name, &about, unknown, &target.client()?, out)
            }
            Self::Delete { name } => {
                target.client()?.send(&Request::new("DELETE", path(&["scores", &name])))?;
                if out.json { out.print_json(&json!({ "deleted": name })) } else { out.line("Deleted.") }
            }
        }
    }
}

fn import(
    file: &std::path::Path,
    name: &str,
    about: &Value,
    mut unknown_file: Option<UnknownFile>,
    client: &Client,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut values = ScoreFile::open(file, name)?;
    let (mut recorded, mut unknown, mut listed, mut deleted) = (0, 0, Vec::new(), Vec::new());
    let path = path(&["scores", name]);
    loop {
        let mut batch: Vec<Value> = Vec::with_capacity(BATCH_VALUES);
        while batch.len() < BATCH_VALUES
            && let Some(value) = values.next_value()?
        {
            batch.push(value);
        }
        if batch.is_empty() {
            break;
        }
        let mut body = about.clone();
        body["values"] = batch.clone().into();
        let answer = client.send(&Request::new("PUT", path.as_str()).json(body))?;
        let taken: ScoresRecorded = typed(answer, &path)?;
        recorded += taken.recorded;
        unknown += taken.unknown;
        if let Some(file) = &mut unknown_file {
            file.write(&batch, &taken.unknown_profiles)?;
        }
        let room = UNKNOWN_LISTED_MAX.saturating_sub(listed.len());
        listed.extend(taken.unknown_profiles.into_iter().take(room));
        let room = UNKNOWN_LISTED_MAX.saturating_sub(deleted.len());
        deleted.extend(taken.deleted_profiles.into_iter().take(room));
    }
    let unknown_path = unknown_file.map(UnknownFile::finish).transpose()?;
    if out.json {
        return out
            .print_json(&json!({ "recorded": recorded, "unknown": unknown, "unknown_profiles": listed, "deleted_profiles": deleted }));
    }
    out.line(format!("{} taken in.", counted(recorded as u64, "value", "values")))?;
    if !deleted.is_empty() {
        let names: Vec<String> = deleted.iter().take(UNKNOWN_SHOWN_MAX).map(|one| plain(one)).collect();
        let values = counted(deleted.len() as u64, "value is", "values are");
        out.line(format!("{values} of before their people were deleted: {}.", names.join(", ")))?;
    }
    if unknown == 0 {
        return Ok(());
    }
    let nobody =
        counted(unknown as u64, "value was not: nobody here knows", "values were not: nobody here knows");
    let names: Vec<String> = listed.iter().take(UNKNOWN_SHOWN_MAX).map(|one| plain(one)).collect();
    let more = unknown.saturating_sub(names.len());
    let more = if more == 0 { String::new() } else { format!(" and {} more", number(more as u64)) };
    out.warning(&format!("{nobody} {}{more}.", names.join(", ")))?;
    match unknown_path {
        Some(path) => out.line(format!("They are in {}; import it once they are known.", path.display())),
        None => out.line("Import the file again once they are known; --unknown FILE writes out only theirs."),
    }
}

fn list(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let answer = client.get(PATH)?;
    if out.json {
        return out.print_json(&answer);
    }
    out.use_zone_of(client)?;
    let data = answer.get("data").cloned().unwrap_or_default();
    let scores: Vec<Listed> = typed(data, PATH)?;
    let mut table = Table::new(&["NAME", "IS A", "ORIGIN", "AS OF", "VERSION", "VALUES"]);
    for score in &scores {
        let origin = match score.origin {
            ScoreOrigin::Computed => "computed here",
            ScoreOrigin::Recorded => "brought in",
        };
        let as_of = score.as_of.map(|as_of| out.date(as_of)).unwrap_or_default();
        let version = plain(score.version.as_deref().unwrap_or_default());
        let values = match score.origin {
            ScoreOrigin::Computed => String::new(),
            ScoreOrigin::Recorded => number(score.values),
        };
        let (name, kind) = (plain(&score.name), score.kind.word().to_owned());
        table.row([name, kind, origin.to_owned(), as_of, version, values]);
    }
    out.table(&table)
}
