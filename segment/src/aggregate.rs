//! An aggregate of captured values over a window, compared with a number, a date or another aggregate.
//!
//! **Cost** of one answer, for a window of n values: a sum, an average, a least or a greatest looks at each
//! chunk of 256 by its subtotal and at the values of the two chunks at the ends; distinct values and medians
//! look at every value. The search for the next change then moves the window's edges over one instant's
//! values at a time.

mod fraction;
mod measured;
mod tally;

#[cfg(test)]
mod tests;

use segops_model::{Decimal, Instant, SignalId};
use segops_rules::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateOperand, AggregateTest, EventFilter, Resolved,
    Scalar, Window,
};

use crate::evaluate::{Outcome, ProfileView};
use crate::{Calendar, Capture, CaptureKind, Keep, SignalRegistry, Timeline, WindowBounds};
pub(crate) use fraction::Fraction;
pub(crate) use measured::Measured;
use tally::Tally;

/// Values that a median looks at: the newest of the profile and the filter, by (ts, position).
pub const MEDIAN_VALUES_MAX: u32 = 10_000;
/// How often the search for the instant at which a comparison changes its answer goes on to the next value.
/// Past it, the next value's instant is given: too early, never too late.
const STEPS_MAX: usize = 32;

/// A comparison of an aggregate, compiled.
#[derive(Debug, Clone)]
pub(crate) struct AggregateNode {
    pub(crate) left: Reading,
    test: Comparison,
    /// Whether values are instants, not numbers.
    pub(crate) is_of_dates: bool,
}

/// One aggregate: which timeline, how much of it, what is made of it.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) signal: SignalId,
    function: AggregateFunction,
    pub(crate) window: WindowBounds,
    /// The currencies that the values are in, where they are money of orders and the rule names no currency.
    currencies: Option<Box<Reading>>,
    is_of_orders: bool,
}

#[derive(Debug, Clone)]
enum Comparison {
    Order(Order, Operand),
    /// Both included.
    Between(i128, i128),
    /// Between a number and a date there is nothing.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Debug, Clone)]
enum Operand {
    Fixed(i128),
    Times(Decimal, Reading),
}

impl AggregateNode {
    /// Compiles a condition that has been checked; every reading's signal is interned once more.
    pub(crate) fn compile(
        leaf: &AggregateCondition<Resolved>,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let is_of_dates = leaf.test.is_of_dates();
        let left = Reading::compile(&leaf.aggregate, is_of_dates, registry, calendar);
        let mut order = |order, operand: &AggregateOperand<Resolved>| {
            let operand = match operand {
                AggregateOperand::Number(number) => Operand::Fixed(number.billionths()),
                AggregateOperand::Date(moment) => Operand::Fixed(ms_of(moment.instant(&calendar.zone))),
                AggregateOperand::Times(multiple) => {
                    let reading = Reading::compile(&multiple.aggregate, false, registry, calendar);
                    Operand::Times(multiple.factor, reading)
                }
            };
            Comparison::Order(order, operand)
        };
        let test = match &leaf.test {
            AggregateTest::Equals(operand) => order(Order::Equal, operand),
            AggregateTest::NotEquals(operand) => order(Order::NotEqual, operand),
            AggregateTest::LessThan(operand) => order(Order::Less, operand),
            AggregateTest::AtMost(operand) => order(Order::AtMost, operand),
            AggregateTest::MoreThan(operand) => order(Order::More, operand),
            AggregateTest::AtLeast(operand) => order(Order::AtLeast, operand),
            AggregateTest::Between(Scalar::Number(low), Scalar::Number(high)) => {
                Comparison::Between(low.billionths(), high.billionths())
            }
            AggregateTest::Between(Scalar::Date(low), Scalar::Date(high)) => {
                let ms = |moment: &segops_rules::Moment| ms_of(moment.instant(&calendar.zone));
                Comparison::Between(ms(low), ms(high))
            }
            AggregateTest::Between(..) => Comparison::Never,
        };
        Self { left, test, is_of_dates }
    }

    pub(crate) fn readings(&self) -> impl Iterator<Item = &Reading> {
        let measured = std::iter::once(&self.left).chain(self.other().map(|(_, reading)| reading));
        measured.flat_map(Reading::with_currencies)
    }

    /// The other aggregate that this one is compared with, and how many times it.
    pub(crate) const fn other(&self) -> Option<(Decimal, &Reading)> {
        match &self.test {
            Comparison::Order(_, Operand::Times(factor, reading)) => Some((*factor, reading)),
            _ => None,
        }
    }

