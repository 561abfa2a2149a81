use std::hash::Hash;
use std::sync::Arc;

use super::generation::Generation;
use super::overlay::Overlay;

/// What a keyspace held at one instant; cheap to take, to clone and to send to another thread.
#[derive(Debug)]
pub struct FrozenKeyspace<K, V> {
    pub(super) base: Arc<Generation<K, V>>,
    /// From the oldest to the newest; a newer one hides what is under it.
    pub(super) layers: Vec<Arc<Overlay<K, V>>>,
    pub(super) len: usize,
}

impl<K, V> Clone for FrozenKeyspace<K, V> {
    fn clone(&self) -> Self {
        Self { base: self.base.clone(), layers: self.layers.clone(), len: self.len }
    }
}

impl<K: Eq + Hash + Clone, V> FrozenKeyspace<K, V> {
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        for layer in self.layers.iter().rev() {
            if let Some(value) = layer.get(key) {
                return value;
            }
        }
        self.base.get(key)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Every entry, in no order that anything may depend on.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let layers: Vec<&Overlay<K, V>> = self.layers.iter().map(Arc::as_ref).collect();
        visible(&self.base, layers)
    }

    /// Every entry in the order of the keys. Gathers and sorts references to all entries.
    pub fn iter_sorted(&self) -> impl Iterator<Item = (&K, &V)>
    where
        K: Ord,
    {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by(|left, right| left.0.cmp(right.0));
        entries.into_iter()
    }
}

/// The entries that no newer layer hides. `layers` go from the oldest to the newest.
pub(super) fn visible<'a, K: Eq + Hash + Clone, V>(
    base: &'a Generation<K, V>,
    layers: Vec<&'a Overlay<K, V>>,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    let over_base = layers.clone();
    let from_base = base.iter().filter(move |(key, _)| !over_base.iter().any(|layer| layer.contains(key)));
    let from_layers = (0..layers.len()).flat_map(move |at| {
        let newer: Vec<&Overlay<K, V>> = layers.iter().skip(at + 1).copied().collect();
        layers
            .get(at)
            .copied()
            .into_iter()
            .flat_map(Overlay::iter)
            .filter_map(|(key, value)| value.map(|value| (key, value)))
            .filter(move |(key, _)| !newer.iter().any(|layer| layer.contains(key)))
    });
    from_base.chain(from_layers)
}
