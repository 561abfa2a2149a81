//! The catalogue as it is stored: product by product, and as far as it has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::fields::Fields;
use super::{ProductKey, ProductVersion, Products};

/// Products and names of products that were written since some instant before. Versions are shared, not copied.
#[derive(Debug, Clone)]
pub struct ProductsChanged {
    /// Whether this is all there is.
    pub is_whole: bool,
    pub products: Vec<(CompactString, Arc<Vec<ProductVersion>>)>,
    pub keys: Vec<(ProductKey, BTreeSet<CompactString>)>,
    /// What products ever had, and whether a name found no room.
    pub fields: (Vec<CompactString>, bool),
}

/// What someone lacks who was given everything before; none while nobody was given anything.
#[derive(Debug, Clone, Default)]
pub(super) struct Unseen(Option<(BTreeSet<CompactString>, BTreeSet<ProductKey>)>);

impl Unseen {
    const fn nothing() -> Self {
        Self(Some((BTreeSet::new(), BTreeSet::new())))
    }

    pub(super) fn note(&mut self, id: &CompactString) {
        if let Some((ids, _)) = &mut self.0 {
            ids.insert(id.clone());
        }
    }

    pub(super) fn note_key(&mut self, key: &ProductKey) {
        if let Some((_, keys)) = &mut self.0 {
            keys.insert(key.clone());
        }
    }
}

impl Products {
    /// What was written since [`Products::take_as_seen`]; all there is before the first time, and where `whole` asks for
    /// it.
    #[must_use]
    pub fn changes(&self, whole: bool) -> ProductsChanged {
        let fields = self.fields.stored();
        let Some((ids, keys)) = self.unseen.0.as_ref().filter(|_| !whole) else {
            let products = self.versions.iter().map(|(id, versions)| (id.clone(), Arc::clone(versions)));
            let keys = self.by_key.iter().map(|(key, ids)| (key.clone(), ids.clone()));
            let (products, keys) = (products.collect(), keys.collect());
            return ProductsChanged { is_whole: true, products, keys, fields };
        };
        let products = ids.iter().filter_map(|id| {
            let versions = Arc::clone(self.versions.get(id)?);
            Some((id.clone(), versions))
        });
        let keys = keys.iter().filter_map(|key| {
            let ids = self.by_key.get(key)?.clone();
            Some((key.clone(), ids))
        });
        let (products, keys) = (products.collect(), keys.collect());
        ProductsChanged { is_whole: false, products, keys, fields }
    }

    /// Whether anything was written since [`Products::take_as_seen`], or that was never called.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        self.unseen.0.as_ref().is_none_or(|(ids, keys)| !(ids.is_empty() && keys.is_empty()))
    }

    /// What there is now is what changes build on.
    pub fn take_as_seen(&mut self) {
        self.unseen = Unseen::nothing();
    }

    /// Puts together again what [`Products::changes`] has given.
    #[must_use]
    pub fn of_parts(
        products: BTreeMap<CompactString, Vec<ProductVersion>>,
        keys: BTreeMap<ProductKey, BTreeSet<CompactString>>,
        (paths, is_full): (Vec<CompactString>, bool),
    ) -> Self {
        Self {
            versions: products.into_iter().map(|(id, versions)| (id, Arc::new(versions))).collect(),
            by_key: keys,
            fields: Fields::of_stored(paths, is_full),
            unseen: Unseen::nothing(),
        }
    }
}

impl PartialEq for Products {
    fn eq(&self, other: &Self) -> bool {
        let Self { versions, by_key, fields, unseen: _ } = self;
        (versions, by_key, fields) == (&other.versions, &other.by_key, &other.fields)
    }
}

impl Serialize for Products {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { versions, by_key, fields, unseen: _ } = self;
        let versions: BTreeMap<_, _> =
            versions.iter().map(|(id, versions)| (id, versions.as_slice())).collect();
        let mut whole = serializer.serialize_struct("Products", 3)?;
        whole.serialize_field("versions", &versions)?;
        whole.serialize_field("by_key", by_key)?;
        whole.serialize_field("fields", fields)?;
        whole.end()
    }
}
