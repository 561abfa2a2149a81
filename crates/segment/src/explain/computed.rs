use segops_rules::{ComputedDefinition, Formula, Resolved};

use super::{ComputedPart, ConditionExplanation, EVIDENCE_MAX, Explainer, Observed, observed_window};
use crate::computed::{ComputedNode, FoundPart, NumberReading};
use crate::evaluate::ProfileView;
use crate::{Entry, Timeline};

impl<V: ProfileView> Explainer<'_, V> {
    pub(super) fn computed(
        &self,
        definition: &ComputedDefinition<Resolved>,
        node: &ComputedNode,
        explanation: &mut ConditionExplanation,
    ) {
        match (definition, node) {
            (ComputedDefinition::Number(formula), ComputedNode::Number(node)) => {
                let (parts, evidence) = self.parts(formula, &node.number);
                let value = node.number.rounded(self.view, self.now);
                explanation.observed = Some(Observed::Computed { value, parts });
                explanation.evidence = evidence;
            }
            (ComputedDefinition::Value(_), ComputedNode::Value(node)) => {
                let chosen = node.reading.chosen(self.view, self.now);
                explanation.observed = Some(Observed::Chosen {
                    value: None,
                    event: chosen.map(|chosen| chosen.entry),
                    line: chosen.map_or(0, |chosen| chosen.line),
                    count: chosen.and_then(|chosen| chosen.count),
                });
                explanation.evidence = chosen.map(|chosen| chosen.entry).into_iter().collect();
                explanation.window = Some(observed_window(node.reading.window().bounds(self.now)));
            }
            _ => {}
        }
    }

    /// What each aggregate of a formula comes to, and the newest events of all of them.
    pub(super) fn parts(
        &self,
        formula: &Formula<Resolved>,
        number: &NumberReading,
    ) -> (Vec<ComputedPart>, Vec<Entry>) {
        let found = number.parts(self.view, self.now);
        let parts = formula.aggregates().into_iter().zip(&found).map(|(aggregate, part)| ComputedPart {
            text: self.describe.aggregate(aggregate),
            value: part.value,
            several_currencies: part.several_currencies,
        });
        (parts.collect(), self.evidence_of(&found))
    }

    /// The newest events of all aggregates together, newest first.
    fn evidence_of(&self, parts: &[FoundPart<'_>]) -> Vec<Entry> {
        let none = Timeline::new();
        let mut evidence: Vec<Entry> = Vec::new();
        for part in parts {
            let timeline = self.view.timeline(part.reading.signal).unwrap_or(&none);
            let indexes = part.reading.indexes(timeline, self.now);
            let mut newest: Vec<Entry> = Vec::new();
            for entry in indexes.rev().filter_map(|index| timeline.get(index)) {
                if newest.len() == EVIDENCE_MAX {
                    break;
                }
                if newest.last() != Some(&entry) {
                    newest.push(entry);
                }
            }
            evidence.extend(newest);
        }
        evidence.sort_unstable_by(|left, right| right.cmp(left));
        evidence.dedup();
        evidence.truncate(EVIDENCE_MAX);
        evidence
    }
}
