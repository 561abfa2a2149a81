//! `time since last "Order Completed" > 1.5 times median gap`, and `"Order Completed" overdue by 1.5 times the
//! usual gap`.

use segops_model::Decimal;

use super::Parser;
use super::event::Counts;
use super::lexer::{Kind, Operator};
use super::shape::Shape;
use crate::ast::{CADENCE_EVENTS_MIN, CadenceCondition, CadenceTest, Condition, EventFilter, Named, Subject};
use crate::problem::{Code, Problem};

impl Parser<'_> {
    /// Whether a usual gap is asked about so many tokens ahead.
    pub(super) fn starts_cadence(&self, ahead: usize) -> bool {
        let is_time = self.is_word(ahead, "time")
            && self.is_word(ahead + 1, "since")
            && (self.is_word(ahead + 2, "last")
                || (self.is_word(ahead + 2, "the") && self.is_word(ahead + 3, "last")));
        is_time || self.starts_overdue(ahead)
    }

    /// `"Order Completed" overdue`, with what may stand between; no trait is followed by any of it.
    fn starts_overdue(&self, ahead: usize) -> bool {
        let is_name = matches!(self.peek_at(ahead).kind, Kind::Text(_));
        let is_overdue = |at| self.is_word(at, "overdue") && self.is_word(at + 1, "by");
        let has_clause = self.is_word(ahead + 1, "where")
            || (self.is_word(ahead + 1, "from") && self.is_any_word(ahead + 2, &["source", "sources"]));
        is_name
            && (is_overdue(ahead + 1)
                || has_clause
                || (self.is_word(ahead + 1, "is") && is_overdue(ahead + 2)))
    }

    pub(super) fn cadence(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let is_time = self.eat_words(&["time", "since"]);
        if is_time {
            let _ = self.eat_word("the");
            self.bump();
        }
        let name = self.event_name("last")?;
        // Until there is a comparison, a comma cannot end the condition.
        let was_in_list = std::mem::replace(&mut self.in_list, false);
        let clauses = self.clauses(Counts::Refused);
        self.in_list = was_in_list;
        let clauses = clauses?;
        if clauses.window.is_some() {
            let span = self.span_from(start);
            self.report(
                Problem::error(Code::Unexpected, "a usual gap is that between all such events, of any time")
                    .span(span)
                    .suggestion("leave the time out, or join another condition with `and`"),
            );
        }
        let test = if is_time { self.cadence_test()? } else { self.overdue_test()? };
        let events_min = self.events_min()?.unwrap_or(CADENCE_EVENTS_MIN);
        let (predicate, shapes) = clauses.predicate.unzip();
        let event = EventFilter {
            subject: Subject::Events,
            name,
            predicate,
            sources: clauses.sources.unwrap_or_default(),
        };
        let leaf = CadenceCondition { event, test, events_min };
        let shape = Shape { span: self.span_from(start), parts: shapes.into_iter().collect() };
        Some((Condition::Cadence(Box::new(leaf)), shape))
    }

    fn overdue_test(&mut self) -> Option<CadenceTest> {
        let _ = self.eat_word("is");
        if !self.eat_words(&["overdue", "by"]) {
            self.expected_gap("`overdue by 1.5 times the usual gap`");
            return None;
        }
        let _ = self.eat_words(&["more", "than"]);
        self.gaps().map(CadenceTest::MoreThan)
    }

    fn cadence_test(&mut self) -> Option<CadenceTest> {
        let _ = self.eat_word("is") || self.eat_word("exceeds");
        let test: fn(Decimal) -> CadenceTest = match self.operator(0) {
            Some(operator) => {
                self.bump();
                match operator {
                    Operator::Less => CadenceTest::LessThan,
                    Operator::AtMost => CadenceTest::AtMost,
                    Operator::More => CadenceTest::MoreThan,
                    Operator::AtLeast => CadenceTest::AtLeast,
                    Operator::Equal | Operator::NotEqual => {
                        self.expected_gap("`>`, `>=`, `<` or `<=`");
                        return None;
                    }
                }
            }
            None if self.eat_words(&["at", "least"]) => CadenceTest::AtLeast,
            None if self.eat_words(&["at", "most"]) => CadenceTest::AtMost,
            None if self.eat_words(&["less", "than"]) => CadenceTest::LessThan,
            None => {
                let _ = self.eat_words(&["more", "than"]);
                CadenceTest::MoreThan
            }
        };
        self.gaps().map(test)
    }

    /// `1.5 times the usual gap`; a gap without a number is one.
    fn gaps(&mut self) -> Option<Decimal> {
        let factor = if let Kind::Number(digits) = self.peek().kind {
            let factor = Decimal::parse(digits);
            if factor.is_none() {
                return self.bad_number();
            }
            self.bump();
            let _ = self.eat_word("times") || self.eat_word("x");
            factor
        } else if self.eat_word("twice") {
            Some(Decimal::from_u64(2))
        } else {
            Some(Decimal::ONE)
        };
        let _ = self.eat_word("the") || self.eat_word("their");
        let _ = self.eat_word("median") || self.eat_word("usual") || self.eat_word("typical");
        if self.eat_word("gap") {
            return factor;
        }
        self.expected_gap("such as `1.5 times median gap`");
        None
    }

    fn expected_gap(&mut self, expected: &str) {
        let message = format!("{} is no number of gaps between events", self.written());
        self.refuse(Problem::error(Code::ExpectedValue, message).expected(expected));
    }

    /// `with at least 5 events`, if it comes next.
    fn events_min(&mut self) -> Option<Option<u32>> {
        if !self.eat_words(&["with", "at", "least"]) {
            return Some(None);
        }
        let count = match self.peek().kind {
            Kind::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        if count.is_none() {
            let message = format!("{} is not a whole number of events", self.written());
            self.refuse(
                Problem::error(Code::ExpectedCount, message).expected("such as `with at least 5 events`"),
            );
            return None;
        }
        self.bump();
        let _ = self.eat_word("events") || self.eat_word("event");
        Some(count)
    }
}
