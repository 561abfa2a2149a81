//! Recorded results: defining them, having them computed, and what was recorded.
//!
//! Whoever can compute one is plugged in by [`Engine::compute_with`]: the engine knows neither SQL nor analyses. It
//! says when, keeps what comes out as an artefact, and has it take effect by a journalled command.

use std::collections::BTreeSet;
use std::fmt::Debug;

use segops_model::{Instant, Position, ProfileId, ResultId};
use segops_store::Keyspace;

use crate::artefact::Artefacts;
use crate::command::{Change, Outcome, Refusal, ResultChange};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::result_artefact::{NamedProfile, ResultArtefact};
use crate::result_book::RESULT_MEMBERS_MAX;
use crate::schedule::Schedule;
use crate::shell::{Core, ENGINE, command};
use crate::state::{AlarmFinding, AlarmState, ResultDefinition, ResultState};
use crate::view::{self, ResultDefinitionView, ResultStatus};
use crate::work::Work;

/// Computes what is due on a schedule.
pub trait Computing: Debug + Send + Sync {
    /// Whom a definition names, as of one position.
    ///
    /// # Errors
    /// Why it names nobody, for whoever reads the result's page; or it was called off.
    fn result(
        &self,
        engine: &Engine,
        definition: &ResultDefinition,
        work: &Work,
    ) -> Result<ComputedResult, NotComputed>;

    /// What holds of what an alarm watches.
    ///
    /// # Errors
    /// It cannot be measured, and why; or it was called off.
    fn look(&self, engine: &Engine, alarm: &AlarmState, work: &Work) -> Result<AlarmFinding, NotComputed>;
}

/// Whom a result names, by the inputs before a position.
#[derive(Debug, Clone, PartialEq)]
pub struct ComputedResult {
    pub position: Position,
    pub as_of: Instant,
    /// In the order of the result.
    pub named: Vec<NamedProfile>,
    /// What likeness was judged by, in words.
    pub features: Vec<String>,
}

/// Why nothing was computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotComputed {
    #[error("it was cancelled")]
    Cancelled,
    #[error("{0}")]
    Failed(String),
}

/// A result to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewResult {
    pub name: String,
    pub definition: ResultDefinitionView,
    pub schedule: Schedule,
}

impl Engine {
    #[must_use]
    pub fn results(&self) -> Vec<view::RecordedResult> {
        let fold = self.core().fold.read();
        fold.state.results.values().map(|result| shown(self.core(), &fold, result)).collect()
    }

    /// # Errors
    /// There is no such result.
    pub fn result(&self, name_or_id: &str) -> Result<view::RecordedResult, EngineError> {
        let fold = self.core().fold.read();
        Ok(shown(self.core(), &fold, found(&fold, name_or_id)?))
    }

    /// Makes a result, which waits to be computed at once.
    ///
    /// # Errors
    /// The name is taken, or the definition cannot be used.
    pub fn create_result(&self, author: &str, new: NewResult) -> Result<view::RecordedResult, EngineError> {
        let definition = self.resolved_definition(&new.definition)?;
        let change = Change::CreateResult { name: new.name, definition, schedule: new.schedule };
        let Outcome::ResultCreated(id) = self.change(author, change)? else {
            return Err(EngineError::NotFound("the result".to_owned()));
        };
        self.result(&id.to_string())
    }

    /// Another name, definition or schedule: all that is given.
    ///
    /// # Errors
    /// There is no such result, the name is taken, or the definition cannot be used.
    pub fn edit_result(
        &self,
        author: &str,
        name_or_id: &str,
        name: Option<String>,
        definition: Option<&ResultDefinitionView>,
        schedule: Option<Schedule>,
    ) -> Result<view::RecordedResult, EngineError> {
        let result = self.result_id(name_or_id)?;
        let definition = definition.map(|definition| self.resolved_definition(definition)).transpose()?;
        let change = Box::new(ResultChange { name, definition, schedule });
        self.change(author, Change::EditResult { result, change })?;
        self.result(&result.to_string())
    }

    /// # Errors
    /// There is no such result, or a rule names it.
    pub fn delete_result(&self, author: &str, name_or_id: &str) -> Result<(), EngineError> {
        let result = self.result_id(name_or_id)?;
        self.change(author, Change::DeleteResult { result }).map(drop)
    }

    /// Has a result computed as soon as can be.
    ///
    /// # Errors
    /// There is no such result.
    pub fn refresh_result(
        &self,
        author: &str,
        name_or_id: &str,
    ) -> Result<view::RecordedResult, EngineError> {
        let result = self.result_id(name_or_id)?;
        self.change(author, Change::AskResult { result })?;
        self.result(&result.to_string())
    }

    /// Calls the computing of a result off; without effect where it is not under way.
    ///
    /// # Errors
    /// There is no such result.
    pub fn cancel_result(&self, name_or_id: &str) -> Result<view::RecordedResult, EngineError> {
        let result = self.result_id(name_or_id)?;
        if let Some(running) = self.core().running.lock().as_ref().filter(|running| running.is_of(result)) {
            running.work.cancel();
        }
        self.result(&result.to_string())
    }

