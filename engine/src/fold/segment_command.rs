//! Commands on segments: create, edit, delete. Those on where a segment is in its life are beside it.

use segops_model::{Cause, SegmentId, SegmentVersion, SignalId};
use segops_rules::{Resolved, Rule};
use segops_segment::Program;
use segops_store::Keyspace;

use super::command::done;
use super::roster::Roster;
use super::{Effects, Fold, Stamp};
use crate::command::{Outcome, Refusal};
use crate::state::{DetailsChange, Lifecycle, NewVersion, SegmentChangeKind, SegmentDetails, SegmentState};

/// A segment to be made, as its command has it.
#[derive(Debug)]
pub(super) struct NewSegment<'a> {
    pub name: &'a str,
    pub rule: &'a Rule<Resolved>,
    pub details: &'a DetailsChange,
    pub draft: bool,
}

/// A rule to become a segment's newest version, as its command has it.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    pub expected: SegmentVersion,
    pub rule: &'a Rule<Resolved>,
    pub restored_from: Option<SegmentVersion>,
}

impl Fold {
    pub(super) fn create_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        new: NewSegment<'_>,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.check_new_name(new.name, None)?;
        if self.state.segments.len() >= self.limits.segments_max {
            return Err(Refusal::TooManySegments(self.limits.segments_max));
        }
        let id = SegmentId(stamp.position.0);
        self.check_references(id, new.rule)?;
        let owned = SegmentDetails { owner: author.to_owned(), ..SegmentDetails::default() };
        let (details, _) = owned.changed(new.details).map_err(Refusal::BadDetails)?;
        let mut segment = SegmentState {
            id,
            name: new.name.trim().to_owned(),
            details,
            lifecycle: if new.draft { Lifecycle::Draft } else { Lifecycle::Live },
            created_at: stamp.instant,
            changed_at: stamp.instant,
            versions: Vec::new(),
            serving: None,
            pending: None,
            paused: false,
            changes: Vec::new(),
        };
        let version = NewVersion {
            rule: new.rule.clone(),
            author,
            at: stamp.instant,
            cause: Cause::Prime,
            restored_from: None,
        };
        segment.add_version(version, &self.state.settings, self.limits.segment_versions_kept_max);
        let kept_max = self.limits.segment_changes_kept_max;
        segment.note(author, stamp.instant, SegmentChangeKind::Created, kept_max);
        effects.priming_wanted |= segment.is_evaluated();
        self.state.segments.insert(id, segment);
        Ok(Outcome::SegmentCreated(id))
    }

    pub(super) fn edit_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        edit: Edit<'_>,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.check_references(id, edit.rule)?;
        let settings = self.state.settings.clone();
        let limits = self.limits;
        let segment = self.segment_mut(id)?;
        let found = segment.newest();
        if found != edit.expected {
            return Err(Refusal::VersionMoved { expected: edit.expected.0, found: found.0 });
        }
        if segment.lifecycle == Lifecycle::Archived {
            return Err(Refusal::WrongStatus("archived", "restore it before it is edited"));
        }
        let cause = if segment.serving.is_some() { Cause::Edit } else { Cause::Prime };
        let new = NewVersion {
            rule: edit.rule.clone(),
            author,
            at: stamp.instant,
            cause,
            restored_from: edit.restored_from,
        };
        segment.add_version(new, &settings, limits.segment_versions_kept_max);
        let version = segment.newest();
        let what = SegmentChangeKind::RuleSaved { version, restored_from: edit.restored_from };
        segment.note(author, stamp.instant, what, limits.segment_changes_kept_max);
        effects.priming_wanted |= segment.is_evaluated();
        let unread = self.programs.abandon(id, &mut self.signals);
        self.drop_timelines(&unread);
        Ok(Outcome::SegmentVersion(id, version))
    }

    /// Removes the segment with its members. No profile exits: there is nothing left to be in.
    pub(super) fn delete_segment(&mut self, stamp: Stamp, id: SegmentId) -> Result<Outcome, Refusal> {
        self.check_unused(id, |_| true)?;
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
        self.state.records.forget_segment(id);
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
        self.refresh_rankings();
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
        if !self.signals.any_reads_products() {
            self.state.product_events.clear();
        }
    }

    /// Changes every profile's standing with one segment.
    pub(super) fn change_standings(&mut self, id: SegmentId, change: impl Fn(&mut crate::state::Standing)) {
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
}
