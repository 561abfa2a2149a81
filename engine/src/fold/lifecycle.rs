//! Where a segment is in its life: described, paused, published, archived.

use segops_model::{Cause, SegmentId};
use segops_store::Keyspace;

use super::command::done;
use super::decide::Reason;
use super::{Effects, Fold, Stamp};
use crate::command::{Outcome, Refusal};
use crate::state::{DetailsChange, Lifecycle, Pending, SegmentChangeKind, SegmentState, Standing};

impl Fold {
    /// Another name, description, owner, folder or tags, all of them or none.
    pub(super) fn describe_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        change: &DetailsChange,
    ) -> Result<Outcome, Refusal> {
        if let Some(name) = &change.name {
            self.check_new_name(name, Some(id))?;
        }
        let kept_max = self.limits.segment_changes_kept_max;
        let segment = self.segment_mut(id)?;
        let (details, fields) = segment.details.changed(change).map_err(Refusal::BadDetails)?;
        segment.details = details;
        if !fields.is_empty() {
            segment.note(author, stamp.instant, SegmentChangeKind::Described { fields }, kept_max);
        }
        let name = change.name.as_deref().map(str::trim);
        if let Some(name) = name.filter(|name| *name != segment.name) {
            let from = std::mem::replace(&mut segment.name, name.to_owned());
            let what = SegmentChangeKind::Renamed { from, to: name.to_owned() };
            segment.note(author, stamp.instant, what, kept_max);
        }
        Ok(done(stamp))
    }

    /// Members are held as they are from here on; nothing is evaluated until the segment is resumed.
    pub(super) fn pause_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
    ) -> Result<Outcome, Refusal> {
        self.check_unused(id, is_live)?;
        let kept_max = self.limits.segment_changes_kept_max;
        let segment = self.segment_mut(id)?;
        match segment.lifecycle {
            Lifecycle::Draft => return Err(Refusal::WrongStatus("a draft", "publish it first")),
            Lifecycle::Archived => return Err(Refusal::WrongStatus("archived", "restore it first")),
            Lifecycle::Live => {}
        }
        if segment.paused {
            return Err(Refusal::WrongStatus("paused", "resume it to have it evaluated again"));
        }
        segment.paused = true;
        segment.note(author, stamp.instant, SegmentChangeKind::Paused, kept_max);
        if let Some(pending) = &mut segment.pending {
            pending.started = None;
        }
        self.stop_evaluating(id);
        self.change_standings(id, |standing| standing.due = None);
        Ok(done(stamp))
    }

    /// Reads history again, as the newest version; the held members serve until that is done.
    pub(super) fn resume_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let segment = self.segment_mut(id)?;
        if !segment.paused {
            return Err(Refusal::WrongStatus("not paused", "there is nothing to resume"));
        }
        segment.paused = false;
        self.start_evaluating(stamp, author, id, SegmentChangeKind::Resumed, effects)
    }

    /// A draft reads history, and has members from then on.
    pub(super) fn publish_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        if self.segment_mut(id)?.lifecycle != Lifecycle::Draft {
            return Err(Refusal::WrongStatus("no draft", "there is nothing to publish"));
        }
        self.check_newest(id)?;
        self.start_evaluating(stamp, author, id, SegmentChangeKind::Published, effects)
    }

    /// Everyone leaves, and nothing is evaluated until the segment is restored: members that nobody keeps
    /// true would be taken for members.
    pub(super) fn archive_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.check_unused(id, is_live)?;
        if self.segment_mut(id)?.lifecycle == Lifecycle::Archived {
            return Err(Refusal::WrongStatus("archived", "there is nothing to archive"));
        }
        let reason = Reason { position: stamp.position, now: stamp.instant, cause: Cause::Edit };
        self.stop_evaluating(id);
        self.leave_all(id, reason, effects);
        let kept_max = self.limits.segment_changes_kept_max;
        let segment = self.segment_mut(id)?;
        segment.lifecycle = Lifecycle::Archived;
        segment.paused = false;
        segment.pending = None;
        segment.serving = None;
        segment.note(author, stamp.instant, SegmentChangeKind::Archived, kept_max);
        Ok(done(stamp))
    }

    /// An archived segment reads history again, as its newest version.
    pub(super) fn restore_segment(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        if self.segment_mut(id)?.lifecycle != Lifecycle::Archived {
            return Err(Refusal::WrongStatus("not archived", "there is nothing to restore"));
        }
        self.check_newest(id)?;
        self.start_evaluating(stamp, author, id, SegmentChangeKind::Restored, effects)
    }

    /// What the newest version names may have gone, or been archived, since it was saved.
    fn check_newest(&mut self, id: SegmentId) -> Result<(), Refusal> {
        let newest = self.segment_mut(id)?.versions.last().map(|version| version.rule.clone());
        newest.map_or(Ok(()), |rule| self.check_references(id, &rule))
    }

    fn start_evaluating(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: SegmentId,
        what: SegmentChangeKind,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        let kept_max = self.limits.segment_changes_kept_max;
        let segment = self.segment_mut(id)?;
        segment.lifecycle = Lifecycle::Live;
        let version = segment.newest();
        segment.pending = Some(Pending { version, cause: Cause::Prime, started: None });
        segment.note(author, stamp.instant, what, kept_max);
        effects.priming_wanted = true;
        Ok(done(stamp))
    }

    fn stop_evaluating(&mut self, id: SegmentId) {
        let mut unread = self.programs.abandon(id, &mut self.signals);
        unread.extend(self.programs.retire(id, &mut self.signals));
        self.drop_timelines(&unread);
        self.rebuild_roster();
    }

    fn leave_all(&mut self, id: SegmentId, reason: Reason, effects: &mut Effects) {
        let mut profiles: Vec<_> = self
            .state
            .standings
            .iter()
            .filter(|(_, standings)| standings.get(id).is_some())
            .map(|(profile, _)| *profile)
            .collect();
        profiles.sort_unstable();
        for profile in profiles {
            let was_member = self.state.standings.get(&profile).is_some_and(|held| held.is_member(id));
            let nothing = Standing { segment: id, membership: None, due: None };
            self.state.change_standings(profile, |standings| standings.set(nothing.clone()));
            self.note_membership(profile, was_member, &nothing, reason, effects);
        }
    }
}

/// A segment that reads the members of those it names, now or as soon as it is resumed.
fn is_live(segment: &SegmentState) -> bool {
    segment.lifecycle == Lifecycle::Live
}
