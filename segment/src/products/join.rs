//! Events with the products that they name.

use segops_model::{Event, Instant, Object, Path, Value};
use segops_rules::{EventFilter, Predicate, Resolved};

use super::{ProductKey, Products, named, variants_of};
use crate::Capture;

/// The product as it was when the event happened.
const AT_EVENT: &str = "product";
/// The product as it is now.
const NOW: &str = "current_product";

impl Products {
    /// The event with what is known of the products that it names, `current_product` as of an instant; `None`
    /// where nothing is. An event's own property of such a name stays what it is.
    #[must_use]
    pub fn joined(&self, event: &Event, now: Instant) -> Option<Event> {
        if self.is_empty() || !event.kind.is_counted() {
            return None;
        }
        let mut joined: Option<Event> = None;
        let mut set = |name: &str, value: Value| {
            joined.get_or_insert_with(|| event.clone()).properties.set(name, value);
        };
        for (name, value) in event.properties.iter() {
            let Value::List(items) = value else { continue };
            let lines: Vec<Option<Object>> =
                items.iter().map(|item| self.joined_line(item.as_object()?, event.ts, now)).collect();
            if lines.iter().any(Option::is_some) {
                let with = lines.into_iter().zip(items);
                let items =
                    with.map(|(line, item)| line.map_or_else(|| item.clone(), Value::Object)).collect();
                set(name, Value::List(items));
            }
        }
        for (name, product) in self.beside(&event.properties, event.ts, now) {
            set(name, Value::Object(product));
        }
        joined
    }

    fn joined_line(&self, line: &Object, ts: Instant, now: Instant) -> Option<Object> {
        let beside = self.beside(line, ts, now);
        if beside.is_empty() {
            return None;
        }
        let mut line = line.clone();
        for (name, product) in beside {
            line.set(name, Value::Object(product));
        }
        Some(line)
    }

    /// What stands beside the properties of an object that names a product.
    fn beside(&self, object: &Object, ts: Instant, now: Instant) -> Vec<(&'static str, Object)> {
        let both = [(AT_EVENT, ts), (NOW, now)].into_iter();
        let missing = both.filter(|(name, _)| object.get(name).is_none());
        missing.filter_map(|(name, at)| Some((name, self.meant(object, at)?))).collect()
    }

    /// The product and variant that an object means at an instant: by `product_id`, else by `variant_id`, else
    /// by `sku`; of several products with one name the first by id.
    fn meant(&self, object: &Object, at: Instant) -> Option<Object> {
        let variant_id = named(object, "variant_id");
        let sku = named(object, "sku");
        let of_variant = |variant: &&Object| match (&variant_id, &sku) {
            (Some(id), _) => named(variant, "id").as_ref() == Some(id),
            (None, Some(sku)) => named(variant, "sku").as_ref() == Some(sku),
            (None, None) => false,
        };
        let by_id = named(object, "product_id").and_then(|id| Some((self.in_force(&id, at)?, id)));
        if let Some((product, id)) = by_id {
            return Some(shown(product, &id, variants_of(product).find(of_variant)));
        }
        let keys = [variant_id.clone().map(ProductKey::Variant), sku.clone().map(ProductKey::Sku)];
        for key in keys.iter().flatten() {
            for id in self.holders(key) {
                let Some(product) = self.in_force(id, at) else { continue };
                let has_key = |variant: &&Object| match key {
                    ProductKey::Variant(name) => named(variant, "id").as_ref() == Some(name),
                    ProductKey::Sku(name) => named(variant, "sku").as_ref() == Some(name),
                    ProductKey::Product(_) => false,
                };
                let variant = variants_of(product).find(has_key);
                let is_own_sku =
                    matches!(key, ProductKey::Sku(name) if named(product, "sku").as_ref() == Some(name));
                if variant.is_some() || is_own_sku {
                    return Some(shown(product, id, variant));
                }
            }
        }
        None
    }
}

/// A product with a variant's own properties in the place of its own. Beside what was sent it has its `id`,
/// `collection` where it has `collections`, `stock` as the sum of its variants', and `in_stock`.
pub(super) fn shown(product: &Object, id: &str, variant: Option<&Object>) -> Object {
    let mut shown: Object = product
        .iter()
        .filter(|(name, _)| *name != "variants")
        .map(|(name, value)| (name, value.clone()))
        .collect();
    for (name, value) in variant.into_iter().flat_map(Object::iter) {
        shown.set(if name == "id" { "variant_id" } else { name }, value.clone());
    }
    shown.set("id", Value::text(id));
    if shown.get("collection").is_none()
        && let Some(collections) = shown.get("collections").cloned()
    {
        shown.set("collection", collections);
    }
    if shown.get("stock").is_none() {
        let stocks = variants_of(product).filter_map(|variant| variant.get("stock")?.as_number());
        let sum = stocks.reduce(|sum, stock| sum.checked_add(stock).unwrap_or(sum));
        if let Some(sum) = sum {
            shown.set("stock", Value::Number(sum));
        }
    }
    let stock = shown.get("stock").and_then(Value::as_number);
    if shown.get("in_stock").is_none()
        && let Some(stock) = stock
    {
        shown.set("in_stock", Value::Bool(stock > segops_model::Decimal::ZERO));
    }
    shown
}

/// Every name under which an event may mean a product, by itself or in a line item.
pub(super) fn keys_of_event(event: &Event) -> Vec<ProductKey> {
    let mut keys = keys_of_object(&event.properties);
    for (_, value) in event.properties.iter() {
        for item in value.as_list().unwrap_or_default().iter().filter_map(Value::as_object) {
            keys.extend(keys_of_object(item));
        }
    }
    keys
}

fn keys_of_object(object: &Object) -> Vec<ProductKey> {
    let mut keys = Vec::new();
    keys.extend(named(object, "product_id").map(ProductKey::Product));
    keys.extend(named(object, "variant_id").map(ProductKey::Variant));
    keys.extend(named(object, "sku").map(ProductKey::Sku));
    keys
}

impl ProductKey {
    /// Every name under which an event may mean a product.
    #[must_use]
    pub fn of_event(event: &Event) -> Vec<Self> {
        keys_of_event(event)
    }
}

/// Whether what a signal matches or captures can depend on the catalogue.
pub(crate) fn reads_products(filter: &EventFilter<Resolved>, capture: Option<&Capture>) -> bool {
    let captured = capture.is_some_and(|capture| match capture.property.split_list() {
        Some((_, Some(rest))) => is_joined(&rest),
        _ => is_joined(&capture.property),
    });
    captured || filter.predicate.as_ref().is_some_and(predicate_reads)
}

fn predicate_reads(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) | Predicate::None(parts) => {
            parts.iter().any(predicate_reads)
        }
        Predicate::Not(part) => predicate_reads(part),
        Predicate::Property(test) => is_joined(&test.property),
        Predicate::Item(item) => predicate_reads(&item.predicate),
    }
}

fn is_joined(path: &Path) -> bool {
    [AT_EVENT, NOW].contains(&path.root())
}
