//! The one reading of what an order event is worth.

use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Object, Value};

/// What an order event says of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Amount {
    Known(Decimal),
    /// It lists products, and no prices.
    Unpriced,
    /// It says nothing.
    Absent,
}

impl Amount {
    pub(super) const fn known(self) -> Option<Decimal> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unpriced | Self::Absent => None,
        }
    }
}

/// An order's value, by the first of these that its properties have:
///
/// 1. `total`
/// 2. `revenue`, plus `shipping` and `tax`, which it leaves out
/// 3. `value`
/// 4. the sum of `price` times `quantity` over `products[]`, less `discount`; without a list, the event's
///    own `price` times `quantity`. A missing quantity is one; lines without a price are left out.
///
/// Numbers may come as text. Sums past the range of numbers are as good as absent.
pub(super) fn amount_of(properties: &Object) -> Amount {
    let number = |name: &str| properties.get(name).and_then(Value::as_number);
    let or_zero = |name: &str| number(name).unwrap_or(Decimal::ZERO);
    if let Some(total) = number("total") {
        return Amount::Known(total);
    }
    let with_extras =
        |revenue: Decimal| revenue.checked_add(or_zero("shipping"))?.checked_add(or_zero("tax"));
    if let Some(value) = number("revenue").and_then(with_extras).or_else(|| number("value")) {
        return Amount::Known(value);
    }
    let products = properties.get("products").and_then(Value::as_list).filter(|list| !list.is_empty());
    let sum = match products {
        None => line_value(properties),
        Some(list) => sum_of(list.iter().filter_map(Value::as_object).filter_map(line_value)),
    };
    match sum.and_then(|sum| sum.checked_sub(or_zero("discount"))) {
        Some(value) => Amount::Known(value),
        None if products.is_some() => Amount::Unpriced,
        None => Amount::Absent,
    }
}

fn line_value(line: &Object) -> Option<Decimal> {
    let price = line.get("price")?.as_number()?;
    let quantity = line.get("quantity").and_then(Value::as_number).unwrap_or(Decimal::ONE);
    price.checked_mul(quantity)
}

/// `None` where there is nothing to add up.
fn sum_of(mut values: impl Iterator<Item = Decimal>) -> Option<Decimal> {
    let first = values.next()?;
    values.try_fold(first, Decimal::checked_add)
}
