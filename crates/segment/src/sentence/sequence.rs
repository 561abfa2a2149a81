use segops_model::Instant;
use segops_rules::{Named, SequenceCondition};

use super::phrase::Phrase;
use super::words::{Events, Need, Words, counted_span, grouped, often, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// How often the steps were done, one after the other.
pub(super) fn phrase(
    leaf: &SequenceCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Sequence { count, newest_only, begun, next_before }) = &found.observed else {
        return Phrase::of_text(found);
    };
    let need = Need::of(leaf.count, wanted);
    let is_met = found.holds == wanted;
    let how_often = if *count == 0 { "not".to_owned() } else { often(*count) };
    let mut what = format!("{}: {how_often} {}", steps_text(leaf, words), window_text(&leaf.window, words));
    let events_of_one = leaf.steps.iter().filter(|step| !step.absent).count();
    if is_met && *count > 0 {
        // The events of the newest completion, in the order of the steps.
        let newest: Vec<_> = found.evidence.iter().take(events_of_one).rev().map(|entry| entry.ts).collect();
        let times = words.times(found, &newest).join(", ");
        what.push_str(&if *count == 1 { format!(" ({times})") } else { format!(" (the last time {times})") });
    }
    if let (false, Some(newest)) = (is_met, begun.last()) {
        let done = leaf.steps.iter().filter(|step| !step.absent).nth(begun.len() - 1);
        let done = done.map(|step| Events::of(&step.event, words).a_single()).unwrap_or_default();
        what.push_str(&format!(", begun with {done} on {}", words.moment(newest.ts)));
    }
    if let Some(newest) = newest_only {
        what.push_str(&format!(", looking at the newest {} of each step", grouped(u64::from(*newest))));
    }
    // Once, or not, is plain where it is asked for.
    let is_plain = need == Need::AT_LEAST_ONE || (is_met && need == Need::NONE);
    let need_text = match need {
        Need { least: 0, most: Some(0), is_outside: false } => "never".to_owned(),
        Need { least, most: None, is_outside: false } => often(least),
        need => format!("{} times", need.text()),
    };
    let phrase = Phrase::needing(&what, Some(&*need_text).filter(|_| !is_plain), is_met, found);
    let lacks_one = !is_met && need.most.is_none() && !need.is_outside && need.least == count + 1;
    let next = next_step(leaf, begun.len(), *next_before, words).filter(|_| lacks_one);
    let ends_with_absence = leaf.steps.last().filter(|step| step.absent && step.within.is_some());
    let breaks = ends_with_absence.filter(|_| !is_met && wanted).map(|step| {
        let events = Events::of(&step.event, words);
        format!("there is {} before", events.a_single())
    });
    phrase.unless(breaks).changing(next)
}

/// What goes on from as many steps as have been done, where events do.
fn next_step(
    leaf: &SequenceCondition<Named>,
    done: usize,
    before: Option<Instant>,
    words: &Words<'_>,
) -> Option<String> {
    let last = leaf.steps.last()?;
    if last.absent {
        // Of one thing and nothing after it, the thing is missing.
        let ([first, _], Some(span)) = (leaf.steps.as_slice(), last.within) else { return None };
        let (first, absent) = (Events::of(&first.event, words), Events::of(&last.event, words));
        let follows = format!("no {}{} follow", absent.many, absent.which);
        return Some(format!("{} after {}, if {follows}", counted_span(span), first.a_single()));
    }
    if done == 0 {
        return Some("once all of it happens in turn".to_owned());
    }
    let mut left = leaf.steps.iter().filter(|step| !step.absent).skip(done);
    let event = Events::of(&left.next()?.event, words).a_single();
    let before = before.map(|at| format!(" before {}", words.moment(at))).unwrap_or_default();
    let rest = if left.next().is_some() { ", and then the rest" } else { "" };
    Some(format!("with {event}{before}{rest}"))
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
    text
}
