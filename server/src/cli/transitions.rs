use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use segops_engine::view;
use segops_model::SegmentId;

use super::client::{Client, Request, path, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, plain};
use super::segment::word;
use super::target::Target;

/// List who entered and left segments, the oldest first, or follow it as it happens.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops transitions --segment Repeat --limit 20 --data shop\n  segops transitions --follow --url http://127.0.0.1:8123"
)]
pub(crate) struct Transitions {
    /// Only those of this segment, by its name or id.
    #[arg(long, value_name = "SEGMENT")]
    segment: Option<String>,
    /// Only those after this transition.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// How many to show.
    #[arg(long, default_value_t = 100, value_name = "N", conflicts_with = "follow")]
    limit: usize,
    /// Go on with what happens, until interrupted.
    #[arg(long)]
    follow: bool,
}

const PATH: &str = "/api/v1/transitions";
const RECONNECT_SECONDS: u64 = 1;

impl Transitions {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        if !out.json {
            out.use_zone_of(&client)?;
        }
        if self.follow {
            return self.follow(&client, out);
        }
        let filters = [("segment", self.segment.as_deref()), ("after", self.after.as_deref())];
        let rows = client.rows(&with_query(PATH.to_owned(), &filters), self.limit)?;
        if out.json {
            return out.print_json(&serde_json::json!({ "data": rows }));
        }
        let transitions: Vec<view::TransitionView> = typed(rows.into(), PATH)?;
        let mut names = SegmentNames::default();
        let mut table = Table::new(&["AT", "PROFILE", "", "SEGMENT", "BY", "ID"]);
        for transition in &transitions {
            table.row([
                out.date(transition.at),
                transition.profile.to_string(),
                word(&transition.direction),
                names.of(&client, transition.segment)?,
                word(&transition.cause),
                transition.id.to_string(),
            ]);
        }
        if table.is_empty() {
            return out.line("Nobody has entered or left a segment yet.");
        }
        out.table(&table)
    }

    /// Reads the stream, and connects again where it ends, from the last transition on.
    fn follow(&self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let mut after = self.after.clone();
        let stream = format!("{PATH}/stream");
        let mut names = SegmentNames::default();
        loop {
            let filters = [("segment", self.segment.as_deref()), ("after", after.as_deref())];
            let request =
                Request::new("GET", with_query(stream.clone(), &filters)).accept("text/event-stream");
            let reply = match client.open(&request) {
                Err(CliError::Network { .. }) if after.is_some() => {
                    std::thread::sleep(Duration::from_secs(RECONNECT_SECONDS));
                    continue;
                }
                reply => reply?,
            };
            for line in BufReader::new(reply.body).lines() {
                let Ok(line) = line else { break };
                let Some(data) = line.strip_prefix("data: ") else { continue };
                let value: Value = serde_json::from_str(data)
                    .map_err(|error| CliError::Answer { path: stream.clone(), why: error.to_string() })?;
                let Some(id) = value.get("id").and_then(Value::as_str) else {
                    return Err(CliError::Problem(typed(value, &stream)?));
                };
                after = Some(id.to_owned());
                print(&value, client, &mut names, out)?;
            }
            if matches!(client, Client::Folder(_)) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_secs(RECONNECT_SECONDS));
        }
    }
}

/// What segments are called, asked for as their ids turn up.
#[derive(Debug, Default)]
struct SegmentNames(HashMap<SegmentId, String>);

impl SegmentNames {
    /// The segment's name; its id where it is gone by now.
    fn of(&mut self, client: &Client, id: SegmentId) -> Result<String, CliError> {
        if let Some(name) = self.0.get(&id) {
            return Ok(name.clone());
        }
        let name = match client.get(path(&["segments", &id.to_string()])) {
            Ok(segment) => segment.get("name").and_then(Value::as_str).map(plain),
            Err(CliError::Problem(_)) => None,
            Err(other) => return Err(other),
        };
        let name = name.unwrap_or_else(|| id.to_string());
        self.0.insert(id, name.clone());
        Ok(name)
    }
}

fn print(value: &Value, client: &Client, names: &mut SegmentNames, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.json_line(value);
    }
    let transition: view::TransitionView = typed(value.clone(), PATH)?;
    out.line(format!(
        "{}  {} {} {} ({})",
        out.date(transition.at),
        transition.profile,
        word(&transition.direction),
        names.of(client, transition.segment)?,
        word(&transition.cause),
    ))?;
    out.flush()
}
