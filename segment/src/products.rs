//! The product catalogue with its history, and events joined with it: a line item, or an event, that names a
//! product has beside its own properties `product`, the product as it was when the event happened, and
//! `current_product`, as it is now.
//!
//! Which product a line means and what was in force when are functions of the changes alone, in the order of
//! the journal; live and rebuild each make the catalogue for themselves, from the same commands.

mod fields;
mod join;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Instant, Object, Position, Value};

use fields::Fields;

pub use fields::PRODUCT_FIELDS_MAX;
pub(crate) use join::reads_products;

/// Products that a catalogue holds, deleted ones included.
pub const PRODUCTS_MAX: usize = 1_000_000;
/// Versions kept of one product, the newest by (since, position).
pub const PRODUCT_VERSIONS_MAX: usize = 1_000;

/// One product put in the place of what was known of it, or taken out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductChange {
    /// What line items and events name in `product_id`.
    pub id: CompactString,
    /// Since when it is so; the instant of the command, where it says nothing or something later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Instant>,
    /// What is known of it, `variants` among it as a list of objects; `None` takes the product out.
    #[serde(default)]
    pub product: Option<Object>,
}

/// What was known of a product from an instant on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductVersion {
    pub since: Instant,
    pub position: Position,
    /// `None` where the product was taken out.
    pub product: Option<Object>,
}

/// A name under which a line item means a product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ProductKey {
    Product(CompactString),
    Variant(CompactString),
    Sku(CompactString),
}

/// Every product with its versions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Products {
    /// In ascending order of (since, position); of two changes in one command the later comes later.
    versions: BTreeMap<CompactString, Vec<ProductVersion>>,
    /// Products that have had a variant or SKU in any version.
    by_key: BTreeMap<ProductKey, BTreeSet<CompactString>>,
    fields: Fields,
}

impl Products {
    /// How many products there are or were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// Takes in the changes of one command, and gives every name under which a line item may now mean something
    /// else than before.
    ///
    /// # Errors
    /// How many products there would be, where that is more than [`PRODUCTS_MAX`]; nothing has changed then.
    pub fn apply(
        &mut self,
        changes: &[ProductChange],
        position: Position,
        instant: Instant,
    ) -> Result<BTreeSet<ProductKey>, usize> {
        let new: BTreeSet<&CompactString> =
            changes.iter().map(|change| &change.id).filter(|id| !self.versions.contains_key(*id)).collect();
        let count = self.versions.len() + new.len();
        if count > PRODUCTS_MAX {
            return Err(count);
        }
        let mut touched = BTreeSet::new();
        for change in changes {
            let since = change.updated_at.map_or(instant, |at| at.min(instant));
            let versions = self.versions.entry(change.id.clone()).or_default();
            let at = versions.partition_point(|held| (held.since, held.position) <= (since, position));
            versions.insert(at, ProductVersion { since, position, product: change.product.clone() });
            if versions.len() > PRODUCT_VERSIONS_MAX {
                versions.remove(0);
            }
            if let Some(product) = &change.product {
                self.fields.observe(product);
            }
            for key in change.product.iter().flat_map(keys_of_product) {
                self.by_key.entry(key).or_default().insert(change.id.clone());
            }
            touched.insert(ProductKey::Product(change.id.clone()));
            touched.extend(versions.iter().flat_map(|held| &held.product).flat_map(keys_of_product));
        }
        Ok(touched)
    }

    /// Whether any product ever had something of that name, as rules write it below `product`.
    #[must_use]
    pub fn has_field(&self, path: &str) -> bool {
        self.fields.has(path)
    }

    /// What products ever had.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter()
    }

    /// What is known of a product at an instant.
    #[must_use]
    pub fn in_force(&self, id: &str, at: Instant) -> Option<&Object> {
        let versions = self.versions.get(id)?;
        let newer = versions.partition_point(|held| held.since <= at);
        versions.get(newer.checked_sub(1)?)?.product.as_ref()
    }

    /// A product's versions, the oldest first.
    #[must_use]
    pub fn versions(&self, id: &str) -> &[ProductVersion] {
        self.versions.get(id).map_or(&[], Vec::as_slice)
    }

    /// The ids of products after one, in order, taken out ones included.
    pub fn ids_after(&self, after: Option<&str>) -> impl Iterator<Item = &str> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(CompactString::from(after)));
        self.versions.range((from, Bound::Unbounded)).map(|(id, _)| id.as_str())
    }

    fn holders(&self, key: &ProductKey) -> impl Iterator<Item = &CompactString> {
        self.by_key.get(key).into_iter().flatten()
    }
}

/// The names of a product's variants, and its SKUs.
fn keys_of_product(product: &Object) -> Vec<ProductKey> {
    let mut keys = Vec::new();
    keys.extend(named(product, "sku").map(ProductKey::Sku));
    for variant in variants_of(product) {
        keys.extend(named(variant, "id").map(ProductKey::Variant));
        keys.extend(named(variant, "sku").map(ProductKey::Sku));
    }
    keys
}

fn variants_of(product: &Object) -> impl Iterator<Item = &Object> {
    let variants = product.get("variants").and_then(Value::as_list).unwrap_or_default();
    variants.iter().filter_map(Value::as_object)
}

/// A name as text, numbers as a person types them; `None` for what names nothing.
fn named(object: &Object, property: &str) -> Option<CompactString> {
    let text = object.get(property)?.scalar_text()?;
    let name = text.trim();
    (!name.is_empty()).then(|| name.into())
}
