//! What would have to change in the workspace for it to be as the files say.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use segops_engine::view;
use segops_model::{SegmentId, same_text};
use segops_rules::{format, format_lines};

use super::Folder;
use super::file::SegmentFile;
use super::lock::{Lock, sha256};
use super::order::in_dependency_order;
use super::remote::{Local, locals, segments};
use super::show::print_plan;
use crate::cli::client::{Client, Request, path, typed};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::progress::Bar;

/// Say what would change in the workspace for it to be as the folder's files say. Changes nothing.
///
/// Exits with 2 where there is something to change, with 0 where there is not.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment plan segments --data shop\n  segops segment plan segments --prune --json --data shop"
)]
pub(crate) struct PlanCommand {
    #[command(flatten)]
    folder: Folder,
    /// Archive segments that have no file.
    #[arg(long)]
    prune: bool,
}

/// Everything that would change, in the order in which it can.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    pub(super) changes: Vec<PlannedChange>,
    /// Segments without a file, which stay as they are.
    pub(super) without_file: Vec<String>,
    pub(super) unchanged: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct PlannedChange {
    pub(super) action: Action,
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) id: Option<SegmentId>,
    /// What is said of the segment, before and after.
    pub(super) fields: Vec<FieldChange>,
    pub(super) rule: Option<RuleChange>,
    /// Why it cannot be applied: someone else was there.
    pub(super) conflict: Option<String>,
    #[serde(skip)]
    pub(super) wanted: Option<SegmentFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Create,
    Change,
    Archive,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct FieldChange {
    pub(super) field: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug, Serialize)]
pub(super) struct RuleChange {
    pub(super) from: Option<String>,
    pub(super) to: String,
    /// The lines of both, the ones taken out with `-` before them, the ones put in with `+`.
    pub(super) lines: Vec<String>,
    pub(super) members: Members,
}

/// What the rule's change would do to the members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Members {
    /// Of a new segment.
    Total(view::Counts),
    Moves {
        before: view::Counts,
        after: view::Counts,
        entering: view::Counts,
        leaving: view::Counts,
    },
    /// It cannot be counted before other changes are applied.
    Unknown(String),
}

impl PlanCommand {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let plan = Plan::make(client, &self.folder.folder, self.prune)?;
        if out.json {
            out.print_json(&json!(plan))?;
        } else {
            print_plan(&plan, out)?;
        }
        out.flush()?;
        if plan.changes.iter().any(|change| change.conflict.is_some()) {
            return Err(CliError::Reported);
        }
        if plan.changes.is_empty() { Ok(()) } else { Err(CliError::Changes) }
    }
}

impl Plan {
    pub(super) fn make(client: &Client, folder: &Path, prune: bool) -> Result<Self, CliError> {
        let lock = Lock::read(folder)?;
        let locals = in_dependency_order(locals(folder)?)?;
        let remote = segments(client)?;
        let mut plan = compare(&lock, locals, &remote, prune);
        let bar = Bar::new("counting members", false);
        let total = plan.changes.len() as u64;
        for (done, change) in (0..).zip(&mut plan.changes) {
            bar.update(done, total);
            change.count(client)?;
        }
        bar.finish();
        Ok(plan)
    }

    /// How many are created, changed and archived.
    pub(super) fn count_of(&self, action: Action) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }
}

/// Holds the files against the workspace. Members are not counted here.
pub(super) fn compare(
    lock: &Lock,
    locals: Vec<Local>,
    remote: &BTreeMap<SegmentId, view::Segment>,
    prune: bool,
) -> Plan {
    let mut plan = Plan { changes: Vec::new(), without_file: Vec::new(), unchanged: 0 };
    let mut matched = Vec::new();
    for local in locals {
        let known = lock.segment_of(&local.place).and_then(|id| remote.get(&id));
        let named = || remote.values().find(|segment| same_text(&segment.name, &local.file.name));
        match known.or_else(named) {
            Some(segment) => {
                matched.push(segment.id);
                match changed(lock, &local, segment) {
                    Some(change) => plan.changes.push(change),
                    None => plan.unchanged += 1,
                }
            }
            None => plan.changes.push(created(local)),
        }
    }
    // Those that name others are archived before the others are: they are newer, as a rule.
    for segment in remote.values().rev() {
        if matched.contains(&segment.id) || segment.state == view::Lifecycle::Archived {
            continue;
        }
        if prune {
            plan.changes.push(archived(lock, segment));
        } else {
            plan.without_file.push(segment.name.clone());
        }
    }
    plan
}

fn created(local: Local) -> PlannedChange {
    let file = local.file;
    let to = format(&file.rule);
    let lines = format_lines(&file.rule).lines().map(|line| format!("+ {line}")).collect();
    let rule = RuleChange { from: None, to, lines, members: Members::Unknown(String::new()) };
    let mut fields = Vec::new();
    let state = file.state.word();
    for (field, to) in
        [("description", &file.description), ("folder", &file.folder), ("state", &state.to_owned())]
    {
        if !to.is_empty() && to != "live" {
            fields.push(FieldChange { field, from: String::new(), to: to.clone() });
        }
    }
    PlannedChange {
        action: Action::Create,
        name: file.name.clone(),
        file: Some(local.place),
        id: None,
        fields,
        rule: Some(rule),
        conflict: None,
        wanted: Some(file),
    }
}

