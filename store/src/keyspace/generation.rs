use std::hash::{BuildHasher, Hash};

use rustc_hash::{FxBuildHasher, FxHashMap};

/// How many maps share the entries. A map that grows moves all it has at once; in shares of this, twenty
/// million entries never wait for more than a third of a million to be moved.
const SHARDS: usize = 64;

/// A hash map whose growth never stops the world.
#[derive(Debug)]
pub(super) struct Generation<K, V> {
    /// Empty until the first entry.
    shards: Vec<FxHashMap<K, V>>,
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self { shards: Vec::new() }
    }
}

/// The shard of a key, by bits of its hash that the maps themselves use neither to place an entry nor to
/// tag it.
fn shard_of(key: &impl Hash) -> usize {
    let bits = (FxBuildHasher.hash_one(key) >> 50) as usize;
    bits % SHARDS
}

impl<K: Eq + Hash, V> Generation<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        if self.shards.is_empty() {
            return None;
        }
        self.shards.get(shard_of(key))?.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.shards.is_empty() {
            return None;
        }
        self.shards.get_mut(shard_of(key))?.get_mut(key)
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, FxHashMap::default);
        }
        self.shards.get_mut(shard_of(&key))?.insert(key, value)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        if self.shards.is_empty() {
            return None;
        }
        self.shards.get_mut(shard_of(key))?.remove(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards.iter().flatten()
    }
}
