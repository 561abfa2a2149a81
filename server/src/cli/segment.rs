use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use segops_rules::Base;

use super::as_code::{Apply, PlanCommand, Pull};
use super::client::{Client, Request, path};
use super::error::CliError;
use super::explain::{Explain, print_explanation};
use super::members::{History, Members};
use super::output::Output;
use super::preview::Preview;
use super::progress::Bar;
use super::segment_diff::{Diff, Restore};
use super::segment_edit::{Create, Edit, Set};
use super::segment_import::Import;
use super::segment_show::{List, Show, print_log, show};
use super::segment_templates::Templates;
use super::target::Target;

/// Make, look at and change segments.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops segment create Repeat 'did \"Order Completed\" >= 2 times' --data shop\n  segops segment members Repeat --data shop"
)]
pub(crate) enum Segment {
    Create(Create),
    List(List),
    Show(Show),
    Edit(Edit),
    Diff(Diff),
    Set(Set),
    Preview(Preview),
    Members(Members),
    History(History),
    Explain(Explain),
    /// Have a draft read history and go live.
    #[command(after_help = "Examples:\n  segops segment publish Repeat --data shop")]
    Publish(Named),
    /// Hold the members as they are.
    #[command(after_help = "Examples:\n  segops segment pause Repeat --data shop")]
    Pause(Named),
    /// Read history again and go live.
    #[command(after_help = "Examples:\n  segops segment resume Repeat --data shop")]
    Resume(Named),
    /// Put a segment away: everyone leaves it, and its versions are kept.
    #[command(after_help = "Examples:\n  segops segment archive Repeat --data shop")]
    Archive(Named),
    Restore(Restore),
    /// List what was changed about a segment, by whom and when, newest first.
    #[command(after_help = "Examples:\n  segops segment log Repeat --data shop")]
    Log(Named),
    Templates(Templates),
    Import(Import),
    Pull(Pull),
    Plan(PlanCommand),
    Apply(Apply),
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

pub(super) const PATH: &str = "/api/v1/segments";
/// How often a priming segment is looked at.
const WAIT_MS: u64 = 50;

impl Segment {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        if let Self::Preview(preview) = self {
            return preview.run(target, out);
        }
        let client =
            if matches!(self, Self::Create(_) | Self::Templates(_) | Self::Import(_) | Self::Apply(_)) {
                target.client_making()?
            } else {
                target.client()?
            };
        if !out.json {
            out.use_zone_of(&client)?;
        }
        match self {
            Self::Create(create) => create.run(&client, out),
            Self::List(list) => list.run(&client, out),
            Self::Show(show) => show.run(&client, out),
            Self::Edit(edit) => edit.run(&client, out),
            Self::Diff(diff) => diff.run(&client, out),
            Self::Set(set) => set.run(&client, out),
            Self::Preview(_) => Ok(()),
            Self::History(history) => history.run(&client, out),
            Self::Members(members) => members.run(&client, out),
            Self::Explain(explain) => print_explanation(&explain, &client, out),
            Self::Publish(named) => named.go_live("publish", &client, out),
            Self::Pause(named) => show(client.send(&named.post("pause"))?, out),
            Self::Resume(named) => named.go_live("resume", &client, out),
            Self::Archive(named) => show(client.send(&named.post("archive"))?, out),
            Self::Restore(restore) => restore.run(&client, out),
            Self::Log(named) => print_log(&named.segment, &client, out),
            Self::Templates(templates) => templates.run(&client, out),
            Self::Import(import) => import.run(&client, out),
            Self::Pull(pull) => pull.run(&client, out),
            Self::Plan(plan) => plan.run(&client, out),
            Self::Apply(apply) => apply.run(&client, out),
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

impl Named {
    fn post(&self, verb: &str) -> Request {
        Request::new("POST", path(&["segments", &self.segment, verb]))
    }

    fn go_live(&self, verb: &str, client: &Client, out: &mut Output) -> Result<(), CliError> {
        client.send(&self.post(verb))?;
        show(wait_until_primed(client, &self.segment)?, out)
    }
}

/// Looks at a segment until no version of it is reading history any more.
pub(super) fn wait_until_primed(client: &Client, segment: &str) -> Result<Value, CliError> {
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

/// An enum's value as the API writes it.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
