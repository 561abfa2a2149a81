use std::collections::BTreeMap;

use segops_model::{ComputedTraitId, Limits, Position, SegmentVersion, same_text};
use segops_rules::{
    ComputedDefinition, Labels, Named, Names, Problem, Resolved, Rule, computed_trait_ids,
    derived_of_computed, parse_definition, resolve_definition, unresolve_definition, with_definition,
};

use super::{
    DefinitionChange, DefinitionKind, DefinitionLimits, DefinitionOf, DerivedEvents, Difference, Refused,
    Shown,
};
use crate::command::{Change, Outcome, Refusal};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::state::{SegmentChangeKind, State};
use crate::view;

/// Numbers and values that the workspace makes of every profile's events.
#[derive(Debug)]
pub struct ComputedTraits;

impl DefinitionKind for ComputedTraits {
    type Id = ComputedTraitId;
    type Named = ComputedDefinition<Named>;
    type Resolved = ComputedDefinition<Resolved>;
    type View = view::ComputedTrait;
    type Difference = view::ComputedTraitDifference;
    const WHAT: &'static str = "computed trait";

    fn parse(text: &str, limits: &Limits) -> Result<Self::Named, Vec<Problem>> {
        parse_definition(text, limits)
    }

    fn resolve(
        named: &Self::Named,
        names: &dyn Names,
    ) -> Result<(Self::Resolved, Vec<Problem>), Vec<Problem>> {
        resolve_definition(named, names)
    }

    fn unresolve(resolved: &Self::Resolved, labels: &dyn Labels) -> Self::Named {
        unresolve_definition(resolved, labels)
    }

    fn all(state: &State) -> &BTreeMap<Self::Id, DefinitionOf<Self>> {
        &state.computed_traits
    }

    fn all_mut(state: &mut State) -> &mut BTreeMap<Self::Id, DefinitionOf<Self>> {
        &mut state.computed_traits
    }

    fn is_same_name(one: &str, other: &str) -> bool {
        same_text(one, other)
    }

    fn is_in(rule: &Rule<Resolved>, id: Self::Id) -> bool {
        computed_trait_ids(rule).contains(&id)
    }

    fn made_anew(rule: &Rule<Resolved>, id: Self::Id, definition: &Self::Resolved) -> Rule<Resolved> {
        with_definition(rule, id, definition)
    }

    fn change(change: DefinitionChange<Self>) -> Change {
        match change {
            DefinitionChange::Create { name, definition } => Change::CreateComputedTrait { name, definition },
            DefinitionChange::Edit { id, expected_version, definition } => {
                Change::EditComputedTrait { computed_trait: id, expected_version, definition }
            }
            DefinitionChange::Delete { id } => Change::DeleteComputedTrait { computed_trait: id },
        }
    }

    fn id(position: Position) -> Self::Id {
        ComputedTraitId(position.0)
    }

    fn created(id: Self::Id) -> Outcome {
        Outcome::ComputedTraitCreated(id)
    }

    fn id_created(outcome: &Outcome) -> Option<Self::Id> {
        match outcome {
            Outcome::ComputedTraitCreated(id) => Some(*id),
            _ => None,
        }
    }

    fn refusal(refused: Refused<Self>) -> Refusal {
        match refused {
            Refused::NotThere(id) => Refusal::NoComputedTrait(id),
            Refused::NameTaken(name, id) => Refusal::ComputedTraitNameTaken(name, id),
            Refused::Moved { expected, found } => Refusal::ComputedTraitMoved { expected, found },
            Refused::Edited(id) => Refusal::ComputedTraitEdited(id),
            Refused::InUse(users) => Refusal::ComputedTraitInUse(users),
            Refused::TooMany(max) => Refusal::TooManyComputedTraits(max),
        }
    }

    fn edited(version: SegmentVersion, name: &str, number: u32) -> SegmentChangeKind {
        let (computed_trait, computed_trait_version) = (name.to_owned(), number);
        SegmentChangeKind::ComputedTraitEdited { version, computed_trait, computed_trait_version }
    }

    fn limits(limits: &Limits) -> DefinitionLimits {
        DefinitionLimits {
            count_max: limits.computed_traits_max,
            versions_kept_max: limits.computed_trait_versions_kept_max,
        }
    }

    fn check(fold: &Fold, definition: &Self::Resolved) -> Result<(), Refusal> {
        let derived = derived_of_computed(definition).into_iter();
        fold.check_defined::<DerivedEvents>(derived.map(|made| (made.id, &made.definition)))?;
        fold.check_sources(&definition.events())
    }

    /// A rule that compares with a number has no use for a text.
    fn check_edit(fold: &Fold, old: &DefinitionOf<Self>, new: &Self::Resolved) -> Result<(), Refusal> {
        let users: Vec<&str> =
            fold.users_of_definition::<Self>(old.id).map(|segment| segment.name.as_str()).collect();
        let was_number = old.newest().is_some_and(|newest| newest.definition.is_number());
        if users.is_empty() || was_number == new.is_number() {
            return Ok(());
        }
        let kind = if was_number { "a number" } else { "a value of a property" };
        Err(Refusal::ComputedTraitKind(users.join(", "), kind))
    }

    fn view(shown: Shown<'_, Self>) -> Self::View {
        let versions = shown.versions.into_iter().map(|version| view::ComputedTraitVersion {
            version: version.version,
            definition: version.definition,
            author: version.author,
            at: version.at,
        });
        view::ComputedTrait {
            id: shown.state.id,
            name: shown.state.name.clone(),
            definition: shown.definition,
            is_number: shown.newest.is_some_and(ComputedDefinition::is_number),
            version: shown.version,
            owner: shown.state.owner.clone(),
            created_at: shown.state.created_at,
            used_by: shown.used_by,
            versions: versions.collect(),
        }
    }

    fn difference(difference: Difference) -> Self::Difference {
        let Difference { definition, new_definition, segments, warnings } = difference;
        view::ComputedTraitDifference { definition, new_definition, segments, warnings }
    }
}

impl Engine {
    /// Gives a computed trait another name; rules that refer to it follow.
    ///
    /// # Errors
    /// There is no such computed trait, or the name is taken.
    pub fn rename_computed_trait(
        &self,
        author: &str,
        name_or_id: &str,
        name: &str,
    ) -> Result<view::ComputedTrait, EngineError> {
        let id = self.definition::<ComputedTraits>(name_or_id)?.id;
        self.change(author, Change::RenameComputedTrait { computed_trait: id, name: name.to_owned() })?;
        self.definition::<ComputedTraits>(&id.to_string())
    }
}
