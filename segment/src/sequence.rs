//! How often a profile did one thing after another, and until when that stays so.
//!
//! Completions are counted from the newest back: the first is the one that starts last, and of those with its
//! start the one whose second event is last, and so on; the next one is sought among the events that are
//! left. Counted so, what leaves a window at its older end takes the completion with the oldest start away
//! and changes no other, so that the starts alone say how many there will be at any later instant.
//!
//! **Cost** of one answer, for timelines of n matches within the window: n times the number of steps, times the
//! logarithm of n for the look-ups. Every match is tried at every step at most once: one from which the rest
//! cannot be completed never comes into question again, and a completion uses its events up. A sequence that
//! depends on nothing but its newest matches looks at few of them first, and at more only while it must.

mod layers;
mod search;

#[cfg(test)]
mod tests;

use segops_model::{Instant, SignalId};
use segops_rules::{EventFilter, Resolved, SequenceCondition, Window};

use crate::count_range::CountRange;
use crate::evaluate::{Outcome, ProfileView};
use crate::{Calendar, Capture, CaptureKind, Entry, Keep, SignalRegistry, WindowBounds};
use layers::Layers;
use search::Search;

/// Matches of one step that a sequence looks at: the newest of the profile and the filter, by (ts, position);
/// where steps share a value, so many values.
pub const SEQUENCE_MATCHES_MAX: u32 = 10_000;
/// How often the search for the instant at which a sequence changes its answer goes on to the next one at which
/// it can. Past it, that instant is given: too early, never too late.
const SKIPS_MAX: usize = 32;
/// How many of each step's newest matches are looked at, before more are.
const DEPTHS: [usize; 3] = [32, 512, SEQUENCE_MATCHES_MAX as usize];

/// A sequence, compiled: its events in order, each with what must not happen after it.
#[derive(Debug, Clone)]
pub(crate) struct SequenceNode {
    steps: Vec<Step>,
    pub(crate) range: CountRange,
    pub(crate) window: WindowBounds,
}

#[derive(Debug, Clone)]
struct Step {
    signal: SignalId,
    /// How long after the event before: as a window that the event before must still be in.
    within: Option<WindowBounds>,
    absences: Vec<Absence>,
}

/// What does not happen after a step.
#[derive(Debug, Clone)]
struct Absence {
    signal: SignalId,
    /// For how long, as a window that the step must have left; without it, until the next step.
    lasts: Option<WindowBounds>,
}

/// The completions at one instant, the one that starts last first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Completions {
    /// The events of each, in the order of the steps.
    pub(crate) events: Vec<Vec<Entry>>,
}

impl Completions {
    fn count(&self) -> u64 {
        self.events.len() as u64
    }

    fn starts(&self) -> impl Iterator<Item = Entry> {
        self.events.iter().filter_map(|events| events.first().copied())
    }
}

impl SequenceNode {
    /// Compiles a condition that has been checked; every step's signal is interned once more.
    pub(crate) fn compile(
        leaf: &SequenceCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let mut intern = |event: &EventFilter<Resolved>| match &leaf.same {
            None => registry.intern(event, &calendar.zone),
            Some(same) => {
                let capture =
                    Capture { kind: CaptureKind::SharedKeys, property: same.clone(), by_quantity: false };
                registry.intern_values(event, capture, &calendar.zone)
            }
        };
        let mut steps: Vec<Step> = Vec::new();
        for step in &leaf.steps {
            let signal = intern(&step.event);
            let span = step.within.map(|span| WindowBounds::new(&Window::Last(span), calendar));
            match steps.last_mut().filter(|_| step.absent) {
                Some(before) => before.absences.push(Absence { signal, lasts: span }),
                None => steps.push(Step { signal, within: span, absences: Vec::new() }),
            }
        }
        Self { steps, range: CountRange::new(leaf.count), window: WindowBounds::new(&leaf.window, calendar) }
    }

