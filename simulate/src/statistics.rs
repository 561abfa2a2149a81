use std::collections::BTreeMap;
use std::fmt;

use segops_model::Instant;
use serde::Serialize;

use crate::event::{Delivery, OrderFact, SimulatedEvent};

/// What has come out of a store so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Statistics {
    /// Everything, duplicates and malformed items included.
    pub events: u64,
    pub late: u64,
    pub duplicates: u64,
    pub malformed: u64,
    /// By event name, without duplicates.
    pub by_name: BTreeMap<&'static str, u64>,
    pub orders: u64,
    /// Sum of `total` over completed orders, in hundredths of the currency.
    pub order_total_cents: u64,
    /// Sum of `total` over refunds and cancellations, in hundredths of the currency.
    pub given_back_cents: u64,
    pub first_arrival: Option<Instant>,
    pub last_arrival: Option<Instant>,
}

impl Statistics {
    pub(crate) fn count(&mut self, event: &SimulatedEvent, order: Option<OrderFact>) {
        self.events += 1;
        self.first_arrival.get_or_insert(event.arrives_at);
        self.last_arrival = Some(event.arrives_at);
        match event.delivery {
            Delivery::OnTime => {}
            Delivery::Late => self.late += 1,
            Delivery::Duplicate => self.duplicates += 1,
            Delivery::Malformed => self.malformed += 1,
        }
        if event.delivery != Delivery::Duplicate {
            *self.by_name.entry(event.name).or_default() += 1;
        }
        match order {
            None => {}
            Some(OrderFact::Completed { total_cents }) => {
                self.orders += 1;
                self.order_total_cents += total_cents;
            }
            Some(OrderFact::Refunded { total_cents } | OrderFact::Cancelled { total_cents }) => {
                self.given_back_cents += total_cents;
            }
        }
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>12}  events", self.events)?;
        writeln!(f, "{:>12}  of them late", self.late)?;
        writeln!(f, "{:>12}  of them sent a second time", self.duplicates)?;
        writeln!(f, "{:>12}  of them malformed", self.malformed)?;
        for (name, count) in &self.by_name {
            writeln!(f, "{count:>12}  {name}")?;
        }
        let (total, back) = (self.order_total_cents, self.given_back_cents);
        writeln!(f, "{:>12}  total of orders", format!("{}.{:02}", total / 100, total % 100))?;
        write!(f, "{:>12}  refunded or cancelled", format!("{}.{:02}", back / 100, back % 100))
    }
}
