//! What an analysis of the history stands on: the history, the names that there are, the calendar and the instant.

use std::collections::BTreeMap;

use segops_model::{ComputedTraitId, DerivedEventId, Instant, ListId, ResultId, SegmentId, SourceId};
use segops_parts::Snapshot;
use segops_rules::{ComputedReference, DerivedReference, Labels, Names, ScoreKind};
use segops_segment::Calendar;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::names::WorkspaceNames;
use crate::reading::reading_instant;

/// The history, and what there is beside it, as they were at one moment. It is held without any lock.
#[derive(Debug)]
pub struct Ground {
    pub snapshot: Snapshot,
    pub names: KnownNames,
    pub calendar: Calendar,
    pub now: Instant,
}

/// The names that a workspace knew at one moment, for whoever reads long after.
#[derive(Debug, Default)]
pub struct KnownNames {
    segments: Vec<(SegmentId, String, Vec<SegmentId>)>,
    sources: Vec<(SourceId, String)>,
    lists: Vec<(ListId, String)>,
    results: Vec<(ResultId, String, Option<SegmentId>)>,
    computed: Vec<(String, ComputedReference)>,
    derived: Vec<(String, DerivedReference)>,
    properties: BTreeMap<String, Vec<String>>,
    traits: Vec<String>,
    product_fields: Vec<String>,
    scores: Vec<(String, ScoreKind)>,
}

impl Engine {
    /// The history of everything that is applied by now, with what an analysis needs to know beside it.
    ///
    /// # Errors
    /// The workspace's time zone is none.
    pub fn ground(&self) -> Result<Ground, EngineError> {
        let now = reading_instant(self);
        let (pinned, names, calendar) = {
            let fold = self.core().fold.read();
            let calendar = fold.state.settings.calendar().map_err(EngineError::Damaged)?;
            (self.pin_history(&fold), KnownNames::of(&WorkspaceNames::new(&fold.state)), calendar)
        };
        Ok(Ground { snapshot: pinned.snapshot(), names, calendar, now })
    }
}

impl KnownNames {
    pub(crate) fn of(names: &WorkspaceNames<'_>) -> Self {
        let segments = names.segment_names().into_iter().filter_map(|name| {
            let id = names.segment(&name)?;
            Some((id, name, names.segment_uses(id)))
        });
        let sources = names.source_names().into_iter().filter_map(|name| Some((names.source(&name)?, name)));
        let lists = names.list_names().into_iter().filter_map(|name| Some((names.list(&name)?, name)));
        let results = names.result_names().into_iter().filter_map(|name| {
            let id = names.result(&name)?;
            Some((id, name, names.result_segment(id)))
        });
        let computed = names.computed_trait_names();
        let computed =
            computed.into_iter().filter_map(|name| Some((name.clone(), names.computed_trait(&name)?)));
        let derived = names.derived_event_names();
        let derived =
            derived.into_iter().filter_map(|name| Some((name.clone(), names.derived_event(&name)?)));
        let properties = names.event_names().into_iter().map(|event| {
            let properties = names.property_names(Some(&event));
            (event, properties)
        });
        let scores =
            names.score_names().into_iter().filter_map(|name| Some((name.clone(), names.score_kind(&name)?)));
        Self {
            segments: segments.collect(),
            sources: sources.collect(),
            lists: lists.collect(),
            results: results.collect(),
            computed: computed.collect(),
            derived: derived.collect(),
            properties: properties.collect(),
            traits: names.trait_names(),
            product_fields: names.product_fields(),
            scores: scores.collect(),
        }
    }
}

impl Labels for KnownNames {
    fn segment_name(&self, id: SegmentId) -> Option<String> {
        self.segments.iter().find(|(known, _, _)| *known == id).map(|(_, name, _)| name.clone())
    }

    fn source_name(&self, id: SourceId) -> Option<String> {
        self.sources.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone())
    }

    fn list_name(&self, id: ListId) -> Option<String> {
        self.lists.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone())
    }

    fn result_name(&self, id: ResultId) -> Option<String> {
        self.results.iter().find(|(known, _, _)| *known == id).map(|(_, name, _)| name.clone())
    }

    fn computed_trait_name(&self, id: ComputedTraitId) -> Option<String> {
        self.computed.iter().find(|(_, computed)| computed.id == id).map(|(name, _)| name.clone())
    }

    fn derived_event_name(&self, id: DerivedEventId) -> Option<String> {
        self.derived.iter().find(|(_, made)| made.id == id).map(|(name, _)| name.clone())
    }
}

