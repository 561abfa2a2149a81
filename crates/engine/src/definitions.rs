//! Named, versioned definitions, which rules refer to: computed traits and derived events. How they are made, shown,
//! edited and deleted is the same for every kind, here and in the fold; a kind says what differs.

mod computed_traits;
mod derived_events;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use segops_model::{Instant, Limits, Position, SegmentVersion};
use segops_rules::{Labels, Names, Problem, Resolved, Rule};

use crate::command::{Change, Outcome, Refusal};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fold::Fold;
use crate::names::WorkspaceNames;
use crate::state::{Definition, SegmentChangeKind, State};
use crate::view;
use crate::work::Work;
pub use computed_traits::ComputedTraits;
pub use derived_events::DerivedEvents;

/// A definition of a kind, as the state has it.
pub(crate) type DefinitionOf<K> = Definition<<K as DefinitionKind>::Id, <K as DefinitionKind>::Resolved>;

/// A kind of definitions.
pub trait DefinitionKind: Sized + 'static {
    type Id: std::fmt::Debug + Copy + Ord + Display + FromStr;
    /// What one is made of, with names and with ids.
    type Named: Display;
    type Resolved: std::fmt::Debug + Clone + PartialEq;
    /// As the API shows one, and what another definition would change.
    type View;
    type Difference;
    /// One of them, in words.
    const WHAT: &'static str;

    // What it is made of.
    fn parse(text: &str, limits: &Limits) -> Result<Self::Named, Vec<Problem>>;
    fn resolve(
        named: &Self::Named,
        names: &dyn Names,
    ) -> Result<(Self::Resolved, Vec<Problem>), Vec<Problem>>;
    fn unresolve(resolved: &Self::Resolved, labels: &dyn Labels) -> Self::Named;

    // Where it is kept, and what refers to it.
    fn all(state: &State) -> &BTreeMap<Self::Id, DefinitionOf<Self>>;
    fn all_mut(state: &mut State) -> &mut BTreeMap<Self::Id, DefinitionOf<Self>>;
    fn is_same_name(one: &str, other: &str) -> bool;
    fn is_in(rule: &Rule<Resolved>, id: Self::Id) -> bool;
    /// The rule with a definition made anew wherever it refers to it.
    fn made_anew(rule: &Rule<Resolved>, id: Self::Id, definition: &Self::Resolved) -> Rule<Resolved>;
    /// What else refers to it than segments, by name.
    fn other_users(_: &State, _: Self::Id) -> Vec<&str> {
        Vec::new()
    }

    // As commands, in the journal's words.
    fn change(change: DefinitionChange<Self>) -> Change;
    /// The id of one whose command is at a position.
    fn id(position: Position) -> Self::Id;
    fn created(id: Self::Id) -> Outcome;
    fn id_created(outcome: &Outcome) -> Option<Self::Id>;
    fn refusal(refused: Refused<Self>) -> Refusal;
    /// As the history of a segment that refers to it has an edit.
    fn edited(version: SegmentVersion, name: &str, number: u32) -> SegmentChangeKind;

    // In the fold.
    fn limits(limits: &Limits) -> DefinitionLimits;
    /// Whether none can have a name, for another reason than that one has it.
    fn check_name(_: &Fold, _: &str) -> Result<(), Refusal> {
        Ok(())
    }
    /// Whether all that it refers to is there.
    fn check(fold: &Fold, definition: &Self::Resolved) -> Result<(), Refusal>;
    /// Whether those that refer to it can do with another definition.
    fn check_edit(fold: &Fold, old: &DefinitionOf<Self>, new: &Self::Resolved) -> Result<(), Refusal>;
    /// Makes anew what refers to it other than segments.
    fn edit_others(_: &mut State, _: &Limits, _: &Author<'_>, _: Self::Id, _: &Self::Resolved) {}

    // As the API shows it.
    fn view(shown: Shown<'_, Self>) -> Self::View;
    fn difference(difference: Difference) -> Self::Difference;
}

/// What is to become of a definition.
#[derive(Debug)]
pub enum DefinitionChange<K: DefinitionKind> {
    Create { name: String, definition: K::Resolved },
    Edit { id: K::Id, expected_version: u32, definition: K::Resolved },
    Delete { id: K::Id },
}

/// Why a definition stays as it is.
#[derive(Debug)]
pub enum Refused<K: DefinitionKind> {
    NotThere(String),
    NameTaken(String, K::Id),
    /// Someone else has edited it.
    Moved {
        expected: u32,
        found: u32,
    },
    /// A rule says otherwise what it is made of.
    Edited(K::Id),
    InUse(String),
    TooMany(usize),
}

/// How many there can be, and how many versions are kept of one.
#[derive(Debug, Clone, Copy)]
pub struct DefinitionLimits {
    pub count_max: usize,
    pub versions_kept_max: usize,
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    pub name: &'a str,
    pub at: Instant,
}

/// What every kind shows of a definition.
#[derive(Debug)]
pub struct Shown<'a, K: DefinitionKind> {
    pub state: &'a DefinitionOf<K>,
    pub newest: Option<&'a K::Resolved>,
    pub definition: String,
    pub version: u32,
    pub used_by: Vec<view::SegmentName>,
    /// Oldest first.
    pub versions: Vec<ShownVersion>,
}

