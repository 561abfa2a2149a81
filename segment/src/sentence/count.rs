use segops_rules::{EventCondition, Named};

use super::phrase::Phrase;
use super::words::{Events, Need, Words, counted, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// How often the profile did something.
pub(super) fn phrase(
    leaf: &EventCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Count { count, or_more }) = found.observed else { return Phrase::of_text(found) };
    let events = Events::of(&leaf.event, words);
    let need = Need::of(leaf.count, wanted);
    let is_met = found.holds == wanted;
    let number = counted(count, or_more, &events.one, &events.many);
    let what = format!("{number}{} {}", events.which, window_text(&leaf.window, words));
    // One that did it at all, or not at all, as the rule asks, needs no more words.
    let is_plain = is_met && (need == Need::AT_LEAST_ONE || need == Need::NONE);
    let need_text = need.text();
    let mut phrase = Phrase::needing(&what, Some(&*need_text).filter(|_| !is_plain), is_met, found);
    if is_met {
        phrase.found.push_str(&words.evidence(found, !or_more && found.evidence.len() as u64 == count));
    } else if let Some(last) = found.evidence.first() {
        phrase.found.push_str(&format!(" (the last on {})", words.day(last.ts)));
    }
    phrase
        .unless(events.keeping(&leaf.window, is_met))
        .changing(change(need, count, found, &events, is_met, words))
}

/// How many more events turn the answer, where events that come now count at once.
fn change(
    need: Need,
    count: u64,
    found: &ConditionExplanation,
    events: &Events,
    is_met: bool,
    words: &Words<'_>,
) -> Option<String> {
    let counts_now = found.window.is_some_and(|window| window.until == words.now());
    if !counts_now || need.is_outside {
        return None;
    }
    let missing = if is_met {
        need.most?.checked_sub(count)?.checked_add(1)?
    } else {
        need.least.checked_sub(count).filter(|missing| *missing > 0)?
    };
    let such = if events.which.is_empty() { "" } else { "such " };
    let text = match (missing, count) {
        (1, _) if is_met => format!("with the next {such}{}", events.one),
        (1, 0) => format!("with 1 {such}{}", events.one),
        (1, _) => format!("with 1 more {such}{}", events.one),
        (missing, 0) => format!("with {missing} {such}{}", events.many),
        (missing, _) => format!("with {missing} more {such}{}", events.many),
    };
    // Once an event that counts now is too old, it takes one more.
    let deadline = found.evidence_expires_at.filter(|_| !is_met && count > 0);
    Some(match deadline {
        Some(at) => format!("{text} before {}", words.moment(at)),
        None => text,
    })
}
