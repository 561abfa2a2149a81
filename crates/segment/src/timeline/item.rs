//! What a timeline is made of: matches alone, or matches with the values that an aggregate reads.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use segops_model::{Instant, Position};

/// One match: when it happened, and its place in the journal, which orders what shares an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    pub ts: Instant,
    pub position: Position,
}

/// One value of one match. What it stands for is the matter of the [`crate::Capture`] that took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueEntry {
    pub entry: Entry,
    /// The value's place among those of the same event: events with line items have several.
    pub line: u32,
    pub value: i128,
}

/// What a timeline of either kind is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimelineItem {
    Match(Entry),
    Value(ValueEntry),
}

/// What has a place in time.
pub(super) trait Item: Copy + Ord + Debug {
    type Subtotal: Subtotal<Self> + Default;
    fn entry(&self) -> Entry;
    fn ts(&self) -> Instant {
        self.entry().ts
    }
}

/// What a run of items comes to, whichever way it is put together.
pub(super) trait Subtotal<T>: Clone + Debug {
    fn of(items: &[T]) -> Self;
    fn add(&mut self, other: &Self);
}

impl Item for Entry {
    type Subtotal = ();
    fn entry(&self) -> Entry {
        *self
    }
}

impl Subtotal<Entry> for () {
    fn of(_: &[Entry]) -> Self {}
    fn add(&mut self, (): &Self) {}
}

impl Item for ValueEntry {
    type Subtotal = ValueSubtotal;
    fn entry(&self) -> Entry {
        self.entry
    }
}

/// What a run of values comes to. A sum is exact: a value is below 10^29, and so 10^9 of them fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueSubtotal {
    pub count: u64,
    pub sum: i128,
    /// Meaningless where `count` is 0, as `max` is.
    pub min: i128,
    pub max: i128,
}

impl Default for ValueSubtotal {
    fn default() -> Self {
        Self { count: 0, sum: 0, min: i128::MAX, max: i128::MIN }
    }
}

impl Subtotal<ValueEntry> for ValueSubtotal {
    fn of(items: &[ValueEntry]) -> Self {
        let mut subtotal = Self::default();
        for item in items {
            // A sum can only leave the range on its way, by values that are no numbers and that nobody adds.
            subtotal.sum = subtotal.sum.wrapping_add(item.value);
            subtotal.min = subtotal.min.min(item.value);
            subtotal.max = subtotal.max.max(item.value);
            subtotal.count += 1;
        }
        subtotal
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

impl ValueSubtotal {
    /// Adds one value.
    pub(crate) fn add_value(&mut self, value: i128) {
        Subtotal::add(self, &Self { count: 1, sum: value, min: value, max: value });
    }

    /// What this and another come to together.
    pub(crate) fn add(&mut self, other: &Self) {
        Subtotal::add(self, other);
    }
}
