//! Orders, put together from all that is said of each.

use std::collections::BTreeMap;

use segops_model::{Decimal, Event, Object, Value};

use crate::value::{number_of, shown};

const ONE: i128 = 1_000_000_000;
const REFUNDS_MAX: usize = 64;

/// An order as an event of its own, at the time of its completion.
pub(crate) struct Order {
    pub(crate) event: Event,
    /// Whether it was ever completed, and is more than money that went back.
    pub(crate) is_placed: bool,
    pub(crate) is_test: bool,
}

/// Everything that is said of one order, in order of time.
type Said<'a> = Vec<&'a Event>;

/// The orders of which these events, in the order of their arrival, speak.
pub(crate) fn orders_of(events: &[&Event]) -> Vec<Order> {
    let mut in_time = events.to_vec();
    in_time.sort_by_key(|event| event.ts);
    let mut by_id: BTreeMap<String, Said<'_>> = BTreeMap::new();
    let mut alone: Vec<Said<'_>> = Vec::new();
    for event in in_time {
        let is_said = event.kind.is_counted()
            && matches!(
                event.name.as_str(),
                "Order Completed" | "Order Updated" | "Order Refunded" | "Order Cancelled"
            );
        let id = event.properties.get("order_id").and_then(shown).map(|id| id.trim().to_owned());
        match id.filter(|id| !id.is_empty() && id.len() <= 512) {
            Some(id) if is_said => by_id.entry(id).or_default().push(event),
            None if is_said && event.name != "Order Updated" => alone.push(vec![event]),
            _ => {}
        }
    }
    let known = by_id.iter().filter_map(|(id, said)| order(Some(id), said));
    known.chain(alone.iter().filter_map(|said| order(None, said))).collect()
}

fn order(id: Option<&str>, said: &[&Event]) -> Option<Order> {
    let named = |name: &str| said.iter().copied().filter(move |event| event.name == name).collect::<Vec<_>>();
    let (completed, refunds, cancelled) =
        (named("Order Completed"), named("Order Refunded"), named("Order Cancelled"));
    let refunds: Vec<&Event> = refunds.iter().copied().rev().take(REFUNDS_MAX).rev().collect();
    let back: i128 = refunds.iter().filter_map(|event| worth(&event.properties).ok()).map(i128::abs).sum();
    let asserted = said
        .iter()
        .copied()
        .filter(|event| matches!(event.name.as_str(), "Order Completed" | "Order Updated"));
    let asserted: Vec<&Event> = asserted.collect();
    let mut money = asserted.iter().rev().copied().find(|event| worth(&event.properties).is_ok());
    let (at, status, value, refunded);
    if let Some(first) = completed.first() {
        at = *first;
        value = money.and_then(|event| worth(&event.properties).ok()).unwrap_or(0);
        let whole = refunds.iter().any(|event| worth(&event.properties) == Err(Nothing::Said));
        if !cancelled.is_empty() {
            (status, refunded) = ("cancelled", 0);
        } else if refunds.is_empty() {
            (status, refunded) = ("completed", 0);
        } else if whole {
            (status, refunded) = ("refunded", value);
        } else {
            refunded = back.min(value.max(0));
            status = if refunded == value && value != 0 { "refunded" } else { "partially_refunded" };
        }
    } else {
        let cancelling = cancelled.iter().rev().copied().find(|event| worth(&event.properties).is_ok());
        let refunding = refunds.iter().rev().copied().find(|event| worth(&event.properties).is_ok());
        let first_cancelled = cancelled.first().copied();
        at = first_cancelled
            .into_iter()
            .chain(refunds.first().copied())
            .min_by_key(|event| (event.ts, said.iter().position(|other| std::ptr::eq(*other, *event))))?;
        refunded = 0;
        if let Some(cancelling) = cancelling {
            (status, value) = ("cancelled", -worth(&cancelling.properties).ok()?.abs());
            money = Some(cancelling);
        } else {
            money = Some(refunding?);
            (status, value) = ("refunded", -back);
        }
    }
    let net = if status == "cancelled" && !completed.is_empty() { 0 } else { value - refunded };
    let first = completed.first().copied();
    let listing = asserted.iter().rev().copied().find(|event| !products(event).is_empty());
    let discount = |event: Option<&Event>| event?.properties.get("discount").and_then(number_of);
    let discount = discount(listing).or_else(|| discount(first));
    let mut properties = first.map(|event| event.properties.clone()).unwrap_or_default();
    properties.remove("products");
    let is_test =
        properties.get("test").and_then(shown).is_some_and(|text| text.trim().to_lowercase() == "true");
    let number = |billionths: i128| Value::Number(Decimal::from_billionths(billionths));
    let currency =
        money.and_then(|event| event.properties.get("currency")?.as_text()).filter(|text| text.len() <= 8);
    properties.set("id", id.map_or(Value::Null, Value::text));
    properties.set("status", Value::text(status));
    properties.set("value", number(value));
    properties.set("refunded", number(refunded));
    properties.set("net", number(net));
    properties.set("currency", currency.map_or(Value::Null, Value::text));
    properties.set("discount", discount.map_or(Value::Null, number));
    properties.set("test", Value::Bool(is_test));
    let lines = listing.map(products).unwrap_or_default();
    let count: i128 = lines.iter().map(quantity).sum();
    properties.set("item_count", if lines.is_empty() { Value::Null } else { number(count) });
    properties.set("items", Value::List(priced(lines, discount.unwrap_or(0))));
    let source = first.map_or(segops_model::SourceId(0), |event| event.source);
    let event = Event { name: "".into(), source, properties, context: Object::new(), ..at.clone() };
    Some(Order { event, is_placed: !completed.is_empty(), is_test })
}

