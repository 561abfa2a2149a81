//! One profile becomes two. What each side has done is read from history outside, up to a position; rows from
//! there on are gathered here; and one command makes the records of both sides anew, from their rows, by the
//! same code that a row goes through when it comes in.

use segops_identity::{Bar, Separations, WaitingSplit, check_split};
use segops_model::{Cause, Event, Identifier, Position, ProfileId, SplitId};
use segops_store::Keyspace;

use super::command::done;
use super::decide::{Reason, SlotSet};
use super::{Effects, Fold, PlantedBug, Stamp};
use crate::artefact::{Artefacts, SplitRow, SplitRows};
use crate::command::{Outcome, Refusal};
use crate::journal_item::{Input, decode_event};
use crate::state::{GatheredRow, Merge, ProfileRecord, Standing, Standings};

/// A row, and whether it goes with what is taken out.
struct SideRow {
    position: Position,
    taken: bool,
    event: Event,
}

impl Fold {
    pub(super) fn ask_split(
        &mut self,
        stamp: Stamp,
        author: &str,
        profile: ProfileId,
        identifiers: &[Identifier],
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let profile = self.state.existing(profile)?;
        let taken = check_split(&self.state, profile, identifiers)?;
        let splits = self.state.separations.waiting().len() + self.state.separations.bars().len();
        if splits >= self.limits.splits_max {
            return Err(Refusal::TooManySplits(self.limits.splits_max));
        }
        let rows = self.state.profiles.get(&profile).map_or(0, |record| record.rows);
        if rows > self.limits.split_rows_max {
            return Err(Refusal::TooManyRows { rows, rows_max: self.limits.split_rows_max });
        }
        let id = SplitId(stamp.position.0);
        let (asked_at, author) = (stamp.instant, author.to_owned());
        self.state.separations.ask(id, WaitingSplit { profile, taken, asked_at, author, started: None });
        effects.priming_wanted = true;
        Ok(Outcome::SplitAsked(id))
    }

    /// From this position on the profile's rows are gathered.
    pub(super) fn start_split(&mut self, stamp: Stamp, id: SplitId) -> Result<Outcome, Refusal> {
        self.state.separations.start(id, stamp.position)?;
        self.state.split_rows.insert(id, Vec::new());
        Ok(done(stamp))
    }

