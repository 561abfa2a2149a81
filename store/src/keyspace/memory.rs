use std::hash::Hash;
use std::sync::Arc;

use super::frozen::visible;
use super::generation::Generation;
use super::overlay::{Overlay, Taken};
use super::{FrozenKeyspace, Keyspace};

/// Keys of a generation that one write moves down at most, once no view holds what is below. More than one, so that
/// draining always gains on writing.
const DRAINED_PER_WRITE: usize = 8;

/// A keyspace in memory: a base generation, and over it a stack of overlays, one for each view that is out
/// and was followed by writes.
///
/// A view holds the base and the overlays that were there when it was taken. What no view holds is written
/// in place; so without views every write goes straight into the base. With a view out, the first write to
/// a key copies its value into the newest overlay (or leaves a mark that the key is removed), and the view
/// goes on reading what is below. Once a view is dropped, each later write moves a few entries down into
/// the lowest generation that is free, until the stack is gone: nothing ever stops to merge.
#[derive(Debug)]
pub struct MemoryKeyspace<K, V> {
    base: Arc<Generation<K, V>>,
    /// From the oldest to the newest. Each was, or still is, held by a view.
    layers: Vec<Arc<Overlay<K, V>>>,
    /// Never held by a view.
    top: Overlay<K, V>,
    len: usize,
}

/// The lowest generation that no view holds; everything above it is free too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Free {
    Base,
    Layer(usize),
    Top,
}

