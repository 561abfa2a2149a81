//! What was recorded of profiles and segments: every transition, under the surviving profile's id. Rules,
//! rebuilds and questions about the past read it; nothing ever computes it anew.

use roaring::RoaringTreemap;
use rustc_hash::FxHashMap;

use segops_model::{Instant, ProfileId, SegmentId};
use segops_segment::{RecordedTransition, RecordedTransitions};
use segops_store::{FrozenKeyspace, Keyspace};

use super::Space;

/// The transitions of one profile and one segment.
pub type RecordKey = (ProfileId, SegmentId);

#[derive(Debug, Default)]
pub struct Records {
    by_key: Space<RecordKey, RecordedTransitions>,
    /// Derived from `by_key`: everyone of whom anything is recorded with a segment.
    profiles: FxHashMap<SegmentId, RoaringTreemap>,
}

impl Records {
    /// What was recorded of one profile and one segment.
    #[must_use]
    pub fn of(&self, profile: ProfileId, segment: SegmentId) -> Option<&RecordedTransitions> {
        self.by_key.get(&(profile, segment))
    }

    /// Everyone of whom anything was recorded with a segment, in ascending order.
    pub fn of_segment(&self, segment: SegmentId) -> impl Iterator<Item = (ProfileId, &RecordedTransitions)> {
        let profiles = self.profiles.get(&segment).into_iter().flatten();
        profiles.map(ProfileId).filter_map(move |profile| Some((profile, self.of(profile, segment)?)))
    }

    /// A segment's transitions in `(after, until]`, by profile and then by time.
    pub fn in_range(
        &self,
        segment: SegmentId,
        after_exclusive: Instant,
        until_inclusive: Instant,
    ) -> impl Iterator<Item = (ProfileId, RecordedTransition)> {
        self.of_segment(segment).flat_map(move |(profile, recorded)| {
            recorded.iter_range(after_exclusive, until_inclusive).map(move |one| (profile, one))
        })
    }

    /// Whether a profile is in a segment by what was recorded.
    #[must_use]
    pub fn is_in(&self, profile: ProfileId, segment: SegmentId) -> bool {
        let newest = self.of(profile, segment).and_then(RecordedTransitions::newest);
        newest.is_some_and(|newest| newest.direction == segops_model::Direction::Entered)
    }

    /// Adds a transition that is newer than all of its profile and segment.
    pub fn record(&mut self, profile: ProfileId, segment: SegmentId, new: RecordedTransition) {
        let key = (profile, segment);
        self.by_key.get_mut_or_insert_with(&key, RecordedTransitions::new).record(new);
        if self.by_key.get(&key).is_some_and(RecordedTransitions::is_empty) {
            self.take(profile, segment);
        } else {
            self.profiles.entry(segment).or_default().insert(profile.0);
        }
    }

    /// Sets what was recorded of one profile and one segment.
    pub fn put(&mut self, profile: ProfileId, segment: SegmentId, recorded: RecordedTransitions) {
        if recorded.is_empty() {
            self.take(profile, segment);
            return;
        }
        self.by_key.insert((profile, segment), recorded);
        self.profiles.entry(segment).or_default().insert(profile.0);
    }

    /// Takes out what was recorded of one profile and one segment.
    pub fn take(&mut self, profile: ProfileId, segment: SegmentId) -> Option<RecordedTransitions> {
        let taken = self.by_key.remove(&(profile, segment))?;
        if let Some(profiles) = self.profiles.get_mut(&segment) {
            profiles.remove(profile.0);
            if profiles.is_empty() {
                self.profiles.remove(&segment);
            }
        }
        Some(taken)
    }

    /// The segments with which anything was recorded of a profile, in ascending order.
    #[must_use]
    pub fn segments_of(&self, profile: ProfileId) -> Vec<SegmentId> {
        let known = self.profiles.iter().filter(|(_, profiles)| profiles.contains(profile.0));
        let mut segments: Vec<SegmentId> = known.map(|(segment, _)| *segment).collect();
        segments.sort_unstable();
        segments
    }

    /// Drops everything that was recorded with a segment.
    pub fn forget_segment(&mut self, segment: SegmentId) {
        for profile in self.profiles.remove(&segment).into_iter().flatten() {
            self.by_key.remove(&(ProfileId(profile), segment));
        }
    }

    /// Drops everything that was recorded of a profile.
    pub fn forget_profile(&mut self, profile: ProfileId) {
        for segment in self.segments_of(profile) {
            self.take(profile, segment);
        }
    }

    pub fn iter_sorted(&self) -> impl Iterator<Item = (&RecordKey, &RecordedTransitions)> {
        self.by_key.iter_sorted()
    }

    /// A view of this instant.
    pub fn freeze(&mut self) -> FrozenKeyspace<RecordKey, RecordedTransitions> {
        self.by_key.freeze()
    }
}
