//! Profiles' pasts from the history in parts: what priming, previews and rankings read.
//!
//! Every signal's events come sorted by profile, so that one profile after the other is put together with no more
//! in memory than its own rows, and only events are read that a signal names. Who is who, and what else was
//! recorded of a profile, is as the fold had it at the position. What this gives is held against the journal, of
//! which `verify` alone makes use.
//!
//! Whom rules select ([`PartsBackfill::select`]) is asked more of: it reads no farther back than the rules look, and
//! where they look at nothing but events, it passes over who has none, and reads buckets of profiles side by side.

mod blocks;
mod matches;
mod reader;
mod selection;
mod vectorized;
mod whole_events;

use std::collections::BTreeMap;
use std::sync::Arc;

use segops_model::{ConsentChannel, Identifier, Instant, ListId, Position, ProfileId, ResultId};
use segops_parts::Snapshot;
use segops_segment::{
    Backfill, ConsentHistory, History, HistoryRequest, Products, RankingKey, RankingThreshold, RecordedScore,
    newest_record,
};
use segops_store::{FrozenKeyspace, Keyspace};

use crate::consent::ConsentKey;
use crate::lists::ListBook;
use crate::rebuild::{JournalBackfill, RebuildError};
use crate::result_book::ResultBook;
use crate::shell::{Core, Pinned};
use crate::state::{HeldScore, ProfileGroups, ProfileRecord, State};
use crate::work::Work;
use reader::{Extent, Reader};

/// Profiles between two looks at whether the work was cancelled.
const STEP_PROFILES: u64 = 1_024;

/// The history and the profiles' records, as they were at one position.
#[derive(Debug)]
pub(crate) struct FrozenHistory {
    pinned: Pinned,
    records: FrozenRecords,
}

/// What the fold knows of profiles beside their rows.
#[derive(Debug)]
struct FrozenRecords {
    position: Position,
    instant: Instant,
    groups: ProfileGroups,
    profiles: FrozenKeyspace<ProfileId, ProfileRecord>,
    consents: FrozenKeyspace<ConsentKey, ConsentHistory>,
    scores: FrozenKeyspace<ProfileId, Vec<HeldScore>>,
    lists: Arc<ListBook>,
    results: Arc<ResultBook>,
    thresholds: BTreeMap<RankingKey, RankingThreshold>,
    products: Arc<Products>,
}

impl FrozenHistory {
    /// Of the history up to exactly the state's position.
    pub(crate) fn of(pinned: Pinned, state: &mut State) -> Self {
        let records = FrozenRecords {
            position: state.position,
            instant: state.instant,
            groups: state.groups.clone(),
            profiles: state.profiles.freeze(),
            consents: state.consents.freeze(),
            scores: state.scores.freeze(),
            lists: Arc::clone(&state.list_book),
            results: Arc::clone(&state.result_book),
            thresholds: state.thresholds.clone(),
            products: Arc::clone(&state.products),
        };
        Self { pinned, records }
    }

    pub(crate) const fn position(&self) -> Position {
        self.records.position
    }

    /// Answers for the position.
    pub(crate) fn backfill<'a>(&'a self, core: &Core, work: &'a Work) -> PartsBackfill<'a> {
        let (snapshot, journal) = (self.pinned.snapshot(), core.journal_backfill(work));
        PartsBackfill { snapshot, records: &self.records, journal, takes_known: false, work }
    }

    /// As [`FrozenHistory::backfill`], for rankings, which are taken a moment after the midnight that they are of: with
    /// a journal that has lost its beginning, scores count as they are known by now.
    pub(crate) fn backfill_for_rankings<'a>(&'a self, core: &Core, work: &'a Work) -> PartsBackfill<'a> {
        let takes_known = core.journal_begins_at() > Position(0);
        PartsBackfill { takes_known, ..self.backfill(core, work) }
    }
}

