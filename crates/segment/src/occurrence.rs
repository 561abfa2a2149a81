//! One chosen event, the first, last or n-th of all time: what it is like, when it was, and how often something
//! happened around it.
//!
//! What the chosen event must pass is a signal of its own, of the events that pass both filter and test: the
//! chosen one passes if it is among them. It is the n-th of the greater set, so it is among the first n of the
//! smaller one, and no more than n of either are kept.

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use segops_model::{Instant, SignalId};
use segops_rules::{
    EventFilter, Occurrence, OccurrenceCondition, Predicate, Rank, Resolved, Side, Window, WithinCondition,
};

use crate::count_range::CountRange;
use crate::evaluate::{Outcome, ProfileView};
use crate::{Calendar, Entry, Keep, SignalRegistry, Timeline, WindowBounds};

/// Which event of a signal is meant.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) signal: SignalId,
    rank: Rank,
}

/// Whether the chosen event passes a test and lies in a window.
#[derive(Debug, Clone)]
pub(crate) struct OccurrenceNode {
    pub(crate) chosen: Chosen,
    /// The events that pass the filter and what is asked of the chosen one.
    passing: Option<SignalId>,
    pub(crate) window: WindowBounds,
}

/// How many events lie within a span of the chosen one.
#[derive(Debug, Clone)]
pub(crate) struct WithinNode {
    pub(crate) chosen: Chosen,
    pub(crate) counted: SignalId,
    range: CountRange,
    side: Side,
    /// The span, as the window that it makes back from any instant.
    span: WindowBounds,
}

impl Chosen {
    fn compile(occurrence: &Occurrence<Resolved>, registry: &mut SignalRegistry, zone: &TimeZone) -> Self {
        Self { signal: registry.intern(&occurrence.event, zone), rank: occurrence.rank }
    }

    const fn keep(&self) -> Keep {
        match self.rank {
            Rank::First(number) => Keep::Oldest(number),
            Rank::Last(number) => Keep::Newest(number),
        }
    }

    /// Whether it is counted from the oldest on, so that newer events leave it the one that is chosen.
    const fn is_first(&self) -> bool {
        matches!(self.rank, Rank::First(_))
    }

    /// The event that is chosen at an instant, if there are so many.
    pub(crate) fn entry(&self, timeline: Option<&Timeline>, now: Instant) -> Option<Entry> {
        let timeline = timeline?;
        match self.rank {
            Rank::Last(number) => timeline.nth_newest_until(now, number as usize),
            Rank::First(number) => {
                timeline.get((number as usize).checked_sub(1)?).filter(|entry| entry.ts <= now)
            }
        }
    }
}

impl OccurrenceNode {
    /// Compiles a condition that has been checked; every signal it reads is interned once more.
    pub(crate) fn compile(
        leaf: &OccurrenceCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let passing = leaf.has.as_ref().map(|has| {
            let filter = narrowed(&leaf.occurrence.event, has);
            registry.intern(&filter, &calendar.zone)
        });
        Self {
            chosen: Chosen::compile(&leaf.occurrence, registry, &calendar.zone),
            passing,
            window: WindowBounds::new(&leaf.window, calendar),
        }
    }

    /// Whether the first or the last of all is meant: true for the first, `None` for any other.
    pub(crate) const fn end(&self) -> Option<bool> {
        match self.chosen.rank {
            Rank::First(1) => Some(true),
            Rank::Last(1) => Some(false),
            _ => None,
        }
    }

    /// The events that pass what is asked of the chosen one too; `None` where nothing is.
    pub(crate) const fn passing(&self) -> Option<SignalId> {
        self.passing
    }

    /// Each signal that it reads, and how much of it.
    pub(crate) fn signals(&self) -> impl Iterator<Item = (SignalId, Keep)> {
        let keep = self.chosen.keep();
        std::iter::once(self.chosen.signal).chain(self.passing).map(move |signal| (signal, keep))
    }

