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
}

#[derive(Debug, Clone)]
enum Term {
    /// None where it is too large.
    Constant(Option<Rational>),
    /// The leaf with this index.
    Leaf(usize),
    Operation(Operation, Box<(Term, Term)>),
}

type Operation = fn(Rational, Rational) -> Option<Rational>;

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
        let mut moving = self.number.measured(view, now);
        let next_of = |moving: &[Measured<'_>]| moving.iter().filter_map(Measured::next).min();
        let passes = |moving: &[Measured<'_>]| self.test.passes(self.number.term.value(moving));
        let holds = passes(&moving);
        for _ in 0..view.changes_looked_over() {
            let Some(next) = next_of(&moving) else { return Outcome::until(holds, None) };
            moving.iter_mut().for_each(|leaf| leaf.advance(next));
            if passes(&moving) != holds {
                return Outcome::until(holds, Some(next));
            }
        }
        Outcome::until(holds, next_of(&moving))
    }
}

impl NumberReading {
    fn compile(formula: &Formula<Resolved>, registry: &mut SignalRegistry, calendar: &Calendar) -> Self {
        let mut leaves = Vec::new();
        let term = Term::compile(formula, &mut leaves, registry, calendar);
        Self { term, leaves }
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

    pub(super) fn signals(&self) -> Vec<(SignalId, Keep)> {
        let readings = self.leaves.iter().flat_map(Reading::with_currencies);
        readings.map(|reading| (reading.signal, reading.keep())).collect()
    }

    fn measured<'a>(&'a self, view: &'a impl ProfileView, now: Instant) -> Vec<Measured<'a>> {
        self.leaves.iter().map(|leaf| Measured::of(leaf, view, now)).collect()
    }

    /// The number at an instant to the nearest billionth, if there is one.
    pub(crate) fn rounded(&self, view: &impl ProfileView, now: Instant) -> Option<Decimal> {
        self.term.value(&self.measured(view, now))?.rounded()
    }

    /// Each aggregate with what it comes to, from left to right.
    pub(crate) fn parts<'a>(&'a self, view: &impl ProfileView, now: Instant) -> Vec<FoundPart<'a>> {
        let found = |reading: &'a Reading| {
            let measured = Measured::of(reading, view, now);
            FoundPart {
                reading,
                value: measured.value().map(|value| Decimal::from_billionths(value.rounded())),
                several_currencies: measured.is_of_several_currencies(),
            }
        };
        self.leaves.iter().map(found).collect()
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
            Formula::Add(operands) => both(Rational::add, operands),
            Formula::Subtract(operands) => both(Rational::subtract, operands),
            Formula::Multiply(operands) => both(Rational::multiply, operands),
            Formula::Divide(operands) => both(Rational::divide, operands),
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
            Self::Operation(operation, both) => operation(both.0.value(leaves)?, both.1.value(leaves)?),
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
