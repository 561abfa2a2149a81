use segops_model::Decimal;
use segops_rules::{ComputedDefinition, RankingCondition, Resolved};

use super::{ConditionExplanation, EVIDENCE_MAX, Explainer, Observed, observed_window};
use crate::evaluate::ProfileView;
use crate::ranking::RankingNode;
use crate::{Cut, Entry, Timeline};

impl<V: ProfileView> Explainer<'_, V> {
    pub(super) fn ranking(
        &self,
        leaf: &RankingCondition<Resolved>,
        node: &RankingNode,
        explanation: &mut ConditionExplanation,
    ) {
        let threshold = self.view.threshold(&node.key);
        let ranking = self.program.rankings().iter().find(|ranking| ranking.key == node.key);
        let value = node.measure.measured(self.view, self.now).number();
        let definition = leaf.by.computed().map(|reference| &reference.definition);
        let parts = match (definition, node.measure.computed()) {
            (Some(ComputedDefinition::Number(formula)), Some(number)) => {
                let (parts, evidence) = self.parts(formula, number);
                explanation.evidence = evidence;
                parts
            }
            _ => Vec::new(),
        };
        explanation.observed = Some(Observed::Ranked {
            value: value.map(|value| Decimal::from_billionths(value.rounded())),
            threshold: threshold.and_then(|threshold| threshold.cut).map(Cut::rounded),
            as_of: threshold.map(|threshold| threshold.as_of),
            population: threshold.map(|threshold| threshold.population),
            due_at: threshold.zip(ranking).and_then(|(held, ranking)| ranking.due_after(held.as_of)),
            several_currencies: threshold.is_some_and(|threshold| threshold.several_currencies),
            parts,
        });
        let Some(reading) = node.measure.reading() else { return };
        let none = Timeline::new();
        let timeline = self.view.timeline(reading.signal).unwrap_or(&none);
        let indexes = reading.indexes(timeline, self.now);
        let oldest = timeline.get(indexes.start).filter(|_| !indexes.is_empty());
        explanation.evidence_expires_at = oldest.and_then(|entry| reading.window.leaves_at(entry.ts));
        explanation.window = Some(observed_window(reading.window.bounds(self.now)));
        // Several values of one event are one piece of evidence.
        let mut evidence: Vec<Entry> =
            indexes.rev().filter_map(|index| timeline.get(index)).take(100).collect();
        evidence.dedup();
        evidence.truncate(EVIDENCE_MAX);
        explanation.evidence = evidence;
    }
}
