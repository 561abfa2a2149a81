use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use segops_engine::view;
use segops_rules::Base;

use super::client::{Client, Request, path, typed};
use super::error::CliError;
use super::explain::{Explain, print_explanation};
use super::output::{Output, Table, counted, number, shortened};
use super::preview::{Preview, base_words, identifiers, print_split};
use super::progress::Bar;
use super::rule::{print_warnings, rule_body};
use super::target::Target;

/// Make, look at and change segments.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops segment create Repeat 'did \"Order Completed\" >= 2 times' --data shop\n  segops segment members Repeat --data shop"
)]
pub(crate) enum Segment {
    Create(Create),
    /// List the segments with their counts.
    #[command(after_help = "Examples:\n  segops segment list --data shop")]
    List,
    /// Show a segment, its counts and its versions.
    #[command(after_help = "Examples:\n  segops segment show Repeat --data shop")]
    Show(Named),
    Edit(Edit),
    Preview(Preview),
    Members(Members),
    Explain(Explain),
    /// Hold the members as they are.
    #[command(after_help = "Examples:\n  segops segment pause Repeat --data shop")]
    Pause(Named),
    /// Read history again and go live.
    #[command(after_help = "Examples:\n  segops segment resume Repeat --data shop")]
    Resume(Named),
    /// Give a segment another name. Rules that refer to it follow.
    #[command(after_help = "Examples:\n  segops segment rename Repeat 'Repeat buyers' --data shop")]
    Rename {
        segment: String,
        name: String,
    },
    /// Delete a segment that no other one refers to.
    #[command(after_help = "Examples:\n  segops segment delete Repeat --data shop")]
    Delete(Named),
}

/// Make a segment, and wait until it has read history and is live.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment create Repeat 'did \"Order Completed\" >= 2 times in last 90 days' --data shop"
)]
pub(crate) struct Create {
    name: String,
    /// The rule, as text or as JSON.
    rule: String,
    /// Who is counted; it goes before what the rule says.
    #[arg(long, value_enum)]
    base: Option<BaseName>,
    /// Return at once, while it still reads history.
    #[arg(long)]
    no_wait: bool,
}

/// Give a segment another rule. The old one serves until the new one has read history.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment edit Repeat 'did \"Order Completed\" >= 3 times' --data shop"
)]
pub(crate) struct Edit {
    /// The segment's name or id.
    segment: String,
    /// The rule, as text or as JSON.
    rule: String,
    /// Who is counted; it goes before what the rule says.
    #[arg(long, value_enum)]
    base: Option<BaseName>,
    /// Edit only if this is still the newest version.
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u32>,
    /// Return at once, while the new version still reads history.
    #[arg(long)]
    no_wait: bool,
}

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

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The segment's name or id.
    segment: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BaseName {
    /// Profiles with at least one order.
    Customers,
    /// Profiles with an identifier beyond an anonymous one.
    Identified,
    /// Every profile.
    Everyone,
}

impl From<BaseName> for Base {
    fn from(name: BaseName) -> Self {
        match name {
            BaseName::Customers => Self::Customers,
            BaseName::Identified => Self::Identified,
            BaseName::Everyone => Self::Everyone,
        }
    }
}

const PATH: &str = "/api/v1/segments";
/// How often a priming segment is looked at.
const WAIT_MS: u64 = 50;

impl Segment {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        if let Self::Preview(preview) = self {
            return preview.run(target, out);
        }
        let client =
            if matches!(self, Self::Create(_)) { target.client_making()? } else { target.client()? };
        if !out.json {
            out.use_zone_of(&client)?;
        }
        match self {
            Self::Create(create) => create.run(&client, out),
            Self::List => list(&client, out),
            Self::Show(named) => show(client.get(path(&["segments", &named.segment]))?, out),
            Self::Edit(edit) => edit.run(&client, out),
            Self::Preview(_) => Ok(()),
            Self::Members(members) => members.run(&client, out),
            Self::Explain(explain) => print_explanation(&explain, &client, out),
            Self::Pause(named) => {
                show(client.send(&Request::new("POST", path(&["segments", &named.segment, "pause"])))?, out)
            }
            Self::Resume(named) => {
                client.send(&Request::new("POST", path(&["segments", &named.segment, "resume"])))?;
                show(wait_until_primed(&client, &named.segment)?, out)
            }
            Self::Rename { segment, name } => {
                let request =
                    Request::new("PATCH", path(&["segments", &segment])).json(json!({ "name": name }));
                show(client.send(&request)?, out)
            }
            Self::Delete(named) => {
                client.send(&Request::new("DELETE", path(&["segments", &named.segment])))?;
                if out.json {
                    return out.print_json(&json!({ "deleted": named.segment }));
                }
                out.line(format!("The segment `{}` is deleted.", named.segment))
            }
        }
    }
}

