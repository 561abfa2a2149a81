//! The matches of each step laid out for look-ups by value and time.

use segops_model::{Instant, SignalId};

use super::{SEQUENCE_MATCHES_MAX, SequenceNode, Step};
use crate::evaluate::ProfileView;
use crate::{Entry, Timeline, ValueEntry, WindowBounds};

/// The matches of every step after an instant, and those of what must not happen.
#[derive(Debug)]
pub(super) struct Layers<'a> {
    pub(super) steps: Vec<Layer<'a>>,
    /// By step, then in the order of its absences.
    absences: Vec<Vec<Layer<'a>>>,
}

/// The matches of one step, or of what must not happen.
#[derive(Debug)]
pub(super) enum Layer<'a> {
    /// Where steps share no value: as they lie in the timeline, from an index on.
    Plain(Option<&'a Timeline>, usize),
    /// Where they do: by (value, time).
    Valued(Vec<ValueEntry>),
}

/// Where the event after one may be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reach {
    /// Not before this instant.
    pub(super) from: Option<Instant>,
    /// Before this instant.
    pub(super) to: Option<Instant>,
    /// Not after this event.
    pub(super) until: Option<Entry>,
}

impl Reach {
    pub(super) fn reaches_back_to(&self, item: ValueEntry) -> bool {
        self.from.is_none_or(|from| item.entry.ts >= from)
    }

    pub(super) fn reaches_up_to(&self, item: ValueEntry) -> bool {
        self.to.is_none_or(|to| item.entry.ts < to) && self.until.is_none_or(|until| item.entry <= until)
    }
}

impl<'a> Layer<'a> {
    fn of(view: &'a impl ProfileView, signal: SignalId, after: Instant) -> Self {
        let Some(timeline) = view.timeline(signal) else { return Self::Plain(None, 0) };
        let newest = timeline.len().saturating_sub(SEQUENCE_MATCHES_MAX as usize);
        let from = timeline.count_until(after).max(newest);
        if !timeline.holds_values() {
            return Self::Plain(Some(timeline), from);
        }
        let mut items: Vec<ValueEntry> = timeline.values_at(from..timeline.len()).collect();
        items.sort_unstable_by_key(|item| (item.value, item.entry, item.line));
        // Two lines of one event with the same value are one match.
        items.dedup_by_key(|item| (item.value, item.entry));
        Self::Valued(items)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(timeline, from) => timeline.map_or(0, Timeline::len).saturating_sub(*from),
            Self::Valued(items) => items.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<ValueEntry> {
        match self {
            Self::Plain(timeline, from) => timeline.and_then(|one| one.get(from + index)).map(plain),
            Self::Valued(items) => items.get(index).copied(),
        }
    }

    /// How many items have a smaller value, or the same and pass a test that none passes after one that fails.
    pub(super) fn count_while(&self, value: i128, holds: impl Fn(ValueEntry) -> bool) -> usize {
        match self {
            Self::Plain(timeline, from) => {
                let passing = timeline.map_or(0, |one| one.count_while(|entry| holds(plain(entry))));
                passing.saturating_sub(*from)
            }
            Self::Valued(items) => {
                items.partition_point(|item| item.value < value || (item.value == value && holds(*item)))
            }
        }
    }

    /// The first match of a value after an event.
    fn first_after(&self, after: ValueEntry) -> Option<Entry> {
        let at = self.count_while(after.value, |item| item.entry <= after.entry);
        self.get(at).filter(|item| item.value == after.value).map(|item| item.entry)
    }

    /// The newest of a plain layer that passes a test that none passes after one that fails.
    fn newest_while(&self, holds: impl Fn(Entry) -> bool) -> Option<Entry> {
        let passing = self.count_while(0, |item| holds(item.entry));
        self.get(passing.checked_sub(1)?).map(|item| item.entry)
    }

    /// The items that come before an event, and not after an instant, from the newest back; those of one event in
    /// the order of its lines.
    pub(super) fn newest_first(&self, bound: Bound) -> impl Iterator<Item = ValueEntry> + use<'a> {
        let (in_place, sorted) = match self {
            Self::Plain(timeline, from) => {
                let to = from + self.count_while(0, |item| bound.allows(item.entry));
                (timeline.map(|timeline| timeline.entries_at(*from..to).rev().map(plain)), Vec::new())
            }
            Self::Valued(items) => {
                let mut items: Vec<_> =
                    items.iter().filter(|item| bound.allows(item.entry)).copied().collect();
                items.sort_unstable_by(|one, other| {
                    other.entry.cmp(&one.entry).then(one.line.cmp(&other.line))
                });
                (None, items)
            }
        };
        in_place.into_iter().flatten().chain(sorted)
    }
}

