//! Sequences that nothing can complete, and usual gaps of too few events.

use segops_model::Decimal;

use super::aggregate::check_property;
use super::window::{check_span, check_window, longest_ms, shortest_ms};
use super::{Checker, check_count};
use crate::ast::{CadenceCondition, SequenceCondition, Stage, Window};
use crate::problem::{Code, Problem};

/// Of more events than these the usual gap is that of the newest.
const CADENCE_EVENTS_MAX: u32 = 10_000;

impl Checker<'_> {
    pub(super) fn sequence<S: Stage>(&mut self, leaf: &SequenceCondition<S>, place: &str, depth: usize) {
        let steps_place = format!("{place}.steps");
        if leaf.steps.len() < 2 {
            let problem = Problem::error(Code::BadSequence, "a sequence has at least two steps");
            self.report(
                problem
                    .place(steps_place.as_str())
                    .expected("such as `did \"Product Viewed\" then \"Order Completed\" within 1 day`"),
            );
        }
        if leaf.steps.len() > self.limits.sequence_steps_max {
            let (steps, most) = (leaf.steps.len(), self.limits.sequence_steps_max);
            let message = format!("the sequence has {steps} steps; the limit is {most}");
            self.report(Problem::error(Code::TooMany, message).place(steps_place.as_str()));
        }
        for (at, step) in leaf.steps.iter().enumerate() {
            self.conditions += 1;
            let place = format!("{steps_place}[{at}]");
            self.filter(&step.event, &format!("{place}.event"), depth);
            if let Some(span) = step.within {
                self.problems_of(check_span(span, &format!("{place}.within")));
            }
        }
        if let Some(first) = leaf.steps.first() {
            self.problems_of(check_first(first.absent, first.within.is_some(), &steps_place));
        }
        if let Some(same) = &leaf.same {
            self.problems_of(check_property(same, &format!("{place}.same")));
        }
        self.problems_of(check_count(leaf.count, &format!("{place}.count")));
        self.problems_of(check_window(&leaf.window, &format!("{place}.window")));
        self.problems_of(check_absences(leaf, &steps_place));
    }

    pub(super) fn cadence<S: Stage>(&mut self, leaf: &CadenceCondition<S>, place: &str, depth: usize) {
        self.conditions += 1;
        self.filter(&leaf.event, &format!("{place}.event"), depth);
        let factor = leaf.test.factor();
        if factor <= Decimal::ZERO {
            let message = format!("no time is compared with {factor} times a gap");
            let problem = Problem::error(Code::BadNumber, message);
            let place = format!("{place}.test.{}", leaf.test.name());
            self.report(problem.place(place).expected("a number above 0, such as 1.5"));
        }
        if !(2..=CADENCE_EVENTS_MAX).contains(&leaf.events_min) {
            let message = format!("a usual gap cannot be asked of {} events", leaf.events_min);
            let problem = Problem::error(Code::BadNumber, message).place(format!("{place}.events_min"));
            self.report(problem.expected(format!("a whole number from 2 to {CADENCE_EVENTS_MAX}")));
        }
    }
}

fn check_first(absent: bool, has_within: bool, place: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if absent {
        let message = "a sequence starts with an event: before it there is no time to count from";
        let problem = Problem::error(Code::BadSequence, message).place(format!("{place}[0]"));
        problems.push(problem.suggestion("put an event before the first `not`"));
    }
    if has_within {
        let message = "nothing comes before the first step that it could be within a time of";
        let problem = Problem::error(Code::BadSequence, message).place(format!("{place}[0].within"));
        problems.push(problem.suggestion("for the time of the whole sequence end it with `in last 30 days`"));
    }
    problems
}

/// An absence that lasts longer than the window, or than the next event may take.
fn check_absences<S: Stage>(leaf: &SequenceCondition<S>, place: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, step) in leaf.steps.iter().enumerate().filter(|(_, step)| step.absent) {
        let Some(span) = step.within.filter(|span| span.count > 0) else { continue };
        if let Window::Last(last) = leaf.window
            && shortest_ms(span) >= longest_ms(last)
        {
            let message = "by the time that this is certain, the event before it has left the window";
            let problem = Problem::error(Code::NeverHolds, message).place(format!("{place}[{at}].within"));
            problems.push(problem.suggestion("make the window longer, or this time shorter"));
        }
        let next = leaf.steps.iter().enumerate().skip(at + 1).find(|(_, next)| !next.absent);
        if let Some((next_at, within)) = next.and_then(|(at, next)| Some((at, next.within?)))
            && within.count > 0
            && longest_ms(within) <= shortest_ms(span)
        {
            let message = "nothing is in this time: a step comes after the `not` before it has lasted";
            let problem =
                Problem::error(Code::NeverHolds, message).place(format!("{place}[{next_at}].within"));
            problems.push(problem.suggestion("make this time longer than that of the `not` before it"));
        }
    }
    problems
}
