//! `did "A" then "B" within 1 hour then not "C" within 2 days`, and the same steps in parentheses.

use segops_model::Path;

use super::Parser;
use super::event::{Clauses, Counts};
use super::lexer::Kind;
use super::shape::Shape;
use super::window::is_unit;
use crate::ast::{
    Condition, CountTest, EventFilter, Named, Predicate, SequenceCondition, SequenceStep, Subject, Window,
};
use crate::problem::{Code, Problem};
use crate::time::Span;

/// What is said of the whole sequence, after its last step.
#[derive(Default)]
struct Whole {
    same: Option<Path>,
    count: Option<CountTest>,
    window: Option<Window>,
}

/// What is said of one step.
#[derive(Default)]
struct Step {
    predicate: Option<(Predicate, Shape)>,
    sources: Option<Vec<String>>,
    within: Option<Span>,
}

impl Parser<'_> {
    /// Whether one more step comes next: `then`, `and then`, `followed by`, or `and not` with its time.
    pub(super) fn starts_next_step(&self) -> bool {
        self.next_step_words() > 0
    }

    /// How many words lead to the next step's own.
    fn next_step_words(&self) -> usize {
        let is_joint = self.is_any_word(0, &["and", "but"]);
        if self.is_word(0, "then") {
            1
        } else if self.are_words(&["followed", "by"]) || (is_joint && self.is_word(1, "then")) {
            2
        } else {
            // `and not "C" within 2 hours` is no condition of its own; `and not "tier" is "gold"` is one.
            let is_name = matches!(self.peek_at(2).kind, Kind::Text(_)) && self.is_span_after_within(3);
            usize::from(is_joint && self.is_word(1, "not") && is_name)
        }
    }

    /// Whether a step, not a test of a property, comes so many tokens ahead.
    pub(super) fn is_step(&self, ahead: usize) -> bool {
        let is_name = |at| matches!(self.peek_at(at).kind, Kind::Text(_));
        let starts = is_name(ahead + 1) || self.is_any_word(ahead + 1, &["not", "no", "did", "any"]);
        (self.is_word(ahead, "then") && starts) || (is_name(ahead) && self.is_span_after_within(ahead + 1))
    }

    /// `within 1 hour`, where `within the last hour` is the time of the whole.
    fn is_span_after_within(&self, ahead: usize) -> bool {
        let is_length = match self.peek_at(ahead + 1).kind {
            Kind::Number(_) => true,
            Kind::Word(word) => is_unit(word) || self.is_any_word(ahead + 1, &["a", "an", "one"]),
            _ => false,
        };
        self.is_word(ahead, "within") && is_length
    }

    /// The steps after a first one, which was read as an event of its own.
    pub(super) fn sequence_after(
        &mut self,
        start: usize,
        negated: bool,
        name: Option<String>,
        clauses: Clauses,
    ) -> Option<(Condition<Named>, Shape)> {
        if clauses.count.is_some() || clauses.window.is_some() {
            self.whole_after_step(start);
        }
        if negated {
            let span = self.span_from(start);
            self.report(
                Problem::error(Code::BadSequence, "a sequence starts with an event that happened")
                    .span(span)
                    .suggestion("for those who did not do all of it write `not did \"A\" then \"B\"`"),
            );
        }
        let (predicate, shapes) = clauses.predicate.unzip();
        let event = EventFilter {
            subject: Subject::Events,
            name,
            predicate,
            sources: clauses.sources.unwrap_or_default(),
        };
        let first = SequenceStep { absent: false, event, within: None };
        let first_shape = Shape { span: self.span_from(start), parts: shapes.into_iter().collect() };
        let (mut steps, mut parts) = (vec![first], vec![first_shape]);
        let mut whole = Whole::default();
        loop {
            let words = self.next_step_words();
            if words == 0 {
                break;
            }
            if whole.count.is_some() || whole.window.is_some() || whole.same.is_some() {
                self.whole_after_step(start);
            }
            for _ in 0..words {
                self.bump();
            }
            let (step, shape) = self.step(Some(&mut whole))?;
            steps.push(step);
            parts.push(shape);
        }
        Some(self.whole_sequence(start, steps, parts, whole))
    }

    fn whole_after_step(&mut self, start: usize) {
        let span = self.span_from(start);
        self.report(
            Problem::error(
                Code::BadSequence,
                "a step says how often or when, which is said of the whole sequence",
            )
            .span(span)
            .expected("`did \"A\" then \"B\" within 1 hour at least 2 times in last 30 days`")
            .suggestion("put it after the last step; for the time since the step before write `within`"),
        );
    }

    /// `sequence ("A", "B" within 1 hour, not "C" within 2 days)`, from its parenthesis on.
    pub(super) fn sequence_in_parentheses(
        &mut self,
        start: usize,
        negated: bool,
    ) -> Option<(Condition<Named>, Shape)> {
        self.bump();
        let was_in_steps = std::mem::replace(&mut self.in_steps, true);
        let was_in_list = std::mem::replace(&mut self.in_list, true);
        let steps = self.parenthesised(|parser| {
            let mut steps = Vec::new();
            loop {
                let _ = parser.eat_word("then");
                steps.push(parser.step(None)?);
                if !parser.eat(&Kind::Comma) && !parser.is_word(0, "then") {
                    return Some(steps);
                }
            }
        });
        self.in_list = was_in_list;
        self.in_steps = was_in_steps;
        let (steps, parts): (Vec<_>, Vec<_>) = steps?.into_iter().unzip();
        let mut whole = Whole::default();
        while self.whole_clause(&mut whole)? {}
        let (leaf, shape) = self.whole_sequence(start, steps, parts, whole);
        if !negated {
            return Some((leaf, shape));
        }
        let outer = Shape { span: shape.span, parts: vec![shape] };
        Some((Condition::Not(Box::new(leaf)), outer))
    }

    fn whole_sequence(
        &self,
        start: usize,
        steps: Vec<SequenceStep<Named>>,
        parts: Vec<Shape>,
        whole: Whole,
    ) -> (Condition<Named>, Shape) {
        let leaf = SequenceCondition {
            steps,
            same: whole.same,
            count: whole.count.unwrap_or_default(),
            window: whole.window.unwrap_or_default(),
        };
        (Condition::Sequence(Box::new(leaf)), Shape { span: self.span_from(start), parts })
    }

    /// One step; with `whole` what is said of the whole sequence may follow it.
    fn step(&mut self, mut whole: Option<&mut Whole>) -> Option<(SequenceStep<Named>, Shape)> {
        let start = self.peek().span.0;
        let _ = self.eat_word("did");
        let absent = self.eat_word("not") || self.eat_word("no");
        let name = self.event_name(if absent { "then not" } else { "then" })?;
        let mut step = Step::default();
        loop {
            if self.step_clause(&mut step)? {
                continue;
            }
            let Some(whole) = &mut whole else { break };
            if self.starts_next_step() || !self.whole_clause(whole)? {
                break;
            }
        }
        let (predicate, shapes) = step.predicate.unzip();
        let event = EventFilter {
            subject: Subject::Events,
            name,
            predicate,
            sources: step.sources.unwrap_or_default(),
        };
        let shape = Shape { span: self.span_from(start), parts: shapes.into_iter().collect() };
        Some((SequenceStep { absent, event, within: step.within }, shape))
    }

    /// Reads a clause of a step, if one comes next.
    fn step_clause(&mut self, step: &mut Step) -> Option<bool> {
        let start = self.peek().span.0;
        let repeated = if self.eat_word("where") {
            let predicate = self.where_clause()?;
            step.predicate.replace(predicate).is_some()
        } else if self.is_word(0, "from") && self.is_any_word(1, &["source", "sources"]) {
            let sources = self.sources(Counts::Read)?;
            step.sources.replace(sources).is_some()
        } else if self.is_span_after_within(0) {
            self.bump();
            let _ = self.eat_word("a") || self.eat_word("an") || self.eat_word("one");
            let span = self.span()?;
            step.within.replace(span).is_some()
        } else {
            return Some(false);
        };
        if repeated {
            self.repeated_clause(start);
        }
        Some(true)
    }

    /// Reads a clause of the whole sequence, if one comes next.
    fn whole_clause(&mut self, whole: &mut Whole) -> Option<bool> {
        let start = self.peek().span.0;
        let is_same = |ahead: usize| {
            self.is_any_word(ahead, &["with", "for", "on"])
                && (self.is_word(ahead + 1, "same")
                    || (self.is_word(ahead + 1, "the") && self.is_word(ahead + 2, "same")))
        };
        let repeated = if is_same(0) {
            self.bump();
            let _ = self.eat_word("the");
            self.bump();
            let path = self.path(true)?;
            whole.same.replace(path).is_some()
        } else if self.starts_count() {
            let count = self.count()?;
            let _ = self.eat_word("times") || self.eat_word("time");
            whole.count.replace(count).is_some()
        } else if self.starts_window() {
            let window = self.window()?;
            whole.window.replace(window).is_some()
        } else {
            return Some(false);
        };
        if repeated {
            self.repeated_clause(start);
        }
        Some(true)
    }
}
