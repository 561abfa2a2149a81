//! Segments as other products define them, read as rules. What differs is said; what a rule cannot say is not
//! guessed at.

mod klaviyo;
mod segment_query;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_rules::{Base, Condition, Named, RULE_FORMAT, Rule, check, format, to_json};

/// Whose definitions they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dialect {
    /// Klaviyo's segment definitions, as its API has them.
    Klaviyo,
    /// Segment's query language for audiences.
    Segment,
}

/// What the definitions' ids and names are called here.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Dictionary {
    /// Names of metrics, lists and segments by their ids.
    pub(crate) names: BTreeMap<String, String>,
    /// Events of ours by the names that they have there: `Placed Order` is `Order Completed`.
    pub(crate) events: BTreeMap<String, String>,
    /// The property that holds what an event was worth; `total` unless told.
    pub(crate) value_property: Option<String>,
}

/// A definition, read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReadDefinition {
    pub(crate) name: String,
    /// The rule as text; none where something in it cannot be said.
    pub(crate) rule_text: Option<String>,
    /// The same rule as JSON.
    #[schema(value_type = Option<Object>)]
    pub(crate) rule: Option<serde_json::Value>,
    /// What differs, and what cannot be said.
    pub(crate) notes: Vec<Note>,
}

/// One thing about a definition that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Note {
    pub(crate) kind: NoteKind,
    /// Where in the definition.
    pub(crate) place: String,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoteKind {
    /// A rule has no word for it: there is no rule.
    CannotBeSaid,
    /// The rule says nearly the same.
    Differs,
    /// How something was understood.
    Assumed,
}

/// Reads all definitions of a text.
///
/// # Errors
/// The text is none of the dialect's forms; why.
pub(crate) fn read_definitions(
    dialect: Dialect,
    text: &str,
    dictionary: &Dictionary,
) -> Result<Vec<ReadDefinition>, String> {
    match dialect {
        Dialect::Klaviyo => klaviyo::read(text, dictionary),
        Dialect::Segment => segment_query::read(text, dictionary),
    }
}

/// Collects notes while a definition is read.
#[derive(Debug, Default)]
struct Notes(Vec<Note>);

impl Notes {
    /// Notes what a rule cannot say, and gives nothing.
    fn cannot<T>(&mut self, place: &str, message: impl Into<String>) -> Option<T> {
        self.add(NoteKind::CannotBeSaid, place, message);
        None
    }

    fn differs(&mut self, place: &str, message: impl Into<String>) {
        self.add(NoteKind::Differs, place, message);
    }

    fn assumed(&mut self, place: &str, message: impl Into<String>) {
        self.add(NoteKind::Assumed, place, message);
    }

    /// The same thing is said once.
    fn add(&mut self, kind: NoteKind, place: &str, message: impl Into<String>) {
        let message = message.into();
        if !self.0.iter().any(|held| held.kind == kind && held.message == message) {
            self.0.push(Note { kind, place: place.to_owned(), message });
        }
    }

    fn finish(mut self, name: String, when: Option<Condition<Named>>) -> ReadDefinition {
        let rule = when.map(|when| Rule { version: RULE_FORMAT, base: Base::Everyone, when });
        let rule = rule.and_then(|rule| {
            let problems = check(&rule, &segops_model::Limits::default());
            let Some(problem) = problems.first() else { return Some(rule) };
            self.cannot("", problem.to_string())
        });
        self.0.sort_by_key(|note| note.kind);
        ReadDefinition {
            name,
            rule_text: rule.as_ref().map(format),
            rule: rule.as_ref().map(to_json),
            notes: self.0,
        }
    }
}

/// Parts that all hold; one alone is itself.
fn all_of(mut parts: Vec<Condition<Named>>) -> Condition<Named> {
    if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) }
}

/// Parts of which one holds; one alone is itself.
fn any_of(mut parts: Vec<Condition<Named>>) -> Condition<Named> {
    if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) }
}

impl Dictionary {
    fn event(&self, name: &str) -> String {
        self.events.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn value_property(&self) -> &str {
        self.value_property.as_deref().unwrap_or("total")
    }
}
