use segops_model::{SegmentId, SourceId};

use crate::ast::ScoreKind;

/// What things that exist are called now.
pub trait Labels {
    fn segment_name(&self, id: SegmentId) -> Option<String>;
    fn source_name(&self, id: SourceId) -> Option<String>;
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
