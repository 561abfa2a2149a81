//! Scores: listed, read from files, taken out.

mod file;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use segops_engine::{Score as Listed, ScoreOrigin, ScoresRecorded};

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain};
use super::target::Target;
use file::ScoreFile;

const PATH: &str = "/api/v1/scores";
/// Values sent at once.
const BATCH_VALUES: usize = 5_000;

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
            Self::Import { file, name, kind, as_of, version_name } => {
                let kind = kind.map(|kind| match kind {
                    Kind::Number => "number",
                    Kind::Date => "date",
                });
                let about = json!({ "kind": kind, "as_of": as_of, "version": version_name });
                import(&file, &name, &about, &target.client()?, out)
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
    client: &Client,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut values = ScoreFile::open(file, name)?;
    let (mut recorded, mut unknown, mut examples) = (0, 0, Vec::new());
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
        body["values"] = batch.into();
        let answer = client.send(&Request::new("PUT", path.as_str()).json(body))?;
        let taken: ScoresRecorded = typed(answer, &path)?;
        recorded += taken.recorded;
        unknown += taken.unknown;
        examples.extend(taken.unknown_profiles);
    }
    examples.truncate(5);
    if out.json {
        return out
            .print_json(&json!({ "recorded": recorded, "unknown": unknown, "unknown_profiles": examples }));
    }
    out.line(format!("{} taken in.", counted(recorded as u64, "value", "values")))?;
    if unknown > 0 {
        let examples: Vec<String> = examples.iter().map(|one| plain(one)).collect();
        let nobody = counted(unknown as u64, "value is", "values are");
        out.line(format!("{nobody} of people whom nobody here knows, such as {}.", examples.join(", ")))?;
    }
    Ok(())
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
