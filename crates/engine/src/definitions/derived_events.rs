use std::collections::BTreeMap;

use segops_model::{DerivedEventId, Limits, Position, SegmentVersion};
use segops_rules::{
    DerivedDefinition, Labels, Named, Names, Problem, Resolved, Rule, computed_with_derived, derived_events,
    derived_of_computed, parse_derived, resolve_derived, unresolve_derived, with_derived,
};
use segops_store::Keyspace;

use super::{
    Author, DefinitionChange, DefinitionKind, DefinitionLimits, DefinitionOf, Difference, Refused, Shown,
};
use crate::command::{Change, Outcome, Refusal};
use crate::fold::Fold;
use crate::state::{ComputedTraitState, SegmentChangeKind, State};
use crate::view;

/// Names that the engine's own events have.
const OWN_EVENTS: [&str; 2] = ["Segment Entered", "Segment Exited"];

/// Events that the workspace makes of every profile's own. They are known by their names, as events are.
#[derive(Debug)]
pub struct DerivedEvents;

impl DefinitionKind for DerivedEvents {
    type Id = DerivedEventId;
    type Named = DerivedDefinition<Named>;
    type Resolved = DerivedDefinition<Resolved>;
    type View = view::DerivedEvent;
    type Difference = view::DerivedEventDifference;
    const WHAT: &'static str = "derived event";

    fn parse(text: &str, limits: &Limits) -> Result<Self::Named, Vec<Problem>> {
        parse_derived(text, limits)
    }

    fn resolve(
        named: &Self::Named,
        names: &dyn Names,
    ) -> Result<(Self::Resolved, Vec<Problem>), Vec<Problem>> {
        resolve_derived(named, names)
    }

    fn unresolve(resolved: &Self::Resolved, labels: &dyn Labels) -> Self::Named {
        unresolve_derived(resolved, labels)
    }

    fn all(state: &State) -> &BTreeMap<Self::Id, DefinitionOf<Self>> {
        &state.derived_events
    }

    fn all_mut(state: &mut State) -> &mut BTreeMap<Self::Id, DefinitionOf<Self>> {
        &mut state.derived_events
    }

    fn is_same_name(one: &str, other: &str) -> bool {
        one == other
    }

    fn is_in(rule: &Rule<Resolved>, id: Self::Id) -> bool {
        derived_events(rule).iter().any(|made| made.id == id)
    }

    fn made_anew(rule: &Rule<Resolved>, id: Self::Id, definition: &Self::Resolved) -> Rule<Resolved> {
        with_derived(rule, id, definition)
    }

    fn other_users(state: &State, id: Self::Id) -> Vec<&str> {
        computed_of(state, id).map(|computed| computed.name.as_str()).collect()
    }

    fn change(change: DefinitionChange<Self>) -> Change {
        match change {
            DefinitionChange::Create { name, definition } => Change::CreateDerivedEvent { name, definition },
            DefinitionChange::Edit { id, expected_version, definition } => {
                Change::EditDerivedEvent { derived_event: id, expected_version, definition }
            }
            DefinitionChange::Delete { id } => Change::DeleteDerivedEvent { derived_event: id },
        }
    }

    fn id(position: Position) -> Self::Id {
        DerivedEventId(position.0)
    }

    fn created(id: Self::Id) -> Outcome {
        Outcome::DerivedEventCreated(id)
    }

    fn id_created(outcome: &Outcome) -> Option<Self::Id> {
        match outcome {
            Outcome::DerivedEventCreated(id) => Some(*id),
            _ => None,
        }
    }

    fn refusal(refused: Refused<Self>) -> Refusal {
        match refused {
            Refused::NotThere(id) => Refusal::NoDerivedEvent(id),
            Refused::NameTaken(name, id) => Refusal::DerivedEventNameTaken(name, id),
            Refused::Moved { expected, found } => Refusal::DerivedEventMoved { expected, found },
            Refused::Edited(id) => Refusal::DerivedEventEdited(id),
            Refused::InUse(users) => Refusal::DerivedEventInUse(users),
            Refused::TooMany(max) => Refusal::TooManyDerivedEvents(max),
        }
    }

    fn edited(version: SegmentVersion, name: &str, number: u32) -> SegmentChangeKind {
        let (derived_event, derived_event_version) = (name.to_owned(), number);
        SegmentChangeKind::DerivedEventEdited { version, derived_event, derived_event_version }
    }

    fn limits(limits: &Limits) -> DefinitionLimits {
        DefinitionLimits {
            count_max: limits.derived_events_max,
            versions_kept_max: limits.derived_event_versions_kept_max,
        }
    }

    /// Rules that count received events of this name would come to mean others.
    fn check_name(fold: &Fold, name: &str) -> Result<(), Refusal> {
        let comes_in = Keyspace::get(&fold.state.catalogue.events, &name.into()).is_some();
        if comes_in || OWN_EVENTS.contains(&name) {
            return Err(Refusal::EventNameTaken(name.to_owned()));
        }
        Ok(())
    }

    fn check(fold: &Fold, definition: &Self::Resolved) -> Result<(), Refusal> {
        fold.check_sources(&definition.events())
    }

    /// A computed trait chooses a value of events that are received, whatever they are called.
    fn check_edit(fold: &Fold, old: &DefinitionOf<Self>, new: &Self::Resolved) -> Result<(), Refusal> {
        let chooses = |computed: &&ComputedTraitState| {
            computed.newest().is_some_and(|newest| !newest.definition.is_number())
        };
        let choosing = computed_of(&fold.state, old.id).filter(chooses);
        let choosing: Vec<&str> = choosing.map(|computed| computed.name.as_str()).collect();
        if matches!(new, DerivedDefinition::Renamed(_)) || choosing.is_empty() {
            return Ok(());
        }
        Err(Refusal::DerivedEventChosenFrom(choosing.join(", ")))
    }

    fn edit_others(
        state: &mut State,
        limits: &Limits,
        author: &Author<'_>,
        id: Self::Id,
        definition: &Self::Resolved,
    ) {
        let kept_max = limits.computed_trait_versions_kept_max;
        for computed in state.computed_traits.values_mut() {
            let Some(newest) = computed.newest() else { continue };
            let anew = computed_with_derived(&newest.definition, id, definition);
            if anew != newest.definition {
                computed.add_version(anew, author.name, author.at, kept_max);
            }
        }
    }

    fn view(shown: Shown<'_, Self>) -> Self::View {
        let versions = shown.versions.into_iter().map(|version| view::DerivedEventVersion {
            version: version.version,
            definition: version.definition,
            author: version.author,
            at: version.at,
        });
        let fields = shown.newest.map(DerivedDefinition::fields).unwrap_or_default();
        view::DerivedEvent {
            id: shown.state.id,
            name: shown.state.name.clone(),
            definition: shown.definition,
            properties: fields.into_iter().map(str::to_owned).collect(),
            version: shown.version,
            owner: shown.state.owner.clone(),
            created_at: shown.state.created_at,
            used_by: shown.used_by,
            versions: versions.collect(),
        }
    }

    fn difference(difference: Difference) -> Self::Difference {
        let Difference { definition, new_definition, segments, warnings } = difference;
        view::DerivedEventDifference { definition, new_definition, segments, warnings }
    }
}

/// The computed traits that are made of a derived event.
fn computed_of(state: &State, id: DerivedEventId) -> impl Iterator<Item = &ComputedTraitState> {
    state.computed_traits.values().filter(move |computed| {
        let newest = computed.newest().map(|version| derived_of_computed(&version.definition));
        newest.into_iter().flatten().any(|made| made.id == id)
    })
}
