//! Commands on named, versioned definitions. A rule holds what each that it refers to is made of, so that an edit is an
//! edit of every segment that uses one: the old version serves until the new one is primed.

use segops_model::{Cause, SegmentId, SegmentVersion};
use segops_rules::{EventFilter, Resolved, Rule};

use super::command::{check_name, done};
use super::{Effects, Fold, Stamp};
use crate::command::{Outcome, Refusal};
use crate::definitions::{Author, DefinitionKind, DefinitionOf, Refused, find};
use crate::state::{Definition, NewVersion, SegmentChangeKind, SegmentState};

impl Fold {
    pub(super) fn create_definition<K: DefinitionKind>(
        &mut self,
        stamp: Stamp,
        author: &str,
        name: &str,
        definition: &K::Resolved,
    ) -> Result<Outcome, Refusal> {
        self.check_definition_name::<K>(name, None)?;
        K::check(self, definition)?;
        let limits = K::limits(&self.limits);
        if K::all(&self.state).len() >= limits.count_max {
            return Err(K::refusal(Refused::TooMany(limits.count_max)));
        }
        let id = K::id(stamp.position);
        let (name, owner) = (name.trim().to_owned(), author.to_owned());
        let mut made = Definition { id, name, owner, created_at: stamp.instant, versions: Vec::new() };
        made.add_version(definition.clone(), author, stamp.instant, limits.versions_kept_max);
        K::all_mut(&mut self.state).insert(id, made);
        Ok(K::created(id))
    }

    pub(super) fn edit_definition<K: DefinitionKind>(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: K::Id,
        (expected, definition): (u32, &K::Resolved),
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        K::check(self, definition)?;
        let made = self.defined::<K>(id)?;
        let found = made.newest().map_or(0, |newest| newest.number);
        if found != expected {
            return Err(K::refusal(Refused::Moved { expected, found }));
        }
        K::check_edit(self, made, definition)?;
        let (name, number) = (made.name.clone(), found + 1);
        let users: Vec<SegmentId> = self.users_of_definition::<K>(id).map(|segment| segment.id).collect();
        let kept_max = K::limits(&self.limits).versions_kept_max;
        if let Some(made) = K::all_mut(&mut self.state).get_mut(&id) {
            made.add_version(definition.clone(), author, stamp.instant, kept_max);
        }
        let (by, limits) = (Author { name: author, at: stamp.instant }, self.limits);
        K::edit_others(&mut self.state, &limits, &by, id, definition);
        for user in users {
            let newest = self.state.segments.get(&user).and_then(|segment| segment.versions.last());
            let Some(newest) = newest else { continue };
            let rule = K::made_anew(&newest.rule, id, definition);
            let what = |version| K::edited(version, &name, number);
            self.put_rule_made_anew(stamp, author, user, rule, what, effects)?;
        }
        Ok(done(stamp))
    }

    pub(super) fn rename_definition<K: DefinitionKind>(
        &mut self,
        stamp: Stamp,
        id: K::Id,
        name: &str,
    ) -> Result<Outcome, Refusal> {
        self.check_definition_name::<K>(name, Some(id))?;
        self.defined::<K>(id)?;
        if let Some(made) = K::all_mut(&mut self.state).get_mut(&id) {
            name.trim().clone_into(&mut made.name);
        }
        Ok(done(stamp))
    }

    pub(super) fn delete_definition<K: DefinitionKind>(
        &mut self,
        stamp: Stamp,
        id: K::Id,
    ) -> Result<Outcome, Refusal> {
        self.defined::<K>(id)?;
        let mut users: Vec<_> =
            self.users_of_definition::<K>(id).map(|segment| segment.name.as_str()).collect();
        users.extend(K::other_users(&self.state, id));
        if !users.is_empty() {
            return Err(K::refusal(Refused::InUse(users.join(", "))));
        }
        K::all_mut(&mut self.state).remove(&id);
        Ok(done(stamp))
    }

    /// Segments whose rules, in any version that serves or will, refer to a definition.
    pub fn users_of_definition<K: DefinitionKind>(&self, id: K::Id) -> impl Iterator<Item = &SegmentState> {
        self.state.segments.values().filter(move |segment| {
            let pending = segment.pending.as_ref().map(|pending| pending.version);
            let used = segment.serving.into_iter().chain(pending).chain([segment.newest()]);
            used.filter_map(|number| segment.version(number)).any(|version| K::is_in(&version.rule, id))
        })
    }

    /// Every definition that is referred to must be made as whoever refers to it says: another command may have edited it
    /// since it was read.
    pub fn check_defined<'a, K: DefinitionKind>(
        &self,
        named: impl Iterator<Item = (K::Id, &'a K::Resolved)>,
    ) -> Result<(), Refusal> {
        for (id, definition) in named {
            if self.defined::<K>(id)?.newest().is_none_or(|newest| newest.definition != *definition) {
                return Err(K::refusal(Refused::Edited(id)));
            }
        }
        Ok(())
    }

    /// Every source that some events are of must be there.
    pub fn check_sources(&self, events: &[&EventFilter<Resolved>]) -> Result<(), Refusal> {
        let mut sources = events.iter().flat_map(|event| &event.sources);
        match sources.find(|source| !self.state.sources.contains_key(source)) {
            Some(source) => Err(Refusal::NoSource(source.to_string())),
            None => Ok(()),
        }
    }

    fn defined<K: DefinitionKind>(&self, id: K::Id) -> Result<&DefinitionOf<K>, Refusal> {
        K::all(&self.state).get(&id).ok_or_else(|| K::refusal(Refused::NotThere(id.to_string())))
    }

    fn check_definition_name<K: DefinitionKind>(
        &self,
        name: &str,
        renamed: Option<K::Id>,
    ) -> Result<(), Refusal> {
        let name = name.trim();
        check_name(name)?;
        match find::<K>(&self.state, name) {
            Some(other) if Some(other.id) != renamed => {
                Err(K::refusal(Refused::NameTaken(name.to_owned(), other.id)))
            }
            _ => K::check_name(self, name),
        }
    }

    /// Gives a segment a version of its rule in which something that it refers to is made anew.
    fn put_rule_made_anew(
        &mut self,
        stamp: Stamp,
        author: &str,
        user: SegmentId,
        rule: Rule<Resolved>,
        what: impl FnOnce(SegmentVersion) -> SegmentChangeKind,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let (settings, limits) = (self.state.settings.clone(), self.limits);
        let segment = self.segment_mut(user)?;
        // An edit that waits for its history may have left out what was made anew.
        if segment.versions.last().is_none_or(|newest| newest.rule == rule) {
            return Ok(());
        }
        let cause = if segment.serving.is_some() { Cause::Edit } else { Cause::Prime };
        let new = NewVersion { rule, author, at: stamp.instant, cause, restored_from: None };
        segment.add_version(new, &settings, limits.segment_versions_kept_max);
        let what = what(segment.newest());
        segment.note(author, stamp.instant, what, limits.segment_changes_kept_max);
        effects.priming_wanted |= segment.is_evaluated();
        let unread = self.programs.abandon(user, &mut self.signals);
        self.drop_timelines(&unread);
        Ok(())
    }
}
