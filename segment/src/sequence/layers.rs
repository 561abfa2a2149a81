//! The matches of each step laid out for look-ups by value and time.

use segops_model::Instant;

use super::{SEQUENCE_MATCHES_MAX, SequenceNode, Step};
use crate::evaluate::ProfileView;
use crate::{Entry, ValueEntry, WindowBounds};

/// The matches of every step after an instant, and those of what must not happen.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) steps: Vec<Layer>,
    /// By step, then in the order of its absences.
    absences: Vec<Vec<Layer>>,
}

/// Matches by (value, time); all of one value where steps share none.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) items: Vec<ValueEntry>,
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

impl Layer {
    fn of(view: &impl ProfileView, signal: segops_model::SignalId, after: Instant) -> Self {
        let Some(timeline) = view.timeline(signal) else { return Self::default() };
        let newest = timeline.len().saturating_sub(SEQUENCE_MATCHES_MAX as usize);
        let indexes = timeline.count_until(after).max(newest)..timeline.len();
        if !timeline.holds_values() {
            let plain = |entry| ValueEntry { entry, line: 0, value: 0 };
            return Self { items: indexes.filter_map(|index| timeline.get(index)).map(plain).collect() };
        }
        let mut items: Vec<ValueEntry> = timeline.values_at(indexes).collect();
        items.sort_unstable_by_key(|item| (item.value, item.entry, item.line));
        // Two lines of one event with the same value are one match.
        items.dedup_by_key(|item| (item.value, item.entry));
        Self { items }
    }

    /// How many items have a smaller value, or the same and pass a test that none passes after one that fails.
    pub(super) fn count_while(&self, value: i128, holds: impl Fn(ValueEntry) -> bool) -> usize {
        self.items.partition_point(|item| item.value < value || (item.value == value && holds(*item)))
    }

    /// The first match of a value after an event.
    fn first_after(&self, after: ValueEntry) -> Option<Entry> {
        let at = self.count_while(after.value, |item| item.entry <= after.entry);
        self.items.get(at).filter(|item| item.value == after.value).map(|item| item.entry)
    }

    /// The items from the newest back; those of one event in the order of its lines.
    pub(super) fn newest_first(&self) -> Vec<ValueEntry> {
        let mut items = self.items.clone();
        items.sort_unstable_by(|one, other| other.entry.cmp(&one.entry).then(one.line.cmp(&other.line)));
        items
    }
}

impl Layers {
    pub(super) fn of(node: &SequenceNode, view: &impl ProfileView, after: Instant) -> Self {
        let layer = |signal| Layer::of(view, signal, after);
        let absences =
            |step: &Step| step.absences.iter().map(|absence| layer(absence.signal)).collect::<Vec<_>>();
        Self {
            steps: node.steps.iter().map(|step| layer(step.signal)).collect(),
            absences: node.steps.iter().map(absences).collect(),
        }
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
        let mut first: Option<Instant> = None;
        for item in &last.items {
            let ts = item.entry.ts;
            if ts > until && first.is_none_or(|first| ts < first) && self.reach(node, step, *item).is_some() {
                first = Some(ts);
            }
        }
        node.certain_at(first?)
    }
}
