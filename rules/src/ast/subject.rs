//! What a filter chooses among: events as they came, or orders as they stand.

use serde::{Deserialize, Serialize};

use segops_model::Path;

/// What the things are that a filter chooses among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    #[default]
    Events,
    /// Orders as they stand, without test orders.
    Orders,
    /// Orders as they stand, test orders among them.
    AllOrders,
}

/// The event that makes an order; what an order is not said to have itself, it has of this event.
pub const ORDER_EVENT: &str = "Order Completed";

/// What every order has, whatever its event had.
pub const ORDER_FIELDS: &[&str] =
    &["id", "status", "value", "refunded", "net", "currency", "discount", "item_count", "test", "items"];

/// What every line of an order has, whatever its product had.
pub const LINE_FIELDS: &[&str] = &["items[].value", "items[].allocated_discount", "items[].net"];

/// What the status of an order can be.
pub const ORDER_STATUSES: &[&str] = &["completed", "partially_refunded", "refunded", "cancelled"];

/// Names under which an order has money, which is in the order's currency.
const MONEY: &[&str] =
    &["value", "refunded", "net", "discount", "total", "revenue", "subtotal", "shipping", "tax"];
/// Names under which a line has money.
const LINE_MONEY: &[&str] = &["price", "value", "discount", "allocated_discount", "net"];

impl Subject {
    #[must_use]
    pub const fn is_events(&self) -> bool {
        matches!(self, Self::Events)
    }

    #[must_use]
    pub const fn is_orders(&self) -> bool {
        !self.is_events()
    }
}

/// Whether a property of orders is money.
#[must_use]
pub fn is_order_money(property: &Path) -> bool {
    match property.split_list() {
        Some((list, Some(rest))) => {
            list.to_string() == "items" && LINE_MONEY.contains(&rest.to_string().as_str())
        }
        _ => MONEY.contains(&property.to_string().as_str()),
    }
}
