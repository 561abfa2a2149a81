//! Changing the workspace's computed traits as they were planned: before the segments that use them, and deleting
//! after them.

use std::path::Path;

use serde_json::{Value, json};

use segops_engine::view;

use super::lock::{Lock, LockedTrait};
use super::trait_plan::{PlannedTrait, TraitAction, TraitPlan};
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::computed_trait::PATH;
use crate::cli::error::CliError;
use crate::cli::segment::wait_until_primed;

/// Renames, makes and edits computed traits, so that segments can name them.
pub(super) fn bring_about_traits(
    client: &Client,
    folder: &Path,
    plan: &TraitPlan,
    lock: &mut Lock,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    for change in plan.changes.iter().filter(|change| change.action != TraitAction::Delete) {
        let computed = bring_about(client, change, lock)?;
        if let Some(file) = &change.file {
            let text = std::fs::read_to_string(folder.join(file))
                .map_err(CliError::io(format!("cannot read {file}")))?;
            lock.computed_traits.insert(computed.id, LockedTrait::of(&computed, file.clone(), &text));
        }
        applied.push(computed.name);
    }
    Ok(())
}

/// Deletes computed traits that nothing uses any more.
pub(super) fn delete_traits(
    client: &Client,
    plan: &TraitPlan,
    lock: &mut Lock,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    for change in plan.changes.iter().filter(|change| change.action == TraitAction::Delete) {
        let Some(id) = change.id else { continue };
        client.send(&Request::new("DELETE", path(&["computed-traits", &id.to_string()])))?;
        lock.computed_traits.remove(&id);
        applied.push(change.name.clone());
    }
    Ok(())
}

fn bring_about(
    client: &Client,
    change: &PlannedTrait,
    lock: &mut Lock,
) -> Result<view::ComputedTrait, CliError> {
    let saved = |answer: Value| typed(answer.get("computed_trait").cloned().unwrap_or_default(), PATH);
    let Some(id) = change.id else {
        let to = change.definition.as_ref().map(|definition| definition.to.as_str()).unwrap_or_default();
        let body = json!({ "name": change.name, "definition": to });
        return saved(
            client.send(&Request::new("POST", PATH).json(body)).map_err(|error| at_file(error, change))?,
        );
    };
    let place = path(&["computed-traits", &id.to_string()]);
    if let Some(name) = &change.new_name {
        client.send(&Request::new("PATCH", place.as_str()).json(json!({ "name": name })))?;
    }
    let Some(definition) = &change.definition else { return typed(client.get(place)?, PATH) };
    let before: view::ComputedTrait = typed(client.get(place.clone())?, PATH)?;
    let held = unchanged_since_the_lock(client, &before.used_by, lock)?;
    let body = json!({ "definition": definition.to, "expected_version": change.version });
    let answer =
        client.send(&Request::new("PUT", place).json(body)).map_err(|error| at_file(error, change))?;
    // The edit is a new version of each segment that uses it, which this apply has made and nobody else.
    note_new_versions(client, &before.used_by, &held, lock)?;
    saved(answer)
}

/// Notes that segments have been changed by this apply, of those that nobody else had changed before.
pub(super) fn note_new_versions(
    client: &Client,
    users: &[view::SegmentName],
    held: &[segops_model::SegmentId],
    lock: &mut Lock,
) -> Result<(), CliError> {
    for user in users {
        let segment: view::Segment =
            typed(wait_until_primed(client, &user.id.to_string())?, crate::cli::segment::PATH)?;
        if let Some(locked) = lock.segments.get_mut(&user.id).filter(|_| held.contains(&user.id)) {
            locked.changed_at = segment.changed_at;
        }
    }
    Ok(())
}

/// The segments that use something and are as they were at the last pull or apply.
pub(super) fn unchanged_since_the_lock(
    client: &Client,
    users: &[view::SegmentName],
    lock: &Lock,
) -> Result<Vec<segops_model::SegmentId>, CliError> {
    let mut unchanged = Vec::new();
    for user in users {
        let Some(locked) = lock.segments.get(&user.id) else { continue };
        let answer = client.get(path(&["segments", &user.id.to_string()]))?;
        let segment: view::Segment = typed(answer, crate::cli::segment::PATH)?;
        if segment.changed_at == locked.changed_at {
            unchanged.push(user.id);
        }
    }
    Ok(unchanged)
}

fn at_file(error: CliError, change: &PlannedTrait) -> CliError {
    let to = change.definition.as_ref().map(|definition| definition.to.as_str()).unwrap_or_default();
    match error.with_rule(to) {
        CliError::Rule(report) => {
            CliError::Rule(format!("{}: {report}", change.file.as_deref().unwrap_or(&change.name)))
        }
        other => other,
    }
}
