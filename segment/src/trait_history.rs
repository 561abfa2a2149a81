//! What a trait was: how long its value has passed a test, when it became another, and what it was at one time.
//!
//! **Cost.** Of a profile and a watched trait the newest [`TRAIT_SETS_MAX`] sets and unsets are kept, 48 bytes
//! each, by (ts, position); older ones do not exist. Of one condition's answer: a search among them that
//! passes over runs of one value by their subtotals.

#[cfg(test)]
mod tests;

use std::ops::Range;

use segops_model::{Instant, SignalId};
use segops_rules::{HeldFor, HistoryTest, Moment, PastTime, TraitHistoryCondition, Window};

use crate::evaluate::{Outcome, ProfileView};
use crate::instants::{Occurrences, occurs_within};
use crate::{Calendar, Entry, Keep, SignalRegistry, Timeline, TraitWatch, WindowBounds};

/// Sets and unsets of one trait that exist of a profile: the newest. With so many, the oldest says what the
/// value was, and is no change itself.
pub const TRAIT_SETS_MAX: u32 = 10_000;
/// A range of so few sets is looked through one by one.
const SCANNED_MAX: usize = 32;

#[derive(Debug, Clone)]
pub(crate) struct TraitHistoryNode {
    pub(crate) signal: SignalId,
    pub(crate) window: WindowBounds,
    /// What a missing value is kept as.
    missing: i128,
    asked: Asked,
}

#[derive(Debug, Clone, Copy)]
enum Asked {
    HeldAtLeast,
    HeldLessThan,
    Changed {
        from: Option<i128>,
        to: Option<i128>,
    },
    /// At the last instant before the window.
    WasBefore,
    /// At the last instant of the window.
    WasAtEnd,
}

impl TraitHistoryNode {
    /// Compiles a condition that has been checked, and interns its watch once more.
    pub(crate) fn compile(
        leaf: &TraitHistoryCondition,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let (tests, keyed, asked, window) = match &leaf.test {
            HistoryTest::Held { state, time } => {
                let asked = match time {
                    HeldFor::AtLeast(_) => Asked::HeldAtLeast,
                    HeldFor::LessThan(_) => Asked::HeldLessThan,
                };
                (vec![state.clone()], false, asked, Window::Last(time.span()))
            }
            HistoryTest::Changed { from, to, window } => {
                // The test of what it became has the highest bit: without that, no set of a run can pass.
                let tests: Vec<_> = to.iter().chain(from).cloned().collect();
                let asked = Asked::Changed {
                    from: from.as_ref().map(|_| TraitWatch::bit(usize::from(to.is_some()))),
                    to: to.as_ref().map(|_| TraitWatch::bit(0)),
                };
                (tests, true, asked, window.clone())
            }
            HistoryTest::Was { state, when } => {
                let (asked, window) = match when {
                    PastTime::Ago(span) => (Asked::WasBefore, Window::Last(*span)),
                    PastTime::On(date) => (Asked::WasAtEnd, Window::On(*date)),
                    PastTime::At(moment) => {
                        let after = Moment::Instant(moment.instant(&calendar.zone).plus_ms(1));
                        (Asked::WasAtEnd, Window::Range { from: None, to: Some(after) })
                    }
                };
                (vec![state.clone()], false, asked, window)
            }
        };
        let watch = TraitWatch { path: leaf.path.clone(), tests, keyed };
        let missing = watch.state_of(&watch.compile_tests(&calendar.zone), None);
        Self {
            signal: registry.intern_trait(watch, &calendar.zone),
            window: WindowBounds::new(&window, calendar),
            missing,
            asked,
        }
    }

    pub(crate) const fn keep() -> Keep {
        Keep::Newest(TRAIT_SETS_MAX)
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let none = Timeline::new();
        let sets = self.sets(view.timeline(self.signal).unwrap_or(&none));
        match self.asked {
            Asked::Changed { .. } => occurs_within(&self.window, &sets, now),
            Asked::HeldAtLeast | Asked::HeldLessThan => self.held(&sets, now),
            Asked::WasBefore | Asked::WasAtEnd => self.was(&sets, now),
        }
    }

    /// The instant whose value is asked for.
    pub(crate) fn past_instant(&self, now: Instant) -> Instant {
        let (after, until) = self.window.bounds(now);
        match self.asked {
            Asked::WasBefore => after,
            Asked::WasAtEnd | Asked::HeldAtLeast | Asked::HeldLessThan | Asked::Changed { .. } => until,
        }
    }

