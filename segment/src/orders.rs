//! What has become of an order: its value, and what of it was refunded or cancelled.

mod amounts;
mod content;
mod occurrence;
mod spread;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Event, Instant, Position};

use crate::Entry;
use amounts::{Amount, amount_of};
use content::{Content, Listed, Placed};
pub use occurrence::OrderOccurrence;

/// Refunds kept per order; of more, the newest by (ts, position) count.
pub const REFUNDS_PER_ORDER_MAX: usize = 64;
/// Bytes of an order id; a longer one is read as none.
pub const ORDER_ID_BYTES_MAX: usize = 512;

/// What an order is known by within one profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKey {
    /// The `order_id` that its events name.
    Id(CompactString),
    /// The place of the one event that names no order.
    Event(Position),
}

/// What one event says about an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderFact {
    at: Entry,
    kind: FactKind,
    amount: Amount,
    currency: Option<CompactString>,
    content: Option<Box<Content>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FactKind {
    Completed,
    Updated,
    Refunded,
    Cancelled,
}

impl OrderFact {
    /// The order that an event speaks of, and what it says; `None` for every other event, and for an
    /// update that names no order. The events are `Order Completed`, `Order Updated`, `Order Refunded` and
    /// `Order Cancelled`.
    #[must_use]
    pub fn of_event(event: &Event, position: Position) -> Option<(OrderKey, Self)> {
        if !event.kind.is_counted() {
            return None;
        }
        let kind = match event.name.as_str() {
            crate::ORDER_EVENT => FactKind::Completed,
            "Order Updated" => FactKind::Updated,
            "Order Refunded" => FactKind::Refunded,
            "Order Cancelled" => FactKind::Cancelled,
            _ => return None,
        };
        let key = match order_id(event) {
            Some(id) => OrderKey::Id(id),
            None if kind == FactKind::Updated => return None,
            None => OrderKey::Event(position),
        };
        let currency = event.properties.get("currency").and_then(|value| value.as_text());
        let fact = Self {
            at: Entry { ts: event.ts, position },
            kind,
            amount: amount_of(&event.properties),
            currency: currency.filter(|text| text.len() <= 8).map(CompactString::from),
            content: Content::of(event, kind),
        };
        Some((key, fact))
    }
}

fn order_id(event: &Event) -> Option<CompactString> {
    let id = event.properties.get("order_id")?.scalar_text()?;
    let id = id.trim();
    (!id.is_empty() && id.len() <= ORDER_ID_BYTES_MAX).then(|| id.into())
}

/// All that is known of one order. It is the same whatever the order in which facts come, how often each
/// comes, and whether they come one by one or by [`OrderFacts::merge`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OrderFacts {
    /// The earliest completion.
    completed: Option<Entry>,
    /// The newest completion or update that says what the order is worth.
    worth: Option<Money>,
    /// The earliest cancellation.
    cancelled: Option<Entry>,
    /// The newest cancellation that says what is cancelled.
    cancelled_worth: Option<Money>,
    /// The newest refunds.
    refunds: BTreeMap<Entry, Refund>,
    placed: Option<Placed>,
    listed: Option<Listed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Money {
    at: Entry,
    value: Decimal,
    currency: Option<CompactString>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Refund {
    amount: Amount,
    currency: Option<CompactString>,
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub key: OrderKey,
    pub status: OrderStatus,
    /// Before refunds and cancellation; below zero for money that goes back against an order that we do
    /// not know.
    pub value: Decimal,
    /// What went back of `value`.
    pub refunded: Decimal,
    /// What is left: what spending is summed from.
    pub net: Decimal,
    pub currency: Option<CompactString>,
    /// When it was first completed; for a negative order, when the money went back.
    pub completed_at: Instant,
    /// The event of that.
    pub at: Entry,
    /// The newest refund or cancellation.
    pub reversed_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Completed,
    PartiallyRefunded,
    Refunded,
    Cancelled,
}

impl OrderStatus {
    /// As rules and answers write it.
    #[must_use]
    pub const fn as_text(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
        }
    }
}

impl OrderFacts {
    pub fn add(&mut self, fact: OrderFact) {
        let OrderFact { at, kind, amount, currency, content } = fact;
        if let Some(content) = content {
            content.add_to(at, &mut self.placed, &mut self.listed);
        }
        let money = amount.known().map(|value| Money { at, value, currency: currency.clone() });
        match kind {
            FactKind::Completed => {
                self.completed = earlier(self.completed, Some(at));
                newer(&mut self.worth, money);
            }
            FactKind::Updated => newer(&mut self.worth, money),
            FactKind::Cancelled => {
                self.cancelled = earlier(self.cancelled, Some(at));
                newer(&mut self.cancelled_worth, money);
            }
            FactKind::Refunded => {
                self.refunds.insert(at, Refund { amount, currency });
                self.drop_oldest_refunds();
            }
        }
    }

