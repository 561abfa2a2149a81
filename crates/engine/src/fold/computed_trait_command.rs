//! Commands on computed traits. A rule holds what each that it names is made of, so that an edit is an edit of
//! every segment that uses one: the old version serves until the new one is primed.

use segops_model::{Cause, ComputedTraitId, SegmentId, SegmentVersion};
use segops_rules::{
    ComputedDefinition, Resolved, Rule, computed_trait_ids, computed_traits, derived_of_computed,
    with_definition,
};

use super::command::{check_name, done};
use super::{Effects, Fold, Stamp};
use crate::command::{Outcome, Refusal};
use crate::state::{ComputedTraitState, NewVersion, SegmentChangeKind, SegmentState};

/// A definition to become a computed trait's newest version, as its command has it.
#[derive(Debug)]
pub(super) struct ComputedTraitEdit<'a> {
    pub expected: u32,
    pub definition: &'a ComputedDefinition<Resolved>,
}

/// A computed trait as an edit has made it.
struct Made<'a> {
    id: ComputedTraitId,
    definition: &'a ComputedDefinition<Resolved>,
    name: String,
    version: u32,
}

impl Fold {
    pub(super) fn create_computed_trait(
        &mut self,
        stamp: Stamp,
        author: &str,
        name: &str,
        definition: &ComputedDefinition<Resolved>,
    ) -> Result<Outcome, Refusal> {
        self.check_computed_trait_name(name, None)?;
        self.check_sources(definition)?;
        if self.state.computed_traits.len() >= self.limits.computed_traits_max {
            return Err(Refusal::TooManyComputedTraits(self.limits.computed_traits_max));
        }
        let id = ComputedTraitId(stamp.position.0);
        let mut computed = ComputedTraitState {
            id,
            name: name.trim().to_owned(),
            owner: author.to_owned(),
            created_at: stamp.instant,
            versions: Vec::new(),
        };
        let kept_max = self.limits.computed_trait_versions_kept_max;
        computed.add_version(definition.clone(), author, stamp.instant, kept_max);
        self.state.computed_traits.insert(id, computed);
        Ok(Outcome::ComputedTraitCreated(id))
    }

    pub(super) fn edit_computed_trait(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: ComputedTraitId,
        edit: &ComputedTraitEdit<'_>,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.check_sources(edit.definition)?;
        let users: Vec<SegmentId> = self.users_of_computed_trait(id).map(|segment| segment.id).collect();
        let names: Vec<&str> =
            self.users_of_computed_trait(id).map(|segment| segment.name.as_str()).collect();
        let names = names.join(", ");
        let kept_max = self.limits.computed_trait_versions_kept_max;
        let computed = self.computed_trait_mut(id)?;
        let newest = computed.newest().ok_or_else(|| Refusal::NoComputedTrait(id.to_string()))?;
        if newest.number != edit.expected {
            return Err(Refusal::ComputedTraitMoved { expected: edit.expected, found: newest.number });
        }
        if !users.is_empty() && newest.definition.is_number() != edit.definition.is_number() {
            let kind = if newest.definition.is_number() { "a number" } else { "a value of a property" };
            return Err(Refusal::ComputedTraitKind(names, kind));
        }
        computed.add_version(edit.definition.clone(), author, stamp.instant, kept_max);
        let version = computed.newest().map_or(0, |version| version.number);
        let name = computed.name.clone();
        let made = Made { id, definition: edit.definition, name, version };
        for user in users {
            self.put_definition(stamp, author, user, &made, effects)?;
        }
        Ok(done(stamp))
    }

    /// Gives a segment a version of its newest rule with a computed trait made anew, where the rule names it.
    fn put_definition(
        &mut self,
        stamp: Stamp,
        author: &str,
        user: SegmentId,
        made: &Made<'_>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let Some(newest) = self.segment_mut(user)?.versions.last() else { return Ok(()) };
        let rule = with_definition(&newest.rule, made.id, made.definition);
        let what = |version| SegmentChangeKind::ComputedTraitEdited {
            version,
            computed_trait: made.name.clone(),
            computed_trait_version: made.version,
        };
        self.put_rule_made_anew(stamp, author, user, rule, what, effects)
    }

    /// Gives a segment a version of its rule in which something that it names is made anew.
    pub(super) fn put_rule_made_anew(
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

    pub(super) fn rename_computed_trait(
        &mut self,
        stamp: Stamp,
        id: ComputedTraitId,
        name: &str,
    ) -> Result<Outcome, Refusal> {
        self.check_computed_trait_name(name, Some(id))?;
        name.trim().clone_into(&mut self.computed_trait_mut(id)?.name);
        Ok(done(stamp))
    }

    pub(super) fn delete_computed_trait(
        &mut self,
        stamp: Stamp,
        id: ComputedTraitId,
    ) -> Result<Outcome, Refusal> {
        self.computed_trait_mut(id)?;
        let users: Vec<_> = self.users_of_computed_trait(id).map(|segment| segment.name.as_str()).collect();
        if !users.is_empty() {
            return Err(Refusal::ComputedTraitInUse(users.join(", ")));
        }
        self.state.computed_traits.remove(&id);
        Ok(done(stamp))
    }

    /// Segments whose rules, in any version that serves or will, name a computed trait.
    pub fn users_of_computed_trait(&self, id: ComputedTraitId) -> impl Iterator<Item = &SegmentState> {
        self.state.segments.values().filter(move |segment| {
            let pending = segment.pending.as_ref().map(|pending| pending.version);
            let used = segment.serving.into_iter().chain(pending).chain([segment.newest()]);
            used.filter_map(|number| segment.version(number))
                .any(|version| computed_trait_ids(&version.rule).contains(&id))
        })
    }

    /// Every computed trait that a rule names must be made as the rule says: another command may have edited it
    /// since the rule was read.
    pub(super) fn check_computed_traits(&self, rule: &Rule<Resolved>) -> Result<(), Refusal> {
        for named in computed_traits(rule) {
            let known = self.state.computed_traits.get(&named.id).and_then(ComputedTraitState::newest);
            let Some(known) = known else { return Err(Refusal::NoComputedTrait(named.id.to_string())) };
            if known.definition != named.definition {
                return Err(Refusal::ComputedTraitEdited(named.id));
            }
        }
        Ok(())
    }

    fn computed_trait_mut(&mut self, id: ComputedTraitId) -> Result<&mut ComputedTraitState, Refusal> {
        self.state.computed_traits.get_mut(&id).ok_or_else(|| Refusal::NoComputedTrait(id.to_string()))
    }

    fn check_computed_trait_name(&self, name: &str, renamed: Option<ComputedTraitId>) -> Result<(), Refusal> {
        check_name(name)?;
        match self.state.find_computed_trait(name.trim()) {
            Some(other) if Some(other.id) != renamed => {
                Err(Refusal::ComputedTraitNameTaken(name.to_owned(), other.id))
            }
            _ => Ok(()),
        }
    }

    fn check_sources(&self, definition: &ComputedDefinition<Resolved>) -> Result<(), Refusal> {
        let derived: Vec<_> = derived_of_computed(definition).into_iter().cloned().collect();
        self.check_derived_events(&derived)?;
        let events = definition.events();
        let mut sources = events.iter().flat_map(|event| &event.sources);
        match sources.find(|source| !self.state.sources.contains_key(source)) {
            Some(source) => Err(Refusal::NoSource(source.to_string())),
            None => Ok(()),
        }
    }
}
