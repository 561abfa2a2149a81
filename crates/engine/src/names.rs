use compact_str::CompactString;

use segops_model::{ComputedTraitId, DerivedEventId, ListId, ResultId, SegmentId, SourceId};
use segops_rules::{ComputedReference, DerivedReference, Labels, Names, ScoreKind};
use segops_segment::ScoreFunctions;
use segops_store::Keyspace;

use crate::definitions::{ComputedTraits, find};
use crate::state::{EventEntry, State};

/// What a rule can refer to in this workspace, and what has been seen in it.
#[derive(Debug)]
pub(crate) struct WorkspaceNames<'a> {
    state: &'a State,
}

impl<'a> WorkspaceNames<'a> {
    #[must_use]
    pub(crate) const fn new(state: &'a State) -> Self {
        Self { state }
    }

    fn entries(&self, event: Option<&str>) -> impl Iterator<Item = &'a EventEntry> {
        let events = &self.state.catalogue.events;
        events
            .iter_sorted()
            .filter(move |(name, _)| event.is_none_or(|event| *name == event))
            .map(|(_, entry)| entry)
    }
}

impl Labels for WorkspaceNames<'_> {
    fn segment_name(&self, id: SegmentId) -> Option<String> {
        self.state.segments.get(&id).map(|segment| segment.name.clone())
    }

    fn list_name(&self, id: ListId) -> Option<String> {
        self.state.lists.get(&id).map(|list| list.name.clone())
    }

    fn result_name(&self, id: ResultId) -> Option<String> {
        self.state.results.get(&id).map(|result| result.name.clone())
    }

    fn source_name(&self, id: SourceId) -> Option<String> {
        self.state.sources.get(&id).map(|source| source.name.clone())
    }

    fn computed_trait_name(&self, id: ComputedTraitId) -> Option<String> {
        self.state.computed_traits.get(&id).map(|computed| computed.name.clone())
    }

    fn derived_event_name(&self, id: DerivedEventId) -> Option<String> {
        self.state.derived_events.get(&id).map(|made| made.name.clone())
    }
}

impl Names for WorkspaceNames<'_> {
    fn segment(&self, name_or_id: &str) -> Option<SegmentId> {
        self.state.find_segment(name_or_id).map(|segment| segment.id)
    }

    fn segment_names(&self) -> Vec<String> {
        self.state.segments.values().map(|segment| segment.name.clone()).collect()
    }

    fn segment_uses(&self, id: SegmentId) -> Vec<SegmentId> {
        let newest = self.state.segments.get(&id).and_then(|segment| segment.versions.last());
        newest
            .map(|version| self.state.segments_behind(&version.rule).into_iter().collect())
            .unwrap_or_default()
    }

    fn result(&self, name_or_id: &str) -> Option<ResultId> {
        self.state.find_result(name_or_id).map(|result| result.id)
    }

    fn result_names(&self) -> Vec<String> {
        self.state.results.values().map(|result| result.name.clone()).collect()
    }

    fn result_segment(&self, id: ResultId) -> Option<SegmentId> {
        self.state.results.get(&id)?.definition.segment()
    }

    fn list(&self, name_or_id: &str) -> Option<ListId> {
        self.state.find_list(name_or_id).map(|list| list.id)
    }

    fn list_names(&self) -> Vec<String> {
        self.state.lists.values().map(|list| list.name.clone()).collect()
    }

    fn source(&self, name_or_id: &str) -> Option<SourceId> {
        self.state.find_source(name_or_id).map(|source| source.id)
    }

    fn source_names(&self) -> Vec<String> {
        self.state.sources.values().map(|source| source.name.clone()).collect()
    }

    fn computed_trait(&self, name_or_id: &str) -> Option<ComputedReference> {
        let computed = find::<ComputedTraits>(self.state, name_or_id)?;
        Some(ComputedReference { id: computed.id, definition: computed.newest()?.definition.clone() })
    }

    fn computed_trait_names(&self) -> Vec<String> {
        self.state.computed_traits.values().map(|computed| computed.name.clone()).collect()
    }

    fn derived_event(&self, name: &str) -> Option<DerivedReference> {
        let made = self.state.derived_events.values().find(|made| made.name == name)?;
        Some(DerivedReference { id: made.id, definition: made.newest()?.definition.clone() })
    }

    fn derived_event_names(&self) -> Vec<String> {
        self.state.derived_events.values().map(|made| made.name.clone()).collect()
    }

    fn event_exists(&self, name: &str) -> bool {
        self.state.catalogue.events.get(&CompactString::from(name)).is_some()
    }

    fn event_names(&self) -> Vec<String> {
        self.state.catalogue.events.iter_sorted().map(|(name, _)| name.to_string()).collect()
    }

    fn property_exists(&self, event: Option<&str>, path: &str) -> bool {
        // The context is the SDKs' own, and is not in the catalogue.
        path.starts_with("context.")
            || self.entries(event).any(|entry| entry.properties.by_path.contains_key(path))
    }

    fn property_names(&self, event: Option<&str>) -> Vec<String> {
        self.entries(event)
            .flat_map(|entry| entry.properties.by_path.keys().map(ToString::to_string))
            .collect()
    }

    fn product_field_exists(&self, path: &str) -> bool {
        self.state.products.has_field(path)
    }

    fn product_fields(&self) -> Vec<String> {
        self.state.products.fields().map(str::to_owned).collect()
    }

    fn trait_exists(&self, path: &str) -> bool {
        self.state.catalogue.traits.by_path.contains_key(path)
    }

    fn trait_names(&self) -> Vec<String> {
        self.state.catalogue.traits.by_path.keys().map(ToString::to_string).collect()
    }

    fn score_kind(&self, name: &str) -> Option<ScoreKind> {
        let function = ScoreFunctions::default().get(name).map(|function| function.kind());
        function.or_else(|| self.state.known_scores.get(name).map(|known| known.kind))
    }

    fn score_names(&self) -> Vec<String> {
        let functions = ScoreFunctions::default();
        let computed = functions.iter().map(|function| function.name().to_owned());
        computed.chain(self.state.known_scores.iter().map(|(name, _)| name.clone())).collect()
    }
}
