//! A reading's values along with the currencies that they are in: money of several is never added up.

use segops_model::{Instant, Path};
use segops_rules::{Aggregate, AggregateFunction, EventFilter, Predicate, Resolved, Test, is_order_money};

use super::{Fraction, Reading, Tally};
use crate::evaluate::ProfileView;
use crate::{Calendar, Capture, CaptureKind, SignalRegistry, WindowBounds};

/// A reading at one instant, which can be moved to later ones.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    tally: Tally<'a>,
    currencies: Option<Tally<'a>>,
}

impl<'a> Measured<'a> {
    pub(crate) fn of(reading: &'a Reading, view: &'a impl ProfileView, now: Instant) -> Self {
        let tally_of = |reading: &'a Reading| Tally::of(reading, view.timeline(reading.signal), now);
        Self { tally: tally_of(reading), currencies: reading.currencies.as_deref().map(tally_of) }
    }

    /// The next instant at which a value comes in or goes out.
    pub(crate) fn next(&self) -> Option<Instant> {
        [self.tally.next(), self.currencies.as_ref().and_then(Tally::next)].into_iter().flatten().min()
    }

    /// Moves on to a later instant.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.tally.advance(now);
        if let Some(currencies) = &mut self.currencies {
            currencies.advance(now);
        }
    }

    pub(crate) fn is_of_several_currencies(&self) -> bool {
        self.currencies.as_ref().is_some_and(Tally::differ)
    }

    /// How many values, or matches, there are.
    pub(crate) fn count(&self) -> usize {
        self.tally.count()
    }

    /// The key of a currency that money is in, where it is in any.
    pub(crate) fn currency(&self) -> Option<i128> {
        self.currencies.as_ref().and_then(Tally::least)
    }

    /// What the values come to; `None` where nothing can be made of none, or of money in several currencies.
    pub(crate) fn value(&self) -> Option<Fraction> {
        if self.is_of_several_currencies() { None } else { self.tally.value() }
    }
}

/// The currencies of the orders that an aggregate is of, where it is of money and insists on no currency.
/// That two of them differ shows in the least and the greatest of their keys.
pub(super) fn currencies(
    aggregate: &Aggregate<Resolved>,
    registry: &mut SignalRegistry,
    calendar: &Calendar,
) -> Option<Reading> {
    let is_money = aggregate.event.subject.is_orders()
        && aggregate.function != AggregateFunction::Distinct
        && is_order_money(&aggregate.property);
    if !is_money || names_currency(&aggregate.event) {
        return None;
    }
    let capture =
        Capture { kind: CaptureKind::Currencies, property: Path::of_name("currency"), by_quantity: false };
    Some(Reading {
        signal: registry.intern_values(&aggregate.event, capture, &calendar.zone),
        function: AggregateFunction::Maximum,
        window: WindowBounds::new(&aggregate.window, calendar),
        currencies: None,
        is_of_orders: true,
    })
}

/// Whether a filter takes in orders of one currency only.
fn names_currency(filter: &EventFilter<Resolved>) -> bool {
    fn insists(predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All(parts) => parts.iter().any(insists),
            Predicate::Property(leaf) => {
                matches!(leaf.test, Test::Is(_)) && leaf.property.to_string() == "currency"
            }
            _ => false,
        }
    }
    filter.predicate.as_ref().is_some_and(insists)
}