    fn was(&self, sets: &Sets<'_>, now: Instant) -> Outcome {
        let at = self.past_instant(now);
        let holds = sets.passed_at(at) == Some(true);
        let other = sets.first_otherwise(at, holds);
        let next_change = match self.asked {
            Asked::WasBefore => other.and_then(|other| self.window.leaves_at(other)),
            _ => other.and_then(|other| self.window.reached_by_until(other)),
        };
        Outcome { holds, next_change }
    }

    fn held(&self, sets: &Sets<'_>, now: Instant) -> Outcome {
        let next_set = sets.timeline.nth_after(now, 1).map(|entry| entry.ts);
        let Some(since) = sets.held_since(now) else {
            return Outcome { holds: false, next_change: next_set };
        };
        let (after, _) = self.window.bounds(now);
        let is_long = since.is_none_or(|since| since <= after);
        let becomes_long = since.filter(|_| !is_long).and_then(|since| self.window.leaves_at(since));
        let next_change = [next_set, becomes_long].into_iter().flatten().min();
        Outcome { holds: is_long == matches!(self.asked, Asked::HeldAtLeast), next_change }
    }

    pub(crate) fn sets<'a>(&'a self, timeline: &'a Timeline) -> Sets<'a> {
        let kept = TRAIT_SETS_MAX as usize;
        let is_full = timeline.len() >= kept;
        Sets { node: self, timeline, first: timeline.len().saturating_sub(kept), is_full }
    }

    /// Whether becoming `new` after `old` is a change that is asked for.
    fn is_change(&self, old: i128, new: i128) -> bool {
        let Asked::Changed { from, to } = self.asked else { return false };
        let passes = |value: i128, bit: i128| value & bit != 0;
        match (from, to) {
            (None, None) => old != new,
            (Some(from), None) => passes(old, from) && !passes(new, from),
            (None, Some(to)) => passes(new, to) && !passes(old, to),
            (Some(from), Some(to)) => passes(old, from) && passes(new, to) && old != new,
        }
    }
}

/// The sets of one profile that count. Of several at one instant, the value is that of the last.
pub(crate) struct Sets<'a> {
    node: &'a TraitHistoryNode,
    timeline: &'a Timeline,
    /// The index of the first one that exists.
    first: usize,
    is_full: bool,
}

