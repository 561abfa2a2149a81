use clap::Args;
use serde_json::json;

use segops_engine::view;

use super::client::{Client, path, typed};
use super::error::CliError;
use super::output::{Output, Table};
use super::preview::identifiers;
use super::segment::word;

/// List who is in a segment, and since when.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  segops segment members Repeat --limit 20 --data shop")]
pub(crate) struct Members {
    /// The segment's name or id.
    segment: String,
    /// How many to show.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

impl Members {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let list = path(&["segments", &self.segment, "members"]);
        let rows = client.rows(&list, self.limit)?;
        if out.json {
            return out.print_json(&json!({ "data": rows }));
        }
        let members: Vec<view::Member> = typed(rows.into(), &list)?;
        let mut table = Table::new(&["PROFILE", "SINCE", "BY", "CAN CHANGE", "IDENTIFIERS"]);
        for member in members {
            table.row([
                member.profile.to_string(),
                out.date(member.since),
                word(&member.cause),
                member.next_change.map_or_else(|| "with an event".to_owned(), |at| out.date(at)),
                identifiers(&member.identifiers),
            ]);
        }
        if table.is_empty() {
            return out.line("Nobody is in this segment now. `segops segment show` has its rule.");
        }
        out.table(&table)
    }
}
