//! Changing the workspace's definitions of one kind as they were planned: before the segments that use them, and
//! deleting after those.

use std::path::Path;

use serde_json::json;

use segops_engine::view::{Segment, SegmentName};
use segops_model::SegmentId;

use super::definition::FileKind;
use super::definition_plan::{DefinitionAction, DefinitionPlan, PlannedDefinition};
use super::lock::{Lock, LockedDefinition};
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::definition::{Defined, all, one, saved};
use crate::cli::error::CliError;
use crate::cli::segment::{PATH, wait_until_primed};

/// Renames, makes and edits definitions, so that rules can refer to them.
pub(super) fn bring_about_definitions<K: FileKind>(
    client: &Client,
    folder: &Path,
    plan: &DefinitionPlan<K>,
    lock: &mut Lock,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    for change in plan.changes.iter().filter(|change| change.action != DefinitionAction::Delete) {
        let defined = bring_about(client, change, lock)?;
        if let Some(file) = &change.file {
            let text = std::fs::read_to_string(folder.join(file))
                .map_err(CliError::io(format!("cannot read {file}")))?;
            let locked = LockedDefinition::of(&defined, file.clone(), &text);
            K::locked_mut(lock).insert(defined.id, locked);
        }
        applied.push(defined.name);
    }
    Ok(())
}

/// Deletes definitions that nothing uses any more.
pub(super) fn delete_definitions<K: FileKind>(
    client: &Client,
    plan: &DefinitionPlan<K>,
    lock: &mut Lock,
    applied: &mut Vec<String>,
) -> Result<(), CliError> {
    for change in plan.changes.iter().filter(|change| change.action == DefinitionAction::Delete) {
        let Some(id) = change.id else { continue };
        client.send(&Request::new("DELETE", one::<K>(&id.to_string())))?;
        K::locked_mut(lock).remove(&id);
        applied.push(change.name.clone());
    }
    Ok(())
}

fn bring_about<K: FileKind>(
    client: &Client,
    change: &PlannedDefinition<K>,
    lock: &mut Lock,
) -> Result<Defined<K>, CliError> {
    let Some(id) = change.id else {
        let to = change.definition.as_ref().map(|definition| definition.to.as_str()).unwrap_or_default();
        let made = Request::new("POST", all::<K>()).json(json!({ "name": change.name, "definition": to }));
        return saved(&client.send(&made).map_err(|error| at_file(error, change))?);
    };
    let place = one::<K>(&id.to_string());
    if let Some(name) = &change.new_name {
        client.send(&Request::new("PATCH", place.as_str()).json(json!({ "name": name })))?;
    }
    let before: Defined<K> = typed(client.get(place.as_str())?, &place)?;
    let Some(definition) = &change.definition else { return Ok(before) };
    let held = unchanged_since_the_lock(client, &before.used_by, lock)?;
    let body = json!({ "definition": definition.to, "expected_version": change.version });
    let answer =
        client.send(&Request::new("PUT", place).json(body)).map_err(|error| at_file(error, change))?;
    // The edit is a new version of all that uses it, which this apply has made and nobody else.
    note_new_versions(client, &before.used_by, &held, lock)?;
    K::note_followers(client, lock);
    saved(&answer)
}

/// Notes that segments have been changed by this apply, of those that nobody else had changed before.
fn note_new_versions(
    client: &Client,
    users: &[SegmentName],
    held: &[SegmentId],
    lock: &mut Lock,
) -> Result<(), CliError> {
    for user in users {
        let segment: Segment = typed(wait_until_primed(client, &user.id.to_string())?, PATH)?;
        if let Some(locked) = lock.segments.get_mut(&user.id).filter(|_| held.contains(&user.id)) {
            locked.changed_at = segment.changed_at;
        }
    }
    Ok(())
}

/// The segments that use something and are as they were at the last pull or apply.
fn unchanged_since_the_lock(
    client: &Client,
    users: &[SegmentName],
    lock: &Lock,
) -> Result<Vec<SegmentId>, CliError> {
    let mut unchanged = Vec::new();
    for user in users {
        let Some(locked) = lock.segments.get(&user.id) else { continue };
        let segment: Segment = typed(client.get(path(&["segments", &user.id.to_string()]))?, PATH)?;
        if segment.changed_at == locked.changed_at {
            unchanged.push(user.id);
        }
    }
    Ok(unchanged)
}

fn at_file<K: FileKind>(error: CliError, change: &PlannedDefinition<K>) -> CliError {
    let to = change.definition.as_ref().map(|definition| definition.to.as_str()).unwrap_or_default();
    match error.with_rule(to) {
        CliError::Rule(report) => {
            CliError::Rule(format!("{}: {report}", change.file.as_deref().unwrap_or(&change.name)))
        }
        other => other,
    }
}
