//! Commands on segments: create, edit, rename, pause, resume, delete.

use segops_model::{Cause, SegmentId, SegmentVersion, SignalId};
use segops_rules::{Resolved, Rule, references};
use segops_segment::Program;
use segops_store::Keyspace;

use super::command::{check_name, done};
use super::roster::Roster;
use super::{Effects, Fold, Stamp};
use crate::command::{Outcome, Refusal};
use crate::state::{Pending, SegmentState};

impl Fold {
    pub(super) fn create_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        name: &str,
        rule: &Rule<Resolved>,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.check_new_name(name, None)?;
        if self.state.segments.len() >= self.limits.segments_max {
            return Err(Refusal::TooManySegments(self.limits.segments_max));
        }
        let id = SegmentId(stamp.position.0);
        self.check_references(id, rule)?;
        let mut segment = SegmentState {
            id,
            name: name.trim().to_owned(),
            owner: author.to_owned(),
            created_at: stamp.instant,
            changed_at: stamp.instant,
            versions: Vec::new(),
            serving: None,
            pending: None,
            paused: false,
        };
        segment.add_version(rule.clone(), &self.state.settings, author, stamp.instant, Cause::Prime);
        self.state.segments.insert(id, segment);
        effects.priming_wanted = true;
        Ok(Outcome::SegmentCreated(id))
    }

    pub(super) fn edit_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        expected: SegmentVersion,
        rule: &Rule<Resolved>,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.check_references(id, rule)?;
        let settings = self.state.settings.clone();
        let segment = self.segment_mut(id)?;
        let found = segment.newest();
        if found != expected {
            return Err(Refusal::VersionMoved { expected: expected.0, found: found.0 });
        }
        let cause = if segment.serving.is_some() { Cause::Edit } else { Cause::Prime };
        segment.add_version(rule.clone(), &settings, author, stamp.instant, cause);
        let version = segment.newest();
        effects.priming_wanted |= !segment.paused;
        let unread = self.programs.abandon(id, &mut self.signals);
        self.drop_timelines(&unread);
        Ok(Outcome::SegmentVersion(id, version))
    }

    pub(super) fn rename_segment(
        &mut self,
        stamp: Stamp,
        id: SegmentId,
        name: &str,
    ) -> Result<Outcome, Refusal> {
        self.check_new_name(name, Some(id))?;
        let segment = self.segment_mut(id)?;
        name.trim().clone_into(&mut segment.name);
        segment.changed_at = stamp.instant;
        Ok(done(stamp))
    }

    /// Members are held as they are from here on; nothing is evaluated until the segment is resumed.
    pub(super) fn pause_segment(&mut self, stamp: Stamp, id: SegmentId) -> Result<Outcome, Refusal> {
        self.check_unused(id)?;
        let segment = self.segment_mut(id)?;
        if segment.paused {
            return Err(Refusal::WrongStatus("paused", "resume it to have it evaluated again"));
        }
        segment.paused = true;
        segment.changed_at = stamp.instant;
        if let Some(pending) = &mut segment.pending {
            pending.started = None;
        }
        let mut unread = self.programs.abandon(id, &mut self.signals);
        unread.extend(self.programs.retire(id, &mut self.signals));
        self.drop_timelines(&unread);
        self.rebuild_roster();
        self.change_standings(id, |standing| standing.due = None);
        Ok(done(stamp))
    }

    /// Reads history again, as the newest version; the held members serve until that is done.
    pub(super) fn resume_segment(
        &mut self,
        stamp: Stamp,
        id: SegmentId,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let segment = self.segment_mut(id)?;
        if !segment.paused {
            return Err(Refusal::WrongStatus("not paused", "there is nothing to resume"));
        }
        segment.paused = false;
        segment.changed_at = stamp.instant;
        let version = segment.newest();
        segment.pending = Some(Pending { version, cause: Cause::Prime, started: None });
        effects.priming_wanted = true;
        Ok(done(stamp))
    }

    /// Removes the segment with its members. No profile exits: there is nothing left to be in.
    pub(super) fn delete_segment(&mut self, stamp: Stamp, id: SegmentId) -> Result<Outcome, Refusal> {
        self.check_unused(id)?;
        self.segment_mut(id)?;
        self.state.segments.remove(&id);
        let mut unread = self.programs.abandon(id, &mut self.signals);
        unread.extend(self.programs.retire(id, &mut self.signals));
        self.drop_timelines(&unread);
        self.rebuild_roster();
        self.change_standings(id, |standing| {
            standing.due = None;
            standing.membership = None;
        });
        self.state.members.remove(&id);
        Ok(done(stamp))
    }

    pub(super) fn segment_mut(&mut self, id: SegmentId) -> Result<&mut SegmentState, Refusal> {
        self.state.segments.get_mut(&id).ok_or_else(|| Refusal::NoSegment(id.to_string()))
    }

    /// The program that a segment's members are kept by; none while it is paused or not live yet.
    #[must_use]
    pub fn serving_program(&self, id: SegmentId) -> Option<&Program> {
        self.programs.serving_program(id).map(std::sync::Arc::as_ref)
    }

    pub(super) fn rebuild_roster(&mut self) {
        self.roster = Roster::new(&self.programs.serving());
    }

    /// Drops the timelines of signals that no rule reads.
    pub(super) fn drop_timelines(&mut self, unread: &[SignalId]) {
        if unread.is_empty() {
            return;
        }
        let keys: Vec<_> = self
            .state
            .timelines
            .iter()
            .map(|(key, _)| *key)
            .filter(|(_, signal)| unread.contains(signal))
            .collect();
        for key in keys {
            self.state.timelines.remove(&key);
        }
    }

    /// Changes every profile's standing with one segment.
    fn change_standings(&mut self, id: SegmentId, change: impl Fn(&mut crate::state::Standing)) {
        let mut profiles: Vec<_> = self
            .state
            .standings
            .iter()
            .filter(|(_, standings)| standings.get(id).is_some())
            .map(|(profile, _)| *profile)
            .collect();
        profiles.sort_unstable();
        for profile in profiles {
            let mut standings = self.state.standings.get(&profile).cloned().unwrap_or_default();
            if let Some(mut standing) = standings.get(id).cloned() {
                change(&mut standing);
                standings.set(standing);
                self.state.put_standings(profile, standings);
            }
        }
    }

    fn check_new_name(&self, name: &str, renamed: Option<SegmentId>) -> Result<(), Refusal> {
        check_name(name)?;
        let named = |segment: &&SegmentState| segops_model::same_text(&segment.name, name.trim());
        match self.state.segments.values().find(named) {
            Some(other) if Some(other.id) != renamed => Err(Refusal::NameTaken(name.to_owned(), other.id)),
            _ => Ok(()),
        }
    }

    /// Everything that a rule names must exist, and must not lead back to the segment itself.
    fn check_references(&self, id: SegmentId, rule: &Rule<Resolved>) -> Result<(), Refusal> {
        self.state.check_none_paused(rule)?;
        let named = references(rule);
        if let Some(source) = named.sources.iter().find(|source| !self.state.sources.contains_key(source)) {
            return Err(Refusal::NoSource(source.to_string()));
        }
        let mut waiting: Vec<_> = named.segments.into_iter().collect();
        let mut seen = Vec::new();
        while let Some(next) = waiting.pop() {
            if next == id {
                return Err(Refusal::BrokenReference(format!("{id} would depend on itself")));
            }
            let Some(segment) = self.state.segments.get(&next) else {
                return Err(Refusal::NoSegment(next.to_string()));
            };
            if !seen.contains(&next) {
                seen.push(next);
                waiting.extend(
                    segment
                        .versions
                        .last()
                        .into_iter()
                        .flat_map(|version| references(&version.rule).segments),
                );
            }
        }
        Ok(())
    }

    fn check_unused(&self, id: SegmentId) -> Result<(), Refusal> {
        let users: Vec<_> = self.users_of(id).map(|segment| segment.name.as_str()).collect();
        if users.is_empty() { Ok(()) } else { Err(Refusal::InUse(users.join(", "))) }
    }

    /// Segments whose rules, in any version that serves or will, name this one.
    pub fn users_of(&self, id: SegmentId) -> impl Iterator<Item = &SegmentState> {
        self.state.segments.values().filter(move |segment| {
            let pending = segment.pending.as_ref().map(|pending| pending.version);
            let used = segment.serving.into_iter().chain(pending).chain([segment.newest()]);
            used.filter_map(|number| segment.version(number))
                .any(|version| references(&version.rule).segments.contains(&id))
        })
    }
}
