use segops_model::Instant;
use segops_rules::{HeldFor, HistoryTest, StateTest, Test, TraitHistoryCondition, Window};

use super::phrase::Phrase;
use super::words::{Words, asked_of, counted_span, name_of, value_text, window_text};
use crate::explain::{ConditionExplanation, Observed};

/// Since when a trait has been what it is, or when it changed.
pub(super) fn phrase(
    leaf: &TraitHistoryCondition,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    match (&leaf.test, &found.observed) {
        (HistoryTest::Held { state, time }, Some(Observed::Held { .. })) => {
            held(leaf, state, *time, found, wanted, words)
        }
        (HistoryTest::Changed { from, to, window }, Some(Observed::Count { count, .. })) => {
            let ends = Ends { from: from.as_ref(), to: to.as_ref(), window };
            changed(leaf, &ends, *count, found, wanted, words)
        }
        (HistoryTest::Was { state, .. }, Some(Observed::Was { at, passed })) => {
            was(leaf, state, (*at, *passed), found, wanted, words)
        }
        _ => Phrase::of_text(found),
    }
}

/// What the value was at one time.
fn was(
    leaf: &TraitHistoryCondition,
    state: &StateTest,
    (at, passed): (Instant, Option<bool>),
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let (name, when) = (name_of(&leaf.path), words.moment(at));
    let what = match passed {
        Some(passed) => format!("{name} was {} on {when}", state_text(state, passed, leaf, words)),
        None => format!("what {name} was on {when} is not known any more"),
    };
    let is_met = found.holds == wanted;
    let need = format!("{} then", state_text(state, wanted, leaf, words));
    Phrase::needing(&what, Some(&*need).filter(|_| !is_met), is_met, found)
}

fn held(
    leaf: &TraitHistoryCondition,
    state: &StateTest,
    time: HeldFor,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let Some(Observed::Held { value, passes, since }) = &found.observed else {
        return Phrase::of_text(found);
    };
    let name = name_of(&leaf.path);
    let is_met = found.holds == wanted;
    let asked = state_text(state, true, leaf, words);
    let what = match (passes, since, value.as_ref().filter(|value| value.is_present())) {
        (false, _, Some(value)) => format!("{name} is {}", value_text(value, &leaf.path, words)),
        (false, _, None) => format!("{name} is not set"),
        (true, None, _) => format!("{name} has always been {asked}"),
        (true, Some(since), _) => format!("{name} has been {asked} since {}", words.moment(*since)),
    };
    let span = counted_span(time.span());
    let is_least = matches!(time, HeldFor::AtLeast(_)) == wanted;
    let told = |is_least: bool| if is_least { format!("at least {span}") } else { format!("under {span}") };
    let need = match (passes, wanted) {
        (true, _) => told(is_least),
        (false, true) => format!("to have been {asked} for {}", told(is_least)),
        // The negation also holds of what is not so at all.
        (false, false) => format!("not to have been {asked} for {}", told(!is_least)),
    };
    // A change keeps what does not hold from holding.
    let changes = if is_met { format!("{name} changes") } else { format!("{name} changes before") };
    let changes = Some(changes).filter(|_| !found.holds);
    let asks_least = matches!(time, HeldFor::AtLeast(_));
    let change = match (passes, asks_least) {
        (true, false) if wanted && !is_met => format!("once {name} becomes {asked} again"),
        (true, _) => format!("once {name} changes"),
        (false, true) => format!("{span} after {name} becomes {asked}"),
        (false, false) => format!("once {name} becomes {asked}"),
    };
    Phrase::needing(&what, Some(&need), is_met, found).unless(changes).changing(Some(change))
}

/// What is asked of a change.
struct Ends<'a> {
    from: Option<&'a StateTest>,
    to: Option<&'a StateTest>,
    window: &'a Window,
}

fn changed(
    leaf: &TraitHistoryCondition,
    ends: &Ends<'_>,
    count: u64,
    found: &ConditionExplanation,
    wanted: bool,
    words: &Words<'_>,
) -> Phrase {
    let name = name_of(&leaf.path);
    let is_met = found.holds == wanted;
    let mut how = String::new();
    let is_any = |end: Option<&StateTest>| end.is_some_and(|end| end.test == Test::Exists);
    if is_any(ends.from) && is_any(ends.to) {
        how.push_str(" from one value to another");
    } else if let Some(from) = ends.from {
        how.push_str(&format!(" from {}", state_text(from, true, leaf, words)));
    }
    if let Some(to) = ends.to.filter(|_| how != " from one value to another") {
        how.push_str(&format!(" to {}", state_text(to, true, leaf, words)));
    }
    let window = window_text(ends.window, words);
    let what = if count == 0 {
        format!("no change of {name}{how} {window}")
    } else {
        let when = words.evidence(found, found.evidence.len() as u64 == count);
        format!("{name} changed{how} {window}{when}")
    };
    let need = if wanted { "one" } else { "none" };
    let need = Some(need).filter(|_| !is_met);
    let again =
        if is_met { format!("{name} changes so again") } else { format!("{name} changes so again before") };
    let ends_now = found.window.is_some_and(|window| window.until == words.now());
    let act = (count == 0 && ends_now).then(|| format!("once {name} changes{how}"));
    Phrase::needing(&what, need, is_met, found)
        .unless(Some(again).filter(|_| count > 0 && matches!(ends.window, Window::Last(_))))
        .changing(act)
}

/// What a value is that passes: `gold`, `anything but gold`, `set`, `a value that starts with G`; or one that does
/// not.
fn state_text(state: &StateTest, passes: bool, leaf: &TraitHistoryCondition, words: &Words<'_>) -> String {
    match (&state.test, passes) {
        (Test::Exists, true) | (Test::NotExists, false) => "set".to_owned(),
        (Test::NotExists, true) | (Test::Exists, false) => "missing".to_owned(),
        (test, passes) => {
            let asked = asked_of(test, passes, &leaf.path, words);
            asked.strip_prefix("is ").map_or_else(|| format!("a value that {asked}"), str::to_owned)
        }
    }
}
