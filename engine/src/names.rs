use segops_model::{SegmentId, SourceId};
use segops_rules::{Labels, Names, references};

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
            .iter()
            .filter(move |(name, _)| event.is_none_or(|event| *name == event))
            .map(|(_, entry)| entry)
    }
}

impl Labels for WorkspaceNames<'_> {
    fn segment_name(&self, id: SegmentId) -> Option<String> {
        self.state.segments.get(&id).map(|segment| segment.name.clone())
    }

    fn source_name(&self, id: SourceId) -> Option<String> {
        self.state.sources.get(&id).map(|source| source.name.clone())
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
        newest.map(|version| references(&version.rule).segments.into_iter().collect()).unwrap_or_default()
    }

    fn source(&self, name_or_id: &str) -> Option<SourceId> {
        self.state.find_source(name_or_id).map(|source| source.id)
    }

    fn source_names(&self) -> Vec<String> {
        self.state.sources.values().map(|source| source.name.clone()).collect()
    }

    fn event_exists(&self, name: &str) -> bool {
        self.state.catalogue.events.contains_key(name)
    }

    fn event_names(&self) -> Vec<String> {
        self.state.catalogue.events.keys().map(ToString::to_string).collect()
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
}
