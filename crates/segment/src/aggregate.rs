//! An aggregate of captured values over a window, compared with a number, a date or another aggregate.
//!
//! **Cost** of one answer, for a window of n values: a sum, an average, a least or a greatest looks at each
//! chunk of 256 by its subtotal and at the values of the two chunks at the ends; distinct values and medians
//! look at every value. The search for the next change then moves the window's edges over one instant's
//! values at a time.

mod fraction;
mod held;
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
use crate::{Calendar, Capture, CaptureKind, Keep, SignalRegistry, Timeline, ValueSubtotal, WindowBounds};
pub(crate) use fraction::Fraction;
pub(crate) use held::Halves;
pub(crate) use measured::Measured;
pub(crate) use tally::CarriedTally;
use tally::Tally;

/// Values that a median looks at: the newest of the profile and the filter, by (ts, position).
pub const MEDIAN_VALUES_MAX: u32 = 10_000;

/// Values that come or go at one change, in the search for the one that matters, where each has to be looked at: past
/// so many times the changes the search ends, as it does past the changes.
const MOVED_EACH: usize = 16;

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
    pub(crate) function: AggregateFunction,
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
        let is_unmoved = self.is_unmoved(&left, holds);
        if let Some(falling) = self.falling(&left, holds) {
            return falling.unmoved(is_unmoved);
        }
        let skips = view.changes_looked_over();
        let is_held_one_by_one =
            matches!(self.left.function, AggregateFunction::Distinct | AggregateFunction::Median);
        let mut moves_left = if is_held_one_by_one { skips * MOVED_EACH } else { usize::MAX };
        for _ in 0..skips {
            let Some(next) = next_of(&left, right.as_ref()) else {
                return Outcome::until(holds, None).unmoved(is_unmoved);
            };
            let count = left.count();
            left.advance(next);
            moves_left = moves_left.saturating_sub(count.abs_diff(left.count()));
            if let Some(right) = &mut right {
                right.advance(next);
            }
            if self.holds(&left, right.as_ref()) != holds {
                return Outcome::until(holds, Some(next)).unmoved(is_unmoved);
            }
            if moves_left == 0 {
                break;
            }
        }
        Outcome::until(holds, next_of(&left, right.as_ref())).unmoved(is_unmoved)
    }

    /// Whether more values leave the answer as it is: where they can only move the aggregate further away from the
    /// number that it is compared with.
    fn is_unmoved(&self, left: &Measured<'_>, holds: bool) -> bool {
        let Comparison::Order(order, Operand::Fixed(_)) = &self.test else { return false };
        let must_grow = match order {
            Order::More | Order::AtLeast => holds,
            Order::Less | Order::AtMost => !holds,
            Order::Equal | Order::NotEqual => return false,
        };
        let moves_that_way = match self.left.function {
            AggregateFunction::Count | AggregateFunction::Distinct => must_grow,
            // Where nothing is left of few values, something is of more, and that may hold.
            AggregateFunction::Maximum => must_grow && holds,
            AggregateFunction::Minimum => !must_grow && holds,
            _ => false,
        };
        // Money of a second currency would leave nothing to compare.
        moves_that_way && self.left.currencies.is_none() && left.value().is_some()
    }

    /// Whether money of two aggregates is not compared, because each is in another currency.
    pub(crate) fn compares_other_currencies(&self, view: &impl ProfileView, now: Instant) -> bool {
        let left = Measured::of(&self.left, view, now);
        let right = self.other().map(|(_, reading)| Measured::of(reading, view, now));
        are_of_other_currencies(&left, right.as_ref())
    }

    /// The outcome where time alone can only make the value smaller, and the comparison is with a number: then the
    /// answer changes once at most, and values need not be let go one by one to find out when.
    fn falling(&self, left: &Measured<'_>, holds: bool) -> Option<Outcome> {
        let Comparison::Order(order, Operand::Fixed(bound)) = &self.test else { return None };
        let can_change = match order {
            Order::More | Order::AtLeast => holds,
            Order::Less | Order::AtMost => !holds,
            Order::Equal | Order::NotEqual => return None,
        };
        if !left.can_only_fall() {
            return None;
        }
        if !can_change {
            return Some(Outcome::settled(holds));
        }
        // More and at most are told apart by what is above the bound, the others by what is not below it.
        let is_beyond_bound = matches!(order, Order::More | Order::AtMost);
        let is_high = |sum: i128| if is_beyond_bound { sum > *bound } else { sum >= *bound };
        Some(Outcome::until(holds, left.falls_when(is_high)?))
    }

    fn holds(&self, left: &Measured<'_>, right: Option<&Measured<'_>>) -> bool {
        let are_apart = are_of_other_currencies(left, right);
        self.holds_of(left.value(), right.and_then(Measured::value).filter(|_| !are_apart))
    }

    /// Whether it holds of these values, and of nothing to compare where there is none.
    pub(crate) fn holds_of(&self, left: Option<Fraction>, right: Option<Fraction>) -> bool {
        match &self.test {
            Comparison::Never => false,
            Comparison::Between(low, high) => left.is_some_and(|left| {
                left.compare(Fraction::whole(*low), Decimal::ONE).is_ge()
                    && left.compare(Fraction::whole(*high), Decimal::ONE).is_le()
            }),
            Comparison::Order(order, operand) => {
                let operand = match operand {
                    Operand::Fixed(value) => Some((Decimal::ONE, Fraction::whole(*value))),
                    Operand::Times(factor, _) => right.map(|value| (*factor, value)),
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
            function: AggregateFunction::Count,
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
        let Some(property) = &aggregate.property else {
            return Self::of_matches(&aggregate.event, &aggregate.window, registry, calendar);
        };
        let kind = match aggregate.function {
            AggregateFunction::Distinct => CaptureKind::Keys,
            _ if is_of_dates => CaptureKind::Dates,
            AggregateFunction::Sum if aggregate.event.subject.is_orders() => CaptureKind::Amounts,
            _ => CaptureKind::Numbers,
        };
        let capture =
            Capture { by_quantity: aggregate.by_quantity, ..Capture::of_kind(kind, property.clone()) };
        Self {
            signal: registry.intern_values(&aggregate.event, capture, &calendar.zone),
            function: aggregate.function,
            window: WindowBounds::new(&aggregate.window, calendar),
            currencies: measured::currencies(aggregate, registry, calendar).map(Box::new),
            is_of_orders: aggregate.event.subject.is_orders(),
        }
    }

    /// Whether its values are money in whatever currency each order is in.
    pub(crate) const fn is_of_money(&self) -> bool {
        self.currencies.is_some()
    }

    /// Has other ids for its signals; none where one of them has none.
    pub(crate) fn renumber(&mut self, id: &impl Fn(SignalId) -> Option<SignalId>) -> Option<()> {
        self.signal = id(self.signal)?;
        self.currencies.as_mut().map_or(Some(()), |currencies| currencies.renumber(id))
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
        let floor = self.floor(timeline);
        timeline.count_until(after).max(floor)..timeline.count_until(until).max(floor)
    }

    /// The same, where those that counted at an earlier instant are known.
    fn later_indexes(
        &self,
        timeline: &Timeline,
        now: Instant,
        before: &std::ops::Range<usize>,
    ) -> std::ops::Range<usize> {
        let (after, until) = self.window.bounds(now);
        timeline.count_until_from(after, before.start)..timeline.count_until_from(until, before.end)
    }

    /// Entries that are too many to be looked at.
    fn floor(&self, timeline: &Timeline) -> usize {
        match self.function {
            AggregateFunction::Median => timeline.len().saturating_sub(MEDIAN_VALUES_MAX as usize),
            _ => 0,
        }
    }

    /// What values come to that it reads; `None` where nothing can be made of none.
    pub(crate) fn value_of(&self, values: &ValueSubtotal) -> Option<Fraction> {
        held::value_of(values, self.function)
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

/// Whether one is of money in another currency than the other: they are not compared.
fn are_of_other_currencies(left: &Measured<'_>, right: Option<&Measured<'_>>) -> bool {
    let currencies = left.currency().zip(right.and_then(Measured::currency));
    currencies.is_some_and(|(left, right)| left != right)
}

fn ms_of(instant: Instant) -> i128 {
    i128::from(instant.as_ms())
}