    /// Every signal that it reads, as often as it was interned, with what it needs of its timelines.
    pub(crate) fn signals(&self) -> impl Iterator<Item = (SignalId, Keep)> {
        let absences = |step: &Step| step.absences.iter().map(|absence| absence.signal).collect::<Vec<_>>();
        self.steps
            .iter()
            .flat_map(move |step| std::iter::once(step.signal).chain(absences(step)))
            .map(|signal| (signal, Keep::Newest(SEQUENCE_MATCHES_MAX)))
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let needed = usize::try_from(self.range.newest_needed()).unwrap_or(usize::MAX);
        let lacks_events = |step: &Step| view.timeline(step.signal).is_none_or(crate::Timeline::is_empty);
        if self.steps.iter().any(lacks_events) {
            return Outcome { holds: self.range.holds(0), next_change: None };
        }
        if !self.has_pending() {
            let found = self.newest(view, now, needed);
            let holds = self.range.holds(found.count());
            return Outcome { holds, next_change: self.falls_at(&found, holds) };
        }
        let layers = Layers::of(self, view, self.window.bounds(now).0);
        let mut found = Search::at(self, &layers, now).completions(needed);
        let holds = self.range.holds(found.count());
        let mut at = now;
        for _ in 0..SKIPS_MAX {
            let falls = self.falls_at(&found, holds);
            // One is enough, and what becomes certain takes none away.
            let is_lasting = needed == 1 && found.count() == 1;
            let certain = if is_lasting { None } else { layers.next_certainty(self, at) };
            let next = match (falls, certain) {
                (None, None) => return Outcome { holds, next_change: None },
                (Some(falls), None) if !is_lasting => return Outcome { holds, next_change: Some(falls) },
                (Some(falls), Some(certain)) if falls < certain => {
                    return Outcome { holds, next_change: Some(falls) };
                }
                (_, Some(certain)) => certain,
                (Some(falls), None) => falls,
            };
            found = Search::at(self, &layers, next).completions(needed);
            at = next;
            if self.range.holds(found.count()) != holds {
                break;
            }
        }
        Outcome { holds, next_change: Some(at) }
    }

    /// Every completion at an instant, and whether older matches of some step are not looked at.
    pub(crate) fn all_completions(&self, view: &impl ProfileView, now: Instant) -> (Completions, bool) {
        let layers = Layers::of(self, view, self.window.bounds(now).0);
        let found = Search::at(self, &layers, now).completions(usize::MAX);
        let most = SEQUENCE_MATCHES_MAX as usize;
        let is_full = |signal| view.timeline(signal).is_some_and(|timeline| timeline.len() >= most);
        (found, self.signals().any(|(signal, _)| is_full(signal)))
    }

    /// Whether a completion can become certain, or come into the window, by time alone.
    fn has_pending(&self) -> bool {
        let trailing = self.steps.last().map(|step| step.absences.as_slice()).unwrap_or_default();
        !self.window.ends_now() || trailing.iter().any(|absence| absence.lasts.is_some())
    }

    /// As many completions as are needed, from so few of the newest matches as have them: older ones change
    /// nothing about those that start later.
    fn newest(&self, view: &impl ProfileView, now: Instant, needed: usize) -> Completions {
        let after = self.window.bounds(now).0;
        let mut found = Completions::default();
        for depth in DEPTHS {
            let deepest = self.steps.iter().filter_map(|step| {
                let timeline = view.timeline(step.signal)?;
                timeline.get(timeline.len().checked_sub(depth)?).map(|entry| entry.ts)
            });
            let since = deepest.max().unwrap_or(after).max(after);
            let is_last = since == after || depth == SEQUENCE_MATCHES_MAX as usize;
            let layers = Layers::of(self, view, if is_last { after } else { since });
            found = Search::at(self, &layers, now).completions(needed);
            if is_last || found.events.len() >= needed {
                break;
            }
        }
        found
    }

    /// The last instant at which a last event can have happened for its completion to be certain.
    fn certain_until(&self, at: Instant) -> Instant {
        let trailing = self.steps.last().into_iter().flat_map(|step| &step.absences);
        let left = trailing.filter_map(|absence| Some(absence.lasts.as_ref()?.bounds(at).0));
        left.fold(self.window.bounds(at).1, Instant::min)
    }

    /// The first instant at which a completion that ends then becomes certain.
    fn certain_at(&self, last: Instant) -> Option<Instant> {
        let mut at = self.window.reached_by_until(last)?;
        for absence in self.steps.last().into_iter().flat_map(|step| &step.absences) {
            if let Some(lasts) = &absence.lasts {
                at = at.max(lasts.leaves_at(last)?);
            }
        }
        Some(at)
    }

    /// The first instant at which so many of these completions have left the window that the answer is
    /// another, if none is added.
    fn falls_at(&self, found: &Completions, holds: bool) -> Option<Instant> {
        let starts: Vec<Entry> = found.starts().collect();
        let mut count = starts.len();
        loop {
            let fall = usize::try_from(self.range.fall_to_change(count as u64)?).ok()?;
            let leaves = self.window.leaves_at(starts.get(count.checked_sub(fall)?)?.ts)?;
            let stays = |start: &&Entry| self.window.leaves_at(start.ts).is_none_or(|at| at > leaves);
            count = starts.iter().take_while(stays).count();
            if self.range.holds(count as u64) != holds {
                return Some(leaves);
            }
        }
    }
}
