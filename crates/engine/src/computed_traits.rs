//! Making, changing and showing computed traits.

use std::collections::BTreeMap;
use std::sync::Arc;

use segops_model::{Event, Instant, Position, ProfileId, Value};
use segops_rules::{
    ChosenValue, ComputedDefinition, Condition, Named, Problem, Resolved, Rule, parse_definition,
    resolve_definition, unresolve_definition, with_definition,
};
use segops_segment::{Calendar, ChosenAt, ComputedValue, ConditionExplanation, Entry, Observed};
use segops_store::JournalReader;

use crate::command::{Change, Outcome};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::{Fold, LiveProfile};
use crate::journal_item::{Input, decode};
use crate::names::WorkspaceNames;
use crate::state::ComputedTraitState;
use crate::view;
use crate::work::Work;

/// A computed trait as one profile has it: its name, what it is made of, what it comes to.
pub(crate) type FoundComputed = (String, ComputedDefinition<Resolved>, ComputedValue);

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

    /// The computed traits of a profile as they are now: those that a live segment uses, whose events are
    /// therefore at hand.
    pub(crate) fn found_computed(
        &self,
        fold: &Fold,
        calendar: &Calendar,
        profile: ProfileId,
    ) -> Vec<FoundComputed> {
        let at = self.now().max(fold.state.instant);
        let view = LiveProfile::of(fold, profile);
        let found = fold.state.computed_traits.values().filter_map(|computed| {
            let definition = &computed.newest()?.definition;
            let value = fold.computed_value(definition, calendar, &view, at)?;
            Some((computed.name.clone(), definition.clone(), value))
        });
        found.collect()
    }

    /// What was found, with the values that events have.
    pub(crate) fn computed_values(
        &self,
        found: Vec<FoundComputed>,
        calendar: &Calendar,
    ) -> BTreeMap<String, view::ComputedTraitValue> {
        let of = |(name, definition, found): FoundComputed| {
            let value = match (found, &definition) {
                (ComputedValue::Number(number), _) => {
                    view::ComputedTraitValue { value: number.map(Value::Number), seen_at: None, count: None }
                }
                (ComputedValue::Value(Some(at)), ComputedDefinition::Value(chosen)) => {
                    view::ComputedTraitValue {
                        value: self.chosen_value(chosen, at, calendar),
                        seen_at: Some(at.entry.ts),
                        count: at.count,
                    }
                }
                (ComputedValue::Value(_), _) => {
                    view::ComputedTraitValue { value: None, seen_at: None, count: None }
                }
            };
            (name, value)
        };
        found.into_iter().map(of).collect()
    }

    /// Fills in the values that computed traits of a rule have chosen.
    pub(crate) fn tell_chosen(
        &self,
        rule: &Rule<Resolved>,
        explanation: &mut ConditionExplanation,
        calendar: &Calendar,
    ) {
        self.tell_chosen_in(&rule.when, explanation, calendar);
    }

    fn tell_chosen_in(
        &self,
        condition: &Condition<Resolved>,
        found: &mut ConditionExplanation,
        calendar: &Calendar,
    ) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) | Condition::None(parts) => {
                for (part, found) in parts.iter().zip(&mut found.conditions) {
                    self.tell_chosen_in(part, found, calendar);
                }
            }
            Condition::Not(part) => {
                if let Some(found) = found.conditions.first_mut() {
                    self.tell_chosen_in(part, found, calendar);
                }
            }
            Condition::Computed(leaf) => {
                if let ComputedDefinition::Value(chosen) = &leaf.computed.definition
                    && let Some(Observed::Chosen { value, event: Some(entry), line, count }) =
                        &mut found.observed
                {
                    let at = ChosenAt { entry: *entry, line: *line, count: *count };
                    *value = self.chosen_value(chosen, at, calendar);
                }
            }
            _ => {}
        }
    }

    /// The value itself, read off the event that has it; none where that can be read no more.
    fn chosen_value(
        &self,
        chosen: &ChosenValue<Resolved>,
        at: ChosenAt,
        calendar: &Calendar,
    ) -> Option<Value> {
        let Entry { position, .. } = at.entry;
        let event = self.event_at(position)?;
        let joined = {
            let fold = self.core().fold.read();
            fold.state.products.joined(&event, self.now().max(fold.state.instant))
        };
        at.value_of(chosen, joined.as_ref().unwrap_or(&event), calendar)
    }

    fn event_at(&self, position: Position) -> Option<Event> {
        let core = self.core();
        let disk = Arc::clone(&core.disk);
        let mut reader = JournalReader::new(disk, &core.data, position, position.next()).ok()?;
        match decode(&reader.next_frame().ok()??).ok()? {
            Input::Event { event, .. } => Some(event),
            _ => None,
        }
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
