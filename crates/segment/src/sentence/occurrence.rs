use segops_rules::{Named, OccurrenceCondition, Rank, Side, WithinCondition};

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
    let counts_now = found.window.is_some_and(|window| window.until == words.now());
    let asked = leaf.has.as_ref().map(|has| predicate_text(has, words));
    let Some(event) = event else {
        let what = format!("there is no {chosen}");
        let is_first = leaf.occurrence.rank.number() == 1;
        let such = asked.map(|asked| format!(" where {asked}")).unwrap_or_default();
        let change = match (is_first, is_met) {
            (true, false) => Some(format!("with {}{such}", events.a_single())),
            _ => None,
        };
        return Phrase::needing(&what, Some("one").filter(|_| !is_met), is_met, found)
            .changing(change.filter(|_| counts_now));
    };
    let when = words.moment(event.ts);
    let what = match (&asked, passes) {
        (None, _) => format!("the {chosen} was on {when}"),
        (Some(asked), true) => format!("the {chosen}, on {when}, is one where {asked}"),
        (Some(asked), false) => format!("the {chosen}, on {when}, is not one where {asked}"),
    };
    let window = window_text(&leaf.window, words);
    let has_window = window != "so far";
    let need = match (has_window, wanted) {
        (true, true) => Some(format!("to be {window}")),
        (true, false) if passes => Some(format!("to be any time but {window}")),
        _ => None,
    };
    // Only the newest one is another with the next event.
    let is_newest = leaf.occurrence.rank == Rank::Last(1);
    let change = match (is_newest && counts_now, is_met, &asked) {
        (true, false, None) if wanted => Some(format!("with the next {}", events.one)),
        (true, false, Some(asked)) if wanted => {
            Some(format!("once the next {}{} is one where {asked}", events.one, events.which))
        }
        (true, true, None) if !wanted => Some(format!("with the next {}", events.one)),
        _ => None,
    };
    let unless = events.keeping(&leaf.window, is_met).filter(|_| is_newest);
    Phrase::needing(&what, need.as_deref(), is_met, found).unless(unless).changing(change)
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
    let need = Need::of(leaf.count, wanted);
    let is_plain = is_met && (need == Need::AT_LEAST_ONE || need == Need::NONE);
    let need_text = need.text();
    let mut phrase = Phrase::needing(&what, Some(&*need_text).filter(|_| !is_plain), is_met, found);
    if is_met && count > 0 {
        phrase.found.push_str(&words.evidence(found, found.evidence.len() as u64 == count));
    }
    // While the span after the event is not over, more can be done in it.
    let end = found.window.map(|window| window.until.plus_ms(1)).filter(|end| *end > words.now());
    let missing = need.least.checked_sub(count).filter(|missing| *missing > 0 && !is_met && !need.is_outside);
    let change = end.zip(missing).filter(|_| leaf.side == Side::After).map(|(end, missing)| {
        let noun = if missing == 1 { &events.one } else { &events.many };
        let more = if count > 0 { "more " } else { "" };
        format!("with {missing} {more}{noun}{} before {}", events.which, words.moment(end))
    });
    phrase.changing(change)
}