fn products(event: &Event) -> Vec<Object> {
    let list = event.properties.get("products").and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_object).take(1_000).cloned().collect()
}

fn quantity(line: &Object) -> i128 {
    line.get("quantity").and_then(number_of).unwrap_or(ONE)
}

fn line_worth(line: &Object) -> Option<i128> {
    Some(line.get("price").and_then(number_of)? * quantity(line) / ONE)
}

/// The lines with their shares of the discount: step by step, each hundredth (or smaller step, where the discount
/// has one) that rounding down has left over goes to the line that is furthest below its due, the first of equals.
fn priced(lines: Vec<Object>, discount: i128) -> Vec<Value> {
    let due = |line: &Object| line_worth(line).unwrap_or(0).max(0);
    let total: i128 = lines.iter().map(due).sum();
    let step =
        (0..=7).map(|digits| 10_000_000 / 10_i128.pow(digits)).find(|step| discount % step == 0).unwrap_or(1);
    let steps = (discount / step).abs();
    let mut shares: Vec<i128> =
        lines.iter().map(|line| if total == 0 { 0 } else { steps * due(line) / total }).collect();
    while total > 0 && shares.iter().sum::<i128>() < steps {
        let missing = |at: usize| steps * due(&lines[at]) - shares[at] * total;
        let most = (0..lines.len()).rev().max_by_key(|at| missing(*at)).unwrap_or(0);
        shares[most] += 1;
    }
    let number = |billionths: i128| Value::Number(Decimal::from_billionths(billionths));
    let priced = lines.into_iter().zip(shares).map(|(mut line, share)| {
        let (worth, share) = (line_worth(&line), share * step * discount.signum());
        line.set("value", worth.map_or(Value::Null, number));
        line.set("allocated_discount", number(share));
        line.set("net", worth.map_or(Value::Null, |worth| number(worth - share)));
        Value::Object(line)
    });
    priced.collect()
}

/// Why nothing is known of an amount.
#[derive(Debug, PartialEq, Eq)]
enum Nothing {
    /// Products without prices.
    Unpriced,
    Said,
}

/// What an event of an order is worth.
fn worth(properties: &Object) -> Result<i128, Nothing> {
    let number = |name: &str| properties.get(name).and_then(number_of);
    if let Some(total) = number("total") {
        return Ok(total);
    }
    if let Some(revenue) = number("revenue") {
        return Ok(revenue + number("shipping").unwrap_or(0) + number("tax").unwrap_or(0));
    }
    if let Some(value) = number("value") {
        return Ok(value);
    }
    let list = properties.get("products").and_then(Value::as_list).unwrap_or_default();
    let priced: Vec<i128> = if list.is_empty() {
        line_worth(properties).into_iter().collect()
    } else {
        list.iter().filter_map(Value::as_object).filter_map(line_worth).collect()
    };
    match (priced.is_empty(), list.is_empty()) {
        (false, _) => Ok(priced.iter().sum::<i128>() - number("discount").unwrap_or(0)),
        (true, false) => Err(Nothing::Unpriced),
        (true, true) => Err(Nothing::Said),
    }
}