const fn plain(entry: Entry) -> ValueEntry {
    ValueEntry { entry, line: 0, value: 0 }
}

/// What an event must come before so that the steps after it can follow.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    Before(Entry),
    Until(Instant),
}

impl Bound {
    fn allows(self, entry: Entry) -> bool {
        match self {
            Self::Before(event) => entry < event,
            Self::Until(instant) => entry.ts <= instant,
        }
    }
}

impl<'a> Layers<'a> {
    pub(super) fn of(node: &SequenceNode, view: &'a impl ProfileView, after: Instant) -> Self {
        let layer = |signal| Layer::of(view, signal, after);
        let absences =
            |step: &Step| step.absences.iter().map(|absence| layer(absence.signal)).collect::<Vec<_>>();
        Self {
            steps: node.steps.iter().map(|step| layer(step.signal)).collect(),
            absences: node.steps.iter().map(absences).collect(),
        }
    }

    /// What a first event must come before, whatever its value, if last ones happen by an instant; none where some
    /// step has no event that comes into question.
    pub(super) fn bound_of_first(&self, certain_until: Instant) -> Option<Bound> {
        self.steps.iter().skip(1).rev().try_fold(Bound::Until(certain_until), |bound, layer| {
            let newest = match layer {
                Layer::Plain(..) => layer.newest_while(|entry| bound.allows(entry)),
                Layer::Valued(items) => {
                    items.iter().map(|item| item.entry).filter(|entry| bound.allows(*entry)).max()
                }
            };
            newest.map(Bound::Before)
        })
    }

    /// Where the event after this one may be; none where something happened that must not have.
    pub(super) fn reach(&self, node: &SequenceNode, step: usize, item: ValueEntry) -> Option<Reach> {
        let mut reach = Reach::default();
        let ends = |window: &WindowBounds| window.leaves_at(item.entry.ts);
        let is_last = step + 1 == node.steps.len();
        let absences = node.steps.get(step).map(|step| step.absences.as_slice()).unwrap_or_default();
        for (absence, layer) in absences.iter().zip(self.absences.get(step).into_iter().flatten()) {
            let first = layer.first_after(item);
            match &absence.lasts {
                Some(lasts) => {
                    let end = ends(lasts)?;
                    if first.is_some_and(|first| first.ts < end) {
                        return None;
                    }
                    reach.from = reach.from.max(Some(end));
                }
                None if is_last && first.is_some() => return None,
                None => reach.until = [reach.until, first].into_iter().flatten().min(),
            }
        }
        reach.to = node.steps.get(step + 1).and_then(|next| ends(next.within.as_ref()?));
        Some(reach)
    }

    /// The next instant at which time alone makes an end of the sequence certain that was not before.
    pub(super) fn next_certainty(&self, node: &SequenceNode, at: Instant) -> Option<Instant> {
        let until = node.certain_until(at);
        let last = self.steps.last()?;
        let step = self.steps.len() - 1;
        let can_end = |item: &ValueEntry| self.reach(node, step, *item).is_some();
        let first = match last {
            Layer::Plain(..) => {
                let from = self.first_unspoilt(node, last, at, until);
                (from..last.len()).filter_map(|index| last.get(index)).find(can_end)?.entry.ts
            }
            Layer::Valued(items) => {
                let mut first: Option<Instant> = None;
                for item in items {
                    let ts = item.entry.ts;
                    if ts > until && first.is_none_or(|first| ts < first) && can_end(item) {
                        first = Some(ts);
                    }
                }
                first?
            }
        };
        node.certain_at(first)
    }

    /// The index from which on last events can become certain: none before it can, because they are already, or
    /// because of what happened after them by now.
    fn first_unspoilt(&self, node: &SequenceNode, last: &Layer<'_>, at: Instant, until: Instant) -> usize {
        let certain = last.count_while(0, |item| item.entry.ts <= until);
        let absences = node.steps.last().map(|step| step.absences.as_slice()).unwrap_or_default();
        let layers = self.absences.last().into_iter().flatten();
        absences.iter().zip(layers).fold(certain, |from, (absence, layer)| {
            let spoiler = match &absence.lasts {
                // All that is not certain yet must be left alone until after `at`.
                Some(lasts) if lasts.bounds(at).0 <= until => layer.newest_while(|entry| entry.ts <= at),
                Some(_) => None,
                None => layer.newest_while(|_| true),
            };
            let spoilt = spoiler.map_or(0, |spoiler| last.count_while(0, |item| item.entry < spoiler));
            from.max(spoilt)
        })
    }
}
