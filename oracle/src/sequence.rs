//! Sequences by trying every way to complete them, and usual gaps by sorting them.

use std::collections::BTreeSet;

use segops_model::{Event, Value};
use segops_rules::{CadenceCondition, CadenceTest, Named, SequenceCondition, SequenceStep, Span};

use crate::aggregate::values_at;
use crate::calendar::Bounds;
use crate::filter::matches;
use crate::value::{folded, shown};
use crate::{Calendar, Sources};

/// Matches older than so many newer ones of the same filter do not exist.
const MATCHES_MAX: usize = 10_000;

/// An event's place in its person's history, with one of its values.
#[derive(Debug, Clone, PartialEq)]
struct Match {
    place: usize,
    value: Option<String>,
}

/// How often a sequence was completed by events in order of time: always the way to complete it whose events
/// are the latest, the first of them counting most, with what others have not used.
pub(crate) fn completions(
    condition: &SequenceCondition<Named>,
    events: &[&Event],
    window: Bounds,
    now: i64,
    sources: &Sources,
    calendar: &Calendar,
) -> u64 {
    let of_step = |step: &SequenceStep<Named>| {
        let mut found = Vec::new();
        for (place, event) in events.iter().enumerate() {
            if matches(&step.event, event, sources, calendar) {
                match &condition.same {
                    None => found.push(Match { place, value: None }),
                    Some(same) => found.extend(
                        shared(&same.to_string(), step, event, calendar)
                            .into_iter()
                            .map(|value| Match { place, value: Some(value) }),
                    ),
                }
            }
        }
        let older = found.len().saturating_sub(MATCHES_MAX);
        found.split_off(older)
    };
    let matches = condition.steps.iter().map(of_step).collect();
    let plan = Plan { condition, events, window, now, calendar, matches };
    let mut used = BTreeSet::new();
    let mut count = 0;
    while let Some(way) = plan.latest(0, &[], &used) {
        used.extend(way.iter().map(|found| found.place));
        count += 1;
    }
    count
}

/// The values that an event of a step shares, each as often as it has it.
fn shared(same: &str, step: &SequenceStep<Named>, event: &Event, calendar: &Calendar) -> Vec<String> {
    let predicate = step.event.predicate.as_ref();
    let mut values = values_at(same, predicate, event, calendar);
    if !same.contains('.') && !same.contains('[') {
        values.extend(values_at(&format!("products[].{same}"), predicate, event, calendar));
    }
    values
        .iter()
        .filter(|(value, _)| !matches!(value, Value::Text(text) if text.trim().is_empty()))
        .filter_map(|(value, _)| shown(value))
        .map(|text| folded(&text))
        .collect()
}

struct Plan<'a> {
    condition: &'a SequenceCondition<Named>,
    events: &'a [&'a Event],
    window: Bounds,
    now: i64,
    calendar: &'a Calendar,
    /// By step.
    matches: Vec<Vec<Match>>,
}

impl Plan<'_> {
    /// The latest way to complete the rest, given what the steps before were: absent steps have no event.
    fn latest(&self, step: usize, before: &[Match], used: &BTreeSet<usize>) -> Option<Vec<Match>> {
        let Some(asked) = self.condition.steps.get(step) else {
            return self.nothing_followed(step, before, None).then(|| before.to_vec());
        };
        if asked.absent {
            return self.latest(step + 1, before, used);
        }
        // The latest event first; of one event the value that it has first.
        let mut candidates: Vec<&Match> = self.matches.get(step)?.iter().collect();
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.place));
        for candidate in candidates {
            if !used.contains(&candidate.place) && self.may_follow(step, before, candidate) {
                let with: Vec<Match> = before.iter().chain([candidate]).cloned().collect();
                if let Some(way) = self.latest(step + 1, &with, used) {
                    return Some(way);
                }
            }
        }
        None
    }

    fn may_follow(&self, step: usize, before: &[Match], candidate: &Match) -> bool {
        let at = self.ts(candidate.place);
        if !(self.window.0..self.window.1).contains(&at) {
            return false;
        }
        let Some(last) = before.last() else { return true };
        let in_time = self
            .condition
            .steps
            .get(step)
            .and_then(|asked| asked.within)
            .is_none_or(|span| self.is_within(span, self.ts(last.place), at));
        candidate.place > last.place
            && candidate.value == last.value
            && in_time
            && self.nothing_followed(step, before, Some(candidate))
    }

    /// Whether what the absent steps right before a step say did not happen did not, by the event of that
    /// step or, after the last event, by now.
    fn nothing_followed(&self, step: usize, before: &[Match], next: Option<&Match>) -> bool {
        let Some(last) = before.last() else { return true };
        let since = self.ts(last.place);
        let until = next.map_or(self.now, |next| self.ts(next.place));
        let asked = self.condition.steps.iter().zip(&self.matches).take(step).rev();
        asked.take_while(|(asked, _)| asked.absent).all(|(asked, found)| {
            let later = |found: &&Match| found.place > last.place && found.value == last.value;
            let mut later = found.iter().filter(later);
            match asked.within {
                Some(span) => {
                    !self.is_within(span, since, until)
                        && !later.any(|found| self.is_within(span, since, self.ts(found.place)))
                }
                None => !later.any(|found| next.is_none_or(|next| found.place < next.place)),
            }
        })
    }

    /// Whether an instant is less than a span after another: so that the span before it holds the other.
    fn is_within(&self, span: Span, since: i64, at: i64) -> bool {
        self.calendar.before(at, span) < since
    }

    fn ts(&self, place: usize) -> i64 {
        self.events.get(place).map_or(i64::MIN, |event| event.ts.as_ms())
    }
}

/// Whether the time since the last of these events compares so with the usual gap between them.
pub(crate) fn cadence(condition: &CadenceCondition<Named>, events: &[&Event], now: i64) -> bool {
    let older = events.len().saturating_sub(MATCHES_MAX);
    let times: Vec<i128> = events.iter().skip(older).map(|event| i128::from(event.ts.as_ms())).collect();
    let Some(last) = times.last().filter(|_| times.len() >= condition.events_min as usize) else {
        return false;
    };
    let mut gaps: Vec<i128> =
        times.iter().zip(times.iter().skip(1)).map(|(older, newer)| newer - older).collect();
    gaps.sort_unstable();
    let (Some(low), Some(high)) = (gaps.get((gaps.len().max(1) - 1) / 2), gaps.get(gaps.len() / 2)) else {
        return false;
    };
    let since = (i128::from(now) - last) * 2 * 1_000_000_000;
    let gaps = condition.test.factor().billionths() * (low + high);
    match condition.test {
        CadenceTest::LessThan(_) => since < gaps,
        CadenceTest::AtMost(_) => since <= gaps,
        CadenceTest::MoreThan(_) => since > gaps,
        CadenceTest::AtLeast(_) => since >= gaps,
    }
}
