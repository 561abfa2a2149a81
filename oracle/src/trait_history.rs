//! What a trait was: every set of it in order, as steps from one value to the next.

use segops_model::{Event, Object, Value};
use segops_rules::{HeldFor, HistoryTest, PastTime, StateTest, TraitHistoryCondition, Window};

use crate::Calendar;
use crate::filter::reached;
use crate::value::{folded, number_of, passes, shown};

/// So many sets of one trait exist of a person; with so many, the oldest is only where it started.
const SETS: usize = 10_000;

/// From an instant on the trait has this value, or none.
type Step = (i64, Option<Value>);

pub(crate) fn history_passes(
    condition: &TraitHistoryCondition,
    events: &[&Event],
    calendar: &Calendar,
    now: i64,
) -> bool {
    let (steps, is_cut) = steps(condition, events);
    let state = |state: &StateTest, value: &Option<Value>| {
        passes(&state.test, state.match_case, value.as_ref(), calendar)
    };
    match &condition.test {
        HistoryTest::Held { state: held, time } => {
            let window = Window::Last(time.span());
            let (recent, _) = calendar.bounds(&window, now);
            let broken = steps.iter().rposition(|(_, value)| !state(held, value));
            let since = match broken {
                Some(last) if last + 1 == steps.len() => return false,
                Some(broken) => steps.get(broken + 1).map_or(i64::MIN, |(at, _)| *at),
                None if is_cut => steps.get(1).map_or(i64::MIN, |(at, _)| *at),
                None => i64::MIN,
            };
            match time {
                HeldFor::AtLeast(_) => since < recent,
                HeldFor::LessThan(_) => since >= recent,
            }
        }
        HistoryTest::Was { state: past, when } => {
            let at = match when {
                PastTime::Ago(span) => calendar.bounds(&Window::Last(*span), now).0 - 1,
                PastTime::On(date) => {
                    let (_, end) = calendar.bounds(&Window::On(*date), now);
                    now.min(end - 1)
                }
                PastTime::At(moment) => {
                    let (start, _) = calendar.bounds(&Window::Range { from: Some(*moment), to: None }, now);
                    now.min(start)
                }
            };
            let in_force = steps.iter().rposition(|(from, _)| *from <= at);
            // Of a time before the oldest set that exists nothing is known.
            let known = in_force.filter(|step| *step > 0 || !is_cut).and_then(|step| steps.get(step));
            known.is_some_and(|(_, value)| state(past, value))
        }
        HistoryTest::Changed { from, to, window } => {
            let (start, end) = calendar.bounds(window, now);
            let pairs = steps.iter().zip(steps.iter().skip(1)).skip(usize::from(is_cut));
            pairs.filter(|(_, (at, _))| (start..end).contains(at)).any(|((_, old), (_, new))| {
                let told_apart =
                    [from, to].into_iter().flatten().any(|test| state(test, old) != state(test, new));
                let differs = told_apart || !same(old.as_ref(), new.as_ref());
                match (from, to) {
                    (None, None) => differs,
                    (Some(from), None) => state(from, old) && !state(from, new),
                    (None, Some(to)) => state(to, new) && !state(to, old),
                    (Some(from), Some(to)) => differs && state(from, old) && state(to, new),
                }
            })
        }
    }
}

/// Nothing since ever, then one step for each instant at which the trait is set; and whether older ones are cut.
fn steps(condition: &TraitHistoryCondition, events: &[&Event]) -> (Vec<Step>, bool) {
    let path = condition.path.to_string();
    let root = condition.path.root();
    let mut sets: Vec<Step> = Vec::new();
    for event in events {
        let Some(value) = event.traits.get(root) else { continue };
        let alone: Object = [(root, value.clone())].into_iter().collect();
        let value = reached(&alone, path.trim_end_matches("[]")).into_iter().next();
        sets.push((event.ts.as_ms(), value.filter(|value| *value != Value::Null)));
    }
    // Stable: of one instant, the last to come in stays the last.
    sets.sort_by_key(|(at, _)| *at);
    let is_cut = sets.len() >= SETS;
    let first = sets.len().saturating_sub(SETS);
    let mut steps = vec![(i64::MIN, None)];
    for set in sets.into_iter().skip(first) {
        match steps.last_mut() {
            Some(last) if last.0 == set.0 => *last = set,
            _ => steps.push(set),
        }
    }
    (steps, is_cut)
}

fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Text(text)) => text.trim().is_empty(),
        Some(Value::List(list)) => list.is_empty(),
        Some(_) => false,
    }
}

/// Whether setting one after the other changes nothing.
fn same(old: Option<&Value>, new: Option<&Value>) -> bool {
    if is_nothing(old) || is_nothing(new) {
        return is_nothing(old) && is_nothing(new);
    }
    old.zip(new).is_some_and(|(old, new)| is_same(old, new))
}

fn is_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(old, new))
        }
        (Value::Object(old), Value::Object(new)) => {
            old.len() == new.len()
                && old.iter().all(|(name, old)| new.get(name).is_some_and(|new| is_same(old, new)))
        }
        (Value::Null, Value::Null) => true,
        _ => match (number_of(old), number_of(new)) {
            (None, None) => {
                let text = |value: &Value| shown(value).map(|text| folded(&text));
                text(old).is_some() && text(old) == text(new)
            }
            (old, new) => old == new,
        },
    }
}