/// Reads histories out of parts.
#[derive(Debug)]
pub(crate) struct PartsBackfill<'a> {
    snapshot: Snapshot,
    records: &'a FrozenRecords,
    /// For what was recorded otherwise at an earlier instant.
    journal: JournalBackfill<'a>,
    /// Whether what was recorded since the instant asked for counts as well.
    takes_known: bool,
    work: &'a Work,
}

impl Backfill for PartsBackfill<'_> {
    type Error = RebuildError;

    fn histories(
        &self,
        request: &HistoryRequest<'_>,
        each: &mut dyn FnMut(&History),
    ) -> Result<(), RebuildError> {
        // The command at the position may have come in as well, which is no row.
        debug_assert!(request.until <= self.records.position);
        if self.is_of_another_record(request) {
            return self.journal.histories(request, each);
        }
        let mut reader = Reader::open(self, request, &Extent::default())?;
        let all = &self.records.groups.all;
        self.work.set_total(all.len());
        for (done, profile) in (0_u64..).zip(all.iter().map(ProfileId)) {
            if done.is_multiple_of(STEP_PROFILES) {
                self.work.reach(done)?;
            }
            let Some(record) = self.records.profiles.get(&profile) else { continue };
            if record.first_seen > request.at {
                continue;
            }
            let history = reader.read(profile, &record.identifiers)?;
            self.records.complete(history, record, request);
            each(history);
        }
        self.work.reach(all.len())?;
        Ok(())
    }

    fn thresholds(
        &self,
        until: Position,
        at: Instant,
    ) -> Result<BTreeMap<RankingKey, RankingThreshold>, RebuildError> {
        if at < self.records.instant {
            return self.journal.thresholds(until, at);
        }
        Ok(self.records.thresholds.clone())
    }
}

impl PartsBackfill<'_> {
    /// Whether more was recorded since the instant asked for than is known here with its time: lists, recorded results
    /// and scores are kept as they are now.
    fn is_of_another_record(&self, request: &HistoryRequest<'_>) -> bool {
        let is_kept =
            self.records.lists.is_empty() && request.results.is_empty() && request.scores.is_empty();
        request.at < self.records.instant && !is_kept && !self.takes_known
    }
}

impl FrozenRecords {
    /// Adds what was recorded of a profile.
    fn complete(&self, history: &mut History, record: &ProfileRecord, request: &HistoryRequest<'_>) {
        let identifiers = &record.identifiers;
        let by_identifier = identifiers.iter().flat_map(|one| self.lists.of_identifier(one));
        let ids = record.absorbed.iter().map(|(id, _)| *id).chain([history.profile]);
        let by_id = ids.flat_map(|id| self.lists.of_profile(id));
        let mut lists: Vec<ListId> = by_identifier.chain(by_id).copied().collect();
        lists.sort_unstable();
        lists.dedup();
        let ids = || record.absorbed.iter().map(|(id, _)| *id).chain([history.profile]);
        let is_named = |result: &&ResultId| ids().any(|id| self.results.names(**result, id));
        let results = request.results.iter().filter(is_named).copied().collect();
        let held = self.scores.get(&history.profile).map_or(&[][..], Vec::as_slice);
        let scores = request.scores.iter().filter_map(|score| Some((score.clone(), newest(held, score)?)));
        history.scores = scores.collect();
        history.consents = self.consents_of(identifiers);
        history.lists = lists;
        history.results = results;
    }

    fn consents_of(&self, identifiers: &[Identifier]) -> Vec<(ConsentChannel, Identifier, ConsentHistory)> {
        if self.consents.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for channel in ConsentChannel::ALL {
            for identifier in identifiers {
                let said = self.consents.get(&(channel, identifier.clone()));
                found.extend(said.map(|said| (channel, identifier.clone(), said.clone())));
            }
        }
        found
    }
}

fn newest(held: &[HeldScore], score: &str) -> Option<RecordedScore> {
    newest_record(held.iter().filter(|held| held.score == score).map(|held| &held.record))
}
