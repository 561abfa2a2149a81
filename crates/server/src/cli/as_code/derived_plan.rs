//! What would have to change of the workspace's derived events for them to be as the files say. A derived event is
//! known by its name, as events are: another name in a file is another derived event.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use segops_engine::view;
use segops_model::DerivedEventId;

use super::lock::{Lock, sha256};
use super::plan::line_difference;
use super::remote::LocalDerived;
use super::trait_plan::{DefinitionChange, TraitAction, WithoutFile};
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::error::CliError;

/// Everything that would change of derived events.
#[derive(Debug, Default, Serialize)]
pub(super) struct DerivedPlan {
    pub(super) changes: Vec<PlannedDerived>,
    /// Derived events without a file, which stay as they are.
    pub(super) without_file: Vec<WithoutFile>,
    pub(super) unchanged: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct PlannedDerived {
    pub(super) action: TraitAction,
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) id: Option<DerivedEventId>,
    pub(super) definition: Option<DefinitionChange>,
    /// Why it cannot be applied: someone else was there.
    pub(super) conflict: Option<String>,
    /// The newest version as the plan knows it.
    #[serde(skip)]
    pub(super) version: u32,
}

/// Holds the files against the workspace. Members are not counted here.
pub(super) fn compare(
    lock: &Lock,
    locals: &[LocalDerived],
    remote: &BTreeMap<DerivedEventId, view::DerivedEvent>,
    prune: bool,
) -> DerivedPlan {
    let mut plan = DerivedPlan::default();
    for local in locals {
        match remote.values().find(|made| made.name == local.file.name) {
            Some(made) => match changed(lock, local, made) {
                Some(change) => plan.changes.push(change),
                None => plan.unchanged += 1,
            },
            None => plan.changes.push(created(local)),
        }
    }
    for made in remote.values().filter(|made| !locals.iter().any(|local| local.file.name == made.name)) {
        match reason_to_stay(lock, made, prune) {
            Some(why) => plan.without_file.push(WithoutFile { name: made.name.clone(), why }),
            None => plan.changes.push(PlannedDerived {
                action: TraitAction::Delete,
                name: made.name.clone(),
                file: None,
                id: Some(made.id),
                definition: None,
                conflict: conflict_of(lock, made),
                version: made.version,
            }),
        }
    }
    plan
}

fn created(local: &LocalDerived) -> PlannedDerived {
    let to = local.file.definition.to_string();
    let lines = vec![format!("+ {to}")];
    PlannedDerived {
        action: TraitAction::Create,
        name: local.file.name.clone(),
        file: Some(local.place.clone()),
        id: None,
        definition: Some(DefinitionChange { from: None, to, lines, segments: Some(Vec::new()) }),
        conflict: None,
        version: 0,
    }
}

fn changed(lock: &Lock, local: &LocalDerived, made: &view::DerivedEvent) -> Option<PlannedDerived> {
    let to = local.file.definition.to_string();
    if to == made.definition {
        return None;
    }
    let lines = line_difference(&made.definition, &to);
    let mut conflict = conflict_of(lock, made);
    let is_untouched =
        lock.derived_events.get(&made.id).is_some_and(|held| held.sha256 == sha256(&local.text));
    if is_untouched {
        conflict = conflict.map(|why| format!("{why}; its file was not changed here, so pull"));
    }
    Some(PlannedDerived {
        action: TraitAction::Change,
        name: made.name.clone(),
        file: Some(local.place.clone()),
        id: Some(made.id),
        definition: Some(DefinitionChange { from: Some(made.definition.clone()), to, lines, segments: None }),
        conflict,
        version: made.version,
    })
}

/// Whether the derived event is as it was at the last pull or apply.
fn conflict_of(lock: &Lock, made: &view::DerivedEvent) -> Option<String> {
    match lock.derived_events.get(&made.id) {
        Some(locked) if locked.version == made.version => None,
        Some(_) => Some("someone else has changed it since the pull".to_owned()),
        None => {
            Some("the workspace has a derived event of this name that was not pulled; pull first".to_owned())
        }
    }
}

/// Why a derived event without a file is not deleted: a deletion cannot be taken back.
fn reason_to_stay(lock: &Lock, made: &view::DerivedEvent, prune: bool) -> Option<String> {
    if !prune {
        return Some("--prune deletes it".to_owned());
    }
    if !lock.derived_events.contains_key(&made.id) {
        return Some("it was never pulled".to_owned());
    }
    let users: Vec<&str> = made.used_by.iter().map(|user| user.name.as_str()).collect();
    (!users.is_empty()).then(|| format!("it is used by {}", users.join(", ")))
}

impl DerivedPlan {
    /// How many are created, changed and deleted.
    pub(super) fn count_of(&self, action: TraitAction) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }
}

impl PlannedDerived {
    /// Asks the workspace who would move in the segments that use it.
    pub(super) fn count(&mut self, client: &Client) -> Result<(), CliError> {
        let (Some(id), Some(definition), None) = (self.id, &mut self.definition, &self.conflict) else {
            return Ok(());
        };
        let place = path(&["derived-events", &id.to_string(), "diff"]);
        let body = json!({ "definition": definition.to, "sample": 0 });
        match client.follow(Request::new("POST", place.as_str()).json(body), |_, _, _| {}) {
            Ok(answer) => {
                let found: view::DerivedEventDifference = typed(answer, &place)?;
                definition.segments = Some(found.segments);
            }
            // What other changes bring along cannot be counted before them; applying says what is wrong.
            Err(CliError::Problem(problem)) if [404, 409, 422].contains(&problem.status) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
