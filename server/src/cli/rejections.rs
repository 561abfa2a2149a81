use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use segops_model::Instant;

use super::client::with_query;
use super::error::CliError;
use super::output::{Output, Table, plain, shortened};
use super::target::Target;

/// List what was sent and not taken in, with the reasons, the newest first.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops rejections --data shop\n  segops rejections --code missing_identifier --limit 20 --data shop"
)]
pub(crate) struct Rejections {
    /// Only those with this reason, such as missing_identifier.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Only those of this source, by its name or id.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// How many to show.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

impl Rejections {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        let filters = [("code", self.code.as_deref()), ("source", self.source.as_deref())];
        let rows = client.rows(&with_query("/api/v1/rejections".to_owned(), &filters), self.limit)?;
        if out.json {
            return out.print_json(&json!({ "data": rows }));
        }
        out.use_zone_of(&client)?;
        if rows.is_empty() {
            return out.line("Nothing was rejected.");
        }
        let mut table = Table::new(&["AT", "REASON", "WHERE", "WHAT", "SENT"]);
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for row in &rows {
            let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
            *reasons.entry(text("code").to_owned()).or_default() += 1;
            let at = text("received_at").parse().map(|at: Instant| out.date(at)).unwrap_or_default();
            table.row([
                at,
                text("code").to_owned(),
                place(row),
                text("message").to_owned(),
                shortened(&plain(text("raw")), 60),
            ]);
        }
        out.table(&table)?;
        let counts: Vec<String> = reasons.iter().map(|(code, count)| format!("{count} {code}")).collect();
        out.line("")?;
        out.line(format!("Shown: {}. --limit shows more, --json the whole items.", counts.join(", ")))
    }
}

/// The file or path, and the place in it.
fn place(row: &Value) -> String {
    let place = row.get("place").and_then(Value::as_str).unwrap_or_default();
    let origin = row.get("origin");
    let name =
        |door: &str, key: &str| origin.and_then(|o| o.get(door)?.get(key)?.as_str()).map(str::to_owned);
    let door = name("file", "name").or_else(|| name("api", "path")).unwrap_or_default();
    format!("{door} {place}")
}
