use clap::Subcommand;

use segops_engine::view;

use super::client::{Request, typed};
use super::error::CliError;
use super::output::{Output, Table, counted, number, plain};
use super::target::Target;

const PATH: &str = "/api/v1/checkpoints";

/// Checkpoints of the state, from which a start goes on in the place of the whole journal.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops checkpoint list --data shop\n  segops checkpoint now --url http://127.0.0.1:8123"
)]
pub(crate) enum Checkpoint {
    /// List the files of the newest checkpoint, and say what has come in since.
    #[command(
        after_help = "Examples:\n  segops checkpoint list --data shop\n  segops checkpoint list --data shop --json"
    )]
    List,
    /// Make a checkpoint now, and wait until it is durable.
    ///
    /// It is made by itself after so many inputs and as the server stops; before a backup this makes the tail short.
    #[command(after_help = "Examples:\n  segops checkpoint now --data shop")]
    Now,
}

impl Checkpoint {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        let answer = match self {
            Self::List => client.get(PATH)?,
            Self::Now => client.send(&Request::new("POST", PATH))?,
        };
        if out.json {
            return out.print_json(&answer);
        }
        out.use_zone_of(&client)?;
        show(&typed(answer, PATH)?, out)
    }
}

fn show(checkpoints: &view::Checkpoints, out: &mut Output) -> Result<(), CliError> {
    let mut table = Table::new(&["KIND", "#POSITION", "#BYTES", "AT", "FILE"]);
    for file in &checkpoints.files {
        table.row([
            if file.whole { "whole" } else { "changes" }.to_owned(),
            number(file.position.0),
            number(file.bytes),
            out.date(file.at),
            file.file.clone(),
        ]);
    }
    if !table.is_empty() {
        out.table(&table)?;
        out.line("")?;
    }
    summary(&checkpoints.summary, out)
}

/// What a start would go on from.
pub(crate) fn summary(checkpoint: &view::CheckpointSummary, out: &mut Output) -> Result<(), CliError> {
    if let Some(failure) = &checkpoint.failure {
        out.warning(&format!("The newest checkpoint could not be made or read: {}", plain(failure)))?;
    }
    let since = counted(checkpoint.frames_since, "input", "inputs");
    match (checkpoint.position, checkpoint.at) {
        (Some(position), Some(at)) => out.line(format!(
            "Checkpoint of position {}, {}: {} in {}; {since} since.",
            number(position.0),
            out.date(at),
            counted(checkpoint.bytes, "byte", "bytes"),
            counted(checkpoint.files, "file", "files"),
        )),
        _ => out.line(format!("No checkpoint yet; a start replays {since}.")),
    }
}
