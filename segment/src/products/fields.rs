//! What has been known of products at all: the names that rules can mean below `product` and `current_product`.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Object, Value};

use super::{join::shown, variants_of};

/// Names that are kept; a catalogue with more of them is past what names can be looked up in.
pub const PRODUCT_FIELDS_MAX: usize = 2_000;
/// Objects within a product are followed this far.
const DEPTH_MAX: usize = 3;

/// Every name that a product has had, also those that only joining gives it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Fields {
    paths: BTreeSet<CompactString>,
    /// Whether a name found no room.
    is_full: bool,
}

impl Fields {
    pub(super) fn observe(&mut self, product: &Object) {
        self.observe_object(&shown(product, "", None), "", 0);
        for variant in variants_of(product) {
            for (name, value) in variant.iter() {
                self.observe_value(if name == "id" { "variant_id" } else { name }, value, 0);
            }
        }
    }

    fn observe_object(&mut self, object: &Object, prefix: &str, depth: usize) {
        for (name, value) in object.iter() {
            if prefix.is_empty() {
                self.observe_value(name, value, depth);
            } else {
                self.observe_value(&format!("{prefix}.{name}"), value, depth);
            }
        }
    }

    fn observe_value(&mut self, path: &str, value: &Value, depth: usize) {
        if !self.paths.contains(path) {
            if self.paths.len() >= PRODUCT_FIELDS_MAX {
                self.is_full = true;
                return;
            }
            self.paths.insert(path.into());
        }
        if let Value::Object(object) = value
            && depth < DEPTH_MAX
        {
            self.observe_object(object, path, depth + 1);
        }
    }

    /// Whether a product can have had a name.
    pub(super) fn has(&self, path: &str) -> bool {
        self.is_full || self.paths.contains(path)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(CompactString::as_str)
    }
}
