//! What is known of one profile beside its events: its orders as they stand, and its traits.

use segops_model::{Decimal, Event, Instant, Object, Path, Position, ProfileId, Value};
use segops_parts::PartRow;
use segops_segment::{Entry, OrderFact, OrderFacts, OrderKey};
use std::collections::BTreeMap;

use super::Row;
use super::derived::DerivedRow;

/// A profile, with as much of it as was asked for.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) id: ProfileId,
    /// By (completion, position); test orders and money that went back against no known order among them.
    pub(crate) orders: Vec<PlacedOrder>,
    pub(crate) traits: Traits,
    /// Those that pass a filter, in the order of time.
    pub(super) derived: Vec<DerivedRow>,
}

/// An order as it stands.
#[derive(Debug)]
pub(crate) struct PlacedOrder {
    pub(crate) event: Event,
    pub(crate) at: Entry,
    pub(crate) net: Decimal,
    pub(crate) currency: Option<compact_str::CompactString>,
    /// False for money that went back against an order that is not known: it counts in sums only.
    pub(crate) is_placed: bool,
    pub(crate) is_test: bool,
}

impl PlacedOrder {
    pub(super) const fn row(&self, signals: u64) -> Row<'_> {
        Row::of_event(self.at, signals, &self.event, self.is_placed)
    }

    /// Whether it is an order to count: one that was placed, and is no test.
    pub(crate) const fn counts(&self) -> bool {
        self.is_placed && !self.is_test
    }
}

impl Profile {
    /// Of whom nothing is known.
    pub(crate) fn unknown(id: ProfileId) -> Self {
        Self { id, orders: Vec::new(), traits: Traits::default(), derived: Vec::new() }
    }

    /// The orders to count, the oldest first.
    pub(crate) fn counted_orders(&self) -> impl Iterator<Item = &PlacedOrder> {
        self.orders.iter().filter(|order| order.counts())
    }
}

/// The orders that some events make, as they stand.
pub(super) fn orders_of(rows: &[PartRow]) -> Vec<PlacedOrder> {
    let mut facts: BTreeMap<OrderKey, OrderFacts> = BTreeMap::new();
    for row in rows {
        if let Some((key, fact)) = OrderFact::of_event(&row.event, row.position) {
            facts.entry(key).or_default().add(fact);
        }
    }
    let mut orders: Vec<PlacedOrder> = facts
        .iter()
        .filter_map(|(key, facts)| {
            let order = facts.order(key)?;
            let occurrence = facts.occurrence(key)?;
            Some(PlacedOrder {
                at: occurrence.entry(),
                net: order.net,
                currency: order.currency,
                is_placed: occurrence.is_placed(),
                is_test: occurrence.is_test(),
                event: occurrence.event().clone(),
            })
        })
        .collect();
    orders.sort_by_key(|order| order.at);
    orders
}

/// What was set and unset of a profile's traits, in the order of time.
#[derive(Debug, Default)]
pub(crate) struct Traits {
    sets: Vec<(Instant, Position, Object)>,
}

impl Traits {
    /// Of rows in the order of (ts, position).
    pub(super) fn of(rows: Vec<PartRow>) -> Self {
        let sets = rows.into_iter().filter(|row| !row.event.traits.is_empty());
        Self { sets: sets.map(|row| (row.event.ts, row.position, row.event.traits)).collect() }
    }

    /// The value in force at an instant: the newest set or unset up to then; `None` if it is unset, or never was set.
    pub(crate) fn at(&self, path: &Path, ts: Instant) -> Option<&Value> {
        let until = self.sets.partition_point(|(set_at, _, _)| *set_at <= ts);
        let sets = self.sets.get(..until)?.iter().rev();
        let root = sets.map(|(_, _, object)| object).find(|object| object.get(path.root()).is_some())?;
        path.in_object(root).filter(|value| **value != Value::Null)
    }
}