impl Create {
    fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let others = json!({ "name": self.name, "base": self.base.map(Base::from) });
        let request = Request::new("POST", PATH).json(rule_body(&self.rule, others)?);
        let saved = client.send(&request).map_err(|error| error.with_rule(&self.rule))?;
        saved_and_primed(client, saved, &self.rule, self.no_wait, out)
    }
}

impl Edit {
    fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let others = json!({ "base": self.base.map(Base::from), "expected_version": self.expected_version });
        let request =
            Request::new("PUT", path(&["segments", &self.segment])).json(rule_body(&self.rule, others)?);
        let saved = client.send(&request).map_err(|error| error.with_rule(&self.rule))?;
        saved_and_primed(client, saved, &self.rule, self.no_wait, out)
    }
}

fn saved_and_primed(
    client: &Client,
    mut saved: Value,
    rule: &str,
    no_wait: bool,
    out: &mut Output,
) -> Result<(), CliError> {
    let id = saved.pointer("/segment/id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !no_wait && let Some(segment) = saved.get_mut("segment") {
        *segment = wait_until_primed(client, &id)?;
    }
    if out.json {
        return out.print_json(&saved);
    }
    print_warnings(&saved, rule, out)?;
    show(saved.get("segment").cloned().unwrap_or_default(), out)
}

/// Looks at a segment until no version of it is reading history any more.
fn wait_until_primed(client: &Client, segment: &str) -> Result<Value, CliError> {
    let bar = Bar::new("reading history", false);
    loop {
        let segment = client.get(path(&["segments", segment]))?;
        if segment.get("pending_version").is_none_or(Value::is_null) {
            bar.finish();
            return Ok(segment);
        }
        bar.tick();
        std::thread::sleep(Duration::from_millis(WAIT_MS));
    }
}

fn list(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let rows = client.rows(PATH, usize::MAX)?;
    if out.json {
        return out.print_json(&json!({ "data": rows }));
    }
    let segments: Vec<view::Segment> = typed(rows.into(), PATH)?;
    let mut table = Table::new(&["NAME", "STATUS", "#MEMBERS", "RULE", "ID"]);
    for segment in segments {
        table.row([
            segment.name,
            status_word(segment.status).to_owned(),
            number(segment.counts.total),
            shortened(&segment.rule_text, 80),
            segment.id.to_string(),
        ]);
    }
    if table.is_empty() {
        return out.line(
            "There are no segments yet. Make one: segops segment create Repeat 'did \"Order Completed\" >= 2 times'",
        );
    }
    out.table(&table)
}

fn show(answer: Value, out: &mut Output) -> Result<(), CliError> {
    if out.json {
        return out.print_json(&answer);
    }
    let segment: view::Segment = typed(answer, PATH)?;
    out.heading(&format!("{} ({}), {}", segment.name, segment.id, status_word(segment.status)))?;
    out.line(&segment.rule_text)?;
    let members = counted(segment.counts.total, "member", "members");
    out.line(format!("{members}, counted among the {}", base_words(segment.base)))?;
    print_split(&segment.counts, out)?;
    if !segment.used_by.is_empty() {
        let users: Vec<String> = segment.used_by.iter().map(ToString::to_string).collect();
        out.line(format!("Used by {}.", users.join(", ")))?;
    }
    let mut table = Table::new(&["#VERSION", "AUTHOR", "SAVED", "LIVE SINCE", "RULE"]);
    for version in segment.versions {
        table.row([
            version.version.0.to_string(),
            version.author,
            out.date(version.at),
            version.primed_at.map_or_else(|| "not yet".to_owned(), |at| out.date(at)),
            shortened(&version.rule_text, 80),
        ]);
    }
    out.line("")?;
    out.table(&table)
}

const fn status_word(status: view::SegmentStatus) -> &'static str {
    match status {
        view::SegmentStatus::Priming => "reading history",
        view::SegmentStatus::Live => "live",
        view::SegmentStatus::Editing => "live, a new version is reading history",
        view::SegmentStatus::Paused => "paused",
    }
}

impl Members {
    fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
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

/// An enum's value as the API writes it.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
