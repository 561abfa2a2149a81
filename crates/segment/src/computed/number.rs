//! Arithmetic between aggregates, and a test of the number that comes out.
//!
//! **Cost** of one answer: that of its aggregates. The search for the next change moves all of their windows
//! over one instant's values at a time.

use segops_model::{Decimal, Instant, SignalId, Value};
use segops_rules::{Formula, Operands, Resolved, Scalar, Test};

use super::FoundPart;
use super::rational::Rational;
use crate::aggregate::{Measured, Reading};
use crate::evaluate::{Outcome, ProfileView};
use crate::{Calendar, Keep, SignalRegistry};

/// A test of a number, compiled.
#[derive(Debug, Clone)]
pub(crate) struct NumberNode {
    pub(crate) number: NumberReading,
    test: NumberTest,
}

/// How a number is made of a profile's timelines.
#[derive(Debug, Clone)]
pub(crate) struct NumberReading {
    term: Term,
    leaves: Vec<Reading>,
    /// Whether it is so much money, rather than a share of money or no money at all.
    is_money: bool,
}

/// The number of one profile at one instant, which can be moved to later ones.
pub(crate) struct MovingNumber<'a> {
    reading: &'a NumberReading,
    leaves: Vec<Measured<'a>>,
}

#[derive(Debug, Clone)]
enum Term {
    /// None where it is too large.
    Constant(Option<Rational>),
    /// The leaf with this index.
    Leaf(usize),
    Operation(Operation, Box<(Term, Term)>),
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operation {
    fn of(self, left: Rational, right: Rational) -> Option<Rational> {
        match self {
            Self::Add => left.add(right),
            Self::Subtract => left.subtract(right),
            Self::Multiply => left.multiply(right),
            Self::Divide => left.divide(right),
        }
    }
}

#[derive(Debug, Clone)]
enum NumberTest {
    OneOf(Vec<Rational>),
    NoneOf(Vec<Rational>),
    LessThan(Rational),
    AtMost(Rational),
    MoreThan(Rational),
    AtLeast(Rational),
    Between(Rational, Rational),
    Exists,
    NotExists,
    /// A test that no number passes; such a rule is not saved.
    Never,
}

impl NumberNode {
    pub(super) fn compile(
        formula: &Formula<Resolved>,
        test: &Test,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let number = NumberReading::compile(formula, registry, calendar);
        Self { number, test: NumberTest::compile(test) }
    }

    pub(super) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let mut moving = self.number.moving(view, now);
        let holds = self.test.passes(moving.value());
        for _ in 0..view.changes_looked_over() {
            let Some(next) = moving.next() else { return Outcome::until(holds, None) };
            moving.advance(next);
            if self.test.passes(moving.value()) != holds {
                return Outcome::until(holds, Some(next));
            }
        }
        Outcome::until(holds, moving.next())
    }
}

impl MovingNumber<'_> {
    fn value(&self) -> Option<Rational> {
        if self.is_of_several_currencies() { None } else { self.reading.term.value(&self.leaves) }
    }

    /// The number to the nearest billionth, if there is one.
    pub(crate) fn rounded(&self) -> Option<Decimal> {
        self.value()?.rounded()
    }

    /// Whether there is any event, order or value to make the number of.
    pub(crate) fn is_of_something(&self) -> bool {
        self.leaves.iter().any(|leaf| leaf.count() > 0)
    }

    /// The key of the currency that the number is in, where it is money.
    pub(crate) fn currency(&self) -> Option<i128> {
        if self.reading.is_money { self.leaves.iter().find_map(Measured::currency) } else { None }
    }

    /// Whether one aggregate is of money in another currency than another one: they have nothing to do with each
    /// other.
    fn is_of_several_currencies(&self) -> bool {
        let mut currencies = self.leaves.iter().filter_map(Measured::currency);
        let first = currencies.next();
        currencies.any(|currency| Some(currency) != first)
    }

    /// The next instant at which a value comes in or goes out.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.leaves.iter().filter_map(Measured::next).min()
    }

    /// Moves on to a later instant.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.leaves.iter_mut().for_each(|leaf| leaf.advance(now));
    }
}

impl NumberReading {
    pub(crate) fn compile(
        formula: &Formula<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let mut leaves = Vec::new();
        let term = Term::compile(formula, &mut leaves, registry, calendar);
        let is_money = term.power_of_money(&leaves) != 0;
        Self { term, leaves, is_money }
    }

    /// As a registry has its signals already; none where it lacks one.
    pub(super) fn within(
        formula: &Formula<Resolved>,
        registry: &SignalRegistry,
        calendar: &Calendar,
    ) -> Option<Self> {
        let mut scratch = SignalRegistry::new();
        let mut number = Self::compile(formula, &mut scratch, calendar);
        for leaf in &mut number.leaves {
            leaf.renumber(&|signal| registry.counterpart(&scratch, signal))?;
        }
        Some(number)
    }

    pub(crate) fn signals(&self) -> Vec<(SignalId, Keep)> {
        let readings = self.leaves.iter().flat_map(Reading::with_currencies);
        readings.map(|reading| (reading.signal, reading.keep())).collect()
    }

    pub(crate) fn moving<'a>(&'a self, view: &'a impl ProfileView, now: Instant) -> MovingNumber<'a> {
        let leaves = self.leaves.iter().map(|leaf| Measured::of(leaf, view, now)).collect();
        MovingNumber { reading: self, leaves }
    }

