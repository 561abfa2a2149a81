//! Making and changing derived events.

use segops_model::Instant;
use segops_rules::{
    DerivedDefinition, Named, Problem, Resolved, parse_derived, resolve_derived, unresolve_derived,
    with_derived,
};

use crate::command::{Change, Outcome};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::names::WorkspaceNames;
use crate::state::DerivedEventState;
use crate::view;
use crate::work::Work;

impl Engine {
    /// All of them, the oldest first.
    #[must_use]
    pub fn derived_events(&self) -> Vec<view::DerivedEvent> {
        let fold = self.core().fold.read();
        fold.state.derived_events.values().map(|made| derived_event_view(&fold, made)).collect()
    }

    /// # Errors
    /// There is no such derived event.
    pub fn derived_event(&self, name_or_id: &str) -> Result<view::DerivedEvent, EngineError> {
        let fold = self.core().fold.read();
        let found = fold.state.find_derived_event(name_or_id);
        found.map(|made| derived_event_view(&fold, made)).ok_or_else(|| no_derived_event(name_or_id))
    }

    /// Makes a derived event out of its definition's text.
    ///
    /// # Errors
    /// The definition has problems, or the name is taken.
    pub fn create_derived_event(
        &self,
        author: &str,
        name: &str,
        definition: &str,
    ) -> Result<(view::DerivedEvent, Vec<Problem>), EngineError> {
        let (definition, warnings) = self.read_derived(definition)?;
        let change = Change::CreateDerivedEvent { name: name.to_owned(), definition };
        let Outcome::DerivedEventCreated(id) = self.change(author, change)? else {
            return Err(EngineError::NotFound("the derived event".to_owned()));
        };
        Ok((self.derived_event(&id.to_string())?, warnings))
    }

    /// Makes a derived event of something else, if its newest version is still the expected one. Segments that use it
    /// get a new version, which serves once it has read history.
    ///
    /// # Errors
    /// The definition has problems, or someone else has edited the derived event.
    pub fn edit_derived_event(
        &self,
        author: &str,
        name_or_id: &str,
        expected_version: Option<u32>,
        definition: &str,
    ) -> Result<(view::DerivedEvent, Vec<Problem>), EngineError> {
        let known = self.derived_event(name_or_id)?;
        let (definition, warnings) = self.read_derived(definition)?;
        let expected_version = expected_version.unwrap_or(known.version);
        let change = Change::EditDerivedEvent { derived_event: known.id, expected_version, definition };
        self.change(author, change)?;
        Ok((self.derived_event(&known.id.to_string())?, warnings))
    }

    /// # Errors
    /// There is no such derived event, or a segment or computed trait uses it.
    pub fn delete_derived_event(&self, author: &str, name_or_id: &str) -> Result<(), EngineError> {
        let id = self.derived_event(name_or_id)?.id;
        self.change(author, Change::DeleteDerivedEvent { derived_event: id })?;
        Ok(())
    }

    /// Who would enter and who would leave each segment that uses a derived event, were it made of something else;
    /// before anything is saved.
    ///
    /// # Errors
    /// There is no such derived event, the definition has problems, history cannot be read, or the work was cancelled.
    pub fn derived_event_difference(
        &self,
        name_or_id: &str,
        definition: &str,
        at: Option<Instant>,
        sample: usize,
        work: &Work,
    ) -> Result<view::DerivedEventDifference, EngineError> {
        let (definition, warnings) = self.read_derived(definition)?;
        let (answer, users) = {
            let fold = self.core().fold.read();
            let made =
                fold.state.find_derived_event(name_or_id).ok_or_else(|| no_derived_event(name_or_id))?;
            let answer = view::DerivedEventDifference {
                definition: derived_event_view(&fold, made).definition,
                new_definition: definition_text(&fold, &definition),
                segments: Vec::new(),
                warnings,
            };
            let users = fold.users_of_derived_event(made.id).filter_map(|user| {
                let rule = with_derived(&user.shown_version()?.rule, made.id, &definition);
                Some((user.id, user.name.clone(), rule))
            });
            (answer, users.collect::<Vec<_>>())
        };
        let mut segments = Vec::new();
        for (id, name, rule) in users {
            let difference = self.difference_of(id, rule, Vec::new(), at, sample, work)?;
            segments.push(view::SegmentDifference { segment: view::SegmentName { id, name }, difference });
        }
        Ok(view::DerivedEventDifference { segments, ..answer })
    }

    fn read_derived(&self, text: &str) -> Result<(DerivedDefinition<Resolved>, Vec<Problem>), EngineError> {
        let definition = parse_derived(text, &self.core().limits).map_err(EngineError::Rule)?;
        let fold = self.core().fold.read();
        resolve_derived(&definition, &WorkspaceNames::new(&fold.state)).map_err(EngineError::Rule)
    }
}

fn definition_text(fold: &Fold, definition: &DerivedDefinition<Resolved>) -> String {
    let named: DerivedDefinition<Named> = unresolve_derived(definition, &WorkspaceNames::new(&fold.state));
    named.to_string()
}

fn derived_event_view(fold: &Fold, made: &DerivedEventState) -> view::DerivedEvent {
    let newest = made.newest();
    let users = fold.users_of_derived_event(made.id);
    let fields = newest.map(|version| version.definition.fields()).unwrap_or_default();
    view::DerivedEvent {
        id: made.id,
        name: made.name.clone(),
        definition: newest.map(|version| definition_text(fold, &version.definition)).unwrap_or_default(),
        properties: fields.iter().map(|field| (*field).to_owned()).collect(),
        version: newest.map(|version| version.number).unwrap_or_default(),
        owner: made.owner.clone(),
        created_at: made.created_at,
        used_by: users.map(|user| view::SegmentName { id: user.id, name: user.name.clone() }).collect(),
        versions: made
            .versions
            .iter()
            .map(|version| view::DerivedEventVersion {
                version: version.number,
                definition: definition_text(fold, &version.definition),
                author: version.author.clone(),
                at: version.at,
            })
            .collect(),
    }
}

fn no_derived_event(name_or_id: &str) -> EngineError {
    EngineError::NotFound(format!(
        "there is no derived event `{name_or_id}`; list them to see which there are"
    ))
}
