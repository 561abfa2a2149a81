use clap::Args;
use serde_json::json;

use segops_engine::view;
use segops_model::{Instant, Object};

use super::client::{Client, path, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, shortened};

/// Characters of an event's properties that are shown.
const PROPERTIES_CHARS: usize = 100;

/// Show what a profile has done, the newest first.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops profile events email:ann@example.com --data shop\n  segops profile events p_17 --name \"Order Completed\" --limit 5 --data shop\n  segops profile events p_17 --before 2026-03-01T00:00:00Z --json --data shop"
)]
pub(crate) struct Events {
    /// The profile's id, or an identifier as kind:value.
    profile: String,
    /// Only events of this name; more than one can be given.
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// Only events before this instant.
    #[arg(long, value_name = "INSTANT")]
    before: Option<Instant>,
    /// How many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
}

impl Events {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let mut parameters: Vec<(&str, Option<&str>)> =
            self.name.iter().map(|name| ("name", Some(name.as_str()))).collect();
        let before = self.before.map(|before| before.to_string());
        parameters.push(("before", before.as_deref()));
        let list = with_query(path(&["profiles", &self.profile, "events"]), &parameters);
        let rows = serde_json::Value::Array(client.rows(&list, self.limit)?);
        if out.json {
            return out.print_json(&json!({ "data": rows }));
        }
        let events: Vec<view::ProfileEvent> = typed(rows, &list)?;
        if events.is_empty() {
            return out.line("No such event.");
        }
        let mut table = Table::new(&["AT", "EVENT", "SOURCE", "BY", "PROPERTIES", "MESSAGE"]);
        for event in &events {
            table.row([
                out.date(event.ts),
                name_of(event),
                event.source_name.clone(),
                event.anchor.to_string(),
                shortened(
                    &shown(if event.name.is_empty() { &event.traits } else { &event.properties }),
                    PROPERTIES_CHARS,
                ),
                event.message_id.clone(),
            ]);
        }
        out.table(&table)
    }
}

/// What is no event is called by its kind.
fn name_of(event: &view::ProfileEvent) -> String {
    if event.name.is_empty() {
        format!("({})", format!("{:?}", event.kind).to_lowercase())
    } else {
        event.name.clone()
    }
}

fn shown(object: &Object) -> String {
    if object.is_empty() { String::new() } else { serde_json::to_string(object).unwrap_or_default() }
}
