//! What an order's events say of it beside what it is worth: where it was placed, its properties, its lines.

use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Event, Object, SourceId, Value};

use super::FactKind;
use super::spread::spread;
use crate::{Entry, VALUES_PER_EVENT_MAX};

/// What one event says of its order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    /// Of a completion only.
    placed: Option<(SourceId, Object)>,
    lines: Option<Lines>,
}

/// What the earliest completion said of an order, but for its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Placed {
    at: Entry,
    source: SourceId,
    properties: Object,
}

/// The lines of the newest completion or update that lists products.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Listed {
    at: Entry,
    lines: Lines,
}

/// The products of one event, and the discount that it says the order has as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Lines {
    products: Vec<Object>,
    discount: Option<Decimal>,
}

impl Content {
    pub(super) fn of(event: &Event, kind: FactKind) -> Option<Box<Self>> {
        if !matches!(kind, FactKind::Completed | FactKind::Updated) {
            return None;
        }
        let products = event.properties.get("products").and_then(Value::as_list);
        let products = products.into_iter().flatten().filter_map(Value::as_object);
        let products: Vec<Object> = products.take(VALUES_PER_EVENT_MAX).cloned().collect();
        let lines = (!products.is_empty()).then(|| Lines { products, discount: discount(&event.properties) });
        let placed = (kind == FactKind::Completed).then(|| {
            let properties = event.properties.iter().filter(|(name, _)| *name != "products");
            (event.source, properties.map(|(name, value)| (name, value.clone())).collect())
        });
        Some(Box::new(Self { placed, lines }))
    }

    pub(super) fn add_to(self, at: Entry, placed: &mut Option<Placed>, listed: &mut Option<Listed>) {
        if let Some((source, properties)) = self.placed {
            Placed::earlier(placed, Some(Placed { at, source, properties }));
        }
        Listed::newer(listed, self.lines.map(|lines| Listed { at, lines }));
    }
}

impl Placed {
    pub(super) fn earlier(held: &mut Option<Self>, other: Option<Self>) {
        let Some(other) = other else { return };
        if held.as_ref().is_none_or(|held| other.at < held.at) {
            *held = Some(other);
        }
    }

    pub(super) const fn source(&self) -> SourceId {
        self.source
    }

    pub(super) const fn properties(&self) -> &Object {
        &self.properties
    }

    pub(super) fn is_test(&self) -> bool {
        let test = self.properties.get("test").and_then(Value::scalar_text);
        test.is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
    }
}

impl Listed {
    pub(super) fn newer(held: &mut Option<Self>, other: Option<Self>) {
        if other.as_ref().map(|listed| listed.at) > held.as_ref().map(|listed| listed.at) {
            *held = other;
        }
    }
}

/// The order's discount as a whole: what the event that lists its lines says, else its completion.
pub(super) fn order_discount(placed: Option<&Placed>, listed: Option<&Listed>) -> Option<Decimal> {
    listed
        .and_then(|listed| listed.lines.discount)
        .or_else(|| placed.and_then(|placed| discount(&placed.properties)))
}

/// How many articles the lines are of: a line without a quantity is one.
pub(super) fn item_count(listed: &Listed) -> Decimal {
    listed.lines.products.iter().map(|line| number(line, "quantity").unwrap_or(Decimal::ONE)).sum()
}

/// The lines with what they are worth, their part of the order's discount, and what is left.
pub(super) fn priced_lines(listed: &Listed, discount: Option<Decimal>) -> Vec<Value> {
    let products = &listed.lines.products;
    let worths: Vec<Option<Decimal>> = products.iter().map(line_worth).collect();
    let known: Vec<Decimal> = worths.iter().map(|worth| worth.unwrap_or(Decimal::ZERO)).collect();
    let shares = spread(discount.unwrap_or(Decimal::ZERO), &known);
    let lines = products.iter().zip(worths).zip(shares);
    lines
        .map(|((product, worth), share)| {
            let mut line = product.clone();
            let net = worth.and_then(|worth| worth.checked_sub(share));
            line.set("value", worth.map_or(Value::Null, Value::Number));
            line.set("allocated_discount", Value::Number(share));
            line.set("net", net.map_or(Value::Null, Value::Number));
            Value::Object(line)
        })
        .collect()
}

fn line_worth(line: &Object) -> Option<Decimal> {
    let quantity = number(line, "quantity").unwrap_or(Decimal::ONE);
    number(line, "price")?.checked_mul(quantity)
}

fn discount(properties: &Object) -> Option<Decimal> {
    number(properties, "discount")
}

fn number(object: &Object, name: &str) -> Option<Decimal> {
    object.get(name).and_then(Value::as_number)
}