    /// A page of those whom a result names, in its order, from the one after so many.
    ///
    /// # Errors
    /// There is no such result, nothing was recorded yet, or its file cannot be read.
    pub fn result_members(
        &self,
        name_or_id: &str,
        after: usize,
        limit: usize,
    ) -> Result<view::ResultMembers, EngineError> {
        let limit = limit.min(self.limits().page_rows_max);
        let run = {
            let fold = self.core().fold.read();
            let run = found(&fold, name_or_id)?.runs.last().cloned();
            run.ok_or_else(|| EngineError::Asked(format!("nothing was recorded of {name_or_id} yet")))?
        };
        let read = self.core().artefacts.load_result(&run.artefact).map_err(EngineError::Damaged)?;
        let fold = self.core().fold.read();
        let state = &fold.state;
        let page = read.named.iter().enumerate().skip(after).take(limit);
        let members = page.filter_map(|(at, named)| {
            let profile = state.canonical(named.profile);
            let identifiers = &state.profiles.get(&profile)?.identifiers;
            let reasons = named.reasons.iter().filter_map(|(feature, adds)| {
                let feature = read.features.get(usize::try_from(*feature).ok()?)?.clone();
                Some(view::LikenessReason { feature, adds: *adds })
            });
            Some(view::ResultMember {
                rank: at + 1,
                profile,
                identifiers: identifiers.iter().map(ToString::to_string).collect(),
                likeness: named.likeness,
                reasons: reasons.collect(),
            })
        });
        let members = members.collect();
        let end = after.saturating_add(limit);
        Ok(view::ResultMembers { as_of: read.as_of, members, next: (end < read.named.len()).then_some(end) })
    }

    /// Records what was computed elsewhere: what the scheduler does with what it has computed.
    ///
    /// # Errors
    /// There is no such result, the file cannot be written, or the engine is stopping.
    pub fn record_result(&self, name_or_id: &str, computed: ComputedResult) -> Result<(), EngineError> {
        let (id, version) = {
            let fold = self.core().fold.read();
            let result = found(&fold, name_or_id)?;
            (result.id, result.version)
        };
        record(self.core(), id, version, computed)
    }

    fn result_id(&self, name_or_id: &str) -> Result<ResultId, EngineError> {
        Ok(found(&self.core().fold.read(), name_or_id)?.id)
    }

    fn resolved_definition(
        &self,
        definition: &ResultDefinitionView,
    ) -> Result<ResultDefinition, EngineError> {
        Ok(match definition {
            ResultDefinitionView::Query { sql } => ResultDefinition::Query { sql: sql.clone() },
            ResultDefinitionView::Alike { segment, count } => ResultDefinition::Alike {
                segment: self.with_segment(segment, |segment| segment.id)?,
                count: *count,
            },
        })
    }
}

/// Keeps what was computed as an artefact, and has it take effect.
///
/// # Errors
/// The file cannot be written, the result is gone, or the engine is stopping.
pub(crate) fn record(
    core: &Core,
    result: ResultId,
    version: u32,
    computed: ComputedResult,
) -> Result<(), EngineError> {
    let ComputedResult { position, as_of, mut named, features } = computed;
    let mut seen = BTreeSet::new();
    named.retain(|named| seen.insert(named.profile));
    if named.len() > RESULT_MEMBERS_MAX {
        let message = format!("it names {} profiles; the limit is {RESULT_MEMBERS_MAX}", named.len());
        return Err(Refusal::BadResult(message).into());
    }
    let artefact = ResultArtefact { result, version, position, as_of, named, features };
    let artefact = core.artefacts.save(&artefact)?;
    command(core, ENGINE, Change::RecordResult { result, version, position, artefact })?.outcome?;
    Ok(())
}

fn found<'a>(fold: &'a Fold, name_or_id: &str) -> Result<&'a ResultState, EngineError> {
    let result = fold.state.find_result(name_or_id);
    result.ok_or_else(|| Refusal::NoResult(name_or_id.to_owned()).into())
}

fn shown(core: &Core, fold: &Fold, result: &ResultState) -> view::RecordedResult {
    let running = core.running.lock();
    let running = running.as_ref().filter(|running| running.is_of(result.id));
    let is_due = fold.result_due(result).is_some_and(|due| due <= fold.state.instant);
    let status = match (running, &result.failure) {
        (Some(_), _) => ResultStatus::Running,
        (None, _) if is_due => ResultStatus::Waiting,
        (None, Some(_)) => ResultStatus::Failed,
        (None, None) => ResultStatus::Recorded,
    };
    let definition = match &result.definition {
        ResultDefinition::Query { sql } => ResultDefinitionView::Query { sql: sql.clone() },
        ResultDefinition::Alike { segment, count } => ResultDefinitionView::Alike {
            segment: fold
                .state
                .segments
                .get(segment)
                .map_or_else(|| segment.to_string(), |one| one.name.clone()),
            count: *count,
        },
    };
    let newest = result.runs.last();
    let used_by = fold.readers_of_result(result.id);
    view::RecordedResult {
        id: result.id,
        name: result.name.clone(),
        definition,
        version: result.version,
        schedule: result.schedule,
        status,
        progress: running.map(|running| running.work.progress()).filter(|(_, total)| *total > 0),
        as_of: newest.map(|run| run.as_of),
        named: newest.map(|run| run.named),
        failure: result.failure.clone(),
        next_at: fold.result_due(result),
        author: result.author.clone(),
        created_at: result.created_at,
        changed_at: result.changed_at,
        used_by: used_by.map(|one| view::SegmentName { id: one.id, name: one.name.clone() }).collect(),
        runs: result
            .runs
            .iter()
            .map(|run| view::ResultRun {
                version: run.version,
                position: run.position,
                as_of: run.as_of,
                recorded_at: run.recorded_at,
                artefact: run.artefact.clone(),
                named: run.named,
            })
            .collect(),
    }
}

impl NamedProfile {
    /// Some who are named, and no more is known of them.
    pub fn plain_all(profiles: impl IntoIterator<Item = ProfileId>) -> Vec<Self> {
        profiles.into_iter().map(Self::plain).collect()
    }
}
