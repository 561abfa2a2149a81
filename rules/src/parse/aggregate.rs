//! `sum of total over "Order Completed" in last 90 days >= 500`: a function, its property, the events with
//! their clauses, and a comparison with a number, a date or so many times another aggregate. Clauses may also
//! follow the comparison: `spent >= 500 in last 12 months`.

use segops_model::Decimal;

use super::Parser;
use super::event::Counts;
use super::lexer::{Kind, Operator};
use super::order::Spend;
use super::shape::Shape;
use crate::ast::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateMultiple, AggregateOperand, AggregateTest,
    Condition, EventFilter, Named, Scalar, Subject, Test, Window,
};
use crate::problem::{Code, Problem};

const FUNCTIONS: &[(&str, AggregateFunction)] = &[
    ("sum", AggregateFunction::Sum),
    ("total", AggregateFunction::Sum),
    ("average", AggregateFunction::Average),
    ("avg", AggregateFunction::Average),
    ("mean", AggregateFunction::Average),
    ("minimum", AggregateFunction::Minimum),
    ("min", AggregateFunction::Minimum),
    ("maximum", AggregateFunction::Maximum),
    ("max", AggregateFunction::Maximum),
    ("distinct", AggregateFunction::Distinct),
    ("unique", AggregateFunction::Distinct),
    ("median", AggregateFunction::Median),
];

type Compare = fn(AggregateOperand<Named>) -> AggregateTest<Named>;

