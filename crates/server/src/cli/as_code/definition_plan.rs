//! What would have to change of the workspace's definitions of one kind for them to be as the files say.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use segops_engine::view::{SegmentDifference, SegmentName};
use segops_model::same_text;

use super::definition::FileKind;
use super::lock::{Lock, sha256};
use super::plan::line_difference;
use super::remote::{Local, LocalDefinition};
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::definition::{Defined, Difference};
use crate::cli::error::CliError;

/// Everything that would change of one kind.
#[derive(Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct DefinitionPlan<K: FileKind> {
    pub(super) changes: Vec<PlannedDefinition<K>>,
    /// Those without a file, which stay as they are.
    pub(super) without_file: Vec<WithoutFile>,
    pub(super) unchanged: usize,
}

#[derive(Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct PlannedDefinition<K: FileKind> {
    pub(super) action: DefinitionAction,
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) id: Option<K::Id>,
    /// The name that it gets; left out of kinds of which none gets another.
    #[serde(skip_serializing_if = "is_impossible::<K>")]
    pub(super) new_name: Option<String>,
    pub(super) definition: Option<DefinitionChange>,
    /// Why it cannot be applied: someone else was there.
    pub(super) conflict: Option<String>,
    /// The newest version as the plan knows it.
    #[serde(skip)]
    pub(super) version: u32,
}

#[expect(clippy::ref_option, reason = "serde hands a field over so")]
fn is_impossible<K: FileKind>(_: &Option<String>) -> bool {
    !K::CAN_BE_RENAMED
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DefinitionAction {
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
    pub(super) segments: Option<Vec<SegmentDifference>>,
}

/// A definition that has no file, and why it stays.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct WithoutFile {
    pub(super) name: String,
    pub(super) why: String,
}

impl<K: FileKind> Default for DefinitionPlan<K> {
    fn default() -> Self {
        Self { changes: Vec::new(), without_file: Vec::new(), unchanged: 0 }
    }
}

/// Holds the files against the workspace. Members are not counted here.
pub(super) fn compare<K: FileKind>(
    lock: &Lock,
    locals: Vec<LocalDefinition<K>>,
    segments: &[Local],
    remote: &BTreeMap<K::Id, Defined<K>>,
    prune: bool,
) -> DefinitionPlan<K> {
    let mut plan = DefinitionPlan::default();
    let mut matched = Vec::new();
    for local in locals {
        let mut locked = K::locked(lock).iter();
        // The file of one that can be renamed says what it is to be called.
        let known = locked.find(|(_, locked)| K::CAN_BE_RENAMED && locked.file == local.place);
        let known = known.and_then(|(id, _)| remote.get(id));
        let named = || remote.values().find(|defined| K::is_same_name(&defined.name, &local.file.name));
        match known.or_else(named) {
            Some(defined) => {
                matched.push(defined.id);
                match changed(lock, &local, defined) {
                    Some(change) => plan.changes.push(change),
                    None => plan.unchanged += 1,
                }
            }
            None => plan.changes.push(created(local)),
        }
    }
    for defined in remote.values().filter(|defined| !matched.contains(&defined.id)) {
        match reason_to_stay(lock, segments, defined, prune) {
            Some(why) => plan.without_file.push(WithoutFile { name: defined.name.clone(), why }),
            None => plan.changes.push(deleted(lock, defined)),
        }
    }
    plan
}

fn created<K: FileKind>(local: LocalDefinition<K>) -> PlannedDefinition<K> {
    let to = local.file.definition.to_string();
    let lines = vec![format!("+ {to}")];
    PlannedDefinition {
        action: DefinitionAction::Create,
        name: local.file.name,
        file: Some(local.place),
        id: None,
        new_name: None,
        definition: Some(DefinitionChange { from: None, to, lines, segments: Some(Vec::new()) }),
        conflict: None,
        version: 0,
    }
}

