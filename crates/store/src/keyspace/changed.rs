use std::hash::Hash;

use super::FrozenKeyspace;
use super::generation::Generation;

/// What a keyspace held at one instant, and which of its keys were written since the instant before.
#[derive(Debug)]
pub struct ChangedKeyspace<K, V> {
    pub(super) view: FrozenKeyspace<K, V>,
    /// The keys that were written; none where everything counts as written.
    pub(super) keys: Option<Generation<K, ()>>,
}

impl<K: Eq + Hash + Clone, V> ChangedKeyspace<K, V> {
    /// Every key that was written, with its value at the instant of the view, or none where it was removed by then.
    /// In no order that anything may depend on.
    pub fn iter(&self) -> impl Iterator<Item = (&K, Option<&V>)> {
        let all = self.keys.is_none().then(|| self.view.iter().map(|(key, value)| (key, Some(value))));
        let keys = self.keys.iter().flat_map(Generation::iter);
        all.into_iter().flatten().chain(keys.map(|(key, ())| (key, self.view.get(key))))
    }

    /// How many keys were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.as_ref().map_or_else(|| self.view.len(), Generation::len)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The view itself.
    #[must_use]
    pub const fn view(&self) -> &FrozenKeyspace<K, V> {
        &self.view
    }
}
