//! Outcomes with what led to them: of the touches up to an outcome, and not too long before it, the first or the last.

use segops_model::{Object, Value};
use segops_rules::{Resolved, TouchChoice, TouchDefinition};

use super::session::seconds;
use super::visit::channel;
use super::{
    DERIVED_FACTS_MAX, DerivedChange, DerivedFact, DerivedFacts, DerivedOccurrence, Visit, first_at, last_at,
    span_ms,
};
use crate::Entry;

pub(super) fn add(
    definition: &TouchDefinition<Resolved>,
    facts: &mut DerivedFacts,
    fact: DerivedFact,
) -> DerivedChange {
    let DerivedFact { at, input, outcome } = fact;
    // Those that the facts which come and go can have led to.
    let mut concerned: Vec<Entry> = Vec::new();
    let followers = |facts: &DerivedFacts, touch: Entry, into: &mut Vec<Entry>| {
        let until = last_at(touch.ts.plus_ms(span_ms(definition.within)));
        into.extend(facts.outcomes.range(touch..=until).map(|(entry, _)| *entry));
    };
    let mut gone = Vec::new();
    if input.is_some() {
        followers(facts, at, &mut concerned);
        let is_more = !facts.inputs.contains_key(&at) && facts.inputs.len() >= DERIVED_FACTS_MAX;
        if let Some((oldest, _)) = facts.inputs.first_key_value().filter(|_| is_more) {
            gone.push(*oldest);
        }
    }
    for oldest in &gone {
        followers(facts, *oldest, &mut concerned);
    }
    if outcome.is_some() {
        concerned.push(at);
        concerned.extend(facts.outcomes.first_key_value().map(|(oldest, _)| *oldest));
    }
    concerned.sort_unstable();
    concerned.dedup();
    let before = occurrences(definition, facts, &concerned);
    facts.inputs.extend(input.map(|visit| (at, visit)));
    facts.outcomes.extend(outcome.map(|properties| (at, properties)));
    facts.drop_oldest();
    DerivedChange { before, after: occurrences(definition, facts, &concerned) }
}

pub(super) fn all(definition: &TouchDefinition<Resolved>, facts: &DerivedFacts) -> Vec<DerivedOccurrence> {
    let all: Vec<Entry> = facts.outcomes.keys().copied().collect();
    occurrences(definition, facts, &all)
}

fn occurrences(
    definition: &TouchDefinition<Resolved>,
    facts: &DerivedFacts,
    outcomes: &[Entry],
) -> Vec<DerivedOccurrence> {
    let made = outcomes.iter().filter_map(|at| {
        let mut properties = facts.outcomes.get(at)?.clone();
        match touch_of(definition, facts, *at) {
            Some((entry, visit)) => properties.set("touch", Value::Object(touched(*at, entry, visit))),
            None => drop(properties.remove("touch")),
        }
        Some(DerivedOccurrence::new(*at, properties))
    });
    made.collect()
}

/// The touch that is told with an outcome; one that is the outcome itself among those that come into question.
fn touch_of<'a>(
    definition: &TouchDefinition<Resolved>,
    facts: &'a DerivedFacts,
    outcome: Entry,
) -> Option<(Entry, &'a Visit)> {
    let from = first_at(outcome.ts.plus_ms(1 - span_ms(definition.within)));
    let mut within = facts.inputs.range(from..=outcome);
    let chosen = match definition.choice {
        TouchChoice::First => within.next(),
        TouchChoice::Last => within.next_back(),
    };
    chosen.map(|(entry, visit)| (*entry, visit))
}

fn touched(outcome: Entry, at: Entry, visit: &Visit) -> Object {
    let mut touch = Object::new();
    touch.set("at", Value::text(at.ts.to_string()));
    touch.set("event", Value::Text(visit.event.clone()));
    touch.set("seconds_before", Value::Number(seconds(outcome.ts.ms_since(at.ts))));
    touch.set("channel", channel(visit.campaign.as_deref(), visit.referrer.as_deref()));
    let texts = [("page", &visit.page), ("referrer", &visit.referrer)];
    for (name, text) in texts {
        if let Some(text) = text {
            touch.set(name, Value::Text(text.clone()));
        }
    }
    if let Some(campaign) = &visit.campaign {
        touch.set("campaign", Value::Object(campaign.object()));
    }
    touch
}
