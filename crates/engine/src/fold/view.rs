use std::cell::Cell;

use segops_model::{
    ConsentChannel, Direction, Identifier, Instant, ListId, ProfileId, ResultId, SegmentId, SignalId, Value,
};
use segops_rules::{ComputedDefinition, Resolved};
use segops_segment::{
    CHANGES_LOOKED_OVER, Calendar, Carried, ComputedReading, ComputedValue, ConsentHistory, Keep, Naming,
    ProfileView, RankingKey, RankingThreshold, RecordedScore, RecordedTransition, RecordedTransitions,
    Timeline, evaluate,
};
use segops_store::Keyspace;

use super::{Fold, PlantedBug};
use crate::state::{ProfileRecord, Standing, Standings, Traits};

/// One profile as its segments see it: the live records, and the memberships decided so far for this input.
#[derive(Debug)]
pub struct LiveProfile<'a> {
    fold: &'a Fold,
    profile: ProfileId,
    record: Option<&'a ProfileRecord>,
    traits: Option<&'a Traits>,
    before: Option<&'a Standings>,
    changes: Vec<Standing>,
    /// What was recorded, with what this input has added to it.
    recorded: Vec<(SegmentId, RecordedTransitions)>,
    moves: Vec<(SegmentId, bool)>,
    changes_looked_over: usize,
    /// Timelines that were looked up lately: most segments that an event touches read the same few.
    looked_up: [Cell<Option<LookedUp<'a>>>; LOOKED_UP],
}

type LookedUp<'a> = (SignalId, Option<&'a Timeline>);

const CHANGES_LOOKED_OVER_BRIEFLY: usize = 4;

/// Places for timelines that were looked up; a signal has one.
const LOOKED_UP: usize = 32;

/// What comes of deciding: the standings that differ, and who has come in or gone out of what, both in
/// dependency order.
#[derive(Debug)]
pub(super) struct Decided {
    pub standings: Vec<Standing>,
    pub moves: Vec<(SegmentId, bool)>,
}

impl<'a> LiveProfile<'a> {
    pub(super) fn new(fold: &'a Fold, profile: ProfileId, before: Option<&'a Standings>) -> Self {
        Self {
            fold,
            profile,
            record: fold.state.profiles.get(&profile),
            traits: fold.state.traits.get(&profile),
            before,
            changes: Vec::new(),
            recorded: Vec::new(),
            moves: Vec::new(),
            changes_looked_over: CHANGES_LOOKED_OVER,
            looked_up: [const { Cell::new(None) }; LOOKED_UP],
        }
    }

    /// Has an answer look no further ahead than it must: most events come before the instant that it would find, and
    /// have it asked again.
    pub(super) fn briefly(mut self) -> Self {
        self.changes_looked_over = CHANGES_LOOKED_OVER_BRIEFLY;
        self
    }

    /// A profile as it stands, to explain its memberships.
    #[must_use]
    pub fn of(fold: &'a Fold, profile: ProfileId) -> Self {
        Self::new(fold, profile, fold.state.standings.get(&profile))
    }

    pub(super) fn standing(&self, segment: SegmentId) -> Option<&Standing> {
        let changed = self.changes.iter().rev().find(|standing| standing.segment == segment);
        changed.or_else(|| self.before.and_then(|before| before.get(segment)))
    }

    pub(super) fn change(&mut self, standing: Standing) {
        self.changes.push(standing);
    }

    /// Notes that the profile has come into a segment, or gone out, so that those who read what was
    /// recorded see it; nothing is written.
    pub(super) fn note_move(&mut self, segment: SegmentId, new: RecordedTransition) {
        let held = self.fold.state.records.of(self.profile, segment);
        let mut recorded = held.cloned().unwrap_or_default();
        recorded.record(new);
        if !self.fold.has_planted(PlantedBug::RecordSeenLate) {
            self.recorded.push((segment, recorded));
        }
        self.moves.push((segment, new.direction == Direction::Entered));
    }

    pub(super) fn into_decided(self) -> Decided {
        Decided { standings: self.changes, moves: self.moves }
    }
}

impl Fold {
    /// When a verdict can change next. A timer that was set before more matches came in may be due earlier than that.
    #[must_use]
    pub(crate) fn next_change(&self, profile: ProfileId, standing: &Standing) -> Option<Instant> {
        let program = self.serving_program(standing.segment).filter(|_| standing.is_unmoved);
        let Some(program) = program else { return standing.due };
        evaluate(program, &LiveProfile::of(self, profile), self.state.instant).next_change
    }

    /// What a computed trait comes to for a profile; `None` where no serving segment keeps all of what it reads.
    #[must_use]
    pub fn computed_value(
        &self,
        definition: &ComputedDefinition<Resolved>,
        calendar: &Calendar,
        view: &LiveProfile<'_>,
        now: Instant,
    ) -> Option<ComputedValue> {
        let kept = self.programs.served_signals();
        let is_kept = |(signal, needed): (SignalId, Keep)| {
            kept.iter().any(|(id, keep)| *id == signal && keep.and(needed) == *keep)
        };
        let readings = ComputedReading::all_within(definition, &self.signals, calendar);
        let readable = readings.iter().find(|reading| reading.signals().into_iter().all(is_kept));
        readable.map(|reading| reading.value(view, now))
    }
}

impl ProfileView for LiveProfile<'_> {
    fn profile(&self) -> ProfileId {
        self.profile
    }

    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        let look_up = || self.fold.state.timelines.get(&(self.profile, signal));
        let Some(place) = self.looked_up.get(signal.0 as usize % LOOKED_UP) else { return look_up() };
        match place.get() {
            Some((held, timeline)) if held == signal => timeline,
            _ => {
                let timeline = look_up();
                place.set(Some((signal, timeline)));
                timeline
            }
        }
    }

    fn trait_value(&self, root: &str) -> Option<&Value> {
        self.traits.and_then(|traits| traits.get(root))
    }

    fn is_identified(&self) -> bool {
        self.record.is_some_and(ProfileRecord::is_identified)
    }

    fn is_member(&self, segment: SegmentId) -> bool {
        self.standing(segment).is_some_and(|standing| standing.membership.is_some())
    }

    fn threshold(&self, ranking: &RankingKey) -> Option<&RankingThreshold> {
        self.fold.state.thresholds.get(ranking)
    }

    fn identifiers(&self) -> &[Identifier] {
        self.record.map_or(&[], |record| &record.identifiers)
    }

    fn consent(&self, channel: ConsentChannel, identifier: &Identifier) -> Option<&ConsentHistory> {
        self.fold.state.consents.get(&(channel, identifier.clone()))
    }

    fn is_listed(&self, list: ListId) -> bool {
        self.fold.state.is_listed(self.profile, list)
    }

    fn naming(&self, result: ResultId) -> Naming {
        self.fold.state.naming(self.profile, result)
    }

    fn recorded_score(&self, score: &str) -> Option<RecordedScore> {
        self.fold.state.recorded_score(self.profile, score)
    }

    fn recorded(&self, segment: SegmentId) -> Option<&RecordedTransitions> {
        let added = self.recorded.iter().find(|(of, _)| *of == segment).map(|(_, recorded)| recorded);
        added.or_else(|| self.fold.state.records.of(self.profile, segment))
    }

    fn changes_looked_over(&self) -> usize {
        self.changes_looked_over
    }

    fn carried(&self) -> Option<&Carried> {
        Some(&self.fold.carried)
    }
}
