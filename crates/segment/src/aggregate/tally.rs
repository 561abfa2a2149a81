//! What a window's values come to, carried along while the window moves.

use std::ops::Range;

use segops_model::{Decimal, Instant};
use segops_rules::AggregateFunction;

use super::held::{Held, count_in, count_out};
use super::{Fraction, Reading};
use crate::carried::{Key, Shelf};
use crate::evaluate::ProfileView;
use crate::timeline::{Late, Lineage};
use crate::{Timeline, ValueEntry, WindowBounds};

/// A reading at one instant, which can be moved to later ones.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    reading: &'a Reading,
    timeline: Option<&'a Timeline>,
    indexes: Range<usize>,
    held: Held,
    /// Where it goes when it is done with, as it was at the instant that was asked about.
    home: Option<Home<'a>>,
}

#[derive(Debug)]
struct Home<'a> {
    shelf: &'a Shelf<CarriedTally>,
    key: Key,
    indexes: Range<usize>,
}

/// A window's tally, and of which entries it is.
#[derive(Debug)]
pub(crate) struct CarriedTally {
    function: AggregateFunction,
    window: WindowBounds,
    lineage: Lineage,
    /// Counted from where the lineage began.
    indexes: Range<usize>,
    held: Held,
}

impl CarriedTally {
    fn is_of(&self, reading: &Reading) -> bool {
        self.function == reading.function && self.window == reading.window
    }

    /// Takes in a value that came late: among those that are held, or before them.
    fn take_in(&mut self, late: Late<ValueEntry>) {
        let Range { start, end } = &mut self.indexes;
        if late.index <= *start {
            *start += 1;
            *end += 1;
        } else if late.index < *end {
            *end += 1;
            self.held.take_in(late.index - *start, late.item.value);
        }
    }
}

impl<'a> Tally<'a> {
    pub(super) fn of(reading: &'a Reading, view: &'a impl ProfileView, now: Instant) -> Self {
        let timeline = view.timeline(reading.signal);
        let indexes = timeline.map_or(0..0, |timeline| reading.indexes(timeline, now));
        let held = Held::of_none(reading.function);
        // Anything else is a few subtotals.
        let is_held_one_by_one = matches!(held, Held::Counted(_) | Held::Halves(_));
        let carried = view.carried().filter(|one| is_held_one_by_one && one.is_worth_it(indexes.len()));
        let home = carried.map(|carried| {
            let key = (view.profile(), reading.signal);
            Home { shelf: &carried.tallies, key, indexes: indexes.clone() }
        });
        let mut tally = Self { reading, timeline, indexes: 0..0, held, home };
        tally.take_up();
        tally.move_to(indexes);
        tally
    }

    /// Goes on from where the window was before, if that was on the same way.
    fn take_up(&mut self) {
        let (Some(home), Some(timeline)) = (&self.home, self.timeline) else { return };
        let Some((_, origin)) = timeline.lineage() else { return };
        let carried = home.shelf.take(home.key, |carried| carried.is_of(self.reading));
        let Some(mut carried) = carried else { return };
        let Some(late) = timeline.late_since(carried.lineage) else { return };
        late.into_iter().for_each(|late| carried.take_in(late));
        // What has been dropped since is to be let go, and is there no more.
        let dropped = origin.saturating_sub(carried.indexes.start).min(carried.indexes.len());
        match &mut carried.held {
            Held::Halves(halves) => (0..dropped).for_each(|_| halves.pop_oldest()),
            _ if dropped > 0 => return,
            _ => {}
        }
        let start = carried.indexes.start + dropped;
        if let Some(start) = start.checked_sub(origin) {
            self.indexes = start..carried.indexes.end - origin;
            self.held = carried.held;
        }
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
        if let Some(timeline) = self.timeline {
            self.move_to(self.reading.later_indexes(timeline, now, &self.indexes));
        }
    }