    pub(crate) fn outcome(&self, view: &impl ProfileView, now: Instant) -> Outcome {
        let mut left = Measured::of(&self.left, view, now);
        let mut right = self.other().map(|(_, reading)| Measured::of(reading, view, now));
        let next_of = |left: &Measured<'_>, right: Option<&Measured<'_>>| {
            [left.next(), right.and_then(Measured::next)].into_iter().flatten().min()
        };
        let holds = self.holds(&left, right.as_ref());
        for _ in 0..STEPS_MAX {
            let Some(next) = next_of(&left, right.as_ref()) else {
                return Outcome { holds, next_change: None };
            };
            left.advance(next);
            if let Some(right) = &mut right {
                right.advance(next);
            }
            if self.holds(&left, right.as_ref()) != holds {
                return Outcome { holds, next_change: Some(next) };
            }
        }
        Outcome { holds, next_change: next_of(&left, right.as_ref()) }
    }

    fn holds(&self, left: &Measured<'_>, right: Option<&Measured<'_>>) -> bool {
        let left = left.value();
        match &self.test {
            Comparison::Never => false,
            Comparison::Between(low, high) => left.is_some_and(|left| {
                left.compare(Fraction::whole(*low), Decimal::ONE).is_ge()
                    && left.compare(Fraction::whole(*high), Decimal::ONE).is_le()
            }),
            Comparison::Order(order, operand) => {
                let operand = match operand {
                    Operand::Fixed(value) => Some((Decimal::ONE, Fraction::whole(*value))),
                    Operand::Times(factor, _) => {
                        right.and_then(Measured::value).map(|value| (*factor, value))
                    }
                };
                let compared = left.zip(operand).map(|(left, (factor, right))| left.compare(right, factor));
                match order {
                    // The negation of a comparison: with nothing to compare it holds.
                    Order::NotEqual => compared.is_none_or(std::cmp::Ordering::is_ne),
                    Order::Equal => compared.is_some_and(std::cmp::Ordering::is_eq),
                    Order::Less => compared.is_some_and(std::cmp::Ordering::is_lt),
                    Order::AtMost => compared.is_some_and(std::cmp::Ordering::is_le),
                    Order::More => compared.is_some_and(std::cmp::Ordering::is_gt),
                    Order::AtLeast => compared.is_some_and(std::cmp::Ordering::is_ge),
                }
            }
        }
    }
}

impl Reading {
    /// A reading that only counts what matches.
    pub(crate) fn of_matches(
        filter: &EventFilter<Resolved>,
        window: &Window,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        Self {
            signal: registry.intern(filter, &calendar.zone),
            function: AggregateFunction::Sum,
            window: WindowBounds::new(window, calendar),
            currencies: None,
            is_of_orders: filter.subject.is_orders(),
        }
    }

    /// This, and the reading of the currencies that its values are in.
    pub(crate) fn with_currencies(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.currencies.as_deref())
    }

    pub(crate) fn compile(
        aggregate: &Aggregate<Resolved>,
        is_of_dates: bool,
        registry: &mut SignalRegistry,
        calendar: &Calendar,
    ) -> Self {
        let kind = match aggregate.function {
            AggregateFunction::Distinct => CaptureKind::Keys,
            _ if is_of_dates => CaptureKind::Dates,
            AggregateFunction::Sum if aggregate.event.subject.is_orders() => CaptureKind::Amounts,
            _ => CaptureKind::Numbers,
        };
        let capture =
            Capture { kind, property: aggregate.property.clone(), by_quantity: aggregate.by_quantity };
        Self {
            signal: registry.intern_values(&aggregate.event, capture, &calendar.zone),
            function: aggregate.function,
            window: WindowBounds::new(&aggregate.window, calendar),
            currencies: measured::currencies(aggregate, registry, calendar).map(Box::new),
            is_of_orders: aggregate.event.subject.is_orders(),
        }
    }

    /// What of the timeline decides the aggregate. What has left a rolling window stays: a settings change
    /// or another rule may ask for it, and it is what a merge must bring along.
    pub(crate) const fn keep(&self) -> Keep {
        match self.function {
            // Of orders, values are taken out again: older ones must be there then.
            AggregateFunction::Median if !self.is_of_orders => Keep::Newest(MEDIAN_VALUES_MAX),
            _ => Keep::All,
        }
    }

    /// The indexes of the timeline's entries that count at an instant.
    pub(crate) fn indexes(&self, timeline: &Timeline, now: Instant) -> std::ops::Range<usize> {
        let (after, until) = self.window.bounds(now);
        let floor = match self.function {
            AggregateFunction::Median => timeline.len().saturating_sub(MEDIAN_VALUES_MAX as usize),
            _ => 0,
        };
        let gone = timeline.count_until(after).max(floor);
        gone..timeline.count_until(until).max(floor)
    }

    /// The aggregate at an instant, if there is one.
    pub(crate) fn value(&self, view: &impl ProfileView, now: Instant) -> Option<Fraction> {
        Measured::of(self, view, now).value()
    }

    /// Whether there is no aggregate because money is in several currencies.
    pub(crate) fn is_of_several_currencies(&self, view: &impl ProfileView, now: Instant) -> bool {
        Measured::of(self, view, now).is_of_several_currencies()
    }
}

fn ms_of(instant: Instant) -> i128 {
    i128::from(instant.as_ms())
}
