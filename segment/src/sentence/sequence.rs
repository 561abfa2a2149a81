use segops_rules::{Named, SequenceCondition};

use super::phrase::Phrase;
use super::words::{Events, Need, Words, counted_span, often, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// How often the steps were done, one after the other.
pub(super) fn phrase(
    leaf: &SequenceCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Sequence { count, newest_only }) = found.observed else {
        return Phrase::of_text(found);
    };
    let need = Need::of(leaf.count, wanted);
    let is_met = found.holds == wanted;
    let steps = steps_text(leaf, words);
    let mut what = format!("{} {steps} {}", often(count), window_text(&leaf.window, words));
    if let Some(newest) = newest_only {
        what.push_str(&format!(", looking at the newest {newest} of each step"));
    }
    let is_plain = is_met && (need == Need::AT_LEAST_ONE || need == Need::NONE);
    let need_text = need.text();
    let phrase = Phrase::needing(&what, Some(&*need_text).filter(|_| !is_plain), is_met, found);
    // The event that would complete the steps, where the last of them is one.
    let last = leaf.steps.last().filter(|step| !step.absent).map(|step| Events::of(&step.event, words));
    let completes =
        last.filter(|_| need.most.is_none() && !need.is_outside && !is_met && need.least == count + 1);
    phrase.changing(completes.map(|events| format!("with {} that completes it", events.a_single())))
}

/// `a product view, then an order within 1 day, and no refund within 2 days`.
fn steps_text(leaf: &SequenceCondition<Named>, words: &Words<'_>) -> String {
    let mut text = String::new();
    for (at, step) in leaf.steps.iter().enumerate() {
        let events = Events::of(&step.event, words);
        let within = step.within.map(|span| format!(" within {}", counted_span(span))).unwrap_or_default();
        text.push_str(match (at, step.absent) {
            (0, _) => "",
            (_, false) => ", then ",
            (_, true) => ", and ",
        });
        if step.absent {
            text.push_str(&format!("no {}{}{within} after", events.many, events.which));
        } else {
            text.push_str(&format!("{}{within}", events.a_single()));
        }
    }
    if let Some(same) = &leaf.same {
        text.push_str(&format!(" with the same {}", super::words::name_of(same)));
    }
    text.push(',');
    text
}
