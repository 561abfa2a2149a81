use segops_model::Direction;
use segops_rules::{Named, TenureCondition, TenureTest, TransitionCondition, Window};

use super::phrase::Phrase;
use super::words::{Need, Words, counted_span, moment_text, often, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// How often the profile came into a segment or went out of it.
pub(super) fn transition(
    leaf: &TransitionCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Count { count, .. }) = found.observed else {
        return Phrase::of_text(found);
    };
    let need = Need::of(leaf.count, wanted);
    let is_met = found.holds == wanted;
    let (did, act) = match leaf.direction {
        Direction::Entered => ("entered", "enter"),
        Direction::Exited => ("left", "leave"),
    };
    let (segment, window) = (&leaf.segment, window_text(&leaf.window, words));
    let what = match count {
        0 => format!("did not {act} {segment} {window}"),
        count => format!("{did} {segment} {} {window}", often(count)),
    };
    let is_plain = need == Need::AT_LEAST_ONE || (is_met && need == Need::NONE);
    let need_text = match need {
        Need::NONE => "not to have".to_owned(),
        need => format!("{} times", need.text()),
    };
    let mut phrase = Phrase::needing(&what, Some(&*need_text).filter(|_| !is_plain), is_met, found);
    if is_met {
        phrase.found.push_str(&words.evidence(found, found.evidence.len() as u64 == count));
    } else if let Some(last) = found.evidence.first() {
        phrase.found.push_str(&format!(" (the last time on {})", words.day(last.ts)));
    }
    let counts_now = found.window.is_some_and(|window| window.until == words.now());
    let missing = if is_met {
        need.most.and_then(|most| most.checked_sub(count)).map(|left| left + 1)
    } else {
        need.least.checked_sub(count).filter(|missing| *missing > 0)
    };
    let change = missing.filter(|_| counts_now && !need.is_outside).map(|missing| match (missing, count) {
        (1, 0) => format!("once they {act} {segment}"),
        (1, _) => format!("once they {act} {segment} again"),
        (missing, 0) => format!("once they {act} {segment} {}", often(missing)),
        (missing, _) => format!("once they {act} {segment} {} more", often(missing)),
    });
    let again = format!("they {act} {segment} again{}", if is_met { "" } else { " before" });
    let keeps = matches!(leaf.window, Window::Last(_)) && count > 0;
    phrase.unless(Some(again).filter(|_| keeps)).changing(change)
}

/// Since when the profile has been in a segment.
pub(super) fn tenure(
    leaf: &TenureCondition<Named>,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::MemberSince(since)) = found.observed else {
        return Phrase::of_text(found);
    };
    let is_met = found.holds == wanted;
    let segment = &leaf.segment;
    let what = match since {
        Some(since) => format!("in {segment} since {}", words.moment(since)),
        None => format!("not in {segment}"),
    };
    let need = need_text(&leaf.test, wanted, words);
    let is_of_time = matches!(leaf.test, TenureTest::AtLeast(_) | TenureTest::LessThan(_));
    let need = match (since, is_met) {
        // Who is not in fails what is asked, and so passes its negation.
        (None, true) => None,
        (None, false) if is_of_time => Some(format!("to be in it for {need}")),
        (None, false) | (Some(_), _) => Some(need),
    };
    // Leaving keeps what does not hold from holding.
    let leaves = format!("they leave {segment}{}", if is_met { "" } else { " before" });
    let leaves = Some(leaves).filter(|_| !found.holds);
    let change = match (since, is_met, &leaf.test) {
        (None, _, TenureTest::AtLeast(span)) => {
            Some(format!("{} after they enter {segment}", counted_span(*span)))
        }
        (None, _, TenureTest::SinceBefore(_)) => None,
        (None, ..) => Some(format!("once they enter {segment}")),
        (Some(_), true, _) if wanted => Some(format!("once they leave {segment}")),
        (Some(_), false, _) if !wanted => Some(format!("once they leave {segment}")),
        (Some(_), false, TenureTest::LessThan(_) | TenureTest::SinceAfter(_)) => {
            Some(format!("once they leave {segment} and enter it again"))
        }
        (Some(_), ..) => None,
    };
    Phrase::needing(&what, need.as_deref(), is_met, found).unless(leaves).changing(change)
}

fn need_text(test: &TenureTest, wanted: bool, words: &Words<'_>) -> String {
    match (test, wanted) {
        (TenureTest::AtLeast(span), true) | (TenureTest::LessThan(span), false) => {
            format!("at least {}", counted_span(*span))
        }
        (TenureTest::LessThan(span), true) | (TenureTest::AtLeast(span), false) => {
            format!("under {}", counted_span(*span))
        }
        (TenureTest::SinceBefore(moment), true) | (TenureTest::SinceAfter(moment), false) => {
            format!("an entry before {}", moment_text(moment, words))
        }
        (TenureTest::SinceAfter(moment), true) | (TenureTest::SinceBefore(moment), false) => {
            format!("an entry on {} or later", moment_text(moment, words))
        }
    }
}