impl Names for KnownNames {
    fn segment(&self, name_or_id: &str) -> Option<SegmentId> {
        let mut segments = self.segments.iter();
        segments
            .find(|(id, name, _)| name == name_or_id || id.to_string() == name_or_id)
            .map(|(id, _, _)| *id)
    }

    fn segment_names(&self) -> Vec<String> {
        self.segments.iter().map(|(_, name, _)| name.clone()).collect()
    }

    fn segment_uses(&self, id: SegmentId) -> Vec<SegmentId> {
        let found = self.segments.iter().find(|(known, _, _)| *known == id);
        found.map(|(_, _, uses)| uses.clone()).unwrap_or_default()
    }

    fn source(&self, name_or_id: &str) -> Option<SourceId> {
        let mut sources = self.sources.iter();
        sources.find(|(id, name)| name == name_or_id || id.to_string() == name_or_id).map(|(id, _)| *id)
    }

    fn source_names(&self) -> Vec<String> {
        self.sources.iter().map(|(_, name)| name.clone()).collect()
    }

    fn list(&self, name_or_id: &str) -> Option<ListId> {
        let mut lists = self.lists.iter();
        lists.find(|(id, name)| name == name_or_id || id.to_string() == name_or_id).map(|(id, _)| *id)
    }

    fn list_names(&self) -> Vec<String> {
        self.lists.iter().map(|(_, name)| name.clone()).collect()
    }

    fn result(&self, name_or_id: &str) -> Option<ResultId> {
        let mut results = self.results.iter();
        results.find(|(id, name, _)| name == name_or_id || id.to_string() == name_or_id).map(|(id, _, _)| *id)
    }

    fn result_names(&self) -> Vec<String> {
        self.results.iter().map(|(_, name, _)| name.clone()).collect()
    }

    fn result_segment(&self, id: ResultId) -> Option<SegmentId> {
        self.results.iter().find(|(known, _, _)| *known == id).and_then(|(_, _, segment)| *segment)
    }

    fn computed_trait(&self, name_or_id: &str) -> Option<ComputedReference> {
        let mut computed = self.computed.iter();
        let found = computed.find(|(name, one)| name == name_or_id || one.id.to_string() == name_or_id);
        found.map(|(_, computed)| computed.clone())
    }

    fn computed_trait_names(&self) -> Vec<String> {
        self.computed.iter().map(|(name, _)| name.clone()).collect()
    }

    fn derived_event(&self, name: &str) -> Option<DerivedReference> {
        self.derived.iter().find(|(known, _)| known == name).map(|(_, made)| made.clone())
    }

    fn derived_event_names(&self) -> Vec<String> {
        self.derived.iter().map(|(name, _)| name.clone()).collect()
    }

    fn event_exists(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }

    fn event_names(&self) -> Vec<String> {
        self.properties.keys().cloned().collect()
    }

    fn property_exists(&self, event: Option<&str>, path: &str) -> bool {
        path.starts_with("context.") || self.property_names(event).iter().any(|known| known == path)
    }

    fn property_names(&self, event: Option<&str>) -> Vec<String> {
        match event {
            Some(event) => self.properties.get(event).cloned().unwrap_or_default(),
            None => self.properties.values().flatten().cloned().collect(),
        }
    }

    fn product_field_exists(&self, path: &str) -> bool {
        self.product_fields.iter().any(|known| known == path)
    }

    fn product_fields(&self) -> Vec<String> {
        self.product_fields.clone()
    }

    fn trait_exists(&self, path: &str) -> bool {
        self.traits.iter().any(|known| known == path)
    }

    fn trait_names(&self) -> Vec<String> {
        self.traits.clone()
    }

    fn score_kind(&self, name: &str) -> Option<ScoreKind> {
        self.scores.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind)
    }

    fn score_names(&self) -> Vec<String> {
        self.scores.iter().map(|(name, _)| name.clone()).collect()
    }
}
