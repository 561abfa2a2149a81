use segops_model::{ComputedTraitId, DerivedEventId, ListId, ResultId, SegmentId, SourceId};

use crate::ast::{ComputedReference, DerivedReference};

use crate::ast::ScoreKind;

/// What things that exist are called now.
pub trait Labels {
    fn segment_name(&self, id: SegmentId) -> Option<String>;
    fn source_name(&self, id: SourceId) -> Option<String>;
    fn list_name(&self, id: ListId) -> Option<String>;
    fn computed_trait_name(&self, _: ComputedTraitId) -> Option<String> {
        None
    }
    fn derived_event_name(&self, _: DerivedEventId) -> Option<String> {
        None
    }
    fn result_name(&self, _: ResultId) -> Option<String> {
        None
    }
}

/// What a rule can refer to, and what was ever seen. Paths are as rules write them:
/// `products[].category`, `address.city`.
pub trait Names: Labels {
    /// A segment by its name or its id as text.
    fn segment(&self, name_or_id: &str) -> Option<SegmentId>;
    fn segment_names(&self) -> Vec<String>;
    /// The segments that a segment's own rule refers to.
    fn segment_uses(&self, id: SegmentId) -> Vec<SegmentId>;
    /// A source by its name or its id as text.
    fn source(&self, name_or_id: &str) -> Option<SourceId>;
    fn source_names(&self) -> Vec<String>;
    /// An uploaded list by its name or its id as text.
    fn list(&self, name_or_id: &str) -> Option<ListId>;
    fn list_names(&self) -> Vec<String>;
    /// A computed trait by its name or its id as text, with what it is made of now.
    fn computed_trait(&self, _: &str) -> Option<ComputedReference> {
        None
    }
    fn computed_trait_names(&self) -> Vec<String> {
        Vec::new()
    }
    /// A derived event by its name, exactly as it is written, with what it is made of now.
    fn derived_event(&self, _: &str) -> Option<DerivedReference> {
        None
    }
    fn derived_event_names(&self) -> Vec<String> {
        Vec::new()
    }
    /// A recorded result by its name or its id as text.
    fn result(&self, _: &str) -> Option<ResultId> {
        None
    }
    fn result_names(&self) -> Vec<String> {
        Vec::new()
    }
    /// The segment that a recorded result is made of, if it is made of one.
    fn result_segment(&self, _: ResultId) -> Option<SegmentId> {
        None
    }
    fn event_exists(&self, name: &str) -> bool;
    fn event_names(&self) -> Vec<String>;
    /// Whether events of that name (of any name, if there is none) ever had the property.
    fn property_exists(&self, event: Option<&str>, path: &str) -> bool;
    fn property_names(&self, event: Option<&str>) -> Vec<String>;
    /// Whether any product of the catalogue ever had something of that name; the path is below the product.
    fn product_field_exists(&self, path: &str) -> bool;
    fn product_fields(&self) -> Vec<String>;
    fn trait_exists(&self, path: &str) -> bool;
    fn trait_names(&self) -> Vec<String>;
    /// What a score of that name is, if there is one.
    fn score_kind(&self, name: &str) -> Option<ScoreKind>;
    fn score_names(&self) -> Vec<String>;
}
