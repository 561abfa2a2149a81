//! What a rule names that is not looked up yet.

use std::cell::RefCell;
use std::collections::BTreeSet;

use segops_model::{SegmentId, SourceId};

use crate::ast::{Named, Rule, ScoreKind};
use crate::names::{Labels, Names};
use crate::resolve::resolve;

/// The segments that a rule names, as it writes them, each once.
#[must_use]
pub fn named_segments(rule: &Rule<Named>) -> BTreeSet<String> {
    let asked = Asked::default();
    // Whatever else is wrong with the rule, every reference in it is looked up.
    let _ = resolve(rule, &asked, None);
    asked.segments.into_inner()
}

/// Has whatever it is asked for, and remembers the segments.
#[derive(Debug, Default)]
struct Asked {
    segments: RefCell<BTreeSet<String>>,
}

impl Labels for Asked {
    fn segment_name(&self, _: SegmentId) -> Option<String> {
        None
    }

    fn source_name(&self, _: SourceId) -> Option<String> {
        None
    }
}

impl Names for Asked {
    fn segment(&self, name_or_id: &str) -> Option<SegmentId> {
        self.segments.borrow_mut().insert(name_or_id.to_owned());
        Some(SegmentId(0))
    }

    fn segment_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn segment_uses(&self, _: SegmentId) -> Vec<SegmentId> {
        Vec::new()
    }

    fn source(&self, _: &str) -> Option<SourceId> {
        Some(SourceId(0))
    }

    fn source_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn event_exists(&self, _: &str) -> bool {
        true
    }

    fn event_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn property_exists(&self, _: Option<&str>, _: &str) -> bool {
        true
    }

    fn property_names(&self, _: Option<&str>) -> Vec<String> {
        Vec::new()
    }

    fn product_field_exists(&self, _: &str) -> bool {
        true
    }

    fn product_fields(&self) -> Vec<String> {
        Vec::new()
    }

    fn trait_exists(&self, _: &str) -> bool {
        true
    }

    fn trait_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn score_kind(&self, _: &str) -> Option<ScoreKind> {
        None
    }

    fn score_names(&self) -> Vec<String> {
        Vec::new()
    }
}
