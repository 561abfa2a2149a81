//! A funnel's customers as rules.

use segops_rules::{Condition, CountTest, EventFilter, Named, Rule, SequenceCondition, SequenceStep, Window};

use super::{Checked, Funnel, FunnelCell, FunnelOutcome, StepOrder};
use crate::as_rule::{Narrowed, did, narrowed, not, rule_of, window_of};
use crate::groups::{Dimension, Group};
use crate::setting::Setting;

/// Why there is no rule, where there is none.
pub(super) const NO_RULE: &str = "the rule language has no form for a conversion window over three steps or more, for \
                                  orders one after another, for steps in any order, and for the groups of the event that an attempt began with";

pub(super) fn rule(
    funnel: &Funnel,
    checked: &Checked,
    cell: &FunnelCell,
    setting: &Setting<'_>,
) -> Option<Rule<Named>> {
    let by = funnel.breakdown.as_ref().map(|breakdown| &breakdown.by);
    let mut conditions = vec![reached(funnel, checked, cell.step)?];
    if cell.outcome == FunnelOutcome::Dropped && cell.step < funnel.steps.len() {
        conditions.push(not(reached(funnel, checked, cell.step + 1)?));
    }
    if cell.group != Group::All {
        if matches!(by, Some(Dimension::Property(_) | Dimension::TraitAtEvent(_))) {
            return None;
        }
        match narrowed(&checked.steps.first()?.named, by, &cell.group)? {
            Narrowed::Also(condition) => conditions.push(condition),
            Narrowed::Whole => {}
            Narrowed::Filter(_) => return None,
        }
    }
    rule_of(setting.population, conditions)
}

/// That a profile came to a step, counted from 1.
fn reached(funnel: &Funnel, checked: &Checked, step: usize) -> Option<Condition<Named>> {
    let window = window_of(checked.range);
    if funnel.order == StepOrder::AnyOrder && (step > 1 || !funnel.exclude.is_empty()) {
        return all_of(funnel, checked, step, &window);
    }
    if step <= 1 && funnel.order == StepOrder::AnyOrder {
        let each =
            checked.steps.iter().map(|one| did(one.named.clone(), CountTest::AtLeast(1), window.clone()));
        return Some(Condition::Any(each.collect()));
    }
    if step <= 1 && funnel.same.is_none() {
        return Some(did(checked.steps.first()?.named.clone(), CountTest::AtLeast(1), window));
    }
    // A conversion window over two steps is the time between them.
    let is_of_orders = checked.steps.iter().take(step).any(|one| one.named.subject.is_orders())
        || checked.exclusions.iter().any(|(event, _)| event.named.subject.is_orders());
    if step < 2 || is_of_orders || (funnel.conversion_window.is_some() && step > 2) {
        return None;
    }
    let mut steps: Vec<SequenceStep<Named>> = Vec::new();
    for (at, one) in checked.steps.iter().take(step).enumerate() {
        if at > 0 {
            let before = at - 1;
            let between =
                checked.exclusions.iter().filter(|(_, after)| after.is_none_or(|after| after == before));
            steps.extend(between.map(|(event, _)| absent(&event.named)));
        }
        let own = funnel.steps.get(at).and_then(|step| step.within);
        let within = if at > 0 { own.or(funnel.conversion_window) } else { None };
        steps.push(SequenceStep { absent: false, event: one.named.clone(), within });
    }
    let same = funnel.same.clone();
    Some(Condition::Sequence(Box::new(SequenceCondition {
        steps,
        same,
        count: CountTest::AtLeast(1),
        window,
    })))
}

fn absent(event: &EventFilter<Named>) -> SequenceStep<Named> {
    SequenceStep { absent: true, event: event.clone(), within: None }
}

/// Every step in any order, without limits: that is each of them once.
fn all_of(funnel: &Funnel, checked: &Checked, step: usize, window: &Window) -> Option<Condition<Named>> {
    let is_unlimited =
        funnel.conversion_window.is_none() && funnel.same.is_none() && funnel.exclude.is_empty();
    if step < funnel.steps.len() || !is_unlimited {
        return None;
    }
    let each = checked.steps.iter().map(|one| did(one.named.clone(), CountTest::AtLeast(1), window.clone()));
    Some(Condition::All(each.collect()))
}