    /// Takes in all that another holds of the same order.
    pub fn merge(&mut self, other: &Self) {
        self.completed = earlier(self.completed, other.completed);
        newer(&mut self.worth, other.worth.clone());
        self.cancelled = earlier(self.cancelled, other.cancelled);
        newer(&mut self.cancelled_worth, other.cancelled_worth.clone());
        self.refunds.extend(other.refunds.iter().map(|(at, refund)| (*at, refund.clone())));
        self.drop_oldest_refunds();
        Placed::earlier(&mut self.placed, other.placed.clone());
        Listed::newer(&mut self.listed, other.listed.clone());
    }

    fn drop_oldest_refunds(&mut self) {
        while self.refunds.len() > REFUNDS_PER_ORDER_MAX {
            self.refunds.pop_first();
        }
    }

    /// The order as it stands; `None` while nothing says that there is one.
    ///
    /// - A cancelled order nets to zero, for good.
    /// - A refund without amounts is of the whole order; with amounts, of as much, and all refunds
    ///   together of no more than the order. One that lists products without prices takes off nothing
    ///   that is known.
    /// - Money that goes back against no order, or one never completed, is a negative order of its own.
    #[must_use]
    pub fn order(&self, key: &OrderKey) -> Option<Order> {
        let Some(completed) = self.completed else { return self.negative_order(key) };
        let value = self.worth.as_ref().map_or(Decimal::ZERO, |money| money.value);
        let mut order = Order {
            key: key.clone(),
            status: OrderStatus::Completed,
            value,
            refunded: Decimal::ZERO,
            net: value,
            currency: self.worth.as_ref().and_then(|money| money.currency.clone()),
            completed_at: completed.ts,
            at: completed,
            reversed_at: self.reversed_at(),
        };
        if self.cancelled.is_some() {
            order.status = OrderStatus::Cancelled;
            order.net = Decimal::ZERO;
        } else if !self.refunds.is_empty() {
            let whole = self.refunds.values().any(|refund| refund.amount == Amount::Absent);
            order.refunded = if whole { value } else { self.sum_of_refunds().min(value.max(Decimal::ZERO)) };
            let is_whole = whole || (order.refunded == value && value != Decimal::ZERO);
            order.status = if is_whole { OrderStatus::Refunded } else { OrderStatus::PartiallyRefunded };
            order.net = value.checked_sub(order.refunded).unwrap_or(Decimal::ZERO);
        }
        Some(order)
    }

    fn negative_order(&self, key: &OrderKey) -> Option<Order> {
        let refunded = || {
            let money = self.refunds.iter().rev().find(|(_, refund)| refund.amount.known().is_some());
            money.map(|(_, refund)| (self.sum_of_refunds(), refund.currency.clone(), OrderStatus::Refunded))
        };
        let cancelled = self.cancelled_worth.as_ref();
        let cancelled =
            cancelled.map(|money| (magnitude(money.value), money.currency.clone(), OrderStatus::Cancelled));
        let (back, currency, status) = cancelled.or_else(refunded)?;
        let value = Decimal::ZERO.checked_sub(back)?;
        let reversed_at = self.reversed_at();
        let oldest_refund = self.refunds.keys().next().copied();
        let at = earlier(self.cancelled, oldest_refund)?;
        Some(Order {
            key: key.clone(),
            status,
            value,
            refunded: Decimal::ZERO,
            net: value,
            currency,
            completed_at: at.ts,
            at,
            reversed_at,
        })
    }

    fn sum_of_refunds(&self) -> Decimal {
        self.refunds.values().filter_map(|refund| refund.amount.known()).map(magnitude).sum()
    }

    fn reversed_at(&self) -> Option<Instant> {
        let refund = self.refunds.keys().next_back().map(|at| at.ts);
        refund.max(self.cancelled.map(|at| at.ts))
    }
}

fn earlier(left: Option<Entry>, right: Option<Entry>) -> Option<Entry> {
    left.into_iter().chain(right).min()
}

fn newer(held: &mut Option<Money>, other: Option<Money>) {
    if other.as_ref().map(|money| money.at) > held.as_ref().map(|money| money.at) {
        *held = other;
    }
}

fn magnitude(value: Decimal) -> Decimal {
    if value.is_negative() { Decimal::ZERO.checked_sub(value).unwrap_or(value) } else { value }
}