fn changed<K: FileKind>(
    lock: &Lock,
    local: &LocalDefinition<K>,
    defined: &Defined<K>,
) -> Option<PlannedDefinition<K>> {
    let file = &local.file;
    let to = file.definition.to_string();
    let definition = (to != defined.definition).then(|| {
        let lines = line_difference(&defined.definition, &to);
        DefinitionChange { from: Some(defined.definition.clone()), to, lines, segments: None }
    });
    let new_name = (file.name != defined.name).then(|| file.name.clone());
    if definition.is_none() && new_name.is_none() {
        return None;
    }
    let mut conflict = conflict_of(lock, defined);
    if K::locked(lock).get(&defined.id).is_some_and(|held| held.sha256 == sha256(&local.text)) {
        conflict = conflict.map(|why| format!("{why}; its file was not changed here, so pull"));
    }
    Some(PlannedDefinition {
        action: DefinitionAction::Change,
        name: defined.name.clone(),
        file: Some(local.place.clone()),
        id: Some(defined.id),
        new_name,
        definition,
        conflict,
        version: defined.version,
    })
}

fn deleted<K: FileKind>(lock: &Lock, defined: &Defined<K>) -> PlannedDefinition<K> {
    PlannedDefinition {
        action: DefinitionAction::Delete,
        name: defined.name.clone(),
        file: None,
        id: Some(defined.id),
        new_name: None,
        definition: None,
        conflict: conflict_of(lock, defined),
        version: defined.version,
    }
}

/// Whether the definition is as it was at the last pull or apply.
fn conflict_of<K: FileKind>(lock: &Lock, defined: &Defined<K>) -> Option<String> {
    match K::locked(lock).get(&defined.id) {
        Some(locked) if locked.version == defined.version && locked.name == defined.name => None,
        Some(_) => Some("someone else has changed it since the pull".to_owned()),
        None => Some(format!("the workspace has a {} of this name that was not pulled; pull first", K::WHAT)),
    }
}

/// Why a definition without a file is not deleted. A deletion cannot be taken back: only what was pulled once, and what
/// no segment will use, goes.
fn reason_to_stay<K: FileKind>(
    lock: &Lock,
    segments: &[Local],
    defined: &Defined<K>,
    prune: bool,
) -> Option<String> {
    if !prune {
        return Some("--prune deletes it".to_owned());
    }
    if !K::locked(lock).contains_key(&defined.id) {
        return Some("it was never pulled".to_owned());
    }
    let goes_on_to_use = |user: &&SegmentName| {
        let file = lock.segments.get(&user.id).map(|locked| locked.file.as_str());
        let local = segments
            .iter()
            .find(|local| Some(local.place.as_str()) == file || same_text(&local.file.name, &user.name));
        local.is_none_or(|local| K::may_be_named_in(&local.file.rule, &defined.name))
    };
    let users: Vec<&str> =
        defined.used_by.iter().filter(goes_on_to_use).map(|user| user.name.as_str()).collect();
    (!users.is_empty()).then(|| format!("it is used by {}", users.join(", ")))
}

impl<K: FileKind> DefinitionPlan<K> {
    /// How many are created, changed and deleted.
    pub(super) fn count_of(&self, action: DefinitionAction) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }

    /// What someone else has changed, by name, and why it cannot be applied.
    pub(super) fn conflicts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.changes.iter().filter_map(|change| Some((change.name.as_str(), change.conflict.as_deref()?)))
    }
}

impl<K: FileKind> PlannedDefinition<K> {
    /// Asks the workspace who would move in the segments that use it.
    pub(super) fn count(&mut self, client: &Client) -> Result<(), CliError> {
        let (Some(id), Some(definition), None) = (self.id, &mut self.definition, &self.conflict) else {
            return Ok(());
        };
        let place = path(&[K::PLURAL, &id.to_string(), "diff"]);
        let body = json!({ "definition": definition.to, "sample": 0 });
        match client.follow(Request::new("POST", place.as_str()).json(body), |_, _, _| {}) {
            Ok(answer) => definition.segments = Some(typed::<Difference>(answer, &place)?.segments),
            // What other changes bring along cannot be counted before them; applying says what is wrong.
            Err(CliError::Problem(problem)) if [404, 409, 422].contains(&problem.status) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
