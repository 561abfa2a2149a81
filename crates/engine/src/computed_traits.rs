//! Making and changing computed traits.

use segops_model::Instant;
use segops_rules::{
    ComputedDefinition, Named, Problem, Resolved, parse_definition, resolve_definition, unresolve_definition,
    with_definition,
};

use crate::command::{Change, Outcome};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::names::WorkspaceNames;
use crate::state::ComputedTraitState;
use crate::view;
use crate::work::Work;

impl Engine {
    /// All of them, the oldest first.
    #[must_use]
    pub fn computed_traits(&self) -> Vec<view::ComputedTrait> {
        let fold = self.core().fold.read();
        fold.state.computed_traits.values().map(|computed| computed_trait_view(&fold, computed)).collect()
    }

    /// # Errors
    /// There is no such computed trait.
    pub fn computed_trait(&self, name_or_id: &str) -> Result<view::ComputedTrait, EngineError> {
        let fold = self.core().fold.read();
        let found = fold.state.find_computed_trait(name_or_id);
        found
            .map(|computed| computed_trait_view(&fold, computed))
            .ok_or_else(|| no_computed_trait(name_or_id))
    }

    /// Makes a computed trait out of its definition's text.
    ///
    /// # Errors
    /// The definition has problems, or the name is taken.
    pub fn create_computed_trait(
        &self,
        author: &str,
        name: &str,
        definition: &str,
    ) -> Result<(view::ComputedTrait, Vec<Problem>), EngineError> {
        let (definition, warnings) = self.read_definition(definition)?;
        let change = Change::CreateComputedTrait { name: name.to_owned(), definition };
        let Outcome::ComputedTraitCreated(id) = self.change(author, change)? else {
            return Err(EngineError::NotFound("the computed trait".to_owned()));
        };
        Ok((self.computed_trait(&id.to_string())?, warnings))
    }

    /// Makes a computed trait of something else, if its newest version is still the expected one. Segments that
    /// use it get a new version, which serves once it has read history.
    ///
    /// # Errors
    /// The definition has problems, or someone else has edited the computed trait.
    pub fn edit_computed_trait(
        &self,
        author: &str,
        name_or_id: &str,
        expected_version: Option<u32>,
        definition: &str,
    ) -> Result<(view::ComputedTrait, Vec<Problem>), EngineError> {
        let known = self.computed_trait(name_or_id)?;
        let (definition, warnings) = self.read_definition(definition)?;
        let expected_version = expected_version.unwrap_or(known.version);
        let change = Change::EditComputedTrait { computed_trait: known.id, expected_version, definition };
        self.change(author, change)?;
        Ok((self.computed_trait(&known.id.to_string())?, warnings))
    }

    /// # Errors
    /// There is no such computed trait, or the name is taken.
    pub fn rename_computed_trait(
        &self,
        author: &str,
        name_or_id: &str,
        name: &str,
    ) -> Result<view::ComputedTrait, EngineError> {
        let id = self.computed_trait(name_or_id)?.id;
        self.change(author, Change::RenameComputedTrait { computed_trait: id, name: name.to_owned() })?;
        self.computed_trait(&id.to_string())
    }

    /// # Errors
    /// There is no such computed trait, or a segment uses it.
    pub fn delete_computed_trait(&self, author: &str, name_or_id: &str) -> Result<(), EngineError> {
        let id = self.computed_trait(name_or_id)?.id;
        self.change(author, Change::DeleteComputedTrait { computed_trait: id })?;
        Ok(())
    }

    /// Who would enter and who would leave each segment that uses a computed trait, were it made of something
    /// else; before anything is saved.
    ///
    /// # Errors
    /// There is no such computed trait, the definition has problems, history cannot be read, or the work was
    /// cancelled.
    pub fn computed_trait_difference(
        &self,
        name_or_id: &str,
        definition: &str,
        at: Option<Instant>,
        sample: usize,
        work: &Work,
    ) -> Result<view::ComputedTraitDifference, EngineError> {
        let (definition, warnings) = self.read_definition(definition)?;
        let (answer, users) = {
            let fold = self.core().fold.read();
            let computed =
                fold.state.find_computed_trait(name_or_id).ok_or_else(|| no_computed_trait(name_or_id))?;
            let answer = view::ComputedTraitDifference {
                definition: computed_trait_view(&fold, computed).definition,
                new_definition: definition_text(&fold, &definition),
                segments: Vec::new(),
                warnings,
            };
            let mut users = Vec::new();
            for user in fold.users_of_computed_trait(computed.id) {
                let rule = user
                    .shown_version()
                    .map(|version| with_definition(&version.rule, computed.id, &definition));
                users.extend(rule.map(|rule| (user.id, user.name.clone(), rule)));
            }
            (answer, users)
        };
        let mut segments = Vec::new();
        for (id, name, rule) in users {
            let difference = self.difference_of(id, rule, Vec::new(), at, sample, work)?;
            segments.push(view::SegmentDifference { segment: view::SegmentName { id, name }, difference });
        }
        Ok(view::ComputedTraitDifference { segments, ..answer })
    }

    fn read_definition(
        &self,
        text: &str,
    ) -> Result<(ComputedDefinition<Resolved>, Vec<Problem>), EngineError> {
        let definition = parse_definition(text, &self.core().limits).map_err(EngineError::Rule)?;
        let fold = self.core().fold.read();
        resolve_definition(&definition, &WorkspaceNames::new(&fold.state)).map_err(EngineError::Rule)
    }
}

fn definition_text(fold: &Fold, definition: &ComputedDefinition<Resolved>) -> String {
    let named: ComputedDefinition<Named> =
        unresolve_definition(definition, &WorkspaceNames::new(&fold.state));
    named.to_string()
}

fn computed_trait_view(fold: &Fold, computed: &ComputedTraitState) -> view::ComputedTrait {
    let newest = computed.newest();
    let users = fold.users_of_computed_trait(computed.id);
    view::ComputedTrait {
        id: computed.id,
        name: computed.name.clone(),
        definition: newest.map(|version| definition_text(fold, &version.definition)).unwrap_or_default(),
        is_number: newest.is_some_and(|version| version.definition.is_number()),
        version: newest.map(|version| version.number).unwrap_or_default(),
        owner: computed.owner.clone(),
        created_at: computed.created_at,
        used_by: users.map(|user| view::SegmentName { id: user.id, name: user.name.clone() }).collect(),
        versions: computed
            .versions
            .iter()
            .map(|version| view::ComputedTraitVersion {
                version: version.number,
                definition: definition_text(fold, &version.definition),
                author: version.author.clone(),
                at: version.at,
            })
            .collect(),
    }
}

fn no_computed_trait(name_or_id: &str) -> EngineError {
    EngineError::NotFound(format!(
        "there is no computed trait `{name_or_id}`; list them to see which there are"
    ))
}
