//! Commands on recorded results: their definitions, and what was computed. Computing happens outside the fold; here
//! what came out takes effect, in one step.

use std::collections::BTreeSet;
use std::sync::Arc;

use roaring::RoaringTreemap;

use segops_model::{Cause, Instant, Position, ProfileId, ResultId};

use super::command::{check_name, done};
use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, Stamp};
use crate::artefact::Artefacts;
use crate::command::{Change, Outcome, Refusal, ResultChange};
use crate::result_book::RESULT_MEMBERS_MAX;
use crate::schedule::Schedule;
use crate::state::{Lifecycle, ResultDefinition, ResultFailure, ResultRun, ResultState};

/// What was computed.
struct Computed<'a> {
    result: ResultId,
    version: u32,
    position: Position,
    artefact: &'a str,
}

impl Fold {
    /// A command on a recorded result.
    pub(super) fn change_result(
        &mut self,
        stamp: Stamp,
        author: &str,
        change: &Change,
        artefacts: &dyn Artefacts,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        match change {
            Change::CreateResult { name, definition, schedule } => {
                self.create_result(stamp, author, name, definition, *schedule)
            }
            Change::EditResult { result, change } => self.edit_result(stamp, *result, change),
            Change::DeleteResult { result } => self.delete_result(stamp, *result),
            Change::AskResult { result } => self.ask_result(stamp, *result),
            Change::RecordResult { result, version, position, artefact } => {
                let computed = Computed { result: *result, version: *version, position: *position, artefact };
                self.record_result(stamp, &computed, artefacts, effects)
            }
            Change::FailResult { result, version, message } => {
                self.fail_result(stamp, *result, *version, message)
            }
            _ => Ok(done(stamp)),
        }
    }

    /// A new result waits to be computed at once.
    fn create_result(
        &mut self,
        stamp: Stamp,
        author: &str,
        name: &str,
        definition: &ResultDefinition,
        schedule: Schedule,
    ) -> Result<Outcome, Refusal> {
        self.check_result_name(name, None)?;
        if self.state.results.len() >= self.limits.results_max {
            return Err(Refusal::TooManyResults(self.limits.results_max));
        }
        self.check_definition(definition, schedule)?;
        let id = ResultId(stamp.position.0);
        let result = ResultState {
            id,
            name: name.trim().to_owned(),
            author: author.to_owned(),
            created_at: stamp.instant,
            changed_at: stamp.instant,
            version: 1,
            definition: definition.clone(),
            schedule,
            asked_at: Some(stamp.instant),
            attempted_at: None,
            failure: None,
            runs: Vec::new(),
        };
        self.state.results.insert(id, result);
        Arc::make_mut(&mut self.state.result_book).create(id);
        Ok(Outcome::ResultCreated(id))
    }

    /// Another name or schedule; or another definition, which waits to be computed at once. What was recorded holds
    /// until then.
    fn edit_result(&mut self, stamp: Stamp, id: ResultId, change: &ResultChange) -> Result<Outcome, Refusal> {
        let held = self.result_state(id)?;
        let name = change.name.as_ref().unwrap_or(&held.name).trim().to_owned();
        let definition = change.definition.as_ref().unwrap_or(&held.definition).clone();
        let schedule = change.schedule.unwrap_or(held.schedule);
        self.check_result_name(&name, Some(id))?;
        self.check_definition(&definition, schedule)?;
        self.check_no_circle(id, &definition)?;
        if let Some(held) = self.state.results.get_mut(&id) {
            held.changed_at = stamp.instant;
            held.name = name;
            held.schedule = schedule;
            if held.definition != definition {
                held.definition = definition;
                held.version += 1;
                held.asked_at = Some(stamp.instant);
            }
        }
        Ok(done(stamp))
    }

    fn delete_result(&mut self, stamp: Stamp, id: ResultId) -> Result<Outcome, Refusal> {
        self.result_state(id)?;
        let users: Vec<&str> = self.readers_of_result(id).map(|segment| segment.name.as_str()).collect();
        if !users.is_empty() {
            return Err(Refusal::ResultInUse(users.join(", ")));
        }
        self.state.results.remove(&id);
        Arc::make_mut(&mut self.state.result_book).delete(id);
        Ok(done(stamp))
    }

    /// Has a result computed anew, whatever its schedule says.
    fn ask_result(&mut self, stamp: Stamp, id: ResultId) -> Result<Outcome, Refusal> {
        self.result_state(id)?;
        if let Some(result) = self.state.results.get_mut(&id) {
            result.asked_at.get_or_insert(stamp.instant);
        }
        Ok(done(stamp))
    }