    /// Moves to other values, taking in and letting go those at the ends.
    fn move_to(&mut self, indexes: Range<usize>) {
        let mut before = std::mem::replace(&mut self.indexes, indexes.clone());
        let Some(timeline) = self.timeline else { return };
        let is_apart = before.end <= indexes.start || indexes.end <= before.start;
        if is_apart {
            self.held = Held::of_none(self.reading.function);
            before = indexes.start..indexes.start;
        }
        let (older, newer) = (indexes.start..before.start, before.end..indexes.end);
        let (oldest_gone, newest_gone) = (before.start..indexes.start, indexes.end..before.end);
        let values = |indexes: Range<usize>| timeline.values_at(indexes).map(|value| value.value);
        match &mut self.held {
            Held::Nothing => {}
            Held::Subtotal(held) if is_apart || !older.is_empty() || !newest_gone.is_empty() => {
                *held = timeline.subtotal(indexes);
            }
            Held::Subtotal(held) => {
                held.add(&timeline.subtotal(newer));
                let gone = timeline.subtotal(oldest_gone);
                // Of a sum the least value may go on being one that is gone: it is only asked whether any is below 0.
                let needs_ends =
                    !matches!(self.reading.function, AggregateFunction::Sum | AggregateFunction::Average);
                if needs_ends && gone.count > 0 && (gone.min <= held.min || gone.max >= held.max) {
                    *held = timeline.subtotal(indexes);
                } else {
                    held.count -= gone.count;
                    held.sum = held.sum.wrapping_sub(gone.sum);
                }
            }
            Held::Counted(counts) => {
                values(older).chain(values(newer)).for_each(|value| count_in(counts, value));
                values(oldest_gone).chain(values(newest_gone)).for_each(|value| count_out(counts, value));
            }
            Held::Halves(halves) => {
                values(older).rev().for_each(|value| halves.push_oldest(value));
                values(newer).for_each(|value| halves.push_newest(value));
                oldest_gone.for_each(|_| halves.pop_oldest());
                newest_gone.for_each(|_| halves.pop_newest());
            }
        }
    }

    /// Whether time alone can only make the value smaller: values only go out, and none that goes adds by that.
    pub(super) fn can_only_fall(&self) -> bool {
        let falls = match (&self.held, self.reading.function) {
            (Held::Counted(_) | Held::Nothing, _) => true,
            (Held::Subtotal(held), AggregateFunction::Sum) => held.count == 0 || held.min >= 0,
            _ => false,
        };
        let comes = self.timeline.is_some_and(|timeline| self.indexes.end < timeline.len());
        falls && !comes && self.reading.window.ends_now()
    }

    /// As [`super::Measured::falls_when`] has it.
    #[expect(clippy::option_option, reason = "not known, and never, are two answers")]
    pub(super) fn falls_when(&self, is_high: impl Fn(i128) -> bool) -> Option<Option<Instant>> {
        let Some(timeline) = self.timeline else { return Some(None) };
        let end = self.indexes.end;
        let sum_from = |from: usize| match &self.held {
            Held::Subtotal(_) => Some(timeline.subtotal(from..end).sum),
            Held::Nothing => Some(Decimal::from_u64((end - from) as u64).billionths()),
            Held::Counted(_) | Held::Halves(_) => None,
        };
        sum_from(end)?;
        let (mut high, mut low) = (self.indexes.start, self.indexes.end);
        // From `high` on the values are enough, from `low` on they are not.
        if high >= low || is_high(0) {
            return Some(None);
        }
        while high + 1 < low {
            let middle = high.midpoint(low);
            if is_high(sum_from(middle)?) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(timeline.get(high).and_then(|entry| self.reading.window.leaves_at(entry.ts)))
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
        self.held.value(self.reading.function, self.count())
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        let Some(Home { shelf, key, indexes }) = self.home.take() else { return };
        let Some((lineage, origin)) = self.timeline.and_then(Timeline::lineage) else { return };
        self.move_to(indexes);
        let held = std::mem::replace(&mut self.held, Held::of_none(AggregateFunction::Sum));
        let carried = CarriedTally {
            function: self.reading.function,
            window: self.reading.window.clone(),
            lineage,
            indexes: self.indexes.start + origin..self.indexes.end + origin,
            held,
        };
        let values = carried.held.size();
        shelf.put(key, carried, values, |other, _| other.is_of(self.reading));
    }
}
