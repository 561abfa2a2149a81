//! What was recorded of one profile and one segment: each time it came in or went out.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use segops_model::{Cause, Direction, Instant, SegmentVersion};

use super::item::{Item, Subtotal};
use super::run::Run;
use super::{Entry, Timeline};

/// Transitions kept for one profile and one segment: the newest.
pub const RECORDED_TRANSITIONS_MAX: usize = 10_000;

/// One transition: when it took effect, in which frame, which way, why, and by which version of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordedTransition {
    pub entry: Entry,
    pub direction: Direction,
    pub cause: Cause,
    pub version: SegmentVersion,
}

/// The transitions of one profile and one segment, oldest first, in and out by turns. A clone shares the
/// chunks of a long one.
#[derive(Clone)]
pub struct RecordedTransitions {
    run: Run<RecordedTransition>,
}

/// How many of a run's transitions are the profile's own doing, each way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moves {
    entered: usize,
    exited: usize,
}

impl Item for RecordedTransition {
    type Subtotal = Moves;
    fn entry(&self) -> Entry {
        self.entry
    }
}

impl Subtotal<RecordedTransition> for Moves {
    fn of(items: &[RecordedTransition]) -> Self {
        let mut moves = Self::default();
        for item in items.iter().filter(|item| item.cause.is_of_the_profile()) {
            match item.direction {
                Direction::Entered => moves.entered += 1,
                Direction::Exited => moves.exited += 1,
            }
        }
        moves
    }

    fn add(&mut self, other: &Self) {
        self.entered += other.entered;
        self.exited += other.exited;
    }
}

impl Moves {
    const fn of_direction(self, direction: Direction) -> usize {
        match direction {
            Direction::Entered => self.entered,
            Direction::Exited => self.exited,
        }
    }
}

impl RecordedTransitions {
    #[must_use]
    pub const fn new() -> Self {
        Self { run: Run::new() }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.run.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what is newer than all there is. What says again where the profile stands changes nothing; what
    /// takes back another of the same frame and instant leaves neither: it was never so for any time.
    pub fn record(&mut self, new: RecordedTransition) {
        let is_in = self.newest().is_some_and(|newest| newest.direction == Direction::Entered);
        if is_in == (new.direction == Direction::Entered) {
            return;
        }
        if self.newest().is_some_and(|newest| newest.entry == new.entry) {
            self.run = self.run.at(0..self.len().saturating_sub(1)).collect();
            return;
        }
        self.run.insert(new);
        self.run.keep_ends(0, RECORDED_TRANSITIONS_MAX);
    }

    #[must_use]
    pub fn newest(&self) -> Option<RecordedTransition> {
        self.run.get(self.len().checked_sub(1)?)
    }

    /// The entry by which the profile is in the segment at an instant; none if it is not.
    #[must_use]
    pub fn open_entry(&self, at: Instant) -> Option<RecordedTransition> {
        let newest = self.run.get(self.run.count_until(at).checked_sub(1)?)?;
        (newest.direction == Direction::Entered).then_some(newest)
    }

    /// The transitions in `(after, until]`, oldest first.
    pub fn iter_range(
        &self,
        after_exclusive: Instant,
        until_inclusive: Instant,
    ) -> impl DoubleEndedIterator<Item = RecordedTransition> {
        self.run.at(self.run.count_until(after_exclusive)..self.run.count_until(until_inclusive))
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = RecordedTransition> {
        self.run.iter()
    }

    /// What was recorded of two profiles that are one person: who was in as either was in.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        let mut all: Vec<(RecordedTransition, usize)> =
            self.iter().map(|one| (one, 0)).chain(other.iter().map(|one| (one, 1))).collect();
        all.sort_unstable();
        // Of a record cut at its limit, what is left begins with an exit of someone who was in before.
        let mut inside = [self.begins_inside(), other.begins_inside()];
        let mut is_in = inside.contains(&true);
        let mut joined = Vec::new();
        for of_one_instant in all.chunk_by(|(left, _), (right, _)| left.entry == right.entry) {
            for (one, side) in of_one_instant {
                if let Some(inside) = inside.get_mut(*side) {
                    *inside = one.direction == Direction::Entered;
                }
            }
            let is_in_now = inside.contains(&true);
            let direction = if is_in_now { Direction::Entered } else { Direction::Exited };
            if is_in_now != is_in {
                let turned = of_one_instant.iter().find(|(one, _)| one.direction == direction);
                joined.extend(turned.map(|(one, _)| *one));
                is_in = is_in_now;
            }
        }
        let mut run: Run<RecordedTransition> = joined.into_iter().collect();
        run.keep_ends(0, RECORDED_TRANSITIONS_MAX);
        Self { run }
    }

    fn begins_inside(&self) -> bool {
        self.run.get(0).is_some_and(|oldest| oldest.direction == Direction::Exited)
    }

    /// How many entries, or exits, were the profile's own doing up to an instant.
    pub(crate) fn moves_until(&self, direction: Direction, until_inclusive: Instant) -> usize {
        self.moves_before(direction, self.run.count_until(until_inclusive))
    }

    /// The one with so many older of its kind before it.
    pub(crate) fn nth_move(&self, direction: Direction, index: usize) -> Option<Entry> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.moves_before(direction, middle + 1) > index {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        self.run.get(low).map(|one| one.entry)
    }

    fn moves_before(&self, direction: Direction, index: usize) -> usize {
        self.run.subtotal(0..index).of_direction(direction)
    }

    /// The entries, or exits, that were the profile's own doing in `(after, until]`.
    #[must_use]
    pub fn moves(
        &self,
        direction: Direction,
        after_exclusive: Instant,
        until_inclusive: Instant,
    ) -> Timeline {
        self.iter_range(after_exclusive, until_inclusive)
            .filter(|one| one.direction == direction && one.cause.is_of_the_profile())
            .map(|one| one.entry)
            .collect()
    }
}

impl Default for RecordedTransitions {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<RecordedTransition> for RecordedTransitions {
    fn from_iter<I: IntoIterator<Item = RecordedTransition>>(transitions: I) -> Self {
        let mut recorded = Self::new();
        transitions.into_iter().for_each(|one| recorded.record(one));
        recorded
    }
}

impl PartialEq for RecordedTransitions {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for RecordedTransitions {}

impl std::fmt::Debug for RecordedTransitions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for RecordedTransitions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().collect::<Vec<_>>())
    }
}

impl<'de> Deserialize<'de> for RecordedTransitions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let transitions = Vec::<RecordedTransition>::deserialize(deserializer)?;
        Ok(Self { run: transitions.into_iter().collect() })
    }
}
