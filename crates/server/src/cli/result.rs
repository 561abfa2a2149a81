use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use segops_engine::view::{self, ResultDefinitionView, ResultStatus};

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table, number, plain};
use super::schedule::{Times, schedule_text};
use super::target::Target;
use super::waiting::{Awaited, Patience, Standing, wait};

/// Have profiles named by a query in SQL, or by likeness, on a schedule; rules ask `in result "..."`.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops result create 'VIPs by SQL' --sql vips.sql --daily-at 6 --data shop\n  segops result create 'Like our regulars' --alike 'Repeat buyers' --count 500 --daily-at 5 --data shop\n  segops segment preview 'in result \"Like our regulars\"' --data shop"
)]
pub(crate) enum Recorded {
    /// Make a result, and wait until it is computed.
    #[command(
        after_help = "Examples:\n  segops result create 'VIPs by SQL' --query 'SELECT profile AS profile_id FROM orders GROUP BY 1 HAVING sum(net) > 500' --daily-at 6 --data shop"
    )]
    Create {
        name: String,
        #[command(flatten)]
        definition: Definition,
        #[command(flatten)]
        times: Times,
        /// Do not wait until it is computed.
        #[arg(long, conflicts_with = "seconds")]
        no_wait: bool,
        #[command(flatten)]
        patience: Patience,
    },
    /// Show the results.
    #[command(after_help = "Examples:\n  segops result list --data shop")]
    List,
    /// Show one result, with what was recorded of it.
    #[command(after_help = "Examples:\n  segops result show 'VIPs by SQL' --data shop")]
    Show { result: String },
    /// Give a result another name, definition or schedule.
    #[command(after_help = "Examples:\n  segops result edit 'VIPs by SQL' --hourly --data shop")]
    Edit {
        result: String,
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        definition: Definition,
        #[command(flatten)]
        times: Times,
    },
    /// Compute a result anew, and wait for it.
    #[command(after_help = "Examples:\n  segops result refresh 'VIPs by SQL' --data shop")]
    Refresh {
        result: String,
        #[arg(long, conflicts_with = "seconds")]
        no_wait: bool,
        #[command(flatten)]
        patience: Patience,
    },
    /// Call the computing of a result off.
    #[command(after_help = "Examples:\n  segops result cancel 'VIPs by SQL' --data shop")]
    Cancel { result: String },
    /// Print whom a result names, and why.
    #[command(after_help = "Examples:\n  segops result members 'Like our regulars' --limit 50 --data shop")]
    Members {
        result: String,
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Delete a result that no segment refers to.
    #[command(after_help = "Examples:\n  segops result delete 'VIPs by SQL' --data shop")]
    Delete { result: String },
}

/// Whom a result names.
#[derive(Debug, Args)]
pub(crate) struct Definition {
    /// A query that answers a column `profile_id`.
    #[arg(long, value_name = "SQL", group = "what")]
    query: Option<String>,
    /// A file with such a query.
    #[arg(long, value_name = "FILE", group = "what")]
    sql: Option<PathBuf>,
    /// Those most like the members of this segment, who are no members.
    #[arg(long, value_name = "SEGMENT", group = "what")]
    alike: Option<String>,
    /// How many are most alike.
    #[arg(long, default_value_t = 1_000, requires = "alike")]
    count: u64,
}

const PATH: &str = "/api/v1/results";

impl Definition {
    fn read(&self) -> Result<Option<ResultDefinitionView>, CliError> {
        Ok(match self {
            Self { query: Some(sql), .. } => Some(ResultDefinitionView::Query { sql: sql.clone() }),
            Self { sql: Some(file), .. } => {
                let unreadable = CliError::io(format!("cannot read {}", file.display()));
                let sql = std::fs::read_to_string(file).map_err(unreadable)?;
                Some(ResultDefinitionView::Query { sql })
            }
            Self { alike: Some(segment), count, .. } => {
                Some(ResultDefinitionView::Alike { segment: segment.clone(), count: *count })
            }
            _ => None,
        })
    }
}

impl Recorded {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let client = target.client()?;
        match self {
            Self::Create { name, definition, times, no_wait, patience } => {
                let definition = definition.read()?.ok_or_else(|| {
                    CliError::Usage("say whom it names: --query, --sql or --alike".to_owned())
                })?;
                let schedule = times.schedule().unwrap_or_default();
                let new = json!({ "name": name, "definition": definition, "schedule": schedule });
                let made = client.send(&Request::new("POST", PATH).json(new))?;
                done(&client, made, (!no_wait).then_some(patience), out)
            }
            Self::List => list(&client, out),
            Self::Show { result } => show(&client, client.get(path(&["results", &result]))?, out),
            Self::Edit { result, name, definition, times } => {
                let edit = json!({
                    "name": name, "definition": definition.read()?, "schedule": times.schedule() });
                let request = Request::new("PATCH", path(&["results", &result])).json(edit);
                show(&client, client.send(&request)?, out)
            }
            Self::Refresh { result, no_wait, patience } => {
                let asked = client.send(&Request::new("POST", path(&["results", &result, "refresh"])))?;
                done(&client, asked, (!no_wait).then_some(patience), out)
            }
            Self::Cancel { result } => {
                let cancelled = client.send(&Request::new("POST", path(&["results", &result, "cancel"])))?;
                show(&client, cancelled, out)
            }
            Self::Members { result, limit } => members(&client, &result, limit, out),
            Self::Delete { result } => {
                client.send(&Request::new("DELETE", path(&["results", &result])))?;
                if out.json {
                    return out.print_json(&json!({ "deleted": result }));
                }
                out.line(format!("The result `{result}` is deleted."))
            }
        }
    }
}

