//! Segments in a condition: `in segment "VIP"`, `in segment "VIP" for at least 30 days`, `entered segment
//! "VIP" at least twice in last 30 days`.

use segops_model::Direction;

use super::Parser;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{Condition, Named, SegmentCondition, TenureCondition, TenureTest, TransitionCondition};
use crate::problem::{Code, Problem};

/// What was read up to the segment's name.
#[derive(Debug, Clone, Copy)]
struct Opening {
    words: usize,
    negated: bool,
    /// `None` asks for membership itself.
    direction: Option<Direction>,
}

const SEGMENT: &[&str] = &["segment", "segments"];

impl Parser<'_> {
    /// Whether a condition on a segment starts so many tokens ahead.
    pub(super) fn starts_membership(&self, ahead: usize) -> bool {
        self.opening(ahead).is_some()
    }

    fn opening(&self, start: usize) -> Option<Opening> {
        let mut at = start;
        let is_verb = self.is_any_word(at, &["is", "was", "did", "has", "have"]);
        at += usize::from(is_verb);
        let negated = is_verb && self.is_any_word(at, &["not", "never"])
            || self.is_word(at, "never") && self.names_move(at + 1).is_some();
        at += usize::from(negated);
        if self.is_word(at, "in") && self.is_any_word(at + 1, SEGMENT) {
            let is_question = is_verb && !self.is_word(start, "did");
            return (at == start || is_question).then_some(Opening {
                words: at + 2 - start,
                negated,
                direction: None,
            });
        }
        let article = usize::from(self.is_any_word(at, &["a", "the"]));
        if self.is_any_word(at + article, &["member", "members"]) && self.is_word(at + article + 1, "of") {
            let named = usize::from(self.is_any_word(at + article + 2, SEGMENT));
            let is_name =
                matches!(self.peek_at(at + article + 2 + named).kind, Kind::Text(_) | Kind::Word(_));
            return is_name.then_some(Opening {
                words: at + article + 2 + named - start,
                negated,
                direction: None,
            });
        }
        let direction = self.names_move(at)?;
        Some(Opening { words: at + 2 - start, negated, direction: Some(direction) })
    }

    /// The direction of `entered segment` and the like.
    fn names_move(&self, at: usize) -> Option<Direction> {
        if !self.is_any_word(at + 1, SEGMENT) {
            return None;
        }
        let enters = self.is_any_word(at, &["entered", "enter", "joined", "join"]);
        let leaves = self.is_any_word(at, &["left", "leave", "exited", "exit"]);
        match (enters, leaves) {
            (true, _) => Some(Direction::Entered),
            (_, true) => Some(Direction::Exited),
            _ => None,
        }
    }

    pub(super) fn membership(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let opening = self.opening(0)?;
        for _ in 0..opening.words {
            self.bump();
        }
        let segment = self.name("a segment's name")?;
        let leaf = match opening.direction {
            Some(direction) => self.transition(segment, direction)?,
            None => match self.tenure()? {
                Some(test) => Condition::Tenure(TenureCondition { segment, test }),
                None => Condition::Segment(SegmentCondition { segment }),
            },
        };
        let shape = Shape::leaf(self.span_from(start));
        if !opening.negated {
            return Some((leaf, shape));
        }
        let outer = Shape { span: shape.span, parts: vec![shape] };
        Some((Condition::Not(Box::new(leaf)), outer))
    }

    /// How often, and when.
    fn transition(&mut self, segment: String, direction: Direction) -> Option<Condition<Named>> {
        let (mut count, mut window) = (None, None);
        loop {
            let start = self.peek().span.0;
            let repeated = if self.starts_count() {
                let read = self.count()?;
                let _ = self.eat_word("times") || self.eat_word("time");
                count.replace(read).is_some()
            } else if self.starts_window() {
                let read = self.window()?;
                window.replace(read).is_some()
            } else {
                break;
            };
            if repeated {
                let span = self.span_from(start);
                self.report(
                    Problem::error(Code::RepeatedClause, "this says the same kind of thing twice")
                        .span(span)
                        .expected("at most one count and one time")
                        .suggestion("for two requirements write two conditions, joined with `and`"),
                );
            }
        }
        let (count, window) = (count.unwrap_or_default(), window.unwrap_or_default());
        Some(Condition::Transition(TransitionCondition { segment, direction, count, window }))
    }

    /// `for at least 30 days` or `since before 2026-01-01`, if it comes next.
    fn tenure(&mut self) -> Option<Option<TenureTest>> {
        if self.eat_word("for") {
            let test: fn(_) -> _ = if self.eat_words(&["at", "least"]) {
                TenureTest::AtLeast
            } else if self.eat_words(&["less", "than"]) || self.eat_words(&["under"]) {
                TenureTest::LessThan
            } else if matches!(self.peek().kind, Kind::Number(_)) {
                TenureTest::AtLeast
            } else {
                let message = format!("`for` needs how long, and {} follows", self.written());
                self.refuse(
                    Problem::error(Code::Unexpected, message)
                        .expected("`for at least 30 days` or `for less than 30 days`"),
                );
                return None;
            };
            return Some(Some(test(self.span()?)));
        }
        if !self.eat_word("since") {
            return Some(None);
        }
        let test: fn(_) -> _ = if self.eat_word("before") {
            TenureTest::SinceBefore
        } else if self.eat_word("after") {
            TenureTest::SinceAfter
        } else {
            let message = "`since` alone does not say whether those who came in before count or those after";
            self.refuse(
                Problem::error(Code::Unexpected, message)
                    .expected("`since before 2026-01-01` or `since after 2026-01-01`"),
            );
            return None;
        };
        Some(Some(test(self.moment()?)))
    }
}
