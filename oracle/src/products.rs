//! Products by going through every change of the catalogue, and events with what they name.

use segops_model::{Decimal, Event, Instant, Object, Value};

use crate::value::{number_of, shown};

/// What came in of one product: when, since when it holds, and what it then is.
#[derive(Debug, Clone)]
pub struct ProductFact {
    pub id: String,
    pub since: Instant,
    /// `None` where it was taken out.
    pub product: Option<Object>,
}

/// The event with `product` and `current_product` wherever a product is named.
pub(crate) fn joined(facts: &[ProductFact], event: &Event, now: Instant) -> Event {
    let mut event = event.clone();
    let ts = event.ts;
    let mut properties = Object::new();
    for (name, value) in event.properties.iter() {
        let value = match value {
            Value::List(items) => {
                Value::List(items.iter().map(|item| joined_item(facts, item, ts, now)).collect())
            }
            other => other.clone(),
        };
        properties.set(name, value);
    }
    event.properties = with_products(facts, &properties, ts, now);
    event
}

fn joined_item(facts: &[ProductFact], item: &Value, ts: Instant, now: Instant) -> Value {
    match item {
        Value::Object(line) => Value::Object(with_products(facts, line, ts, now)),
        other => other.clone(),
    }
}

fn with_products(facts: &[ProductFact], object: &Object, ts: Instant, now: Instant) -> Object {
    let mut with = object.clone();
    for (name, at) in [("product", ts), ("current_product", now)] {
        if object.get(name).is_none()
            && let Some(product) = meant(facts, object, at)
        {
            with.set(name, Value::Object(product));
        }
    }
    with
}

fn name_of(object: &Object, property: &str) -> Option<String> {
    let name = shown(object.get(property)?)?.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// What was last said of a product as of an instant.
fn in_force<'a>(facts: &'a [ProductFact], id: &str, at: Instant) -> Option<&'a Object> {
    let said = facts.iter().filter(|fact| fact.id == id && fact.since <= at);
    // Of facts with one time, the one that came in last.
    said.max_by_key(|fact| fact.since)?.product.as_ref()
}

fn variants(product: &Object) -> Vec<&Object> {
    match product.get("variants") {
        Some(Value::List(variants)) => variants.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    }
}

fn meant(facts: &[ProductFact], object: &Object, at: Instant) -> Option<Object> {
    let (variant_id, sku) = (name_of(object, "variant_id"), name_of(object, "sku"));
    if let Some(id) = name_of(object, "product_id")
        && let Some(product) = in_force(facts, &id, at)
    {
        let (property, name) = if variant_id.is_some() { ("id", variant_id) } else { ("sku", sku) };
        let variant = variants(product)
            .into_iter()
            .find(|variant| name.is_some() && name_of(variant, property) == name);
        return Some(described(product, &id, variant));
    }
    let mut ids: Vec<&str> = facts.iter().map(|fact| fact.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    for (property, name) in [("id", &variant_id), ("sku", &sku)] {
        let Some(name) = name else { continue };
        for id in &ids {
            let Some(product) = in_force(facts, id, at) else { continue };
            let is_named = |object: &&Object| name_of(object, property).as_ref() == Some(name);
            let variant = variants(product).into_iter().find(is_named);
            if variant.is_some() || (property == "sku" && is_named(&product)) {
                return Some(described(product, id, variant));
            }
        }
    }
    None
}

fn described(product: &Object, id: &str, variant: Option<&Object>) -> Object {
    let mut described = product.clone();
    described.remove("variants");
    if let Some(variant) = variant {
        for (name, value) in variant.iter() {
            described.set(if name == "id" { "variant_id" } else { name }, value.clone());
        }
    }
    described.set("id", Value::text(id));
    if described.get("collection").is_none()
        && let Some(collections) = described.get("collections").cloned()
    {
        described.set("collection", collections);
    }
    if described.get("stock").is_none() {
        let stocks: Vec<i128> =
            variants(product).iter().filter_map(|variant| number_of(variant.get("stock")?)).collect();
        if !stocks.is_empty() {
            described.set("stock", Value::Number(Decimal::from_billionths(stocks.iter().sum())));
        }
    }
    if described.get("in_stock").is_none()
        && let Some(stock) = described.get("stock").and_then(number_of)
    {
        described.set("in_stock", Value::Bool(stock > 0));
    }
    described
}
