use std::hash::Hash;

use super::generation::Generation;

/// What was written over a generation that a view holds: a value, or `None` for a removed key.
#[derive(Debug)]
pub(super) struct Overlay<K, V> {
    entries: Generation<K, Option<V>>,
    /// The keys, so that a bounded number of entries can be taken out at a time. A key whose entry is
    /// already gone is skipped.
    keys: Vec<K>,
}

/// What [`Overlay::take_any`] came upon.
#[derive(Debug)]
pub(super) enum Taken<K, V> {
    Entry(K, Option<V>),
    /// A key whose entry was taken before.
    GoneBefore,
    AllGone,
}

impl<K, V> Default for Overlay<K, V> {
    fn default() -> Self {
        Self { entries: Generation::default(), keys: Vec::new() }
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
        self.entries.contains(key)
    }

    pub(super) fn set(&mut self, key: K, value: Option<V>) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.keys.push(key);
        }
    }

    /// Sets an entry unless there is one: for an entry that comes from an older overlay.
    pub(super) fn set_if_absent(&mut self, key: K, value: Option<V>) {
        if !self.entries.contains(&key) {
            self.set(key, value);
        }
    }

    /// Takes the entry of one key.
    pub(super) fn take(&mut self, key: &K) -> Option<Option<V>> {
        self.entries.remove(key)
    }

    /// Takes any entry, by one key at a time.
    pub(super) fn take_any(&mut self) -> Taken<K, V> {
        let Some(key) = self.keys.pop() else {
            // Gives the memory back.
            *self = Self::default();
            return Taken::AllGone;
        };
        match self.entries.remove(&key) {
            Some(value) => Taken::Entry(key, value),
            None => Taken::GoneBefore,
        }
    }

    /// False may also say that only keys of entries already gone are left.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, Option<&V>)> {
        self.entries.iter().map(|(key, value)| (key, value.as_ref()))
    }
}