#[derive(Debug)]
pub struct ShownVersion {
    pub version: u32,
    pub definition: String,
    pub author: String,
    pub at: Instant,
}

/// What another definition would change.
#[derive(Debug)]
pub struct Difference {
    pub definition: String,
    pub new_definition: String,
    pub segments: Vec<view::SegmentDifference>,
    pub warnings: Vec<Problem>,
}

/// The definition with this id or name.
pub(crate) fn find<'a, K: DefinitionKind>(state: &'a State, name_or_id: &str) -> Option<&'a DefinitionOf<K>> {
    let by_id = name_or_id.parse().ok().and_then(|id: K::Id| K::all(state).get(&id));
    by_id.or_else(|| K::all(state).values().find(|made| K::is_same_name(&made.name, name_or_id)))
}

impl Engine {
    /// All of a kind, the oldest first.
    #[must_use]
    pub fn definitions<K: DefinitionKind>(&self) -> Vec<K::View> {
        let fold = self.core().fold.read();
        K::all(&fold.state).values().map(|made| shown::<K>(&fold, made)).collect()
    }

    /// # Errors
    /// There is none of this name or id.
    pub fn definition<K: DefinitionKind>(&self, name_or_id: &str) -> Result<K::View, EngineError> {
        let fold = self.core().fold.read();
        found::<K>(&fold.state, name_or_id).map(|made| shown::<K>(&fold, made))
    }

    /// Makes one out of its definition's text.
    ///
    /// # Errors
    /// The definition has problems, or the name is taken.
    pub fn create_definition<K: DefinitionKind>(
        &self,
        author: &str,
        name: &str,
        definition: &str,
    ) -> Result<(K::View, Vec<Problem>), EngineError> {
        let (definition, warnings) = self.read_definition::<K>(definition)?;
        let create = DefinitionChange::Create { name: name.to_owned(), definition };
        let outcome = self.change(author, K::change(create))?;
        let Some(id) = K::id_created(&outcome) else {
            return Err(EngineError::NotFound(format!("the {}", K::WHAT)));
        };
        Ok((self.definition::<K>(&id.to_string())?, warnings))
    }

    /// Gives one another definition, if its newest version is still the expected one. Segments that use it get a new
    /// version, which serves once it has read history.
    ///
    /// # Errors
    /// The definition has problems, or someone else has edited it.
    pub fn edit_definition<K: DefinitionKind>(
        &self,
        author: &str,
        name_or_id: &str,
        expected_version: Option<u32>,
        definition: &str,
    ) -> Result<(K::View, Vec<Problem>), EngineError> {
        let (id, version) = {
            let fold = self.core().fold.read();
            let made = found::<K>(&fold.state, name_or_id)?;
            (made.id, made.newest().map_or(0, |newest| newest.number))
        };
        let (definition, warnings) = self.read_definition::<K>(definition)?;
        let expected_version = expected_version.unwrap_or(version);
        self.change(author, K::change(DefinitionChange::Edit { id, expected_version, definition }))?;
        Ok((self.definition::<K>(&id.to_string())?, warnings))
    }

