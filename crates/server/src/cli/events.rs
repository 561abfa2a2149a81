use clap::Args;
use serde_json::json;

use segops_engine::view;
use segops_model::{Instant, Object};

use super::client::{Client, path, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, plain, shortened};

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
    /// Leave out derived events: sessions, touches, and events under another name.
    #[arg(long)]
    no_derived: bool,
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
        parameters.push(("derived", self.no_derived.then_some("false")));
        let list = with_query(path(&["profiles", &self.profile, "events"]), &parameters);
        let mut left_out = json!([]);
        let rows = client.rows_of_pages(&list, self.limit, |page| {
            left_out = page.get("derived_left_out").cloned().unwrap_or_default();
        })?;
        let rows = serde_json::Value::Array(rows);
        if out.json {
            return out.print_json(&json!({ "data": rows, "derived_left_out": left_out }));
        }
        for name in left_out.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str) {
            out.line(format!(
                "Without `{}`: the profile has too many events to make it of, and no live segment uses it.",
                plain(name)
            ))?;
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
                source_of(event),
                event.anchor.as_ref().map(ToString::to_string).unwrap_or_default(),
                shortened(
                    &shown(if event.name.is_empty() { &event.traits } else { &event.properties }),
                    PROPERTIES_CHARS,
                ),
                event.message_id.clone().unwrap_or_default(),
            ]);
        }
        out.table(&table)
    }
}

/// Where a received event is from; of a derived one, that it is.
fn source_of(event: &view::ProfileEvent) -> String {
    let derived = event.derived.map(|from| format!("(derived, version {})", from.version));
    derived.unwrap_or_else(|| event.source_name.clone().unwrap_or_default())
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