    /// Whether an event passes what is asked of it beside its time.
    pub(crate) fn passes(&self, view: &impl ProfileView, entry: Entry) -> bool {
        self.passing.is_none_or(|signal| view.timeline(signal).is_some_and(|passing| passing.contains(entry)))
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let timeline = view.timeline(self.chosen.signal);
        let arrival = next_arrival(timeline, now);
        let Some(entry) = self.chosen.entry(timeline, now) else { return Outcome::until(false, arrival) };
        let is_unmoved = self.chosen.is_first();
        if !self.passes(view, entry) {
            return Outcome::until(false, arrival).unmoved(is_unmoved);
        }
        let (after, until) = self.window.bounds(now);
        let holds = entry.ts > after && entry.ts <= until;
        let edge = if holds { self.window.leaves_at(entry.ts) } else { self.window.enters_at(entry.ts) };
        let edge = edge.filter(|at| *at > now);
        Outcome::until(holds, [edge, arrival].into_iter().flatten().min()).unmoved(is_unmoved)
    }
}

impl WithinNode {
    /// As [`OccurrenceNode::compile`].
    pub(crate) fn compile(
        leaf: &WithinCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        Self {
            chosen: Chosen::compile(&leaf.of, registry, &calendar.zone),
            counted: registry.intern(&leaf.event, &calendar.zone),
            range: CountRange::new(leaf.count),
            side: leaf.side,
            span: WindowBounds::new(&Window::Last(leaf.span), calendar),
        }
    }

    /// Each signal that it reads, and how much of it. A late event can make another one the chosen one, so that
    /// all that is counted around it is kept.
    pub(crate) fn signals(&self) -> impl Iterator<Item = (SignalId, Keep)> + use<> {
        [(self.chosen.signal, self.chosen.keep()), (self.counted, Keep::All)].into_iter()
    }

    /// The indexes of the counted events.
    pub(crate) fn indexes(&self, counted: &Timeline, chosen: Entry, now: Instant) -> std::ops::Range<usize> {
        let before = counted.count_before(chosen);
        let indexes = match self.side {
            Side::Before => {
                let (after, _) = self.span.bounds(chosen.ts);
                counted.count_until(after)..before
            }
            Side::After => {
                let from = before + usize::from(counted.get(before) == Some(chosen));
                let end = self.span.leaves_at(chosen.ts).unwrap_or(Instant::MAX.plus_ms(1));
                from..counted.count_until(end.plus_ms(-1).min(now))
            }
        };
        indexes.start..indexes.end.max(indexes.start)
    }

    /// Where the counted events are: after the first instant, or at it and later in the order of events, and
    /// not after the second.
    pub(crate) fn around(&self, chosen: Entry) -> (Instant, Instant) {
        match self.side {
            Side::Before => (self.span.bounds(chosen.ts).0, chosen.ts),
            Side::After => {
                let end = self.span.leaves_at(chosen.ts).unwrap_or(Instant::MAX);
                (chosen.ts, end.plus_ms(-1))
            }
        }
    }

    /// The answer changes with what happens, never by time alone: the span starts and ends with the event.
    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let (around, counted) = (view.timeline(self.chosen.signal), view.timeline(self.counted));
        let next_change = [next_arrival(around, now), next_arrival(counted, now)].into_iter().flatten().min();
        let Some(chosen) = self.chosen.entry(around, now) else {
            return Outcome::until(false, next_change);
        };
        let count = counted.map_or(0, |counted| self.indexes(counted, chosen, now).len());
        let is_unmoved = self.chosen.is_first() && self.range.is_unmoved_by_rise(count as u64);
        Outcome::until(self.range.holds(count as u64), next_change).unmoved(is_unmoved)
    }
}

/// A filter that also asks for a test.
fn narrowed(filter: &EventFilter<Resolved>, has: &Predicate) -> EventFilter<Resolved> {
    let predicate = match &filter.predicate {
        None => has.clone(),
        Some(filter) => Predicate::All(vec![filter.clone(), has.clone()]),
    };
    EventFilter { predicate: Some(predicate), ..filter.clone() }
}

/// When the next event happens that a timeline knows and that is still to come.
fn next_arrival(timeline: Option<&Timeline>, now: Instant) -> Option<Instant> {
    let timeline = timeline?;
    timeline.get(timeline.count_until(now)).map(|entry| entry.ts)
}
