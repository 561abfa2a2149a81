//! Changing the workspace's derived events as they were planned: before the computed traits and segments that use
//! them, and deleting after those.

use std::path::Path;

use serde_json::{Value, json};

use segops_engine::view;

use super::derived_plan::{DerivedPlan, PlannedDerived};
use super::lock::{Lock, LockedTrait};
use super::trait_apply::{note_new_versions, unchanged_since_the_lock};
use super::trait_plan::TraitAction;
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::computed_trait;
use crate::cli::derived_event::PATH;
use crate::cli::error::CliError;

/// Makes and edits derived events, so that rules can name them.
pub(super) fn bring_about_derived(
    client: &Client,
    folder: &Path,
    plan: &DerivedPlan,
    lock: &mut Lock,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    for change in plan.changes.iter().filter(|change| change.action != TraitAction::Delete) {
        let made = bring_about(client, change, lock)?;
        if let Some(file) = &change.file {
            let text = std::fs::read_to_string(folder.join(file))
                .map_err(CliError::io(format!("cannot read {file}")))?;
            lock.derived_events.insert(made.id, LockedTrait::of_derived(&made, file.clone(), &text));
        }
        applied.push(made.name);
    }
    Ok(())
}

/// Deletes derived events that nothing uses any more.
pub(super) fn delete_derived(
    client: &Client,
    plan: &DerivedPlan,
    lock: &mut Lock,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    for change in plan.changes.iter().filter(|change| change.action == TraitAction::Delete) {
        let Some(id) = change.id else { continue };
        client.send(&Request::new("DELETE", path(&["derived-events", &id.to_string()])))?;
        lock.derived_events.remove(&id);
        applied.push(change.name.clone());
    }
    Ok(())
}

fn bring_about(
    client: &Client,
    change: &PlannedDerived,
    lock: &mut Lock,
) -> Result<view::DerivedEvent, CliError> {
    let saved = |answer: Value| typed(answer.get("derived_event").cloned().unwrap_or_default(), PATH);
    let to = change.definition.as_ref().map(|definition| definition.to.as_str()).unwrap_or_default();
    let Some(id) = change.id else {
        let body = json!({ "name": change.name, "definition": to });
        let made = client.send(&Request::new("POST", PATH).json(body));
        return saved(made.map_err(|error| at_file(error, change))?);
    };
    let place = path(&["derived-events", &id.to_string()]);
    let before: view::DerivedEvent = typed(client.get(place.clone())?, PATH)?;
    let held = unchanged_since_the_lock(client, &before.used_by, lock)?;
    let body = json!({ "definition": to, "expected_version": change.version });
    let answer =
        client.send(&Request::new("PUT", place).json(body)).map_err(|error| at_file(error, change))?;
    // The edit is a new version of each segment and computed trait that uses it, which this apply has made.
    note_new_versions(client, &before.used_by, &held, lock)?;
    for (computed, locked) in &mut lock.computed_traits {
        let now = client.get(path(&["computed-traits", &computed.to_string()]));
        let now: Option<view::ComputedTrait> = now.ok().and_then(|now| typed(now, computed_trait::PATH).ok());
        if let Some(now) = now.filter(|now| now.version == locked.version + 1)
            && now.versions.iter().rev().nth(1).is_some_and(|one| one.definition == now.definition)
        {
            locked.version = now.version;
        }
    }
    saved(answer)
}

fn at_file(error: CliError, change: &PlannedDerived) -> CliError {
    let to = change.definition.as_ref().map(|definition| definition.to.as_str()).unwrap_or_default();
    match error.with_rule(to) {
        CliError::Rule(report) => {
            CliError::Rule(format!("{}: {report}", change.file.as_deref().unwrap_or(&change.name)))
        }
        other => other,
    }
}
