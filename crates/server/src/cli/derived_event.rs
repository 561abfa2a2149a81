use clap::Subcommand;
use serde_json::{Value, json};

use segops_engine::view;

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, plain, shortened};
use super::progress::Bar;
use super::rule::print_warnings;
use super::segment_diff::print_difference;
use super::target::Target;

/// Make events of every profile's own, such as sessions and touches, for rules to count.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops derived-event create Session 'sessions of any event with gap of 30 minutes' --data shop\n  segops segment create Regulars 'did \"Session\" >= 3 times in last 30 days' --data shop"
)]
pub(crate) enum DerivedEvent {
    /// Make a derived event.
    #[command(
        after_help = "Examples:\n  segops derived-event create 'Session Over' 'sessions of any event with gap of 30 minutes, counted at end' --data shop\n  segops derived-event create 'First Touch' 'first touch of \"Page Viewed\" before \"Order Completed\" within 90 days' --data shop"
    )]
    Create { name: String, definition: String },
    /// List the derived events.
    #[command(after_help = "Examples:\n  segops derived-event list --data shop")]
    List,
    /// Show a derived event and its versions.
    #[command(after_help = "Examples:\n  segops derived-event show Session --data shop")]
    Show { name: String },
    /// Say who would enter and who would leave the segments that use a derived event, were it made of something
    /// else. Saves nothing.
    #[command(
        after_help = "Examples:\n  segops derived-event diff Session 'sessions of any event with gap of 45 minutes' --data shop"
    )]
    Diff {
        name: String,
        definition: String,
        /// How many of those who enter, and of those who leave, to show of each segment.
        #[arg(long, default_value_t = 5, value_name = "N")]
        sample: usize,
    },
    /// Make a derived event of something else. Segments that use it read history again.
    #[command(
        after_help = "Examples:\n  segops derived-event edit Session 'sessions of any event with gap of 45 minutes' --data shop"
    )]
    Edit {
        name: String,
        definition: String,
        /// Edit only if this is still the newest version.
        #[arg(long, value_name = "VERSION")]
        expected_version: Option<u32>,
    },
    /// Delete a derived event that nothing uses.
    #[command(after_help = "Examples:\n  segops derived-event delete Session --data shop")]
    Delete { name: String },
}

pub(crate) const PATH: &str = "/api/v1/derived-events";

impl DerivedEvent {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client =
            if matches!(self, Self::Create { .. }) { target.client_making()? } else { target.client()? };
        if !out.json {
            out.use_zone_of(&client)?;
        }
        let one = |name: &str| path(&["derived-events", name]);
        match self {
            Self::Create { name, definition } => {
                let body = json!({ "name": name, "definition": definition });
                saved_one(&client, &Request::new("POST", PATH).json(body), &definition, out)
            }
            Self::List => {
                let rows = client.rows(PATH, usize::MAX)?;
                if out.json {
                    return out.print_json(&json!({ "data": rows }));
                }
                list(&typed::<Vec<view::DerivedEvent>>(rows.into(), PATH)?, out)
            }
            Self::Show { name } => show(client.get(one(&name))?, out),
            Self::Diff { name, definition, sample } => {
                let body = json!({ "definition": definition, "sample": sample });
                let place = path(&["derived-events", &name, "diff"]);
                diff(&client, Request::new("POST", place).json(body), &definition, out)
            }
            Self::Edit { name, definition, expected_version } => {
                let body = json!({ "definition": definition, "expected_version": expected_version });
                saved_one(&client, &Request::new("PUT", one(&name)).json(body), &definition, out)
            }
            Self::Delete { name } => {
                client.send(&Request::new("DELETE", one(&name)))?;
                if out.json {
                    return out.print_json(&json!({ "deleted": name }));
                }
                out.line(format!("The derived event `{name}` is deleted."))
            }
        }
    }
}

fn saved_one(client: &Client, request: &Request, definition: &str, out: &mut Output) -> Result<(), CliError> {
    let saved = client.send(request).map_err(|error| error.with_rule(definition))?;
    if out.json {
        return out.print_json(&saved);
    }
    print_warnings(&saved, definition, out)?;
    show(saved.get("derived_event").cloned().unwrap_or_default(), out)
}

fn diff(client: &Client, request: Request, definition: &str, out: &mut Output) -> Result<(), CliError> {
    let bar = Bar::new("reading history", false);
    let answer = client
        .follow(request, |done, total, _| bar.update(done, total))
        .map_err(|error| error.with_rule(definition))?;
    bar.finish();
    if out.json {
        return out.print_json(&answer);
    }
    print_warnings(&answer, definition, out)?;
    let found: view::DerivedEventDifference = typed(answer, PATH)?;
    out.line(format!("- {}", found.definition))?;
    out.line(format!("+ {}", found.new_definition))?;
    if found.segments.is_empty() {
        return out.line("No segment uses it: nobody would move.");
    }
    for one in &found.segments {
        out.line("")?;
        out.heading(&plain(&one.segment.name))?;
        print_difference(&one.difference, out)?;
    }
    Ok(())
}

fn list(made: &[view::DerivedEvent], out: &mut Output) -> Result<(), CliError> {
    let mut table = Table::new(&["NAME", "#USED BY", "MADE OF", "ID"]);
    for one in made {
        table.row([
            one.name.clone(),
            one.used_by.len().to_string(),
            shortened(&one.definition, 80),
            one.id.to_string(),
        ]);
    }
    if table.is_empty() {
        return out.line(
            "There are no derived events yet. Make one: segops derived-event create Session 'sessions of any event with gap of 30 minutes'",
        );
    }
    out.table(&table)
}

fn show(answer: Value, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&answer);
    }
    let made: view::DerivedEvent = typed(answer, PATH)?;
    out.heading(&format!("{} ({})", plain(&made.name), made.id))?;
    out.line(&made.definition)?;
    out.line(format!("Rules can ask for its {}.", made.properties.join(", ")))?;
    if !made.used_by.is_empty() {
        let users: Vec<String> = made.used_by.iter().map(|user| plain(&user.name)).collect();
        out.line(format!("Used by {}.", users.join(", ")))?;
    }
    let mut table = Table::new(&["#VERSION", "AUTHOR", "SAVED", "MADE OF"]);
    for version in made.versions {
        table.row([
            version.version.to_string(),
            version.author,
            out.date(version.at),
            shortened(&version.definition, 80),
        ]);
    }
    out.line("")?;
    out.table(&table)
}
