//! Keyed state that can be frozen: written in place, and read at one instant while writing goes on.

mod frozen;
mod generation;
mod memory;
mod overlay;

#[cfg(test)]
mod tests;

pub use frozen::FrozenKeyspace;
pub use memory::MemoryKeyspace;

/// Values under keys, with views of one instant.
///
/// The contract: every read sees every write before it; a view taken by [`Keyspace::freeze`] holds exactly
/// what the keyspace held then, for as long as it lives, on any thread, and taking it copies no values; no
/// operation's cost grows with how much was written while a view was out. How and where values are held is
/// the implementation's own, so nothing but the key decides what is found, and iteration has no order
/// except where it says so.
pub trait Keyspace<K, V> {
    fn get(&self, key: &K) -> Option<&V>;

    /// Changes the value of a key in place, if there is one.
    fn get_mut(&mut self, key: &K) -> Option<&mut V>;

    /// Changes the value of a key in place, made first if there is none.
    fn get_mut_or_insert_with(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V;

    /// Sets the value of a key, and returns the one before.
    fn insert(&mut self, key: K, value: V) -> Option<V>;

    /// Removes a key, and returns its value.
    fn remove(&mut self, key: &K) -> Option<V>;

    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every entry, in no order that anything may depend on.
    fn iter<'a>(&'a self) -> impl Iterator<Item = (&'a K, &'a V)>
    where
        K: 'a,
        V: 'a;

    /// Every entry in the order of the keys: for hashes of the state and for listings. Gathers and sorts
    /// references to all entries.
    fn iter_sorted<'a>(&'a self) -> impl Iterator<Item = (&'a K, &'a V)>
    where
        K: Ord + 'a,
        V: 'a,
    {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by(|left, right| left.0.cmp(right.0));
        entries.into_iter()
    }

    /// A view of this instant.
    fn freeze(&mut self) -> FrozenKeyspace<K, V>;
}
