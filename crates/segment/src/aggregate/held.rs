//! Values of a window as far as an aggregate needs them, which come and go one by one.

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

use segops_rules::AggregateFunction;

use super::Fraction;
use crate::ValueSubtotal;

#[derive(Debug)]
pub(super) enum Held {
    /// For sums, averages, the least and the greatest.
    Subtotal(ValueSubtotal),
    /// How often each value is there.
    Counted(FxHashMap<i128, u32>),
    Halves(Halves),
    /// Where matches alone are counted.
    Nothing,
}

impl Held {
    pub(super) fn of_none(function: AggregateFunction) -> Self {
        match function {
            AggregateFunction::Distinct => Self::Counted(FxHashMap::default()),
            AggregateFunction::Median => Self::Halves(Halves::default()),
            AggregateFunction::Count => Self::Nothing,
            _ => Self::Subtotal(ValueSubtotal::default()),
        }
    }

    /// How much memory it takes, in values that are held one by one.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Subtotal(_) | Self::Nothing => 0,
            Self::Counted(counts) => counts.len(),
            Self::Halves(halves) => halves.len(),
        }
    }

    /// A value more, behind so many others.
    pub(super) fn take_in(&mut self, index: usize, value: i128) {
        match self {
            Self::Counted(counts) => count_in(counts, value),
            Self::Halves(halves) => halves.insert(index, value),
            // These are made anew for every answer.
            Self::Subtotal(_) | Self::Nothing => {}
        }
    }

    /// What so many values come to; `None` where nothing can be made of none.
    pub(super) fn value(&self, function: AggregateFunction, count: usize) -> Option<Fraction> {
        match self {
            Self::Nothing => Some(Fraction::of_count(count as u64)),
            Self::Counted(counts) => Some(Fraction::of_count(counts.len() as u64)),
            Self::Halves(halves) => {
                halves.two_medians().map(|numerator| Fraction { numerator, denominator: 2 })
            }
            Self::Subtotal(held) => value_of(held, function),
        }
    }
}

/// What values come to in a sum, an average, the least or the greatest.
pub(super) fn value_of(values: &ValueSubtotal, function: AggregateFunction) -> Option<Fraction> {
    match function {
        AggregateFunction::Sum => Some(Fraction::whole(values.sum)),
        _ if values.count == 0 => None,
        AggregateFunction::Minimum => Some(Fraction::whole(values.min)),
        AggregateFunction::Maximum => Some(Fraction::whole(values.max)),
        _ => Some(Fraction { numerator: values.sum, denominator: values.count }),
    }
}

/// A value more.
pub(super) fn count_in(counts: &mut FxHashMap<i128, u32>, value: i128) {
    *counts.entry(value).or_default() += 1;
}

/// A value less, of those that are there.
pub(super) fn count_out(counts: &mut FxHashMap<i128, u32>, value: i128) {
    let count = counts.entry(value).or_default();
    *count = count.saturating_sub(1);
    if *count == 0 {
        counts.remove(&value);
    }
}

/// Values in the order in which they came, and sorted in a lower and an upper half, for their median.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    order: VecDeque<i128>,
    /// Of an odd number it has one more.
    lower: Half,
    upper: Half,
}

#[derive(Debug, Default)]
struct Half {
    counts: BTreeMap<i128, u32>,
    len: usize,
}

impl Halves {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn push_newest(&mut self, value: i128) {
        self.order.push_back(value);
        self.add(value);
    }

    pub(crate) fn push_oldest(&mut self, value: i128) {
        self.order.push_front(value);
        self.add(value);
    }

    fn insert(&mut self, index: usize, value: i128) {
        self.order.insert(index.min(self.order.len()), value);
        self.add(value);
    }

    pub(crate) fn pop_newest(&mut self) {
        if let Some(value) = self.order.pop_back() {
            self.remove(value);
        }
    }

    pub(crate) fn pop_oldest(&mut self) {
        if let Some(value) = self.order.pop_front() {
            self.remove(value);
        }
    }

    /// Twice the value in the middle; of an even number, the two in the middle together.
    pub(crate) fn two_medians(&self) -> Option<i128> {
        let lower = self.lower.greatest()?;
        let upper = if self.lower.len > self.upper.len { lower } else { self.upper.least()? };
        Some(lower.saturating_add(upper))
    }

    fn add(&mut self, value: i128) {
        let goes_up = self.lower.greatest().is_some_and(|greatest| value > greatest);
        let half = if goes_up { &mut self.upper } else { &mut self.lower };
        half.add(value);
        self.balance();
    }

    fn remove(&mut self, value: i128) {
        let is_lower = self.lower.greatest().is_some_and(|greatest| value <= greatest);
        let half = if is_lower { &mut self.lower } else { &mut self.upper };
        half.remove(value);
        self.balance();
    }

    fn balance(&mut self) {
        while self.lower.len > self.upper.len + 1
            && let Some(greatest) = self.lower.greatest()
        {
            self.lower.remove(greatest);
            self.upper.add(greatest);
        }
        while self.upper.len > self.lower.len
            && let Some(least) = self.upper.least()
        {
            self.upper.remove(least);
            self.lower.add(least);
        }
    }
}

impl Half {
    fn greatest(&self) -> Option<i128> {
        self.counts.last_key_value().map(|(value, _)| *value)
    }

    fn least(&self) -> Option<i128> {
        self.counts.first_key_value().map(|(value, _)| *value)
    }

    fn add(&mut self, value: i128) {
        *self.counts.entry(value).or_default() += 1;
        self.len += 1;
    }

    fn remove(&mut self, value: i128) {
        let Some(count) = self.counts.get_mut(&value) else { return };
        *count -= 1;
        self.len -= 1;
        if *count == 0 {
            self.counts.remove(&value);
        }
    }
}
