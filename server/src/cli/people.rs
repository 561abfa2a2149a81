//! Merges, splits and deletions of profiles.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use segops_engine::view;

use super::client::{Client, Request, path, typed, with_query};
use super::error::CliError;
use super::output::{Output, Table, counted, plain};
use super::preview::identifiers;
use super::progress::Bar;
use super::segment::word;

/// Why a profile is what it is: the events by which others became part of it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops profile merges p_17 --data shop\n  segops profile merges email:ann@example.com --data shop"
)]
pub(crate) struct Merges {
    /// The profile's id, or an identifier as kind:value.
    profile: String,
}

/// Take identifiers out of a profile into one of their own, and wait until history is read.
///
/// What was done goes along by each event's strongest identifier. From then on events that carry identifiers
/// of both profiles do not merge them, until the bar is lifted.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops profile split user_id:u1 anonymous_id:b-17 --data shop\n  segops profile split p_17 user_id:u2 email:bob@example.com --data shop"
)]
pub(crate) struct Split {
    /// The profile's id, or an identifier as kind:value.
    profile: String,
    /// What to take out, each as kind:value.
    #[arg(required = true, value_name = "IDENTIFIER")]
    identifiers: Vec<String>,
    /// Return at once, while history is still being read.
    #[arg(long)]
    no_wait: bool,
}

/// Let events link the two sides of a split again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  segops profile lift split_12 --data shop")]
pub(crate) struct Lift {
    /// The split's id, as `segops profile splits` has it.
    split: String,
}

/// Delete a person: everything that is kept of them. It cannot be undone.
///
/// Without --yes it only says what would be removed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops profile delete email:ann@example.com --data shop\n  segops profile delete p_17 --yes --data shop"
)]
pub(crate) struct Delete {
    /// The profile's id, or an identifier as kind:value.
    profile: String,
    /// Do it.
    #[arg(long)]
    yes: bool,
}

/// How often a split is looked at while history is read for it.
const WAIT_MS: u64 = 50;
const SPLITS: &str = "/api/v1/splits";

impl Merges {
    pub(super) fn run(&self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let path = path(&["profiles", &self.profile, "merges"]);
        let mut answer = client.get(&path)?;
        if out.json {
            return out.print_json(&answer);
        }
        let rows = answer.get_mut("data").map(Value::take).unwrap_or_default();
        let merges: Vec<view::ProfileMerge> = typed(rows, &path)?;
        if merges.is_empty() {
            return out.line("No other profile has become part of this one.");
        }
        for merge in &merges {
            out.line(plain(&merge.sentence))?;
        }
        out.line(format!(
            "{}. To take one back: segops profile split PROFILE IDENTIFIER",
            counted(u64::try_from(merges.len()).unwrap_or_default(), "merge", "merges")
        ))
    }
}

impl Split {
    pub(super) fn run(&self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let asked = path(&["profiles", &self.profile, "split"]);
        let body = json!({ "identifiers": self.identifiers });
        let mut answer = client.send(&Request::new("POST", &asked).json(body))?;
        if !self.no_wait {
            let id = answer.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            answer = wait_until_split(client, &id)?;
        }
        if out.json {
            return out.print_json(&answer);
        }
        let split: view::Split = typed(answer, &asked)?;
        let taken = identifiers(&split.identifiers);
        match split.made {
            Some(made) => out.line(format!(
                "{taken} is {made} now, and apart from {} until `segops profile lift {}`.",
                split.profile, split.id
            )),
            None => out.line(format!("{}: history is being read to take out {taken}.", split.id)),
        }
    }
}

fn wait_until_split(client: &Client, id: &str) -> Result<Value, CliError> {
    let bar = Bar::new("reading history", false);
    loop {
        let split = client.get(path(&["splits", id]))?;
        if split.get("status").and_then(Value::as_str) != Some("waiting") {
            bar.finish();
            return Ok(split);
        }
        bar.tick();
        std::thread::sleep(Duration::from_millis(WAIT_MS));
    }
}

impl Lift {
    pub(super) fn run(&self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let path = path(&["splits", &self.split, "lift"]);
        let answer = client.send(&Request::new("POST", &path))?;
        if out.json {
            return out.print_json(&answer);
        }
        let split: view::Split = typed(answer, &path)?;
        let made = split.made.map(|made| made.to_string()).unwrap_or_default();
        out.line(format!("The next event that carries both makes {} and {made} one profile.", split.profile))
    }
}

impl Delete {
    pub(super) fn run(&self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let preview_path = path(&["profiles", &self.profile, "deletion"]);
        let answer = client.get(&preview_path)?;
        let preview: view::DeletionPreview = typed(answer.clone(), &preview_path)?;
        if !self.yes {
            if out.json {
                return out.print_json(&json!({ "deleted": false, "removes": answer }));
            }
            print_removed(&preview, "This removes", out)?;
            return out.line("Nothing has changed yet. It cannot be undone; to do it, say --yes.");
        }
        let own = preview.profile.to_string();
        let delete = with_query(path(&["profiles", &own]), &[("confirm", Some(&own))]);
        let answer = client.send(&Request::new("DELETE", &delete))?;
        if out.json {
            return out.print_json(&answer);
        }
        let deletion: view::Deletion = typed(answer, &delete)?;
        print_removed(&deletion.removed, "Removed", out)?;
        out.line(format!(
            "Events of these identifiers up to {} are dropped from now on.",
            out.date(deletion.at)
        ))
    }
}

fn print_removed(preview: &view::DeletionPreview, what: &str, out: &mut Output) -> Result<(), CliError> {
    let rows = counted(preview.rows, "event", "events");
    let traits = counted(preview.traits, "trait", "traits");
    let orders = counted(preview.orders, "order", "orders");
    out.heading(&format!("{what} {}: {rows}, {traits}, {orders}", preview.profile))?;
    for identifier in &preview.identifiers {
        out.line(format!("  {}", plain(&identifier.to_string())))?;
    }
    if !preview.merged_ids.is_empty() {
        let ids: Vec<_> = preview.merged_ids.iter().map(ToString::to_string).collect();
        out.line(format!("Also under {}", ids.join(", ")))?;
    }
    if !preview.segments.is_empty() {
        out.line(format!("It leaves {}", plain(&preview.segments.join(", "))))?;
    }
    Ok(())
}

/// Every split, with the bar that it has left.
pub(super) fn list_splits(client: &Client, out: &mut Output) -> Result<(), CliError> {
    let rows = client.rows(SPLITS, usize::MAX)?;
    if out.json {
        return out.print_json(&json!({ "data": rows }));
    }
    let splits: Vec<view::Split> = typed(rows.into(), SPLITS)?;
    if splits.is_empty() {
        return out.line("No profile has been split.");
    }
    let mut table = Table::new(&["SPLIT", "STATUS", "OF", "MADE", "AT", "BY", "IDENTIFIERS"]);
    for split in splits {
        table.row([
            split.id.to_string(),
            word(&split.status),
            split.profile.to_string(),
            split.made.map(|made| made.to_string()).unwrap_or_default(),
            out.date(split.at),
            split.author,
            identifiers(&split.identifiers),
        ]);
    }
    out.table(&table)
}
