use segops_rules::{Named, OccurrenceCondition, Side, WithinCondition};

use super::phrase::Phrase;
use super::words::{Events, Need, Words, counted, counted_span, predicate_text, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// What the first, last or n-th event of all time was like.
pub(super) fn phrase(
    leaf: &OccurrenceCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Event { event, passes }) = found.observed else {
        return Phrase::of_text(found);
    };
    let is_met = found.holds == wanted;
    let events = Events::of(&leaf.occurrence.event, words);
    let chosen = format!("{} {}{}", leaf.occurrence.rank.words(), events.one, events.which);
    let Some(event) = event else {
        let what = format!("there is no {chosen}");
        return Phrase::needing(&what, Some("one").filter(|_| !is_met), is_met, found);
    };
    let asked = leaf.has.as_ref().map(|has| predicate_text(has, words));
    let what = match (&asked, passes) {
        (None, _) => format!("the {chosen} was on {}", words.moment(event.ts)),
        (Some(asked), true) => format!("the {chosen} was on {}, where {asked}", words.moment(event.ts)),
        (Some(asked), false) => {
            format!("the {chosen} was on {}, and not one where {asked}", words.moment(event.ts))
        }
    };
    let window = window_text(&leaf.window, words);
    let has_window = window != "so far";
    let not = if wanted { "" } else { "not " };
    let need = has_window.then(|| format!("{not}to be {window}"));
    Phrase::needing(&what, need.as_deref(), is_met, found)
}

/// How often the profile did something around such an event.
pub(super) fn within(
    leaf: &WithinCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Around { event, count }) = found.observed else {
        return Phrase::of_text(found);
    };
    let is_met = found.holds == wanted;
    let of = Events::of(&leaf.of.event, words);
    let chosen = format!("{} {}{}", leaf.of.rank.words(), of.one, of.which);
    let Some(event) = event else {
        return Phrase::needing(
            &format!("there is no {chosen}"),
            Some("one").filter(|_| !is_met),
            is_met,
            found,
        );
    };
    let events = Events::of(&leaf.event, words);
    let side = match leaf.side {
        Side::After => "after",
        Side::Before => "before",
    };
    let what = format!(
        "{}{} within {} {side} the {chosen} on {}",
        counted(count, false, &events.one, &events.many),
        events.which,
        counted_span(leaf.span),
        words.moment(event.ts),
    );
    let need = Need::of(leaf.count, wanted).text();
    Phrase::needing(&what, Some(&need), is_met, found)
}
