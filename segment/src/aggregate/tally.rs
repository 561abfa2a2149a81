//! What a window's values come to, carried along while the window moves.

use std::ops::Range;

use rustc_hash::FxHashMap;

use segops_model::{Decimal, Instant};
use segops_rules::AggregateFunction;

use super::{Fraction, Reading};
use crate::{Timeline, ValueSubtotal};

/// A reading at one instant, which can be moved to later ones.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    reading: &'a Reading,
    timeline: Option<&'a Timeline>,
    indexes: Range<usize>,
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// For sums, averages, the least and the greatest.
    Subtotal(ValueSubtotal),
    /// How often each value is there.
    Counted(FxHashMap<i128, usize>),
    /// Every value, in order.
    Sorted(Vec<i128>),
}

impl<'a> Tally<'a> {
    pub(super) fn of(reading: &'a Reading, timeline: Option<&'a Timeline>, now: Instant) -> Self {
        let indexes = timeline.map_or(0..0, |timeline| reading.indexes(timeline, now));
        let held = match reading.function {
            AggregateFunction::Distinct => Held::Counted(FxHashMap::default()),
            AggregateFunction::Median => Held::Sorted(Vec::new()),
            _ => Held::Subtotal(ValueSubtotal::default()),
        };
        let mut tally = Self { reading, timeline, indexes: indexes.clone(), held };
        tally.take_in(indexes);
        tally
    }

    /// The next instant at which a value comes in or goes out.
    pub(super) fn next(&self) -> Option<Instant> {
        let timeline = self.timeline?;
        let window = &self.reading.window;
        let goes = timeline.get(self.indexes.start).and_then(|entry| window.leaves_at(entry.ts));
        let comes = timeline.get(self.indexes.end).and_then(|entry| window.reached_by_until(entry.ts));
        [goes, comes].into_iter().flatten().min()
    }

    /// Moves on to a later instant.
    pub(super) fn advance(&mut self, now: Instant) {
        let Some(timeline) = self.timeline else { return };
        let before = self.indexes.clone();
        self.indexes = self.reading.indexes(timeline, now);
        let comes = before.end.max(self.indexes.start)..self.indexes.end;
        let goes = before.start..self.indexes.start.min(before.end);
        if !comes.is_empty() {
            self.take_in(comes);
        }
        if !goes.is_empty() {
            self.let_go(goes);
        }
    }

    fn take_in(&mut self, indexes: Range<usize>) {
        let Some(timeline) = self.timeline else { return };
        match &mut self.held {
            Held::Subtotal(held) => held.add(&timeline.subtotal(indexes)),
            Held::Counted(counts) => {
                for value in timeline.values_at(indexes) {
                    *counts.entry(value.value).or_default() += 1;
                }
            }
            Held::Sorted(sorted) => {
                sorted.extend(timeline.values_at(indexes).map(|value| value.value));
                sorted.sort_unstable();
            }
        }
    }

    fn let_go(&mut self, indexes: Range<usize>) {
        let Some(timeline) = self.timeline else { return };
        match &mut self.held {
            Held::Subtotal(held) => {
                let gone = timeline.subtotal(indexes);
                if gone.min <= held.min || gone.max >= held.max {
                    *held = timeline.subtotal(self.indexes.clone());
                } else {
                    held.count -= gone.count;
                    held.sum = held.sum.wrapping_sub(gone.sum);
                }
            }
            Held::Counted(counts) => {
                for value in timeline.values_at(indexes) {
                    let count = counts.entry(value.value).or_default();
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        counts.remove(&value.value);
                    }
                }
            }
            Held::Sorted(sorted) => {
                for value in timeline.values_at(indexes) {
                    if let Ok(at) = sorted.binary_search(&value.value) {
                        sorted.remove(at);
                    }
                }
            }
        }
    }

    /// How many values, or matches, are in the window.
    pub(super) fn count(&self) -> usize {
        self.indexes.len()
    }

    /// The least value, of those whose least and greatest are held.
    pub(super) fn least(&self) -> Option<i128> {
        match &self.held {
            Held::Subtotal(held) if held.count > 0 => Some(held.min),
            _ => None,
        }
    }

    /// Whether there are two different values, of those whose least and greatest are held.
    pub(super) const fn differ(&self) -> bool {
        matches!(&self.held, Held::Subtotal(held) if held.count > 0 && held.min != held.max)
    }

    /// What the values come to; `None` where nothing can be made of none.
    pub(super) fn value(&self) -> Option<Fraction> {
        match (&self.held, self.reading.function) {
            (Held::Counted(counts), _) => {
                let count = Decimal::from_u64(counts.len() as u64);
                Some(Fraction::whole(count.billionths()))
            }
            (Held::Sorted(sorted), _) => median(sorted),
            (Held::Subtotal(held), AggregateFunction::Sum) => Some(Fraction::whole(held.sum)),
            (Held::Subtotal(held), _) if held.count == 0 => None,
            (Held::Subtotal(held), AggregateFunction::Minimum) => Some(Fraction::whole(held.min)),
            (Held::Subtotal(held), AggregateFunction::Maximum) => Some(Fraction::whole(held.max)),
            (Held::Subtotal(held), _) => Some(Fraction { numerator: held.sum, denominator: held.count }),
        }
    }
}

/// The value in the middle; of an even number, half of the two in the middle together.
fn median(sorted: &[i128]) -> Option<Fraction> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(Fraction::whole(upper));
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(Fraction { numerator: lower.saturating_add(upper), denominator: 2 })
}
