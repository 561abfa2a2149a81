//! A workspace that is made up, for tests and examples that need names to look up.

use std::collections::BTreeMap;

use segops_model::{ComputedTraitId, DerivedEventId, Limits, ListId, ResultId, SegmentId, SourceId};

use crate::ast::{ComputedReference, DerivedReference, ScoreKind};
use crate::names::{Labels, Names};
use crate::parse::{parse_definition, parse_derived};
use crate::resolve::{resolve_definition, resolve_derived};

/// Has what it is given, under the names that it is given, and has seen every event, property, product field and
/// trait unless it is told which it has seen.
#[derive(Debug, Clone, Default)]
pub struct MadeUpNames {
    segments: BTreeMap<SegmentId, (String, Vec<SegmentId>)>,
    sources: BTreeMap<SourceId, String>,
    lists: BTreeMap<ListId, String>,
    results: BTreeMap<ResultId, (String, Option<SegmentId>)>,
    computed_traits: Vec<(String, ComputedReference)>,
    derived_events: Vec<(String, DerivedReference)>,
    scores: BTreeMap<String, ScoreKind>,
    events: Seen,
    properties: Seen,
    product_fields: Seen,
    traits: Seen,
}

/// The names that were seen; none where every name was.
#[derive(Debug, Clone, Default)]
struct Seen(Option<Vec<String>>);

impl Seen {
    fn only(names: &[&str]) -> Self {
        Self(Some(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.iter().any(|known| known == name))
    }

    fn names(&self) -> Vec<String> {
        self.0.clone().unwrap_or_default()
    }
}

impl MadeUpNames {
    /// With a segment, and the segments that its rule names.
    #[must_use]
    pub fn segment(mut self, name: &str, id: u64, uses: &[u64]) -> Self {
        let uses = uses.iter().copied().map(SegmentId).collect();
        self.segments.insert(SegmentId(id), (name.to_owned(), uses));
        self
    }

    #[must_use]
    pub fn source(mut self, name: &str, id: u32) -> Self {
        self.sources.insert(SourceId(id), name.to_owned());
        self
    }

    #[must_use]
    pub fn list(mut self, name: &str, id: u64) -> Self {
        self.lists.insert(ListId(id), name.to_owned());
        self
    }

    /// With a recorded result, and the segment that it is made of.
    #[must_use]
    pub fn result(mut self, name: &str, id: u64, of: Option<u64>) -> Self {
        self.results.insert(ResultId(id), (name.to_owned(), of.map(SegmentId)));
        self
    }

    /// With a computed trait, by what it is made of.
    ///
    /// # Panics
    /// The definition cannot be read, or names what is not there.
    #[must_use]
    pub fn computed_trait(mut self, name: &str, id: u64, definition: &str) -> Self {
        let read = parse_definition(definition, &Limits::default())
            .and_then(|definition| resolve_definition(&definition, &self));
        let (definition, _) = read.unwrap_or_else(|problems| panic!("{definition}: {problems:#?}"));
        self.computed_traits
            .push((name.to_owned(), ComputedReference { id: ComputedTraitId(id), definition }));
        self
    }

    /// With a derived event, by what it is made of.
    ///
    /// # Panics
    /// The definition cannot be read, or names what is not there.
    #[must_use]
    pub fn derived_event(mut self, name: &str, id: u64, definition: &str) -> Self {
        let read = parse_derived(definition, &Limits::default())
            .and_then(|definition| resolve_derived(&definition, &self));
        let (definition, _) = read.unwrap_or_else(|problems| panic!("{definition}: {problems:#?}"));
        self.derived_events.push((name.to_owned(), DerivedReference { id: DerivedEventId(id), definition }));
        self
    }

    #[must_use]
    pub fn score(mut self, name: &str, kind: ScoreKind) -> Self {
        self.scores.insert(name.to_owned(), kind);
        self
    }

    /// Of events, only these were ever received.
    #[must_use]
    pub fn events(mut self, names: &[&str]) -> Self {
        self.events = Seen::only(names);
        self
    }

    /// Events had only these properties.
    #[must_use]
    pub fn properties(mut self, paths: &[&str]) -> Self {
        self.properties = Seen::only(paths);
        self
    }

    /// Products had only these fields.
    #[must_use]
    pub fn product_fields(mut self, paths: &[&str]) -> Self {
        self.product_fields = Seen::only(paths);
        self
    }