    /// # Errors
    /// There is none of this name or id, or something uses it.
    pub fn delete_definition<K: DefinitionKind>(
        &self,
        author: &str,
        name_or_id: &str,
    ) -> Result<(), EngineError> {
        let id = found::<K>(&self.core().fold.read().state, name_or_id)?.id;
        self.change(author, K::change(DefinitionChange::Delete { id }))?;
        Ok(())
    }

    /// Who would enter and who would leave each segment that uses one, were it made of something else; before anything
    /// is saved.
    ///
    /// # Errors
    /// There is none of this name or id, the definition has problems, history cannot be read, or the work was cancelled.
    pub fn definition_difference<K: DefinitionKind>(
        &self,
        name_or_id: &str,
        definition: &str,
        at: Option<Instant>,
        sample: usize,
        work: &Work,
    ) -> Result<K::Difference, EngineError> {
        let (new, warnings) = self.read_definition::<K>(definition)?;
        let (definition, new_definition, users) = {
            let fold = self.core().fold.read();
            let made = found::<K>(&fold.state, name_or_id)?;
            let old = made.newest().map(|newest| text_of::<K>(&fold, &newest.definition)).unwrap_or_default();
            let users = fold.users_of_definition::<K>(made.id).filter_map(|user| {
                let rule = K::made_anew(&user.shown_version()?.rule, made.id, &new);
                Some((user.id, user.name.clone(), rule))
            });
            (old, text_of::<K>(&fold, &new), users.collect::<Vec<_>>())
        };
        let mut segments = Vec::new();
        for (id, name, rule) in users {
            let difference = self.difference_of(id, rule, Vec::new(), at, sample, work)?;
            segments.push(view::SegmentDifference { segment: view::SegmentName { id, name }, difference });
        }
        Ok(K::difference(Difference { definition, new_definition, segments, warnings }))
    }

    fn read_definition<K: DefinitionKind>(
        &self,
        text: &str,
    ) -> Result<(K::Resolved, Vec<Problem>), EngineError> {
        let definition = K::parse(text, &self.core().limits).map_err(EngineError::Rule)?;
        let fold = self.core().fold.read();
        K::resolve(&definition, &WorkspaceNames::new(&fold.state)).map_err(EngineError::Rule)
    }
}

fn found<'a, K: DefinitionKind>(
    state: &'a State,
    name_or_id: &str,
) -> Result<&'a DefinitionOf<K>, EngineError> {
    find::<K>(state, name_or_id).ok_or_else(|| {
        let what = K::WHAT;
        EngineError::NotFound(format!("there is no {what} `{name_or_id}`; list them to see which there are"))
    })
}

fn text_of<K: DefinitionKind>(fold: &Fold, definition: &K::Resolved) -> String {
    K::unresolve(definition, &WorkspaceNames::new(&fold.state)).to_string()
}

fn shown<K: DefinitionKind>(fold: &Fold, made: &DefinitionOf<K>) -> K::View {
    let newest = made.newest();
    let users = fold.users_of_definition::<K>(made.id);
    let versions = made.versions.iter().map(|version| ShownVersion {
        version: version.number,
        definition: text_of::<K>(fold, &version.definition),
        author: version.author.clone(),
        at: version.at,
    });
    K::view(Shown {
        state: made,
        newest: newest.map(|version| &version.definition),
        definition: newest.map(|version| text_of::<K>(fold, &version.definition)).unwrap_or_default(),
        version: newest.map(|version| version.number).unwrap_or_default(),
        used_by: users.map(|user| view::SegmentName { id: user.id, name: user.name.clone() }).collect(),
        versions: versions.collect(),
    })
}
