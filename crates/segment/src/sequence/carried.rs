//! What a search in long timelines has found, so that the next one looks only at what is new.
//!
//! A completion whose last event is certain stays one for as long as its events are among those that count and its
//! start is in the window: what comes in later in order of time lies behind everything that must not have happened.
//! (Events that come a little late disturb nothing: what has happened within [`UNSETTLED_MS`] is taken to be uncertain.)
//! So the one that starts last is either the one that was found before, or ends after what was certain then; and
//! where each step has a time within which it follows, that one has all of its events not long before.

use std::sync::Arc;

use segops_model::{Instant, SignalId};

use super::{Completions, SEQUENCE_MATCHES_MAX, SequenceNode};
use crate::evaluate::ProfileView;
use crate::timeline::Lineage;
use crate::{Entry, Timeline};

/// Of a list of so few entries a copy is kept, which says whether it has merely grown.
const COPIED_MAX: usize = 64;
/// So long before the newest event others may still come in.
const UNSETTLED_MS: i64 = 60_000;

/// A search's result, and what it has seen.
#[derive(Debug)]
pub(crate) struct CarriedSearch {
    pub(super) node: Arc<SequenceNode>,
    seen: Vec<Seen>,
    /// Entries up to here had all come in.
    settled: Instant,
    /// Completions whose last event is at most so late were certain, and stay so whatever comes in after the newest
    /// entry.
    certain_until: Instant,
    /// Starts up to here were not looked at: they had left the window.
    after: Instant,
    /// Of the certain completions the one that starts last.
    pub(super) best: Option<Vec<Entry>>,
}

/// How far a timeline went.
#[derive(Debug)]
enum Seen {
    /// Entries that it had in the beginning.
    Copied(Vec<Entry>),
    /// Its lineage, and how many entries it had had by then.
    Long(Lineage, usize),
}

impl Seen {
    fn of(timeline: Option<&Timeline>) -> Option<Self> {
        let Some(timeline) = timeline else { return Some(Self::Copied(Vec::new())) };
        match timeline.lineage() {
            Some((lineage, origin)) => Some(Self::Long(lineage, origin + timeline.len())),
            None if timeline.len() <= COPIED_MAX => Some(Self::Copied(timeline.iter().collect())),
            None => None,
        }
    }

    /// Whether the timeline has merely taken in entries after an instant.
    fn has_grown_after(&self, settled: Instant, timeline: Option<&Timeline>) -> bool {
        let is_settled = |entry: &Entry| entry.ts <= settled;
        match self {
            Self::Copied(entries) => {
                let before = entries.iter().copied().take_while(is_settled);
                let now = timeline.into_iter().flat_map(Timeline::iter).take_while(is_settled);
                before.eq(now)
            }
            Self::Long(lineage, had) => {
                let late = timeline.and_then(|timeline| timeline.late_since(*lineage));
                let (Some(timeline), Some(late)) = (timeline, late) else { return false };
                // Late ones have moved up what came at the end.
                let first_new = late
                    .iter()
                    .fold(*had, |first_new, late| first_new + usize::from(late.index <= first_new));
                let origin = timeline.lineage().map_or(0, |(_, origin)| origin);
                let first_new = timeline.get(first_new.saturating_sub(origin));
                !late.iter().map(|late| late.item.entry).chain(first_new).any(|entry| is_settled(&entry))
            }
        }
    }
}

impl CarriedSearch {
    /// What is worth carrying of a search at an instant. `search` gives the completion that starts last of those that
    /// are certain at another instant, out of the same matches.
    pub(super) fn of(
        node: Arc<SequenceNode>,
        view: &impl ProfileView,
        now: Instant,
        found: Completions,
        search: impl Fn(Instant) -> Completions,
    ) -> Option<Self> {
        let timelines: Vec<_> = signals(&node).map(|signal| view.timeline(signal)).collect();
        let seen = timelines.iter().map(|timeline| Seen::of(*timeline)).collect::<Option<Vec<Seen>>>()?;
        let newest = timelines.iter().filter_map(|timeline| timeline.and_then(Timeline::newest)).max()?;
        // What was certain by then is certain whatever comes in after it, be it late or not.
        let settled = newest.ts.plus_ms(-1 - UNSETTLED_MS);
        let certain_until = node.certain_until(settled);
        let is_certain = |events: &Vec<Entry>| events.last().is_some_and(|last| last.ts <= certain_until);
        let found = if found.events.iter().all(is_certain) { found } else { search(settled) };
        let best = found.events.into_iter().next();
        let after = node.window.bounds(now).0;
        Some(Self { node, seen, settled, certain_until, after, best })
    }

