use segops_rules::{HistoryTest, TraitHistoryCondition};

use super::{ConditionExplanation, EVIDENCE_MAX, Explainer, Observed, observed_window};
use crate::Timeline;
use crate::evaluate::ProfileView;
use crate::trait_date::TraitDateNode;
use crate::trait_history::TraitHistoryNode;

impl<V: ProfileView> Explainer<'_, V> {
    pub(super) fn trait_date(&self, node: &TraitDateNode, explanation: &mut ConditionExplanation) {
        let (date, occurrence) = node.deciding(self.view, self.now);
        let value = node.value(self.view).cloned();
        explanation.observed = Some(Observed::Date { value, date, occurrence });
        explanation.window = node.window().map(|window| observed_window(window.bounds(self.now)));
    }

    pub(super) fn trait_history(
        &self,
        condition: &TraitHistoryCondition,
        node: &TraitHistoryNode,
        explanation: &mut ConditionExplanation,
    ) {
        let none = Timeline::new();
        let timeline = self.view.timeline(node.signal).unwrap_or(&none);
        let sets = node.sets(timeline);
        explanation.window = Some(observed_window(node.window.bounds(self.now)));
        match &condition.test {
            HistoryTest::Held { .. } => {
                let held = sets.held_since(self.now);
                let since = held.flatten();
                let path = &condition.path;
                let value = self.view.trait_value(path.root()).and_then(|value| path.below_root(value));
                let value = value.cloned();
                explanation.observed = Some(Observed::Held { value, passes: held.is_some(), since });
                // The set that began it is the last of its instant.
                let began = since.and_then(|since| timeline.nth_newest_until(since, 1));
                explanation.evidence = began.into_iter().collect();
            }
            HistoryTest::Was { .. } => {
                explanation.window = None;
                let at = node.past_instant(self.now);
                explanation.observed = Some(Observed::Was { at, passed: sets.passed_at(at) });
                explanation.evidence = timeline.nth_newest_until(at, 1).into_iter().collect();
            }
            HistoryTest::Changed { .. } => {
                explanation.evidence = sets.changes(self.now).take(EVIDENCE_MAX).collect();
                let count = sets.changes(self.now).count() as u64;
                explanation.observed = Some(Observed::Count { count, or_more: false });
            }
        }
    }
}
