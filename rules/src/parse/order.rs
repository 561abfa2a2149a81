//! `has orders >= 2 in last 90 days`, `orders where status is "refunded" >= 1`, `spent >= 500 this year`:
//! conditions over orders as they stand.

use segops_model::{Path, Value};

use super::Parser;
use super::event::Counts;
use super::lexer::Kind;
use super::shape::Shape;
use crate::ast::{
    AggregateFunction, Condition, EventCondition, EventFilter, Named, Predicate, PropertyTest, Subject, Test,
};
use crate::problem::{Code, Problem};

/// What an order is asked for with.
const HAS: &[&str] = &["has", "have", "had", "placed"];
const ORDERS: &[&str] = &["orders", "order"];
/// Words between `has` and `orders`.
const COUNT_WORDS: &[&str] = &[
    "no", "not", "at", "least", "most", "more", "less", "fewer", "than", "exactly", "between", "and", "once",
    "twice",
];
const COUNT_TOKENS_MAX: usize = 6;

/// A sum or an average over orders that has a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spend {
    Net,
    Gross,
    AverageOrderValue,
}

impl Spend {
    pub(super) const fn function(self) -> AggregateFunction {
        match self {
            Self::Net | Self::Gross => AggregateFunction::Sum,
            Self::AverageOrderValue => AggregateFunction::Average,
        }
    }

    pub(super) fn property(self) -> Path {
        Path::of_name(match self {
            Self::Net | Self::AverageOrderValue => "net",
            Self::Gross => "value",
        })
    }

    /// What it says of the orders by itself.
    fn predicate(self) -> Option<Predicate> {
        (self == Self::AverageOrderValue).then(|| {
            let test = Test::IsNot(Value::text("cancelled"));
            Predicate::Property(PropertyTest { property: Path::of_name("status"), match_case: false, test })
        })
    }

    /// The predicate with what the clauses say beside it.
    pub(super) fn within(self, said: Option<(Predicate, Shape)>) -> Option<(Predicate, Shape)> {
        let Some(own) = self.predicate() else { return said };
        let Some((said, shape)) = said else { return Some((own, Shape::leaf((0, 0)))) };
        let span = shape.span;
        let both = Shape { span, parts: vec![Shape::leaf(span), shape] };
        Some((Predicate::All(vec![own, said]), both))
    }
}

impl Parser<'_> {
    /// Whether a condition over orders starts so many tokens ahead.
    pub(super) fn starts_orders(&self, ahead: usize) -> bool {
        if self.is_any_word(ahead, HAS) {
            let counts = (ahead + 1..=ahead + COUNT_TOKENS_MAX).take_while(|at| {
                self.is_any_word(*at, COUNT_WORDS)
                    || matches!(self.peek_at(*at).kind, Kind::Number(_) | Kind::Operator(_))
            });
            return self.is_any_word(ahead + 1 + counts.count(), ORDERS);
        }
        self.is_word(ahead, "orders") && (self.says_test_orders(ahead + 1) || self.says_more(ahead + 1))
    }

    /// The name for money over orders that comes so many tokens ahead, and its length in words.
    pub(super) fn spend(&self, ahead: usize) -> Option<(Spend, usize)> {
        let is_spend = |at| self.is_any_word(at, &["spend", "spent"]);
        if self.is_any_word(ahead, &["net", "total", "gross"]) && is_spend(ahead + 1) {
            let spend = if self.is_word(ahead, "gross") { Spend::Gross } else { Spend::Net };
            return Some((spend, 2));
        }
        if self.is_any_word(ahead, &["average", "avg", "mean"])
            && self.is_word(ahead + 1, "order")
            && self.is_word(ahead + 2, "value")
        {
            return Some((Spend::AverageOrderValue, 3));
        }
        if is_spend(ahead) && self.says_more(ahead + 1) {
            return Some((Spend::Net, 1));
        }
        (self.is_word(ahead, "aov") && self.says_more(ahead + 1)).then_some((Spend::AverageOrderValue, 1))
    }

    /// Whether what comes can follow orders, but not the name of a trait alone.
    fn says_more(&self, ahead: usize) -> bool {
        const STARTS: &[&str] = &[
            "where",
            "within",
            "during",
            "last",
            "this",
            "today",
            "yesterday",
            "on",
            "since",
            "after",
            "before",
            "from",
            "between",
            "ever",
            "at",
            "more",
            "less",
            "fewer",
            "exactly",
            "once",
            "twice",
            "never",
        ];
        let is_window = self.is_word(ahead, "in")
            && self.word(ahead + 1).is_some()
            && !self.is_any_word(ahead + 1, &["segment", "segments"]);
        is_window
            || self.is_any_word(ahead, STARTS)
            || matches!(self.peek_at(ahead).kind, Kind::Operator(_) | Kind::Number(_))
    }

    fn says_test_orders(&self, ahead: usize) -> bool {
        self.is_any_word(ahead, &["including", "with"]) && self.is_any_word(ahead + 1, &["test", "tests"])
    }

    /// What follows the word `orders`: whether test orders count.
    pub(super) fn order_subject(&mut self) -> Subject {
        if !self.says_test_orders(0) {
            return Subject::Orders;
        }
        self.bump();
        self.bump();
        let _ = ORDERS.iter().any(|word| self.eat_word(word));
        Subject::AllOrders
    }

    pub(super) fn order_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        let mut negated = false;
        let mut count = None;
        if self.is_any_word(0, HAS) {
            self.bump();
            negated = self.eat_word("no") || self.eat_word("not");
            if !self.is_any_word(0, ORDERS) {
                count = Some(self.count()?);
            }
            if !self.is_any_word(0, ORDERS) {
                let message =
                    format!("`has` so many of something needs `orders`, and {} follows", self.written());
                self.refuse(
                    Problem::error(Code::ExpectedName, message)
                        .expected("`has orders >= 2`")
                        .suggestion("events are counted with `did`: `did \"Order Completed\" >= 2 times`"),
                );
                return None;
            }
        }
        self.bump();
        let subject = self.order_subject();
        let clauses = self.clauses(Counts::Read)?;
        if let (Some(_), Some(_)) = (count, clauses.count) {
            let span = self.span_from(start);
            self.report(
                Problem::error(Code::RepeatedClause, "the orders are counted twice")
                    .span(span)
                    .expected("one count: `has orders >= 2`"),
            );
        }
        let (predicate, parts) = match clauses.predicate {
            Some((predicate, shape)) => (Some(predicate), vec![shape]),
            None => (None, Vec::new()),
        };
        let event =
            EventFilter { subject, name: None, predicate, sources: clauses.sources.unwrap_or_default() };
        let count = count.or(clauses.count).unwrap_or_default();
        let leaf =
            Condition::Event(EventCondition { event, count, window: clauses.window.unwrap_or_default() });
        let shape = Shape { span: self.span_from(start), parts };
        if !negated {
            return Some((leaf, shape));
        }
        Some((Condition::Not(Box::new(leaf)), Shape { span: shape.span, parts: vec![shape] }))
    }
}
