//! Commands on derived events. A rule holds what each that it names is made of, so that an edit is an edit of every
//! segment, and of every computed trait, that uses one: the old version serves until the new one is primed.

use segops_model::{DerivedEventId, SegmentId};
use segops_rules::{
    DerivedDefinition, DerivedReference, Resolved, computed_with_derived, derived_events,
    derived_of_computed, with_derived,
};

use super::command::{check_name, done};
use super::{Effects, Fold, Stamp};
use crate::command::{Outcome, Refusal};
use crate::state::{ComputedTraitState, DerivedEventState, SegmentChangeKind, SegmentState};

/// Names that the engine's own events have.
const OWN_EVENTS: [&str; 2] = ["Segment Entered", "Segment Exited"];

/// A definition to become a derived event's newest version, as its command has it.
#[derive(Debug)]
pub(super) struct DerivedEventEdit<'a> {
    pub expected: u32,
    pub definition: &'a DerivedDefinition<Resolved>,
}

impl Fold {
    pub(super) fn create_derived_event(
        &mut self,
        stamp: Stamp,
        author: &str,
        name: &str,
        definition: &DerivedDefinition<Resolved>,
    ) -> Result<Outcome, Refusal> {
        let name = name.trim();
        check_name(name)?;
        if let Some(other) = self.state.find_derived_event_named(name) {
            return Err(Refusal::DerivedEventNameTaken(name.to_owned(), other.id));
        }
        // Rules that count received events of this name would come to mean others.
        let comes_in = segops_store::Keyspace::get(&self.state.catalogue.events, &name.into()).is_some();
        if comes_in || OWN_EVENTS.contains(&name) {
            return Err(Refusal::EventNameTaken(name.to_owned()));
        }
        self.check_derived_sources(definition)?;
        if self.state.derived_events.len() >= self.limits.derived_events_max {
            return Err(Refusal::TooManyDerivedEvents(self.limits.derived_events_max));
        }
        let id = DerivedEventId(stamp.position.0);
        let mut made = DerivedEventState {
            id,
            name: name.to_owned(),
            owner: author.to_owned(),
            created_at: stamp.instant,
            versions: Vec::new(),
        };
        let kept_max = self.limits.derived_event_versions_kept_max;
        made.add_version(definition.clone(), author, stamp.instant, kept_max);
        self.state.derived_events.insert(id, made);
        Ok(Outcome::DerivedEventCreated(id))
    }

    pub(super) fn edit_derived_event(
        &mut self,
        stamp: Stamp,
        author: &str,
        id: DerivedEventId,
        edit: &DerivedEventEdit<'_>,
        effects: &mut Effects,
    ) -> Result<Outcome, Refusal> {
        self.check_derived_sources(edit.definition)?;
        self.check_chosen_from(id, edit.definition)?;
        let users: Vec<SegmentId> = self.users_of_derived_event(id).map(|segment| segment.id).collect();
        let limits = self.limits;
        let made =
            self.state.derived_events.get_mut(&id).ok_or_else(|| Refusal::NoDerivedEvent(id.to_string()))?;
        let newest = made.newest().ok_or_else(|| Refusal::NoDerivedEvent(id.to_string()))?;
        if newest.number != edit.expected {
            return Err(Refusal::DerivedEventMoved { expected: edit.expected, found: newest.number });
        }
        let kept_max = limits.derived_event_versions_kept_max;
        made.add_version(edit.definition.clone(), author, stamp.instant, kept_max);
        let name = made.name.clone();
        let number = made.newest().map_or(0, |version| version.number);
        for computed in self.state.computed_traits.values_mut() {
            let Some(newest) = computed.newest() else { continue };
            let anew = computed_with_derived(&newest.definition, id, edit.definition);
            if anew != newest.definition {
                let kept_max = limits.computed_trait_versions_kept_max;
                computed.add_version(anew, author, stamp.instant, kept_max);
            }
        }
        for user in users {
            let Some(newest) = self.state.segments.get(&user).and_then(|segment| segment.versions.last())
            else {
                continue;
            };
            let rule = with_derived(&newest.rule, id, edit.definition);
            let what = |version| SegmentChangeKind::DerivedEventEdited {
                version,
                derived_event: name.clone(),
                derived_event_version: number,
            };
            self.put_rule_made_anew(stamp, author, user, rule, what, effects)?;
        }
        Ok(done(stamp))
    }

    pub(super) fn delete_derived_event(
        &mut self,
        stamp: Stamp,
        id: DerivedEventId,
    ) -> Result<Outcome, Refusal> {
        if !self.state.derived_events.contains_key(&id) {
            return Err(Refusal::NoDerivedEvent(id.to_string()));
        }
        let segments = self.users_of_derived_event(id).map(|segment| segment.name.as_str());
        let computed = self.state.computed_traits.values().filter(|computed| {
            let newest = computed.newest().map(|version| derived_of_computed(&version.definition));
            newest.into_iter().flatten().any(|made| made.id == id)
        });
        let users: Vec<_> = segments.chain(computed.map(|computed| computed.name.as_str())).collect();
        if !users.is_empty() {
            return Err(Refusal::DerivedEventInUse(users.join(", ")));
        }
        self.state.derived_events.remove(&id);
        Ok(done(stamp))
    }

    /// Segments whose rules, in any version that serves or will, name a derived event.
    pub fn users_of_derived_event(&self, id: DerivedEventId) -> impl Iterator<Item = &SegmentState> {
        self.state.segments.values().filter(move |segment| {
            let pending = segment.pending.as_ref().map(|pending| pending.version);
            let used = segment.serving.into_iter().chain(pending).chain([segment.newest()]);
            used.filter_map(|number| segment.version(number))
                .any(|version| derived_events(&version.rule).iter().any(|made| made.id == id))
        })
    }

    /// Every derived event that is named must be made as whoever names it says: another command may have edited it
    /// since it was read.
    pub(super) fn check_derived_events(&self, named: &[DerivedReference]) -> Result<(), Refusal> {
        for named in named {
            let known = self.state.derived_events.get(&named.id).and_then(DerivedEventState::newest);
            let Some(known) = known else { return Err(Refusal::NoDerivedEvent(named.id.to_string())) };
            if known.definition != named.definition {
                return Err(Refusal::DerivedEventEdited(named.id));
            }
        }
        Ok(())
    }

    /// A computed trait chooses a value of events that are received, whatever they are called.
    fn check_chosen_from(
        &self,
        id: DerivedEventId,
        definition: &DerivedDefinition<Resolved>,
    ) -> Result<(), Refusal> {
        if matches!(definition, DerivedDefinition::Renamed(_)) {
            return Ok(());
        }
        let chooses = |computed: &&ComputedTraitState| {
            let newest = computed.newest().map(|version| &version.definition);
            newest.is_some_and(|definition| {
                !definition.is_number() && derived_of_computed(definition).iter().any(|made| made.id == id)
            })
        };
        let choosing: Vec<&str> = self
            .state
            .computed_traits
            .values()
            .filter(chooses)
            .map(|computed| computed.name.as_str())
            .collect();
        if choosing.is_empty() { Ok(()) } else { Err(Refusal::DerivedEventChosenFrom(choosing.join(", "))) }
    }

    fn check_derived_sources(&self, definition: &DerivedDefinition<Resolved>) -> Result<(), Refusal> {
        let events = definition.events();
        let mut sources = events.iter().flat_map(|event| &event.sources);
        match sources.find(|source| !self.state.sources.contains_key(source)) {
            Some(source) => Err(Refusal::NoSource(source.to_string())),
            None => Ok(()),
        }
    }
}
