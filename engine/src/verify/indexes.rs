//! Whether the indexes that are derived from the standings agree with them: the members of each segment, and
//! the one timer of each profile. Looked at a few at a time, so that the fold is never kept waiting for long;
//! an index and what it is made from change under one lock, so that they agree whenever one looks.

use std::ops::Bound;

use parking_lot::RwLock;

use segops_model::{Instant, ProfileId};
use segops_store::Keyspace;

use crate::error::EngineError;
use crate::fold::Fold;
use crate::rebuild::RebuildError;
use crate::state::{Standings, State};
use crate::work::Work;

/// Entries looked at under one lock.
const LOCKED_ENTRIES_MAX: usize = 1_024;

/// How many entries disagree.
pub(super) fn differences(fold: &RwLock<Fold>, work: &Work) -> Result<u64, EngineError> {
    let mut differences = 0;
    let mut from = 0;
    while let Some(next) = {
        let fold = fold.read();
        let (found, next) = of_profiles(&fold.state, from);
        differences += found;
        next
    } {
        from = next;
        work.rest().map_err(RebuildError::from)?;
    }
    let mut after = None;
    while let Some(last) = {
        let fold = fold.read();
        let (found, last) = of_timers(&fold.state, after);
        differences += found;
        last
    } {
        after = Some(last);
        work.rest().map_err(RebuildError::from)?;
    }
    Ok(differences)
}

/// The indexes of some profiles from an id on, and where the next begin.
fn of_profiles(state: &State, from: u64) -> (u64, Option<u64>) {
    let mut ids = state.groups.all.iter();
    ids.advance_to(from);
    let ids: Vec<u64> = ids.take(LOCKED_ENTRIES_MAX).collect();
    let held_in = |range: std::ops::RangeInclusive<u64>| -> u64 {
        state.members.values().map(|members| members.range_cardinality(range.clone())).sum()
    };
    // Past the last profile there is nobody who could be a member.
    let Some(last) = ids.last().copied() else { return (held_in(from..=u64::MAX), None) };
    let (mut memberships, mut missing, mut unset) = (0, 0, 0);
    for id in ids {
        let profile = ProfileId(id);
        let Some(standings) = state.standings.get(&profile) else { continue };
        for standing in standings.iter().filter(|standing| standing.membership.is_some()) {
            let is_held = state.members.get(&standing.segment).is_some_and(|held| held.contains(id));
            memberships += 1;
            missing += u64::from(!is_held);
        }
        let is_set = standings.earliest().is_none_or(|due| state.timers.contains(&(due, profile)));
        unset += u64::from(!is_set);
    }
    let surplus = held_in(from..=last).saturating_sub(memberships - missing);
    (missing + surplus + unset, last.checked_add(1))
}

/// Some timers after one, and the last of them.
fn of_timers(state: &State, after: Option<(Instant, ProfileId)>) -> (u64, Option<(Instant, ProfileId)>) {
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let timers: Vec<_> =
        state.timers.range((start, Bound::Unbounded)).take(LOCKED_ENTRIES_MAX).copied().collect();
    let is_stale = |(due, profile): &&(Instant, ProfileId)| {
        state.standings.get(profile).and_then(Standings::earliest) != Some(*due)
    };
    (timers.iter().filter(is_stale).count() as u64, timers.last().copied())
}