/// Waits until a result is computed, and shows it. One that has failed is an error.
fn done(client: &Client, asked: Value, waits: Option<Patience>, out: &mut Output) -> Result<(), CliError> {
    let result: view::RecordedResult = typed(asked.clone(), PATH)?;
    let place = path(&["results", &result.id.to_string()]);
    let otherwise = "`segops result show` says how it stands, `segops result cancel` ends it";
    let awaited = Awaited { what: "computing", place, otherwise };
    let answer = match waits {
        None => asked,
        Some(patience) => wait(client, &awaited, patience, asked, |result| {
            let result: view::RecordedResult = typed(result.clone(), PATH)?;
            let goes_on = matches!(result.status, ResultStatus::Waiting | ResultStatus::Running);
            Ok(if goes_on { Standing::GoesOn(result.progress) } else { Standing::Over })
        })?,
    };
    let result: view::RecordedResult = typed(answer.clone(), PATH)?;
    show(client, answer, out)?;
    if result.status == ResultStatus::Failed { Err(CliError::Reported) } else { Ok(()) }
}

fn list(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let rows = client.rows(PATH, usize::MAX)?;
    if out.json {
        return out.print_json(&json!({ "data": rows }));
    }
    out.use_zone_of(client)?;
    let results: Vec<view::RecordedResult> = typed(rows.into(), PATH)?;
    let mut table = Table::new(&["ID", "NAME", "BY", "STATUS", "#NAMES", "AS OF", "SCHEDULE"]);
    for result in results {
        table.row([
            result.id.to_string(),
            plain(&result.name),
            by(&result.definition),
            super::segment::word(&result.status),
            result.named.map(number).unwrap_or_default(),
            result.as_of.map(|as_of| out.date(as_of)).unwrap_or_default(),
            schedule_text(result.schedule),
        ]);
    }
    if table.is_empty() {
        return out.line(
            "There are no recorded results yet. Make one: segops result create NAME --query 'SELECT ...'",
        );
    }
    out.table(&table)
}

fn by(definition: &ResultDefinitionView) -> String {
    match definition {
        ResultDefinitionView::Query { .. } => "SQL".to_owned(),
        ResultDefinitionView::Alike { segment, count } => {
            format!("the {} most like {}", number(*count), plain(segment))
        }
    }
}

fn show(client: &Client, answer: Value, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&answer);
    }
    out.use_zone_of(client)?;
    let result: view::RecordedResult = typed(answer, PATH)?;
    out.line(format!("{} {}: {}", result.id, plain(&result.name), super::segment::word(&result.status)))?;
    match &result.definition {
        ResultDefinitionView::Query { sql } => out.line(plain(sql))?,
        ResultDefinitionView::Alike { .. } => out.line(by(&result.definition))?,
    }
    if let (Some(named), Some(as_of)) = (result.named, result.as_of) {
        out.line(format!("Names {} profiles, as of {}", number(named), out.date(as_of)))?;
    }
    if let Some(failure) = &result.failure {
        out.line(format!("Failed on {}: {}", out.date(failure.at), plain(&failure.message)))?;
    }
    let next = result.next_at.map(|next| format!(", next on {}", out.date(next))).unwrap_or_default();
    out.line(format!("Computed {}{next}", schedule_text(result.schedule)))?;
    if !result.used_by.is_empty() {
        let users: Vec<String> = result.used_by.iter().map(|segment| plain(&segment.name)).collect();
        out.line(format!("Used by {}", users.join(", ")))?;
    }
    Ok(())
}

fn members(client: &Client, result: &str, limit: usize, out: &mut Output) -> Result<(), CliError> {
    let (mut found, mut next): (Vec<view::ResultMember>, Option<usize>) = (Vec::new(), Some(0));
    while let Some(after) = next.filter(|_| found.len() < limit) {
        let page = format!("?after={after}&limit={}", (limit - found.len()).min(1_000));
        let answer = client.get(path(&["results", result, "members"]) + &page)?;
        let members: view::ResultMembers = typed(answer, PATH)?;
        found.extend(members.members);
        next = members.next;
    }
    if out.json {
        return out.print_json(&json!({ "data": found }));
    }
    let mut table = Table::new(&["#RANK", "PROFILE", "IDENTIFIERS", "#LIKENESS", "BECAUSE"]);
    for member in found {
        let reasons = member.reasons.iter().map(|reason| format!("{} {:+.2}", reason.feature, reason.adds));
        table.row([
            number(member.rank as u64),
            member.profile.to_string(),
            plain(&member.identifiers.join(" ")),
            member.likeness.map(|likeness| format!("{likeness:.4}")).unwrap_or_default(),
            plain(&reasons.collect::<Vec<_>>().join(", ")),
        ]);
    }
    if table.is_empty() {
        return out.line("It names nobody.");
    }
    out.table(&table)
}