    /// Profiles had only these traits.
    #[must_use]
    pub fn traits(mut self, paths: &[&str]) -> Self {
        self.traits = Seen::only(paths);
        self
    }
}

impl Labels for MadeUpNames {
    fn segment_name(&self, id: SegmentId) -> Option<String> {
        self.segments.get(&id).map(|(name, _)| name.clone())
    }

    fn source_name(&self, id: SourceId) -> Option<String> {
        self.sources.get(&id).cloned()
    }

    fn list_name(&self, id: ListId) -> Option<String> {
        self.lists.get(&id).cloned()
    }

    fn result_name(&self, id: ResultId) -> Option<String> {
        self.results.get(&id).map(|(name, _)| name.clone())
    }

    fn computed_trait_name(&self, id: ComputedTraitId) -> Option<String> {
        self.computed_traits.iter().find(|(_, known)| known.id == id).map(|(name, _)| name.clone())
    }

    fn derived_event_name(&self, id: DerivedEventId) -> Option<String> {
        self.derived_events.iter().find(|(_, known)| known.id == id).map(|(name, _)| name.clone())
    }
}

impl Names for MadeUpNames {
    fn segment(&self, name_or_id: &str) -> Option<SegmentId> {
        let named = self.segments.iter().find(|(_, (name, _))| name == name_or_id).map(|(id, _)| *id);
        named.or_else(|| name_or_id.parse().ok().filter(|id| self.segments.contains_key(id)))
    }

    fn segment_names(&self) -> Vec<String> {
        self.segments.values().map(|(name, _)| name.clone()).collect()
    }

    fn segment_uses(&self, id: SegmentId) -> Vec<SegmentId> {
        self.segments.get(&id).map(|(_, uses)| uses.clone()).unwrap_or_default()
    }

    fn source(&self, name_or_id: &str) -> Option<SourceId> {
        self.sources.iter().find(|(_, name)| *name == name_or_id).map(|(id, _)| *id)
    }

    fn source_names(&self) -> Vec<String> {
        self.sources.values().cloned().collect()
    }

    fn list(&self, name_or_id: &str) -> Option<ListId> {
        self.lists.iter().find(|(_, name)| *name == name_or_id).map(|(id, _)| *id)
    }

    fn list_names(&self) -> Vec<String> {
        self.lists.values().cloned().collect()
    }

    fn result(&self, name_or_id: &str) -> Option<ResultId> {
        self.results.iter().find(|(_, (name, _))| *name == name_or_id).map(|(id, _)| *id)
    }

    fn result_names(&self) -> Vec<String> {
        self.results.values().map(|(name, _)| name.clone()).collect()
    }

    fn result_segment(&self, id: ResultId) -> Option<SegmentId> {
        self.results.get(&id).and_then(|(_, segment)| *segment)
    }

    fn computed_trait(&self, name_or_id: &str) -> Option<ComputedReference> {
        self.computed_traits.iter().find(|(name, _)| name == name_or_id).map(|(_, known)| known.clone())
    }

    fn computed_trait_names(&self) -> Vec<String> {
        self.computed_traits.iter().map(|(name, _)| name.clone()).collect()
    }

    fn derived_event(&self, name: &str) -> Option<DerivedReference> {
        self.derived_events.iter().find(|(known, _)| known == name).map(|(_, made)| made.clone())
    }

    fn derived_event_names(&self) -> Vec<String> {
        self.derived_events.iter().map(|(name, _)| name.clone()).collect()
    }

    fn event_exists(&self, name: &str) -> bool {
        self.events.has(name)
    }

    fn event_names(&self) -> Vec<String> {
        self.events.names()
    }

    fn property_exists(&self, _: Option<&str>, path: &str) -> bool {
        self.properties.has(path)
    }

    fn property_names(&self, _: Option<&str>) -> Vec<String> {
        self.properties.names()
    }

    fn product_field_exists(&self, path: &str) -> bool {
        self.product_fields.has(path)
    }

    fn product_fields(&self) -> Vec<String> {
        self.product_fields.names()
    }

    fn trait_exists(&self, path: &str) -> bool {
        self.traits.has(path)
    }

    fn trait_names(&self) -> Vec<String> {
        self.traits.names()
    }

    fn score_kind(&self, name: &str) -> Option<ScoreKind> {
        self.scores.get(name).copied()
    }

    fn score_names(&self) -> Vec<String> {
        self.scores.keys().cloned().collect()
    }
}
