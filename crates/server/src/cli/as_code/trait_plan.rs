//! What would have to change of the workspace's computed traits for them to be as the files say.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use segops_engine::view;
use segops_model::{ComputedTraitId, same_text};
use segops_rules::named_references;

use super::lock::{Lock, sha256};
use super::plan::line_difference;
use super::remote::{Local, LocalTrait};
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::error::CliError;

/// Everything that would change of computed traits.
#[derive(Debug, Default, Serialize)]
pub(super) struct TraitPlan {
    pub(super) changes: Vec<PlannedTrait>,
    /// Computed traits without a file, which stay as they are.
    pub(super) without_file: Vec<WithoutFile>,
    pub(super) unchanged: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct PlannedTrait {
    pub(super) action: TraitAction,
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) id: Option<ComputedTraitId>,
    /// The name that it gets.
    pub(super) new_name: Option<String>,
    pub(super) definition: Option<DefinitionChange>,
    /// Why it cannot be applied: someone else was there.
    pub(super) conflict: Option<String>,
    /// The newest version as the plan knows it.
    #[serde(skip)]
    pub(super) version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TraitAction {
    Create,
    Change,
    Delete,
}

#[derive(Debug, Serialize)]
pub(super) struct DefinitionChange {
    pub(super) from: Option<String>,
    pub(super) to: String,
    /// The lines of both, the ones taken out with `-` before them, the ones put in with `+`.
    pub(super) lines: Vec<String>,
    /// Who would move in the segments that use it; none where that cannot be counted before other changes.
    pub(super) segments: Option<Vec<view::SegmentDifference>>,
}

/// A computed trait that has no file, and why it stays.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct WithoutFile {
    pub(super) name: String,
    pub(super) why: String,
}

/// Holds the files against the workspace. Members are not counted here.
pub(super) fn compare(
    lock: &Lock,
    locals: Vec<LocalTrait>,
    segments: &[Local],
    remote: &BTreeMap<ComputedTraitId, view::ComputedTrait>,
    prune: bool,
) -> TraitPlan {
    let mut plan = TraitPlan::default();
    let mut matched = Vec::new();
    for local in locals {
        let known = lock.computed_trait_of(&local.place).and_then(|id| remote.get(&id));
        let named = || remote.values().find(|computed| same_text(&computed.name, &local.file.name));
        match known.or_else(named) {
            Some(computed) => {
                matched.push(computed.id);
                match changed(lock, &local, computed) {
                    Some(change) => plan.changes.push(change),
                    None => plan.unchanged += 1,
                }
            }
            None => plan.changes.push(created(local)),
        }
    }
    for computed in remote.values().filter(|computed| !matched.contains(&computed.id)) {
        match reason_to_stay(lock, segments, computed, prune) {
            Some(why) => plan.without_file.push(WithoutFile { name: computed.name.clone(), why }),
            None => plan.changes.push(deleted(lock, computed)),
        }
    }
    plan
}

fn created(local: LocalTrait) -> PlannedTrait {
    let to = local.file.definition.to_string();
    let lines = vec![format!("+ {to}")];
    PlannedTrait {
        action: TraitAction::Create,
        name: local.file.name,
        file: Some(local.place),
        id: None,
        new_name: None,
        definition: Some(DefinitionChange { from: None, to, lines, segments: Some(Vec::new()) }),
        conflict: None,
        version: 0,
    }
}

fn changed(lock: &Lock, local: &LocalTrait, computed: &view::ComputedTrait) -> Option<PlannedTrait> {
    let file = &local.file;
    let to = file.definition.to_string();
    let definition = (to != computed.definition).then(|| {
        let lines = line_difference(&computed.definition, &to);
        DefinitionChange { from: Some(computed.definition.clone()), to, lines, segments: None }
    });
    let new_name = (file.name != computed.name).then(|| file.name.clone());
    if definition.is_none() && new_name.is_none() {
        return None;
    }
    let mut conflict = conflict_of(lock, computed);
    if conflict.is_some()
        && lock.computed_traits.get(&computed.id).is_some_and(|held| held.sha256 == sha256(&local.text))
    {
        conflict = conflict.map(|why| format!("{why}; its file was not changed here, so pull"));
    }
    Some(PlannedTrait {
        action: TraitAction::Change,
        name: computed.name.clone(),
        file: Some(local.place.clone()),
        id: Some(computed.id),
        new_name,
        definition,
        conflict,
        version: computed.version,
    })
}

fn deleted(lock: &Lock, computed: &view::ComputedTrait) -> PlannedTrait {
    PlannedTrait {
        action: TraitAction::Delete,
        name: computed.name.clone(),
        file: None,
        id: Some(computed.id),
        new_name: None,
        definition: None,
        conflict: conflict_of(lock, computed),
        version: computed.version,
    }
}

/// Whether the computed trait is as it was at the last pull or apply.
fn conflict_of(lock: &Lock, computed: &view::ComputedTrait) -> Option<String> {
    match lock.computed_traits.get(&computed.id) {
        Some(locked) if locked.version == computed.version && locked.name == computed.name => None,
        Some(_) => Some("someone else has changed it since the pull".to_owned()),
        None => {
            Some("the workspace has a computed trait of this name that was not pulled; pull first".to_owned())
        }
    }
}

/// Why a computed trait without a file is not deleted. A deletion cannot be taken back: only what was pulled once,
/// and what no segment will use, goes.
fn reason_to_stay(
    lock: &Lock,
    segments: &[Local],
    computed: &view::ComputedTrait,
    prune: bool,
) -> Option<String> {
    if !prune {
        return Some("--prune deletes it".to_owned());
    }
    if !lock.computed_traits.contains_key(&computed.id) {
        return Some("it was never pulled".to_owned());
    }
    let goes_on_to_use = |user: &&view::SegmentName| {
        let file = lock.segments.get(&user.id).map(|locked| locked.file.as_str());
        let local = segments
            .iter()
            .find(|local| Some(local.place.as_str()) == file || same_text(&local.file.name, &user.name));
        local.is_none_or(|local| {
            let named = named_references(&local.file.rule).computed_traits;
            named.iter().any(|name| same_text(name, &computed.name))
        })
    };
    let users: Vec<&str> =
        computed.used_by.iter().filter(goes_on_to_use).map(|user| user.name.as_str()).collect();
    (!users.is_empty()).then(|| format!("it is used by {}", users.join(", ")))
}

impl TraitPlan {
    /// How many are created, changed and deleted.
    pub(super) fn count_of(&self, action: TraitAction) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }
}

impl PlannedTrait {
    /// Asks the workspace who would move in the segments that use it.
    pub(super) fn count(&mut self, client: &Client) -> Result<(), CliError> {
        let (Some(id), Some(definition), None) = (self.id, &mut self.definition, &self.conflict) else {
            return Ok(());
        };
        let place = path(&["computed-traits", &id.to_string(), "diff"]);
        let body = json!({ "definition": definition.to, "sample": 0 });
        match client.follow(Request::new("POST", place.as_str()).json(body), |_, _, _| {}) {
            Ok(answer) => {
                let found: view::ComputedTraitDifference = typed(answer, &place)?;
                definition.segments = Some(found.segments);
            }
            // What other changes bring along cannot be counted before them; applying says what is wrong.
            Err(CliError::Problem(problem)) if [404, 409, 422].contains(&problem.status) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
