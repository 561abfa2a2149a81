use std::hash::Hash;

use rustc_hash::FxHashMap;

/// What was written over a generation that a view holds: a value, or `None` for a removed key.
#[derive(Debug)]
pub(super) struct Overlay<K, V> {
    entries: FxHashMap<K, Option<V>>,
    /// The keys, so that a bounded number of entries can be taken out at a time. A key whose entry is
    /// already gone is skipped.
    keys: Vec<K>,
}

impl<K, V> Default for Overlay<K, V> {
    fn default() -> Self {
        Self { entries: FxHashMap::default(), keys: Vec::new() }
    }
}

impl<K: Eq + Hash + Clone, V> Overlay<K, V> {
    /// `Some(None)` says that the key is removed; `None` that the overlay says nothing of it.
    pub(super) fn get(&self, key: &K) -> Option<Option<&V>> {
        self.entries.get(key).map(Option::as_ref)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut Option<V>> {
        self.entries.get_mut(key)
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn set(&mut self, key: K, value: Option<V>) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.keys.push(key);
        }
    }

    /// Sets an entry unless there is one: for an entry that comes from an older overlay.
    pub(super) fn set_if_absent(&mut self, key: K, value: Option<V>) {
        if !self.entries.contains_key(&key) {
            self.set(key, value);
        }
    }

    /// Takes the entry of one key.
    pub(super) fn take(&mut self, key: &K) -> Option<Option<V>> {
        self.entries.remove(key)
    }

    /// Takes any entry; `None` once there is none, and then the memory is given back.
    pub(super) fn take_any(&mut self) -> Option<(K, Option<V>)> {
        while let Some(key) = self.keys.pop() {
            if let Some(value) = self.entries.remove(&key) {
                return Some((key, value));
            }
        }
        *self = Self::default();
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, Option<&V>)> {
        self.entries.iter().map(|(key, value)| (key, value.as_ref()))
    }
}