impl Sets<'_> {
    fn value(&self, index: usize) -> Option<i128> {
        self.timeline.values_at(index..index.saturating_add(1)).next().map(|set| set.value)
    }

    /// Since when the value has passed the test: `None` if it does not, and no instant if it always has.
    pub(crate) fn held_since(&self, now: Instant) -> Option<Option<Instant>> {
        let passes = |value: i128| value != 0;
        let passes_missing = passes(self.node.missing);
        let mut end = self.timeline.count_until(now).max(self.first);
        let Some(newest) = self.newest_before(end) else { return passes_missing.then_some(None) };
        if !self.value(newest).is_some_and(passes) {
            return None;
        }
        loop {
            let start = self.first_of_run(end);
            let ts = self.timeline.get(start)?.ts;
            // A failing set at the very instant of a passing one after it was never in force.
            end = self.timeline.count_until(ts.plus_ms(-1)).max(self.first);
            match self.newest_before(end) {
                Some(previous) if self.value(previous).is_some_and(passes) => {}
                None if passes_missing && !self.is_full => return Some(None),
                Some(_) | None => return Some(Some(ts)),
            }
        }
    }

    /// Whether the value at an instant passed; `None` where the sets that made it no longer exist.
    pub(crate) fn passed_at(&self, at: Instant) -> Option<bool> {
        let value = match self.newest_before(self.timeline.count_until(at)) {
            Some(newest) => self.value(newest)?,
            None if self.is_full => return None,
            None => self.node.missing,
        };
        Some(value != 0)
    }

    /// The first instant after one from which on the value passes if it did not before, and the other way.
    fn first_otherwise(&self, at: Instant, passed: bool) -> Option<Instant> {
        let mut from = self.timeline.count_until(at).max(self.first);
        loop {
            let ts = self.timeline.get(self.first_with(from, !passed)?)?.ts;
            let end = self.timeline.count_until(ts);
            if (self.value(self.newest_before(end)?)? != 0) != passed {
                return Some(ts);
            }
            // It was never in force: a later set at the very same instant passes as before.
            from = end;
        }
    }

    /// The index of the first set from an index on that passes, or that does not.
    fn first_with(&self, from: usize, passing: bool) -> Option<usize> {
        let is_in = |range: Range<usize>| {
            let subtotal = self.timeline.subtotal(range);
            if passing { subtotal.max != 0 } else { subtotal.min == 0 }
        };
        let (mut low, mut high) = (from, self.timeline.len());
        if low >= high || !is_in(low..high) {
            return None;
        }
        while high - low > 1 {
            let middle = low.midpoint(high);
            if is_in(low..middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(low)
    }

    fn newest_before(&self, end: usize) -> Option<usize> {
        end.checked_sub(1).filter(|newest| *newest >= self.first)
    }

    /// The index of the first of the passing sets that come right before an index.
    fn first_of_run(&self, end: usize) -> usize {
        let (mut low, mut high) = (self.first, end.saturating_sub(1));
        while low < high {
            let middle = low.midpoint(high);
            if self.timeline.subtotal(middle..high).min == 0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        high
    }

    /// The index of the newest set before an instant's own ones.
    fn previous(&self, ts: Instant) -> Option<usize> {
        self.newest_before(self.timeline.count_until(ts.plus_ms(-1)))
    }

    fn is_change_at(&self, index: usize) -> bool {
        let Some(entry) = self.timeline.get(index) else { return false };
        let is_last = self.timeline.get(index + 1).is_none_or(|next| next.ts > entry.ts);
        let previous = self.previous(entry.ts);
        if !is_last || (previous.is_none() && self.is_full) {
            return false;
        }
        let old = previous.map_or(Some(self.node.missing), |index| self.value(index));
        old.zip(self.value(index)).is_some_and(|(old, new)| self.node.is_change(old, new))
    }

    /// Whether there is surely no change in a range that is not empty.
    fn has_none(&self, range: &Range<usize>) -> bool {
        let inside = self.timeline.subtotal(range.clone());
        if let Asked::Changed { to: Some(to), .. } = self.node.asked
            && inside.max < to
        {
            return true;
        }
        let previous = self.timeline.get(range.start).map(|entry| self.previous(entry.ts));
        match previous {
            Some(Some(previous)) => {
                let all = self.timeline.subtotal(previous..range.end);
                all.min == all.max
            }
            Some(None) => inside.min == self.node.missing && inside.max == self.node.missing,
            None => true,
        }
    }

    /// The newest change with an index in a range.
    fn newest_change(&self, range: Range<usize>) -> Option<usize> {
        if range.is_empty() || self.has_none(&range) {
            return None;
        }
        if range.len() <= SCANNED_MAX {
            return range.rev().find(|index| self.is_change_at(*index));
        }
        let middle = range.start.midpoint(range.end);
        self.newest_change(middle..range.end).or_else(|| self.newest_change(range.start..middle))
    }

    fn oldest_change(&self, range: Range<usize>) -> Option<usize> {
        if range.is_empty() || self.has_none(&range) {
            return None;
        }
        if range.len() <= SCANNED_MAX {
            return range.into_iter().find(|index| self.is_change_at(*index));
        }
        let middle = range.start.midpoint(range.end);
        self.oldest_change(range.start..middle).or_else(|| self.oldest_change(middle..range.end))
    }

    /// The newest changes in the window, newest first.
    pub(crate) fn changes(&self, now: Instant) -> impl Iterator<Item = Entry> {
        let (after, until) = self.node.window.bounds(now);
        let start = self.timeline.count_until(after).max(self.first);
        let mut end = self.timeline.count_until(until).max(start);
        std::iter::from_fn(move || {
            end = self.newest_change(start..end)?;
            self.timeline.get(end)
        })
    }
}

impl Occurrences for Sets<'_> {
    fn newest_in(&self, after_exclusive: Instant, until_inclusive: Instant) -> Option<Instant> {
        let start = self.timeline.count_until(after_exclusive).max(self.first);
        let end = self.timeline.count_until(until_inclusive).max(start);
        self.newest_change(start..end).and_then(|index| self.timeline.get(index)).map(|entry| entry.ts)
    }

    fn first_after(&self, after_exclusive: Instant) -> Option<Instant> {
        let start = self.timeline.count_until(after_exclusive).max(self.first);
        self.oldest_change(start..self.timeline.len())
            .and_then(|index| self.timeline.get(index))
            .map(|entry| entry.ts)
    }
}
