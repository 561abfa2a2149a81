use clap::{Args, Subcommand};
use serde_json::json;

use segops_engine::view;

use super::client::{Request, typed};
use super::error::CliError;
use super::output::{Output, Table, number};
use super::target::Target;

/// List the sources that events come from, or make one.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops sources --data shop\n  segops sources create \"Web shop\" --data shop"
)]
pub(crate) struct Sources {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the sources and their write keys.
    #[command(after_help = "Examples:\n  segops sources list --data shop")]
    List,
    /// Make a source.
    #[command(after_help = "Examples:\n  segops sources create \"Web shop\" --data shop")]
    Create {
        name: String,
        /// What clients will send; made where it is left out.
        #[arg(long, value_name = "KEY")]
        write_key: Option<String>,
    },
}

const PATH: &str = "/api/v1/sources";

impl Sources {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let action = self.action.unwrap_or(Action::List);
        let makes = matches!(action, Action::Create { .. });
        let client = if makes { target.client_making()? } else { target.client()? };
        match action {
            Action::List => {
                let rows = client.rows(PATH, usize::MAX)?;
                if out.json {
                    return out.print_json(&json!({ "data": rows }));
                }
                out.use_zone_of(&client)?;
                let sources: Vec<view::Source> = typed(rows.into(), PATH)?;
                print(&sources, out)
            }
            Action::Create { name, write_key } => {
                let body = json!({ "name": name, "write_key": write_key });
                let answer = client.send(&Request::new("POST", PATH).json(body))?;
                if out.json {
                    return out.print_json(&answer);
                }
                let source: view::Source = typed(answer, PATH)?;
                out.line(format!("{} is {}. Its write key: {}", source.name, source.id, source.write_key))
            }
        }
    }
}

fn print(sources: &[view::Source], out: &mut Output) -> Result<(), CliError> {
    let mut table = Table::new(&["ID", "NAME", "WRITE KEY", "#EVENTS", "LAST EVENT"]);
    for source in sources {
        table.row([
            source.id.to_string(),
            source.name.clone(),
            if source.write_key.is_empty() { "(for admins)".to_owned() } else { source.write_key.clone() },
            number(source.events),
            source.last_event_at.map_or_else(|| "none yet".to_owned(), |at| out.date(at)),
        ]);
    }
    if table.is_empty() {
        return out.line("There are no sources yet. Make one: segops sources create \"Web shop\"");
    }
    out.table(&table)
}
