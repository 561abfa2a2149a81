//! One of the values that a property had: the first, the last, or the one that came most often.
//!
//! Of each value a key is kept, with whether it passes what the rule asks in the lowest bit: no text is kept
//! with the profile, and no value is tested twice.
//!
//! **Cost** of one answer: the first and the last are found at once, and kept alone where nothing else can take
//! their place; the most frequent counts every value in the window, all of which are kept.

use std::ops::Range;

use rustc_hash::FxHashMap;

use segops_model::{Instant, SignalId};
use segops_rules::{ChosenValue, ComputedCondition, Resolved, StateTest, ValueChoice, Window};

use super::ChosenAt;
use crate::evaluate::{Outcome, ProfileView};
use crate::{
    Calendar, Capture, CaptureKind, Keep, SignalRegistry, Timeline, ValueEntry, ValueTest, WindowBounds,
};

/// A test of the chosen value, compiled.
#[derive(Debug, Clone)]
pub(crate) struct ChoiceNode {
    pub(crate) reading: ChoiceReading,
    /// What the test says where there is no value.
    holds_for_none: bool,
}

/// Which timeline, how much of it, and which of its values.
#[derive(Debug, Clone)]
pub(crate) struct ChoiceReading {
    signal: SignalId,
    choice: ValueChoice,
    window: WindowBounds,
    is_ever: bool,
}

impl ChoiceNode {
    pub(super) fn compile(
        chosen: &ChosenValue<Resolved>,
        leaf: &ComputedCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let tested = StateTest { match_case: leaf.match_case, test: leaf.test.clone() };
        let test = ValueTest::compile(&leaf.test, leaf.match_case, &calendar.zone);
        let reading = ChoiceReading::compile(chosen, tested, registry, calendar);
        Self { reading, holds_for_none: test.holds(None) }
    }

    pub(super) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let mut moving = Moving::at(&self.reading, view.timeline(self.reading.signal), now);
        let passes = |moving: &Moving<'_>| {
            moving.chosen().map_or(self.holds_for_none, |(value, _)| value.value & 1 == 1)
        };
        let holds = passes(&moving);
        for _ in 0..view.changes_looked_over() {
            let Some(next) = moving.next() else { return Outcome::until(holds, None) };
            moving.advance(next);
            if passes(&moving) != holds {
                return Outcome::until(holds, Some(next));
            }
        }
        Outcome::until(holds, moving.next())
    }
}

impl ChoiceReading {
    /// Compiles what is chosen, with what is asked of each value; its signal is interned.
    pub(super) fn compile(
        chosen: &ChosenValue<Resolved>,
        tested: StateTest,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let capture =
            Capture { test: Some(tested), ..Capture::of_kind(CaptureKind::Tested, chosen.property.clone()) };
        let signal = registry.intern_values(&chosen.event, capture, &calendar.zone);
        Self::new(chosen, signal, calendar)
    }

    pub(super) fn new(chosen: &ChosenValue<Resolved>, signal: SignalId, calendar: &Calendar) -> Self {
        Self {
            signal,
            choice: chosen.choice,
            window: WindowBounds::new(&chosen.window, calendar),
            is_ever: chosen.window == Window::AllTime,
        }
    }

    pub(super) fn signal(&self) -> (SignalId, Keep) {
        let keep = match self.choice {
            ValueChoice::First if self.is_ever => Keep::Oldest(1),
            ValueChoice::Last if self.window.ends_now() => Keep::Newest(1),
            _ => Keep::All,
        };
        (self.signal, keep)
    }

    pub(crate) const fn window(&self) -> &WindowBounds {
        &self.window
    }

    pub(crate) fn chosen(&self, view: &impl ProfileView, now: Instant) -> Option<ChosenAt> {
        let moving = Moving::at(self, view.timeline(self.signal), now);
        let (value, count) = moving.chosen()?;
        let count = (self.choice == ValueChoice::MostFrequent).then_some(count as u64);
        Some(ChosenAt { entry: value.entry, line: value.line, count })
    }
}

/// A window's values at one instant, which can be moved to later ones.
struct Moving<'a> {
    reading: &'a ChoiceReading,
    timeline: Option<&'a Timeline>,
    indexes: Range<usize>,
    /// How often each value is there, and the index of its newest; only where that is asked for.
    counts: FxHashMap<i128, (usize, usize)>,
}

impl<'a> Moving<'a> {
    fn at(reading: &'a ChoiceReading, timeline: Option<&'a Timeline>, now: Instant) -> Self {
        let mut moving = Self { reading, timeline, indexes: 0..0, counts: FxHashMap::default() };
        moving.indexes = moving.inside(now);
        moving.take_in(moving.indexes.clone());
        moving
    }

    /// The indexes of the values that the window holds.
    fn inside(&self, now: Instant) -> Range<usize> {
        let Some(timeline) = self.timeline else { return 0..0 };
        let (after, until) = self.reading.window.bounds(now);
        let gone = timeline.count_until(after);
        gone..timeline.count_until(until).max(gone)
    }

    fn next(&self) -> Option<Instant> {
        let timeline = self.timeline?;
        let window = &self.reading.window;
        let goes = timeline.get(self.indexes.start).and_then(|entry| window.leaves_at(entry.ts));
        let comes = timeline.get(self.indexes.end).and_then(|entry| window.reached_by_until(entry.ts));
        [goes, comes].into_iter().flatten().min()
    }

    fn advance(&mut self, now: Instant) {
        let before = self.indexes.clone();
        self.indexes = self.inside(now);
        self.take_in(before.end.max(self.indexes.start)..self.indexes.end);
        self.let_go(before.start..self.indexes.start.min(before.end));
    }

    fn take_in(&mut self, indexes: Range<usize>) {
        let Some(timeline) = self.timeline.filter(|_| self.reading.choice == ValueChoice::MostFrequent)
        else {
            return;
        };
        for (index, value) in indexes.clone().zip(timeline.values_at(indexes)) {
            let held = self.counts.entry(value.value >> 1).or_default();
            *held = (held.0 + 1, index);
        }
    }

    fn let_go(&mut self, indexes: Range<usize>) {
        let Some(timeline) = self.timeline.filter(|_| !self.counts.is_empty()) else { return };
        for value in timeline.values_at(indexes) {
            let key = value.value >> 1;
            match self.counts.get_mut(&key) {
                Some((count, _)) if *count > 1 => *count -= 1,
                _ => {
                    self.counts.remove(&key);
                }
            }
        }
    }

    /// The chosen value, and how many are equal to it where they are counted.
    fn chosen(&self) -> Option<(ValueEntry, usize)> {
        if self.indexes.is_empty() {
            return None;
        }
        let (count, index) = match self.reading.choice {
            ValueChoice::First => (1, self.indexes.start),
            ValueChoice::Last => (1, self.indexes.end.checked_sub(1)?),
            // Of several the one that came last.
            ValueChoice::MostFrequent => self.counts.values().copied().max()?,
        };
        let value = self.timeline?.values_at(index..index + 1).next()?;
        Some((value, count))
    }
}