    /// The result names other profiles from here on: those who are named now and were not, or the other way round,
    /// are decided anew. Ids in the file are those of its position: who merged since is the survivor, and who was
    /// deleted is left out.
    fn record_result(
        &mut self,
        stamp: Stamp,
        computed: &Computed<'_>,
        artefacts: &dyn Artefacts,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let id = computed.result;
        self.result_state(id)?;
        let read = artefacts.load_result(computed.artefact).map_err(Refusal::Artefact)?;
        if (read.result, read.position) != (id, computed.position) {
            return Err(Refusal::Artefact("it was made for another result".to_owned()));
        }
        if read.named.len() > RESULT_MEMBERS_MAX {
            return Err(Refusal::Artefact(format!("it names more than {RESULT_MEMBERS_MAX} profiles")));
        }
        let is_there = |profile: &ProfileId| self.state.groups.all.contains(self.state.canonical(*profile).0);
        let ids: RoaringTreemap =
            read.named.iter().map(|named| named.profile).filter(is_there).map(|profile| profile.0).collect();
        let named = ids.len();
        let changed = Arc::make_mut(&mut self.state.result_book).replace(id, ids);
        let kept_max = self.limits.result_runs_kept_max;
        if let Some(result) = self.state.results.get_mut(&id) {
            if computed.version == result.version {
                result.asked_at = None;
            }
            result.attempted_at = Some(stamp.instant);
            result.failure = None;
            result.runs.push(ResultRun {
                version: computed.version,
                position: computed.position,
                as_of: read.as_of,
                recorded_at: stamp.instant,
                artefact: computed.artefact.to_owned(),
                named,
            });
            let past = result.runs.len().saturating_sub(kept_max);
            result.runs.drain(..past);
        }
        let owners = changed.iter().map(|id| self.state.canonical(ProfileId(id)));
        let owners: BTreeSet<ProfileId> =
            owners.filter(|owner| self.state.groups.all.contains(owner.0)).collect();
        let mut slots = SlotSet::default();
        if !self.has_planted(PlantedBug::ResultNotDecided) {
            slots.extend(self.roster.of_result(id).iter().copied());
        }
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::Result };
        for owner in owners {
            self.touch(owner);
            if !slots.is_empty() {
                self.decide(owner, slots.clone(), reason, effects);
            }
        }
        Ok(done(stamp))
    }

    /// What was recorded before holds on.
    fn fail_result(
        &mut self,
        stamp: Stamp,
        id: ResultId,
        version: u32,
        message: &str,
    ) -> Result<Outcome, Refusal> {
        self.result_state(id)?;
        if let Some(result) = self.state.results.get_mut(&id) {
            if version == result.version {
                result.asked_at = None;
            }
            result.attempted_at = Some(stamp.instant);
            result.failure = Some(ResultFailure { at: stamp.instant, message: message.to_owned() });
        }
        Ok(done(stamp))
    }

    /// The results that are to be computed now, those first that have waited longest.
    #[must_use]
    pub fn due_results(&self) -> Vec<ResultId> {
        let now = self.state.instant;
        let due =
            self.state.results.values().filter_map(|result| Some((self.result_due(result)?, result.id)));
        let mut due: Vec<_> = due.filter(|(at, _)| *at <= now).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// When a result is to be computed next.
    #[must_use]
    pub fn result_due(&self, result: &ResultState) -> Option<Instant> {
        let zone = self.schedule_zone();
        let scheduled =
            || result.schedule.next_after(&zone, result.attempted_at.unwrap_or(result.created_at));
        result.asked_at.or_else(scheduled)
    }

    fn result_state(&self, id: ResultId) -> Result<&ResultState, Refusal> {
        self.state.results.get(&id).ok_or_else(|| Refusal::NoResult(id.to_string()))
    }

    fn check_result_name(&self, name: &str, renamed: Option<ResultId>) -> Result<(), Refusal> {
        check_name(name)?;
        match self.state.find_result_named(name.trim()) {
            Some(other) if Some(other.id) != renamed => {
                Err(Refusal::ResultNameTaken(name.to_owned(), other.id))
            }
            _ => Ok(()),
        }
    }

    fn check_definition(&self, definition: &ResultDefinition, schedule: Schedule) -> Result<(), Refusal> {
        schedule.check().map_err(Refusal::BadResult)?;
        match definition {
            ResultDefinition::Query { sql } => {
                if sql.trim().is_empty() {
                    return Err(Refusal::BadResult("the query is empty".to_owned()));
                }
                if sql.len() > self.limits.sql_bytes_max {
                    let max = self.limits.sql_bytes_max;
                    return Err(Refusal::BadResult(format!("the query has more than {max} bytes")));
                }
            }
            ResultDefinition::Alike { segment, count } => {
                let known = self.state.segments.get(segment);
                let known = known.ok_or_else(|| Refusal::NoSegment(segment.to_string()))?;
                if known.lifecycle != Lifecycle::Live {
                    return Err(Refusal::NotLive(known.name.clone(), known.lifecycle));
                }
                let max = self.limits.alike_count_max;
                if !(1..=max).contains(count) {
                    return Err(Refusal::BadResult(format!("`count` is {count}; expected 1 to {max}")));
                }
            }
        }
        Ok(())
    }

    /// A result is not made of a segment whose rule names it, on whatever way.
    fn check_no_circle(&self, id: ResultId, definition: &ResultDefinition) -> Result<(), Refusal> {
        let Some(made_of) = definition.segment() else { return Ok(()) };
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![made_of]);
        while let Some(segment) = waiting.pop() {
            if !seen.insert(segment) {
                continue;
            }
            let Some(known) = self.state.segments.get(&segment) else { continue };
            if let Some(version) = known.versions.last() {
                if segops_rules::references(&version.rule).results.contains(&id) {
                    let made_of = self.state.segments.get(&made_of).map_or("", |made_of| &made_of.name);
                    return Err(Refusal::Circle(format!("{made_of} -> {} -> {made_of}", known.name)));
                }
                waiting.extend(self.state.segments_behind(&version.rule));
            }
        }
        Ok(())
    }
}
