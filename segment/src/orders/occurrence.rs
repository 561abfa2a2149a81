//! An order as it stands, in the shape of an event, so that rules choose among orders, count them and read
//! their values as they do with events.

use segops_model::{Event, EventKind, Object, SourceId, Value};

use super::content::{item_count, order_discount, priced_lines};
use super::{Order, OrderFacts, OrderKey, Placed};
use crate::Entry;

/// An order as rules see it. It stands at its completion in time.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderOccurrence {
    /// Its properties are the order's; it has no name.
    pub(crate) event: Event,
    pub(crate) entry: Entry,
    /// Not so for money that went back against an order that is not known.
    pub(crate) is_placed: bool,
    pub(crate) is_test: bool,
}

impl OrderFacts {
    /// The order as it stands, with its own fields in the place of properties of the same names; `None` while
    /// nothing says that there is one.
    #[must_use]
    pub fn occurrence(&self, key: &OrderKey) -> Option<OrderOccurrence> {
        let order = self.order(key)?;
        let placed = self.placed.as_ref();
        let is_test = placed.is_some_and(Placed::is_test);
        Some(OrderOccurrence {
            event: Event {
                message_id: "".into(),
                source: placed.map_or(SourceId(0), Placed::source),
                kind: EventKind::Track,
                name: "".into(),
                ts: order.at.ts,
                received_at: order.at.ts,
                clamped: false,
                identifiers: Vec::new(),
                properties: self.properties(&order, is_test),
                traits: Object::new(),
                group_traits: Object::new(),
                context: Object::new(),
            },
            entry: order.at,
            is_placed: self.completed.is_some(),
            is_test,
        })
    }

    fn properties(&self, order: &Order, is_test: bool) -> Object {
        let mut properties =
            self.placed.as_ref().map(|placed| placed.properties().clone()).unwrap_or_default();
        let discount = order_discount(self.placed.as_ref(), self.listed.as_ref());
        let id = match &order.key {
            OrderKey::Id(id) => Value::Text(id.clone()),
            OrderKey::Event(_) => Value::Null,
        };
        let currency = order.currency.clone().map_or(Value::Null, Value::Text);
        let count = self.listed.as_ref().map_or(Value::Null, |listed| Value::Number(item_count(listed)));
        let lines = self.listed.as_ref().map(|listed| priced_lines(listed, discount)).unwrap_or_default();
        let fields = [
            ("id", id),
            ("status", Value::text(order.status.as_text())),
            ("value", Value::Number(order.value)),
            ("refunded", Value::Number(order.refunded)),
            ("net", Value::Number(order.net)),
            ("currency", currency),
            ("discount", discount.map_or(Value::Null, Value::Number)),
            ("item_count", count),
            ("test", Value::Bool(is_test)),
            ("items", Value::List(lines)),
        ];
        for (name, value) in fields {
            properties.set(name, value);
        }
        properties
    }
}
