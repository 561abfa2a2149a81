//! Whom recorded results name, by the ids that profiles had when they were computed. An id that was merged away
//! answers for the survivor, one that goes along in a split for the new profile.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringTreemap;

use segops_model::{ProfileId, ResultId};

/// Profiles that one result names.
pub const RESULT_MEMBERS_MAX: usize = 5_000_000;

/// Of each recorded result, whom it names. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ResultBook(BTreeMap<ResultId, Named>);

#[derive(Debug, Clone, Default)]
struct Named {
    ids: Arc<RoaringTreemap>,
    /// How often they have changed in this process.
    changes: u64,
}

impl ResultBook {
    /// A result as it was stored, in place of any that is there.
    pub(crate) fn put(&mut self, result: ResultId, ids: RoaringTreemap) {
        self.0.insert(result, Named { ids: Arc::new(ids), changes: 0 });
    }

    /// Every result with whom it names, and how often that has changed in this process.
    pub(crate) fn with_changes(&self) -> impl Iterator<Item = (ResultId, u64, &RoaringTreemap)> {
        self.0.iter().map(|(result, named)| (*result, named.changes, named.ids.as_ref()))
    }

    pub(crate) fn create(&mut self, result: ResultId) {
        self.0.entry(result).or_default();
    }

    pub(crate) fn delete(&mut self, result: ResultId) {
        self.0.remove(&result);
    }

    /// Has a result name these and nobody else; the ids of which that is new, or no longer so.
    pub(crate) fn replace(&mut self, result: ResultId, ids: RoaringTreemap) -> RoaringTreemap {
        let named = self.0.entry(result).or_default();
        let changed = &ids ^ named.ids.as_ref();
        named.ids = Arc::new(ids);
        named.changes += 1;
        changed
    }

    /// Takes someone who was deleted out of every result.
    pub(crate) fn forget(&mut self, ids: impl Iterator<Item = ProfileId>) {
        for id in ids {
            for named in self.0.values_mut().filter(|named| named.ids.contains(id.0)) {
                Arc::make_mut(&mut named.ids).remove(id.0);
                named.changes += 1;
            }
        }
    }

    #[must_use]
    pub fn names(&self, result: ResultId, profile: ProfileId) -> bool {
        self.0.get(&result).is_some_and(|named| named.ids.contains(profile.0))
    }

    /// The ids that a result names.
    #[must_use]
    pub fn ids(&self, result: ResultId) -> Option<&RoaringTreemap> {
        self.0.get(&result).map(|named| named.ids.as_ref())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ResultId, Vec<u64>)> {
        self.0.iter().map(|(result, named)| (result, named.ids.iter().collect()))
    }
}