fn changed(lock: &Lock, local: &Local, segment: &view::Segment) -> Option<PlannedChange> {
    let file = &local.file;
    let fields = changed_fields(file, segment);
    let to = format(&file.rule);
    // An archived segment's rule is changed by restoring it first.
    let newest = segment.versions.last().map_or(&segment.rule_text, |version| &version.rule_text);
    let rule = (to != *newest).then(|| {
        let old = segops_rules::parse(newest).map_or_else(|_| newest.clone(), |rule| format_lines(&rule));
        let lines = line_difference(&old, &format_lines(&file.rule));
        RuleChange { from: Some(newest.clone()), to, lines, members: Members::Unknown(String::new()) }
    });
    if fields.is_empty() && rule.is_none() {
        return None;
    }
    let archives = file.state == view::Lifecycle::Archived && segment.state != view::Lifecycle::Archived;
    let mut conflict = conflict_of(lock, segment);
    if conflict.is_none() && file.state == view::Lifecycle::Draft && segment.state != view::Lifecycle::Draft {
        conflict = Some(format!("it is {} and cannot become a draft again", segment.state.word()));
    }
    if conflict.is_some()
        && lock.segments.get(&segment.id).is_some_and(|held| held.sha256 == sha256(&local.text))
    {
        conflict = conflict.map(|why| format!("{why}; its file was not changed here, so pull"));
    }
    Some(PlannedChange {
        action: if archives { Action::Archive } else { Action::Change },
        name: segment.name.clone(),
        file: Some(local.place.clone()),
        id: Some(segment.id),
        fields,
        rule,
        conflict,
        wanted: Some(file.clone()),
    })
}

fn archived(lock: &Lock, segment: &view::Segment) -> PlannedChange {
    let field = FieldChange {
        field: "state",
        from: segment.state.word().to_owned(),
        to: view::Lifecycle::Archived.word().to_owned(),
    };
    let known = lock.segments.contains_key(&segment.id);
    PlannedChange {
        action: Action::Archive,
        name: segment.name.clone(),
        file: None,
        id: Some(segment.id),
        fields: vec![field],
        rule: None,
        conflict: known.then(|| conflict_of(lock, segment)).flatten(),
        wanted: None,
    }
}

/// Whether the segment is as it was at the last pull or apply.
fn conflict_of(lock: &Lock, segment: &view::Segment) -> Option<String> {
    match lock.segments.get(&segment.id) {
        Some(locked) if locked.changed_at == segment.changed_at => None,
        Some(_) => Some("someone else has changed it since the pull".to_owned()),
        None => Some("the workspace has a segment of this name that was not pulled; pull first".to_owned()),
    }
}

pub(super) fn changed_fields(file: &SegmentFile, segment: &view::Segment) -> Vec<FieldChange> {
    let tags = |tags: Vec<&str>| tags.join(", ");
    let owner = file.owner.as_ref().unwrap_or(&segment.owner);
    let pairs = [
        ("name", segment.name.clone(), file.name.clone()),
        ("description", segment.description.clone(), file.description.clone()),
        ("owner", segment.owner.clone(), owner.clone()),
        ("folder", segment.folder.clone(), file.folder.clone()),
        (
            "tags",
            tags(segment.tags.iter().map(String::as_str).collect()),
            tags(file.tags.iter().map(String::as_str).collect()),
        ),
        ("state", segment.state.word().to_owned(), file.state.word().to_owned()),
    ];
    pairs
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(field, from, to)| FieldChange { field, from, to })
        .collect()
}

/// Both texts' lines in one list: what both have, what only the old has, what only the new has.
pub(super) fn line_difference(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // The length of the longest common part of what follows, from every pair of places.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for at_old in (0..old.len()).rev() {
        for at_new in (0..new.len()).rev() {
            common[at_old][at_new] = if old[at_old] == new[at_new] {
                common[at_old + 1][at_new + 1] + 1
            } else {
                common[at_old + 1][at_new].max(common[at_old][at_new + 1])
            };
        }
    }
    let (mut at_old, mut at_new, mut lines) = (0, 0, Vec::new());
    while at_old < old.len() || at_new < new.len() {
        if at_old < old.len() && at_new < new.len() && old[at_old] == new[at_new] {
            lines.push(format!("  {}", old[at_old]));
            at_old += 1;
            at_new += 1;
        } else if at_new == new.len()
            || (at_old < old.len() && common[at_old + 1][at_new] >= common[at_old][at_new + 1])
        {
            lines.push(format!("- {}", old[at_old]));
            at_old += 1;
        } else {
            lines.push(format!("+ {}", new[at_new]));
            at_new += 1;
        }
    }
    lines
}

impl PlannedChange {
    /// Asks the workspace what the rule would do. What names a segment that is yet to be made, or is not
    /// live yet, cannot be counted.
    fn count(&mut self, client: &Client) -> Result<(), CliError> {
        let (Some(rule), None) = (&mut self.rule, &self.conflict) else { return Ok(()) };
        let (place, body) = match self.id {
            Some(id) => {
                (path(&["segments", &id.to_string(), "diff"]), json!({ "rule": rule.to, "sample": 0 }))
            }
            None => (path(&["segments", "preview"]), json!({ "rule": rule.to, "sample": 0 })),
        };
        let answer = client.follow(Request::new("POST", place.as_str()).json(body), |_, _, _| {});
        rule.members = match (answer, self.id) {
            (Ok(answer), Some(_)) => {
                let found: view::RuleDifference = typed(answer, &place)?;
                let view::RuleDifference { before, after, entering, leaving, .. } = found;
                Members::Moves { before, after, entering, leaving }
            }
            (Ok(answer), None) => Members::Total(typed::<view::Preview>(answer, &place)?.counts),
            (Err(CliError::Problem(problem)), _) if [404, 409, 422].contains(&problem.status) => {
                Members::Unknown(problem.detail)
            }
            (Err(error), _) => return Err(error),
        };
        Ok(())
    }
}
