//! Membership through time, as it was recorded, and as of an instant.
//!
//! The two are kept apart. As recorded is what was known then: the transitions, whatever has come in late since.
//! As of is what the events say today about then: those that had happened, under today's identities.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use segops_model::{Cause, Direction, Instant, ProfileId, instant_of_local};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::questions::questions_for;
use crate::reading::{find_segment, reading_instant};
use crate::rebuild::{JournalBackfill, Plan, rebuild};
use crate::shell::frozen_environment;
use crate::state::State;
use crate::view::{Member, SegmentDay, SegmentHistory};
use crate::work::Work;

/// Days that one question may span.
const HISTORY_DAYS_MAX: usize = 1_000;
/// Days back from today, where the question does not say.
const HISTORY_DAYS_DEFAULT: i64 = 30;

impl Engine {
    /// A page of those who were in a segment at an instant by what was recorded, in ascending order of
    /// profile, under the profiles' ids of today.
    ///
    /// # Errors
    /// There is no such segment.
    pub fn members_recorded(
        &self,
        segment: &str,
        at: Instant,
        after: Option<ProfileId>,
        limit: usize,
    ) -> Result<Vec<Member>, EngineError> {
        let fold = self.core().fold.read();
        let state = &fold.state;
        let id = find_segment(state, segment)?.id;
        let later =
            state.records.of_segment(id).filter(|(profile, _)| after.is_none_or(|after| *profile > after));
        let members = later.filter_map(|(profile, recorded)| {
            let entry = recorded.open_entry(at)?;
            let identifiers = identifiers_of(state, profile);
            let (since, cause) = (entry.entry.ts, entry.cause);
            Some(Member { profile, identifiers, since, cause, next_change: None })
        });
        Ok(members.take(limit.min(self.core().limits.page_rows_max + 1)).collect())
    }

    /// A page of those whom a segment's rule selects at an instant, over the events that had happened by
    /// then: it reads all of history.
    ///
    /// # Errors
    /// There is no such segment, history cannot be read, or the work was cancelled.
    pub fn members_as_of(
        &self,
        segment: &str,
        at: Instant,
        after: Option<ProfileId>,
        limit: usize,
        work: &Work,
    ) -> Result<Vec<Member>, EngineError> {
        let core = self.core();
        let (mut plan, environment, position) = {
            let mut fold = core.fold.write();
            let held = find_segment(&fold.state, segment)?;
            let version = held.shown_version().map_or(held.newest(), |version| version.number);
            let plan = Plan::new(&questions_for(&fold.state, held.id, version));
            let environment = frozen_environment(&mut fold.state, plan.reads_recorded());
            (plan, environment, fold.state.position)
        };
        let backfill = JournalBackfill { disk: Arc::clone(&core.disk), data: core.data.clone(), work };
        self.thresholds_at(&mut plan, &backfill, position, at)?;
        let mut members = Vec::new();
        rebuild(&backfill, &plan, &environment, position, at, |answer| {
            let history = answer.history;
            let Some(verdict) = answer.verdicts.last().filter(|verdict| verdict.member) else { return };
            if members.len() < limit && after.is_none_or(|after| history.profile > after) {
                members.push(Member {
                    profile: history.profile,
                    identifiers: history.identifiers.clone(),
                    since: at,
                    cause: Cause::Prime,
                    next_change: verdict.next_change,
                });
            }
        })?;
        Ok(members)
    }

    /// Who came into a segment and who left it on each local day, by cause, and how many were in it at the
    /// day's end: as recorded, from the first date to the last, both included.
    ///
    /// # Errors
    /// There is no such segment, or the days are too many or the wrong way round.
    pub fn segment_history(
        &self,
        segment: &str,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<SegmentHistory, EngineError> {
        let now = reading_instant(self);
        let fold = self.core().fold.read();
        let state = &fold.state;
        let id = find_segment(state, segment)?.id;
        let zone = state.settings.calendar().map_err(EngineError::Damaged)?.zone;
        let to = to.unwrap_or_else(|| zone.to_datetime(now.to_jiff()).date());
        let from = from.unwrap_or_else(|| days_after(to, 1 - HISTORY_DAYS_DEFAULT).unwrap_or(to));
        let mut days = days_between(from, to, &zone)?;
        let Some(start) = days.first().map(|day| day.start) else { return Err(wrong_days()) };
        let mut size = 0_u64;
        for (_, recorded) in state.records.of_segment(id) {
            size += u64::from(recorded.open_entry(start.plus_ms(-1)).is_some());
            let last = days.last().map_or(start, |day| day.end);
            for one in recorded.iter_range(start.plus_ms(-1), last.plus_ms(-1)) {
                let at = days.partition_point(|day| day.start <= one.entry.ts).saturating_sub(1);
                let Some(day) = days.get_mut(at) else { continue };
                let counts = match one.direction {
                    Direction::Entered => &mut day.entered,
                    Direction::Exited => &mut day.exited,
                };
                *counts.entry(cause_word(one.cause)).or_default() += 1;
            }
        }
        let days = days.into_iter().map(|day| {
            let entered: u64 = day.entered.values().sum();
            let exited: u64 = day.exited.values().sum();
            size = (size + entered).saturating_sub(exited);
            SegmentDay {
                date: day.date.to_string(),
                entered,
                exited,
                entered_by_cause: day.entered,
                exited_by_cause: day.exited,
                size,
            }
        });
        Ok(SegmentHistory { segment: id, time_zone: state.settings.time_zone.clone(), days: days.collect() })
    }
}

#[derive(Debug)]
struct Day {
    date: Date,
    start: Instant,
    /// The next day's start.
    end: Instant,
    entered: BTreeMap<String, u64>,
    exited: BTreeMap<String, u64>,
}

fn days_between(from: Date, to: Date, zone: &TimeZone) -> Result<Vec<Day>, EngineError> {
    let midnight = |date: Date| {
        instant_of_local(date.to_datetime(jiff::civil::Time::midnight()), zone).unwrap_or(Instant::MAX)
    };
    let mut days = Vec::new();
    let mut date = from;
    while date <= to {
        if days.len() == HISTORY_DAYS_MAX {
            return Err(wrong_days());
        }
        let Some(next) = days_after(date, 1) else { break };
        let (start, end) = (midnight(date), midnight(next));
        days.push(Day { date, start, end, entered: BTreeMap::new(), exited: BTreeMap::new() });
        date = next;
    }
    if days.is_empty() { Err(wrong_days()) } else { Ok(days) }
}

fn wrong_days() -> EngineError {
    EngineError::Asked(format!(
        "the days go from an earlier date to a later one, at most {HISTORY_DAYS_MAX} of them"
    ))
}

fn days_after(date: Date, days: i64) -> Option<Date> {
    date.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn cause_word(cause: Cause) -> String {
    match serde_json::to_value(cause) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn identifiers_of(state: &State, profile: ProfileId) -> Vec<segops_model::Identifier> {
    use segops_store::Keyspace;
    state.profiles.get(&profile).map(|record| record.identifiers.clone()).unwrap_or_default()
}