impl Parser<'_> {
    /// Whether `sum of`, `net spend` or the like comes so many tokens ahead.
    pub(super) fn starts_aggregate(&self, ahead: usize) -> bool {
        (self.function(ahead).is_some() && self.is_word(ahead + 1, "of")) || self.spend(ahead).is_some()
    }

    fn function(&self, ahead: usize) -> Option<AggregateFunction> {
        let word = self.word(ahead)?;
        FUNCTIONS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, function)| *function)
    }

    pub(super) fn aggregate_condition(&mut self) -> Option<(Condition<Named>, Shape)> {
        let start = self.peek().span.0;
        // Until there is a comparison, a comma cannot end the condition.
        let was_in_list = std::mem::replace(&mut self.in_list, false);
        let aggregate = self.aggregate(Counts::Awaited);
        self.in_list = was_in_list;
        let (mut aggregate, shape) = aggregate?;
        let (test, other) = self.aggregate_test()?;
        let mut filter = shape.parts.into_iter().next().unwrap_or(Shape::leaf(shape.span));
        self.trailing_clauses(&mut aggregate, &mut filter)?;
        let parts = std::iter::once(filter).chain(other).collect();
        let leaf = AggregateCondition { aggregate, test };
        Some((Condition::Aggregate(Box::new(leaf)), Shape { span: self.span_from(start), parts }))
    }

    /// Clauses that come only after the comparison.
    fn trailing_clauses(&mut self, aggregate: &mut Aggregate<Named>, filter: &mut Shape) -> Option<()> {
        let start = self.peek().span.0;
        let is_clause = self.is_word(0, "where")
            || (self.is_word(0, "from") && self.is_any_word(1, &["source", "sources"]))
            || self.starts_window();
        if !is_clause {
            return Some(());
        }
        let clauses = self.clauses(Counts::Refused)?;
        let mut repeated = false;
        if let Some((predicate, shape)) = clauses.predicate {
            repeated |= aggregate.event.predicate.replace(predicate).is_some();
            *filter = shape;
        }
        if let Some(window) = clauses.window {
            repeated |= std::mem::replace(&mut aggregate.window, window) != Window::default();
        }
        if let Some(sources) = clauses.sources {
            repeated |= !std::mem::replace(&mut aggregate.event.sources, sources).is_empty();
        }
        if repeated {
            self.repeated_clause(start);
        }
        Some(())
    }

    pub(super) fn aggregate(&mut self, counts: Counts) -> Option<(Aggregate<Named>, Shape)> {
        let start = self.peek().span.0;
        if let Some((spend, words)) = self.spend(0) {
            for _ in 0..words {
                self.bump();
            }
            let subject = self.order_subject();
            let (event, window, parts) = self.aggregated(subject, None, Some(spend), counts)?;
            let (function, property) = (spend.function(), spend.property());
            let shape = Shape { span: self.span_from(start), parts };
            return Some((Aggregate { function, property, by_quantity: false, event, window }, shape));
        }
        let function = self.function(0)?;
        self.bump();
        self.bump();
        let property = match &self.peek().kind {
            Kind::Text(_) => self.path(true)?,
            Kind::Word(_) if !self.is_word(0, "over") || self.is_word(1, "over") => self.path(true)?,
            _ => {
                let message =
                    format!("`{} of` needs a property, and {} is none", function.word(), self.written());
                self.refuse(
                    Problem::error(Code::ExpectedName, message)
                        .expected("a property's name, such as `total` or `products[].price`"),
                );
                return None;
            }
        };
        let by_quantity = self.by_quantity()?;
        if !self.eat_word("over") {
            let message = format!(
                "`{} of {property}` needs its events, and {} follows",
                function.word(),
                self.written()
            );
            self.refuse(
                Problem::error(Code::ExpectedEvent, message).expected("`over` and an event's name in quotes"),
            );
            return None;
        }
        let (subject, name) = if self.eat_word("orders") {
            (self.order_subject(), None)
        } else {
            (Subject::Events, self.event_name("over")?)
        };
        let (event, window, parts) = self.aggregated(subject, name, None, counts)?;
        let shape = Shape { span: self.span_from(start), parts };
        Some((Aggregate { function, property, by_quantity, event, window }, shape))
    }

    /// The clauses of what is aggregated.
    fn aggregated(
        &mut self,
        subject: Subject,
        name: Option<String>,
        spend: Option<Spend>,
        counts: Counts,
    ) -> Option<(EventFilter<Named>, Window, Vec<Shape>)> {
        let clauses = self.clauses(counts)?;
        let predicate = match spend {
            Some(spend) => spend.within(clauses.predicate),
            None => clauses.predicate,
        };
        let (predicate, parts) = match predicate {
            Some((predicate, shape)) => (Some(predicate), vec![shape]),
            None => (None, Vec::new()),
        };
        let event = EventFilter { subject, name, predicate, sources: clauses.sources.unwrap_or_default() };
        Some((event, clauses.window.unwrap_or_default(), parts))
    }

    /// `*quantity`, if it comes next.
    fn by_quantity(&mut self) -> Option<bool> {
        if !self.eat(&Kind::Symbol("*")) {
            return Some(false);
        }
        if self.eat_word("quantity") {
            return Some(true);
        }
        let message = format!(
            "values are multiplied with nothing but their `quantity`, and {} follows",
            self.written()
        );
        self.refuse(Problem::error(Code::ExpectedName, message).expected("`products[].price*quantity`"));
        None
    }

    fn aggregate_test(&mut self) -> Option<(AggregateTest<Named>, Option<Shape>)> {
        let is_said = self.eat_word("is");
        if self.is_word(0, "between") {
            self.bump();
            return match self.between()? {
                Test::Between(low, high) => Some((AggregateTest::Between(low, high), None)),
                _ => None,
            };
        }
        let compare: Compare = if let Some(operator) = self.operator(0) {
            self.bump();
            match operator {
                Operator::Equal => AggregateTest::Equals,
                Operator::NotEqual => AggregateTest::NotEquals,
                Operator::Less => AggregateTest::LessThan,
                Operator::AtMost => AggregateTest::AtMost,
                Operator::More => AggregateTest::MoreThan,
                Operator::AtLeast => AggregateTest::AtLeast,
            }
        } else if self.eat_words(&["at", "least"]) {
            AggregateTest::AtLeast
        } else if self.eat_words(&["at", "most"]) {
            AggregateTest::AtMost
        } else if self.eat_words(&["more", "than"]) {
            AggregateTest::MoreThan
        } else if self.eat_words(&["less", "than"]) || self.eat_words(&["fewer", "than"]) {
            AggregateTest::LessThan
        } else if is_said && self.eat_word("not") {
            AggregateTest::NotEquals
        } else if is_said || self.eat_word("exactly") || self.eat_word("equals") {
            AggregateTest::Equals
        } else {
            let message = format!("this aggregate is compared with nothing: {} follows", self.written());
            self.refuse(
                Problem::error(Code::UnknownOperator, message)
                    .expected("a comparison, such as `>= 500` or `< 0.5 times average of ...`"),
            );
            return None;
        };
        let (operand, shape) = self.aggregate_operand()?;
        Some((compare(operand), shape))
    }

    fn aggregate_operand(&mut self) -> Option<(AggregateOperand<Named>, Option<Shape>)> {
        let factor = match self.peek().kind {
            Kind::Number(digits) if self.is_word(1, "times") => {
                let factor = Decimal::parse(digits);
                if factor.is_none() {
                    return self.bad_number();
                }
                self.bump();
                self.bump();
                if !self.starts_aggregate(0) {
                    let message = format!("`times` needs another aggregate, and {} is none", self.written());
                    self.refuse(
                        Problem::error(Code::ExpectedValue, message)
                            .expected("such as `0.5 times average of total over \"Order Completed\"`"),
                    );
                    return None;
                }
                factor
            }
            _ => self.starts_aggregate(0).then_some(Decimal::ONE),
        };
        let Some(factor) = factor else {
            return self.scalar().map(|scalar| match scalar {
                Scalar::Number(number) => (AggregateOperand::Number(number), None),
                Scalar::Date(moment) => (AggregateOperand::Date(moment), None),
            });
        };
        let (aggregate, shape) = self.aggregate(Counts::Refused)?;
        Some((AggregateOperand::Times(Box::new(AggregateMultiple { factor, aggregate })), Some(shape)))
    }
}