    pub(super) fn is_of(&self, node: &SequenceNode) -> bool {
        *self.node == *node
    }

    /// The instant after which all events lie of a completion that was not certain then, if nothing has come in since
    /// but in order of time, and what was found still stands.
    pub(super) fn looks_back_to(&self, view: &impl ProfileView, now: Instant) -> Option<Instant> {
        for (signal, seen) in signals(&self.node).zip(&self.seen) {
            if !seen.has_grown_after(self.settled, view.timeline(signal)) {
                return None;
            }
        }
        // Where something that must not have happened is forgotten, completions come about without an event: of
        // those that start before what is remembered of it.
        let oldest = |signal| view.timeline(signal).and_then(|one| one.get(one.len().saturating_sub(most())));
        let forgets = |signal| view.timeline(signal).is_some_and(|timeline| timeline.len() >= most());
        let remembered = absences(&self.node).filter(|signal| forgets(*signal)).filter_map(oldest).max();
        let starts = self.node.steps.iter().filter_map(|step| oldest(step.signal)).min();
        let is_remembered =
            remembered.is_none_or(|remembered| starts.is_none_or(|start| remembered <= start));
        let goes_back =
            self.node.certain_until(now) < self.certain_until || self.node.window.bounds(now).0 < self.after;
        if !is_remembered || goes_back {
            return None;
        }
        let counts = |(signal, entry): (SignalId, &Entry)| {
            let Some(timeline) = view.timeline(signal) else { return false };
            // Of the event at the edge some values may count and others not.
            let edge = timeline.len().checked_sub(most() + 1).and_then(|edge| timeline.get(edge));
            edge.is_none_or(|edge| edge < *entry) && timeline.contains(*entry)
        };
        let steps = self.node.steps.iter().map(|step| step.signal);
        if !self.best.as_ref().is_none_or(|best| steps.zip(best).all(counts)) {
            return None;
        }
        let reach = self.node.steps.iter().skip(1).rev();
        reach.map(|step| step.within.as_ref()).try_fold(self.certain_until, |at, within| {
            // The window is half-open at its older end.
            Some(within?.bounds(at).0.plus_ms(-1))
        })
    }
}

impl SequenceNode {
    /// Whether its searches are worth carrying: one completion decides, and each step says how soon it follows.
    pub(super) fn can_carry(&self) -> bool {
        let has_open_end =
            self.steps.last().is_some_and(|step| step.absences.iter().any(|absence| absence.lasts.is_none()));
        self.range.newest_needed() == 1
            && !has_open_end
            && self.steps.iter().skip(1).all(|step| step.within.is_some())
    }

    /// Of two sets of at most one completion the one that starts later, of those that start in the window.
    pub(super) fn later_start(
        &self,
        found: Completions,
        best: Option<&Vec<Entry>>,
        at: Instant,
    ) -> Completions {
        let after = self.window.bounds(at).0;
        let Some(best) = best.filter(|best| best.first().is_some_and(|start| start.ts > after)) else {
            return found;
        };
        let is_later = found.starts().next().is_some_and(|start| Some(&start) > best.first());
        if is_later { found } else { Completions { events: vec![best.clone()] } }
    }
}

const fn most() -> usize {
    SEQUENCE_MATCHES_MAX as usize
}

fn signals(node: &SequenceNode) -> impl Iterator<Item = SignalId> {
    node.steps.iter().map(|step| step.signal).chain(absences(node))
}

fn absences(node: &SequenceNode) -> impl Iterator<Item = SignalId> {
    node.steps.iter().flat_map(|step| &step.absences).map(|absence| absence.signal)
}