    /// Both sides get the records that their rows make, and whatever depends on them is decided anew.
    pub(super) fn finish_split(
        &mut self,
        stamp: Stamp,
        id: SplitId,
        started: Position,
        hash: &str,
        artefacts: &dyn Artefacts,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let split = self.state.separations.current(id, started)?.clone();
        let read = artefacts.load_rows(hash).map_err(Refusal::Artefact)?;
        if (read.split, read.position) != (id, started) {
            return Err(Refusal::Artefact("it was made for another split".to_owned()));
        }
        let gathered = self.state.split_rows.remove(&id).unwrap_or_default();
        let rows = self.rows_of_both(&split, read, gathered)?;
        self.state.separations.take(id, started)?;
        let (from, to) = (split.profile, ProfileId(stamp.position.0));
        self.note_reread(from);
        self.part_identity(id, &split, to, stamp);
        if !self.has_planted(PlantedBug::SplitKeepsRecords) {
            self.forget_rows(from);
        }
        let mut slots = SlotSet::default();
        for SideRow { position, taken, event } in &rows {
            self.add_row(if *taken { to } else { from }, event, *position, &mut slots);
        }
        self.state.tallies.splits += 1;
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::Split };
        for profile in [from, to] {
            self.state.regroup(profile);
            self.touch(profile);
            self.decide_parted(profile, reason, effects);
        }
        Ok(Outcome::SplitDone(to))
    }

    pub(super) fn lift_bar(&mut self, stamp: Stamp, id: SplitId) -> Result<Outcome, Refusal> {
        self.state.separations.lift(id, stamp.instant)?;
        Ok(done(stamp))
    }

    /// Keeps a row for the splits that read its profile's history at the moment.
    pub(super) fn gather_for_splits(
        &mut self,
        profile: ProfileId,
        anchor: &Identifier,
        event: &Event,
        position: Position,
    ) {
        if self.state.separations.waiting().is_empty() {
            return;
        }
        for split in self.state.separations.note_row(profile) {
            let row = GatheredRow { position, anchor: anchor.clone(), event: event.clone() };
            self.state.split_rows.entry(split).or_default().push(row);
        }
        self.let_go_of_stale_rows();
    }

    /// Rows that were gathered for attempts that are over are of no use.
    pub(super) fn let_go_of_stale_rows(&mut self) {
        let separations: &Separations = &self.state.separations;
        let is_read =
            |id: &SplitId| separations.waiting().get(id).is_some_and(|split| split.started.is_some());
        self.state.split_rows.retain(|id, _| is_read(id));
    }

    /// Those read from history, then those gathered since, in the order in which they came in.
    fn rows_of_both(
        &self,
        split: &WaitingSplit,
        read: SplitRows,
        gathered: Vec<GatheredRow>,
    ) -> Result<Vec<SideRow>, Refusal> {
        let mut rows = Vec::with_capacity(read.rows.len() + gathered.len());
        for SplitRow { position, format, taken, item } in read.rows {
            let input = decode_event(position, format, &item);
            match input.map_err(|error| Refusal::Artefact(error.to_string()))? {
                Input::Event { event, .. } => rows.push(SideRow { position, taken, event }),
                _ => return Err(Refusal::Artefact(format!("the row at position {position} is no event"))),
            }
        }
        if self.has_planted(PlantedBug::SplitLosesGathered) {
            return Ok(rows);
        }
        rows.extend(gathered.into_iter().map(|row| SideRow {
            position: row.position,
            taken: split.taken.contains(&row.anchor),
            event: row.event,
        }));
        Ok(rows)
    }

    /// Primings in progress have read the profile's history whole, under each of its ids. From here on they
    /// have to do without: what they need of it is entered anew, for their signals too.
    fn note_reread(&mut self, from: ProfileId) {
        let Some(record) = self.state.profiles.get(&from) else { return };
        let ids: Vec<_> = record.absorbed.iter().map(|(id, _)| *id).chain([from]).collect();
        for segment in self.programs.gathering() {
            let pending = self.state.segments.get_mut(segment).and_then(|segment| segment.pending.as_mut());
            if let Some(started) = pending.and_then(|pending| pending.started.as_mut()) {
                ids.iter().for_each(|id| started.reread.add(*id));
            }
        }
    }

    /// Identifiers, and the old ids whose anchors they are, go to the new profile; the bar is put up.
    fn part_identity(&mut self, id: SplitId, split: &WaitingSplit, to: ProfileId, stamp: Stamp) {
        let from = split.profile;
        let is_taken = |identifier: &Identifier| split.taken.contains(identifier);
        let Some(record) = self.state.profiles.get_mut(&from) else { return };
        record.identifiers.retain(|held| !is_taken(held));
        let (along, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut record.absorbed).into_iter().partition(|(_, anchor)| is_taken(anchor));
        record.absorbed = stay;
        if is_taken(&record.anchor)
            && let Some(first) = record.identifiers.first()
        {
            record.anchor = first.clone();
        }
        let kept = record.identifiers.clone();
        for (alias, _) in &along {
            self.state.aliases.insert(*alias, to);
        }
        for identifier in &split.taken {
            self.state.identifiers.insert(identifier.clone(), to);
        }
        if let Some(anchor) = split.taken.first().cloned() {
            let mut made = ProfileRecord::new(stamp.instant, anchor);
            made.identifiers.clone_from(&split.taken);
            made.absorbed = along;
            self.state.profiles.insert(to, made);
        }
        self.part_merges(from, to, &is_taken);
        let (taken, author) = (split.taken.clone(), split.author.clone());
        let bar = Bar { from, to, kept, taken, at: stamp.instant, author, lifted_at: None };
        let (identifiers, profiles) = (&self.state.identifiers, &self.state.profiles);
        let owner_of = |identifier: &Identifier| {
            let owner = identifiers.get(identifier)?;
            Some((*owner, profiles.get(owner)?.identifiers.len()))
        };
        self.state.separations.bar(id, bar, owner_of);
        if self.has_planted(PlantedBug::SplitPutsUpNoBar) {
            // It was put up a moment ago, so that there is one to lift.
            let _ = self.state.separations.lift(id, stamp.instant);
        }
        self.let_go_of_stale_rows();
    }

    /// Each side keeps the merges that still explain it: those that linked profiles by identifiers of its own.
    fn part_merges(&mut self, from: ProfileId, to: ProfileId, is_taken: &dyn Fn(&Identifier) -> bool) {
        let Some(merges) = self.state.merges.remove(&from) else { return };
        for (profile, taken) in [(from, false), (to, true)] {
            let own: Vec<_> =
                merges.iter().filter_map(|merge| merge.within(|held| is_taken(held) == taken)).collect();
            if !own.is_empty() {
                self.state.merges.insert(profile, own);
            }
        }
    }

    fn forget_rows(&mut self, profile: ProfileId) {
        let signals: Vec<_> = self.programs.kept_signals().into_iter().map(|(signal, _)| signal).collect();
        self.state.profile_records().forget_rows(profile, &signals);
    }

    /// Decides everything for one side; one that is left without any row is no longer anywhere.
    fn decide_parted(&mut self, profile: ProfileId, reason: Reason, effects: &mut Effects) {
        if self.state.profiles.get(&profile).is_some_and(|record| record.rows > 0) {
            let mut slots = SlotSet::default();
            slots.extend(self.roster.all());
            self.decide(profile, slots, reason, effects);
        } else {
            self.leave_everything(profile, reason, effects);
        }
    }

    /// Takes a profile out of every segment.
    pub(super) fn leave_everything(&mut self, profile: ProfileId, reason: Reason, effects: &mut Effects) {
        let standings = self.state.standings.get(&profile).cloned().unwrap_or_default();
        self.state.put_standings(profile, Standings::default());
        for standing in standings.iter().filter(|standing| standing.membership.is_some()) {
            let gone = Standing { membership: None, due: None, ..standing.clone() };
            self.note_membership(profile, true, &gone, reason, effects);
        }
    }
}

impl Merge {
    /// The merge as far as it goes by some of the identifiers; `None` where they link nothing.
    fn within(&self, is_own: impl Fn(&Identifier) -> bool) -> Option<Self> {
        let linked: Vec<_> =
            self.linked.iter().filter(|(identifier, _)| is_own(identifier)).cloned().collect();
        let mut profiles: Vec<_> = linked.iter().map(|(_, profile)| *profile).collect();
        profiles.sort_unstable();
        profiles.dedup();
        let (survivor, absorbed) = profiles.split_first()?;
        if absorbed.is_empty() {
            return None;
        }
        Some(Self { survivor: *survivor, absorbed: absorbed.to_vec(), linked, ..self.clone() })
    }
}