    /// The number at an instant to the nearest billionth, if there is one.
    pub(crate) fn rounded(&self, view: &impl ProfileView, now: Instant) -> Option<Decimal> {
        self.moving(view, now).rounded()
    }

    /// Each aggregate with what it comes to, from left to right.
    pub(crate) fn parts<'a>(&'a self, view: &impl ProfileView, now: Instant) -> Vec<FoundPart<'a>> {
        let moving = self.moving(view, now);
        let are_apart = moving.is_of_several_currencies();
        let found = |(reading, measured): (&'a Reading, &Measured<'_>)| {
            let is_apart =
                measured.is_of_several_currencies() || (are_apart && measured.currency().is_some());
            let value = measured.value().filter(|_| !is_apart);
            FoundPart {
                reading,
                value: value.map(|value| Decimal::from_billionths(value.rounded())),
                several_currencies: is_apart,
            }
        };
        self.leaves.iter().zip(&moving.leaves).map(found).collect()
    }
}

impl Term {
    fn compile(
        formula: &Formula<Resolved>,
        leaves: &mut Vec<Reading>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let mut both = |operation: Operation, operands: &Operands<Resolved>| {
            let left = Self::compile(&operands.0, leaves, registry, calendar);
            let right = Self::compile(&operands.1, leaves, registry, calendar);
            Self::Operation(operation, Box::new((left, right)))
        };
        match formula {
            Formula::Number(number) => Self::Constant(Rational::of(*number)),
            Formula::Add(operands) => both(Operation::Add, operands),
            Formula::Subtract(operands) => both(Operation::Subtract, operands),
            Formula::Multiply(operands) => both(Operation::Multiply, operands),
            Formula::Divide(operands) => both(Operation::Divide, operands),
            Formula::Aggregate(aggregate) => {
                leaves.push(Reading::compile(aggregate, false, registry, calendar));
                Self::Leaf(leaves.len() - 1)
            }
        }
    }

    fn value(&self, leaves: &[Measured<'_>]) -> Option<Rational> {
        match self {
            Self::Constant(constant) => *constant,
            Self::Leaf(index) => {
                let value = leaves.get(*index)?.value()?;
                let below = i128::from(value.denominator).checked_mul(Decimal::ONE.billionths())?;
                Rational::new(value.numerator, below)
            }
            Self::Operation(operation, both) => operation.of(both.0.value(leaves)?, both.1.value(leaves)?),
        }
    }

    /// How often money is multiplied in it, less how often it is divided by: a share of money is none.
    fn power_of_money(&self, leaves: &[Reading]) -> i32 {
        match self {
            Self::Constant(_) => 0,
            Self::Leaf(index) => leaves.get(*index).map_or(0, |leaf| i32::from(leaf.is_of_money())),
            Self::Operation(operation, both) => {
                let (left, right) = (both.0.power_of_money(leaves), both.1.power_of_money(leaves));
                match operation {
                    Operation::Multiply => left + right,
                    Operation::Divide => left - right,
                    // Five more than so much money is still money.
                    Operation::Add | Operation::Subtract => {
                        if left == 0 {
                            right
                        } else {
                            left
                        }
                    }
                }
            }
        }
    }
}

impl NumberTest {
    fn compile(test: &Test) -> Self {
        let scalar = |scalar: &Scalar| match scalar {
            Scalar::Number(number) => Rational::of(*number),
            Scalar::Date(_) => None,
        };
        let value = |value: &Value| value.as_number().and_then(Rational::of);
        let compiled = match test {
            Test::Is(one) => value(one).map(|one| Self::OneOf(vec![one])),
            Test::IsNot(one) => value(one).map(|one| Self::NoneOf(vec![one])),
            Test::In(many) => Some(Self::OneOf(many.iter().filter_map(value).collect())),
            Test::NotIn(many) => Some(Self::NoneOf(many.iter().filter_map(value).collect())),
            Test::LessThan(limit) => scalar(limit).map(Self::LessThan),
            Test::AtMost(limit) => scalar(limit).map(Self::AtMost),
            Test::MoreThan(limit) => scalar(limit).map(Self::MoreThan),
            Test::AtLeast(limit) => scalar(limit).map(Self::AtLeast),
            Test::Between(low, high) => {
                scalar(low).zip(scalar(high)).map(|(low, high)| Self::Between(low, high))
            }
            Test::Exists => Some(Self::Exists),
            Test::NotExists => Some(Self::NotExists),
            _ => None,
        };
        compiled.unwrap_or(Self::Never)
    }

    /// A comparison with a number that there is not is false, and its negation true.
    fn passes(&self, value: Option<Rational>) -> bool {
        match self {
            Self::Never => false,
            Self::Exists => value.is_some(),
            Self::NotExists => value.is_none(),
            Self::OneOf(many) => value.is_some_and(|value| many.contains(&value)),
            Self::NoneOf(many) => value.is_none_or(|value| !many.contains(&value)),
            Self::LessThan(limit) => value.is_some_and(|value| value < *limit),
            Self::AtMost(limit) => value.is_some_and(|value| value <= *limit),
            Self::MoreThan(limit) => value.is_some_and(|value| value > *limit),
            Self::AtLeast(limit) => value.is_some_and(|value| value >= *limit),
            Self::Between(low, high) => value.is_some_and(|value| *low <= value && value <= *high),
        }
    }
}