impl<K, V> Default for MemoryKeyspace<K, V> {
    fn default() -> Self {
        Self { base: Arc::default(), layers: Vec::new(), top: Overlay::default(), len: 0 }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> MemoryKeyspace<K, V> {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many overlays are over the base: 0 where no view is out and all is drained.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.layers.len() + usize::from(!self.top.is_empty())
    }

    fn free(&mut self) -> Free {
        // From the top down: a view gives its generations back one by one, so one may look free while one
        // above it is not free yet.
        let held = self.layers.iter_mut().rposition(|layer| Arc::get_mut(layer).is_none());
        let lowest = held.map_or(0, |held| held + 1);
        if lowest == 0 && Arc::get_mut(&mut self.base).is_some() {
            return Free::Base;
        }
        if lowest < self.layers.len() { Free::Layer(lowest) } else { Free::Top }
    }

    /// Moves a few entries from the generation right above the free one into it.
    fn drain(&mut self, free: Free) {
        let above = match free {
            Free::Top => return,
            Free::Base => 0,
            Free::Layer(at) => at + 1,
        };
        for _ in 0..DRAINED_PER_WRITE {
            let from = match self.layers.get_mut(above) {
                Some(layer) => match Arc::get_mut(layer) {
                    Some(layer) => layer,
                    None => return,
                },
                None => &mut self.top,
            };
            match from.take_any() {
                Taken::Entry(key, value) => self.put(free, key, value),
                Taken::GoneBefore => {}
                Taken::AllGone => {
                    if above < self.layers.len() {
                        self.layers.remove(above);
                    }
                    return;
                }
            }
        }
    }

    /// Sets an entry in the free generation; one above may still hide it.
    fn put(&mut self, free: Free, key: K, value: Option<V>) {
        match free {
            Free::Base => {
                let Some(base) = Arc::get_mut(&mut self.base) else {
                    return self.top.set_if_absent(key, value);
                };
                match value {
                    Some(value) => drop(base.insert(key, value)),
                    None => drop(base.remove(&key)),
                }
            }
            Free::Layer(at) => match self.layers.get_mut(at).and_then(Arc::get_mut) {
                Some(layer) => layer.set(key, value),
                None => self.top.set_if_absent(key, value),
            },
            Free::Top => self.top.set(key, value),
        }
    }

    /// Takes what the generations above the free one say of a key, newest first, so that afterwards the
    /// free one decides.
    fn take_above(&mut self, free: Free, key: &K) -> Option<Option<V>> {
        let above = match free {
            Free::Top => return None,
            Free::Base => 0,
            Free::Layer(at) => at + 1,
        };
        let mut newest = self.top.take(key);
        for layer in self.layers.iter_mut().skip(above).rev() {
            if let Some(layer) = Arc::get_mut(layer) {
                let taken = layer.take(key);
                newest = newest.or(taken);
            }
        }
        newest
    }

    /// What the generations below a free one say of a key; these may be held by views.
    fn get_below(&self, free: Free, key: &K) -> Option<&V> {
        let below = match free {
            Free::Base => return None,
            Free::Layer(at) => at,
            Free::Top => self.layers.len(),
        };
        for layer in self.layers.iter().take(below).rev() {
            if let Some(value) = layer.get(key) {
                return value;
            }
        }
        self.base.get(key)
    }

    fn get_free_mut(&mut self, free: Free, key: &K) -> Option<&mut Option<V>> {
        match free {
            Free::Base => None,
            Free::Layer(at) => self.layers.get_mut(at).and_then(Arc::get_mut)?.get_mut(key),
            Free::Top => self.top.get_mut(key),
        }
    }

    /// Makes the free generation decide over the key with its current value, copied if it must be, and
    /// returns that generation. The one step before any write.
    fn own(&mut self, key: &K) -> Free {
        let free = self.free();
        if free == Free::Base && self.layers.is_empty() && self.top.is_empty() {
            return free;
        }
        self.drain(free);
        // Draining may have removed the layer above, never the free one.
        if let Some(value) = self.take_above(free, key) {
            self.put(free, key.clone(), value);
        } else if free != Free::Base && self.get_free_mut(free, key).is_none() {
            let copied = self.get_below(free, key).cloned();
            if copied.is_some() {
                self.put(free, key.clone(), copied);
            }
        }
        free
    }

    fn owned_mut(&mut self, free: Free, key: &K) -> Option<&mut V> {
        if free == Free::Base {
            return Arc::get_mut(&mut self.base)?.get_mut(key);
        }
        self.get_free_mut(free, key)?.as_mut()
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Keyspace<K, V> for MemoryKeyspace<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        if !self.top.is_empty()
            && let Some(value) = self.top.get(key)
        {
            return value;
        }
        for layer in self.layers.iter().rev() {
            if let Some(value) = layer.get(key) {
                return value;
            }
        }
        self.base.get(key)
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let free = self.own(key);
        self.owned_mut(free, key)
    }

    fn get_mut_or_insert_with(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V {
        let free = self.own(key);
        if self.owned_mut(free, key).is_none() {
            self.put(free, key.clone(), Some(make()));
            self.len += 1;
        }
        match self.owned_mut(free, key) {
            Some(value) => value,
            None => unreachable!("a free generation keeps what was just put into it"),
        }
    }

    fn insert(&mut self, key: K, value: V) -> Option<V> {
        let free = self.own(&key);
        if let Some(old) = self.owned_mut(free, &key) {
            return Some(std::mem::replace(old, value));
        }
        self.put(free, key, Some(value));
        self.len += 1;
        None
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let free = self.own(key);
        let removed = match free {
            Free::Base => Arc::get_mut(&mut self.base)?.remove(key),
            Free::Layer(_) | Free::Top => self.get_free_mut(free, key)?.take(),
        };
        self.len -= usize::from(removed.is_some());
        removed
    }

    fn len(&self) -> usize {
        self.len
    }

    fn iter<'a>(&'a self) -> impl Iterator<Item = (&'a K, &'a V)>
    where
        K: 'a,
        V: 'a,
    {
        let mut layers: Vec<&Overlay<K, V>> = self.layers.iter().map(Arc::as_ref).collect();
        layers.push(&self.top);
        layers.retain(|layer| !layer.is_empty());
        visible(&self.base, layers)
    }

    fn freeze(&mut self) -> FrozenKeyspace<K, V> {
        if !self.top.is_empty() {
            self.layers.push(Arc::new(std::mem::take(&mut self.top)));
        }
        FrozenKeyspace { base: self.base.clone(), layers: self.layers.clone(), len: self.len }
    }
}
