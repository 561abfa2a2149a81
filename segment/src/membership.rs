//! Conditions on what was recorded of a profile and a segment: how often it came in or went out, and since
//! when it has been in.
//!
//! **Cost** of one answer: a search in the transitions of the profile and the segment, and one subtotal for
//! each 256 of them; at most 10,000 are kept.

#[cfg(test)]
mod tests;

use segops_model::{Direction, Instant, SegmentId};
use segops_rules::{Resolved, Span, TenureCondition, TenureTest, TransitionCondition, Window};

use crate::count_range::CountRange;
use crate::evaluate::{Counted, Outcome, ProfileView, outcome_of_counted};
use crate::{Calendar, RecordedTransitions, WindowBounds};

/// How many entries or exits lie in a window.
#[derive(Debug, Clone)]
pub(crate) struct TransitionNode {
    pub(crate) segment: SegmentId,
    direction: Direction,
    range: CountRange,
    pub(crate) window: WindowBounds,
}

/// Since when the profile has been in.
#[derive(Debug, Clone)]
pub(crate) struct TenureNode {
    pub(crate) segment: SegmentId,
    test: Tenure,
}

#[derive(Debug, Clone)]
enum Tenure {
    /// In for at least a span: the entry has left the window of that span.
    AtLeast(WindowBounds),
    LessThan(WindowBounds),
    SinceBefore(Instant),
    SinceAfter(Instant),
}

impl TransitionNode {
    pub(crate) fn compile(condition: &TransitionCondition<Resolved>, calendar: &Calendar) -> Self {
        Self {
            segment: condition.segment,
            direction: condition.direction,
            range: CountRange::new(condition.count),
            window: WindowBounds::new(&condition.window, calendar),
        }
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let moves =
            view.recorded(self.segment).map(|recorded| Moves { recorded, direction: self.direction, now });
        outcome_of_counted(self.range, &self.window, moves.as_ref(), now)
    }

    /// The entries or exits that count at an instant.
    pub(crate) fn counted(&self, view: &impl ProfileView, now: Instant) -> crate::Timeline {
        let (after, until) = self.window.bounds(now);
        let recorded = view.recorded(self.segment);
        recorded.map(|recorded| recorded.moves(self.direction, after, until)).unwrap_or_default()
    }
}

/// The moves one way up to now: of an instant in the past, what was recorded later is not there yet.
struct Moves<'a> {
    recorded: &'a RecordedTransitions,
    direction: Direction,
    now: Instant,
}

impl Counted for Moves<'_> {
    fn count_until(&self, until_inclusive: Instant) -> usize {
        self.recorded.moves_until(self.direction, until_inclusive.min(self.now))
    }

    fn ts_at(&self, index: usize) -> Option<Instant> {
        let entry = self.recorded.nth_move(self.direction, index)?;
        Some(entry.ts).filter(|ts| *ts <= self.now)
    }
}

impl TenureNode {
    pub(crate) fn compile(condition: &TenureCondition<Resolved>, calendar: &Calendar) -> Self {
        let last = |span: &Span| WindowBounds::new(&Window::Last(*span), calendar);
        let test = match &condition.test {
            TenureTest::AtLeast(span) => Tenure::AtLeast(last(span)),
            TenureTest::LessThan(span) => Tenure::LessThan(last(span)),
            TenureTest::SinceBefore(moment) => Tenure::SinceBefore(moment.instant(&calendar.zone)),
            TenureTest::SinceAfter(moment) => Tenure::SinceAfter(moment.instant(&calendar.zone)),
        };
        Self { segment: condition.segment, test }
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let Some(since) = self.since(view, now) else { return Outcome::settled(false) };
        let (window, holds_after) = match &self.test {
            Tenure::SinceBefore(instant) => return Outcome::settled(since < *instant),
            Tenure::SinceAfter(instant) => return Outcome::settled(since >= *instant),
            Tenure::AtLeast(window) => (window, true),
            Tenure::LessThan(window) => (window, false),
        };
        match window.leaves_at(since) {
            Some(at) if at <= now => Outcome::settled(holds_after),
            next_change => Outcome { holds: !holds_after, next_change },
        }
    }

    /// Since when the profile is in, if it is.
    pub(crate) fn since(&self, view: &impl ProfileView, now: Instant) -> Option<Instant> {
        view.recorded(self.segment)?.open_entry(now).map(|open| open.entry.ts)
    }
}
