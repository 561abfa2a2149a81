use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use segops_engine::view;
use segops_rules::format;

use super::Folder;
use super::file::SegmentFile;
use super::lock::{Lock, Locked, sha256};
use super::plan::{Action, Plan, PlannedChange};
use super::show::print_plan;
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::error::CliError;
use crate::cli::output::{Output, plain};
use crate::cli::segment::{PATH, wait_until_primed};

/// Change the workspace so that it is as the folder's files say.
///
/// Refuses all of it where someone else has changed a segment since the pull. Segments are changed in the
/// order in which they name each other, each live before the next.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment apply segments --data shop\n  segops segment apply segments --prune --data shop"
)]
pub(crate) struct Apply {
    #[command(flatten)]
    folder: Folder,
    /// Archive segments that have no file.
    #[arg(long)]
    prune: bool,
}

impl Apply {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let folder = &self.folder.folder;
        let plan = Plan::make(client, folder, self.prune)?;
        if !out.json {
            print_plan(&plan, out)?;
        }
        let refused: Vec<String> = plan
            .changes
            .iter()
            .filter_map(|change| Some(format!("`{}`: {}", plain(&change.name), change.conflict.as_ref()?)))
            .collect();
        if !refused.is_empty() {
            return Err(CliError::Rule(format!("nothing was applied. {}", refused.join("\n"))));
        }
        let mut lock = Lock::read(folder)?;
        let mut applied = Vec::new();
        let done = apply_all(client, folder, &plan, &mut lock, &mut applied);
        // What is applied is noted also where the rest went wrong.
        lock.write(folder)?;
        done?;
        if out.json {
            return out.print_json(&json!({ "applied": applied, "unchanged": plan.unchanged }));
        }
        if applied.is_empty() { Ok(()) } else { out.line(format!("Applied: {}.", applied.join(", "))) }
    }
}

fn apply_all(
    client: &Client,
    folder: &Path,
    plan: &Plan,
    lock: &mut Lock,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    // Names first: rules refer to segments by them.
    for change in plan.changes.iter().filter(|change| change.action == Action::Change) {
        if let (Some(id), Some(wanted)) = (change.id, &change.wanted) {
            let asked = Request::new("PATCH", path(&["segments", &id.to_string()]));
            client.send(&asked.json(details(wanted)))?;
        }
    }
    let (archives, others): (Vec<_>, Vec<_>) =
        plan.changes.iter().partition(|change| change.action == Action::Archive);
    for change in others {
        let segment = bring_about(client, change)?;
        note(lock, folder, change, &segment)?;
        applied.push(segment.name);
    }
    // Those that name others come before the others.
    for change in archives.into_iter().rev().filter(|change| change.file.is_some()) {
        archive(client, folder, lock, change, applied)?;
    }
    for change in
        plan.changes.iter().filter(|change| change.action == Action::Archive && change.file.is_none())
    {
        archive(client, folder, lock, change, applied)?;
    }
    Ok(())
}

/// Makes a segment as its file says, live where it is to be.
fn bring_about(client: &Client, change: &PlannedChange) -> Result<view::Segment, CliError> {
    let Some(wanted) = &change.wanted else {
        return Err(CliError::Usage(format!("`{}` has no file", change.name)));
    };
    let rule = format(&wanted.rule);
    let Some(id) = change.id else {
        let mut body = details(wanted);
        body["rule"] = rule.as_str().into();
        body["draft"] = (wanted.state == view::Lifecycle::Draft).into();
        let saved = client.send(&Request::new("POST", PATH).json(body));
        let saved = saved.map_err(|error| at_file(error, change, &rule))?;
        let id = saved.pointer("/segment/id").and_then(Value::as_str).unwrap_or_default();
        return typed(wait_until_primed(client, id)?, PATH);
    };
    let id = id.to_string();
    let read = || -> Result<view::Segment, CliError> { typed(client.get(path(&["segments", &id]))?, PATH) };
    let mut segment = read()?;
    if segment.state == view::Lifecycle::Archived && wanted.state == view::Lifecycle::Live {
        client.send(&Request::new("POST", path(&["segments", &id, "restore"])))?;
        segment = read()?;
    }
    let newest = segment.versions.last();
    if newest.is_none_or(|newest| newest.rule_text != rule) {
        let body = json!({ "rule": rule, "expected_version": newest.map(|newest| newest.version) });
        let saved = client.send(&Request::new("PUT", path(&["segments", &id])).json(body));
        saved.map_err(|error| at_file(error, change, &rule))?;
    }
    if segment.state == view::Lifecycle::Draft && wanted.state == view::Lifecycle::Live {
        client.send(&Request::new("POST", path(&["segments", &id, "publish"])))?;
    }
    typed(wait_until_primed(client, &id)?, PATH)
}

fn archive(
    client: &Client,
    folder: &Path,
    lock: &mut Lock,
    change: &PlannedChange,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    let Some(id) = change.id else { return Ok(()) };
    let id = id.to_string();
    if let Some(wanted) = &change.wanted {
        client.send(&Request::new("PATCH", path(&["segments", &id])).json(details(wanted)))?;
    }
    let answer = client.send(&Request::new("POST", path(&["segments", &id, "archive"])))?;
    let segment: view::Segment = typed(answer, PATH)?;
    note(lock, folder, change, &segment)?;
    applied.push(segment.name);
    Ok(())
}

/// Notes in the lock as of when the file and the segment are the same.
fn note(
    lock: &mut Lock,
    folder: &Path,
    change: &PlannedChange,
    segment: &view::Segment,
) -> Result<(), CliError> {
    let Some(file) = &change.file else {
        lock.segments.remove(&segment.id);
        return Ok(());
    };
    let path = folder.join(file);
    let text =
        std::fs::read_to_string(&path).map_err(CliError::io(format!("cannot read {}", path.display())))?;
    let locked = Locked { file: file.clone(), changed_at: segment.changed_at, sha256: sha256(&text) };
    lock.segments.insert(segment.id, locked);
    Ok(())
}

fn details(wanted: &SegmentFile) -> Value {
    let mut details = json!({
        "name": wanted.name,
        "description": wanted.description,
        "folder": wanted.folder,
        "tags": wanted.tags,
    });
    if let Some(owner) = &wanted.owner {
        details["owner"] = owner.as_str().into();
    }
    details
}

fn at_file(error: CliError, change: &PlannedChange, rule: &str) -> CliError {
    match error.with_rule(rule) {
        CliError::Rule(report) => {
            CliError::Rule(format!("{}: {report}", change.file.as_deref().unwrap_or(&change.name)))
        }
        other => other,
    }
}
