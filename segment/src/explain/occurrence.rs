use super::{ConditionExplanation, EVIDENCE_MAX, Explainer, Observed, observed_window};
use crate::active::{ActiveNode, Over};
use crate::evaluate::{CountTally, ProfileView};
use crate::occurrence::{OccurrenceNode, WithinNode};
use crate::{Entry, Timeline};

impl<V: ProfileView> Explainer<'_, V> {
    pub(super) fn occurrence(&self, node: &OccurrenceNode, explanation: &mut ConditionExplanation) {
        let event = node.chosen.entry(self.view.timeline(node.chosen.signal), self.now);
        let passes = event.is_some_and(|event| node.passes(self.view, event));
        explanation.observed = Some(Observed::Event { event, passes });
        explanation.evidence = event.into_iter().collect();
        explanation.window = Some(observed_window(node.window.bounds(self.now)));
    }

    pub(super) fn within(&self, node: &WithinNode, explanation: &mut ConditionExplanation) {
        let none = Timeline::new();
        let event = node.chosen.entry(self.view.timeline(node.chosen.signal), self.now);
        let counted = self.view.timeline(node.counted).unwrap_or(&none);
        let indexes = event.map_or(0..0, |event| node.indexes(counted, event, self.now));
        explanation.observed = Some(Observed::Around { event, count: indexes.len() as u64 });
        let found = indexes.rev().filter_map(|index| counted.get(index));
        explanation.evidence = found.take(EVIDENCE_MAX).collect();
    }

    pub(super) fn active(&self, node: &ActiveNode, explanation: &mut ConditionExplanation) {
        let none = Timeline::new();
        let timeline = self.view.timeline(node.signal).unwrap_or(&none);
        match &node.over {
            Over::Days(days) => {
                let active = days.count(timeline, self.now);
                let (after, until) = days.window.bounds(self.now);
                explanation.observed = Some(Observed::Periods { active, counts: Vec::new() });
                explanation.evidence = newest(timeline.iter_range(after, until).rev());
                explanation.window = Some(observed_window((after, until)));
            }
            Over::Periods(periods, _) => {
                let counts: Vec<u64> = periods
                    .iter()
                    .map(|period| CountTally::of(&period.window, timeline, self.now).count)
                    .collect();
                let held = periods.iter().zip(&counts).filter(|(period, count)| period.range.holds(**count));
                let active = held.count() as u64;
                explanation.observed = Some(Observed::Periods { active, counts });
                let bounds = |at: Option<&crate::program::CountNode>| at.map(|at| at.window.bounds(self.now));
                if let (Some((after, _)), Some((_, until))) =
                    (bounds(periods.last()), bounds(periods.first()))
                {
                    explanation.evidence = newest(timeline.iter_range(after, until).rev());
                    explanation.window = Some(observed_window((after, until)));
                }
            }
        }
    }
}

fn newest(entries: impl Iterator<Item = Entry>) -> Vec<Entry> {
    entries.take(EVIDENCE_MAX).collect()
}
