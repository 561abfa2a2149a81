//! The product catalogue over the engine's door: changed by journalled commands, shown with its history.

use segops_model::{Instant, Limits, Object, Value, date_of};
use segops_segment::ProductChange;

use crate::command::Change;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::view;

/// Versions of one product that are shown.
const VERSIONS_SHOWN_MAX: usize = 100;

impl Engine {
    /// Puts products in the place of what was known of them, and takes out others; all at one position.
    ///
    /// # Errors
    /// There are too many products, or the engine is stopping.
    pub fn change_products(&self, author: &str, products: Vec<ProductChange>) -> Result<(), EngineError> {
        self.change(author, Change::ChangeProducts { products }).map(drop)
    }

    /// Products in the order of their ids, after one; those that were taken out are left out.
    #[must_use]
    pub fn products(&self, after: Option<&str>, limit: usize) -> Vec<view::Product> {
        let fold = self.core().fold.read();
        let products = &fold.state.products;
        let shown = products.ids_after(after).filter_map(|id| {
            let newest = products.versions(id).last()?;
            let product = newest.product.clone()?;
            Some(view::Product { id: id.to_owned(), updated_at: newest.since, product: json_of(product) })
        });
        shown.take(limit).collect()
    }

    /// One product with its newest versions, the newest first.
    ///
    /// # Errors
    /// There never was such a product.
    pub fn product(&self, id: &str) -> Result<view::ProductHistory, EngineError> {
        let fold = self.core().fold.read();
        let versions = fold.state.products.versions(id);
        if versions.is_empty() {
            let message = format!("there is no product `{id}`; list them to see which there are");
            return Err(EngineError::NotFound(message));
        }
        let shown = versions.iter().rev().take(VERSIONS_SHOWN_MAX);
        let shown = shown.map(|version| view::ProductVersion {
            since: version.since,
            position: version.position,
            product: version.product.clone().map(json_of),
        });
        Ok(view::ProductHistory {
            id: id.to_owned(),
            versions_kept: versions.len() as u64,
            versions: shown.collect(),
        })
    }
}

fn json_of(product: Object) -> serde_json::Value {
    serde_json::to_value(Value::Object(product)).unwrap_or_default()
}

/// A product as clients send it: an object with its `id`, `updated_at` and `deleted` where there is something to
/// say of them, and all else that is known of it.
///
/// # Errors
/// What is wrong with it, and what is expected, as text.
pub fn product_change(sent: serde_json::Value, limits: &Limits) -> Result<ProductChange, String> {
    let bytes = sent.to_string().len();
    if bytes > limits.product_bytes_max {
        return Err(format!("it has {bytes} bytes; the limit is {}", limits.product_bytes_max));
    }
    let Ok(Value::Object(mut product)) = serde_json::from_value(sent) else {
        return Err("it is not an object; send `{\"id\": \"p1\", \"price\": 20}`".to_owned());
    };
    let id = product.remove("id").and_then(|id| id.scalar_text()).unwrap_or_default();
    let id = id.trim();
    if id.is_empty() || id.len() > limits.identifier_bytes_max {
        let most = limits.identifier_bytes_max;
        return Err(format!(
            "its `id` is missing, blank or longer than {most} bytes; give each product an id"
        ));
    }
    let updated_at = match product.remove("updated_at").filter(|at| *at != Value::Null) {
        None => None,
        Some(at) => Some(instant_of(&at)?),
    };
    let is_deleted = match product.remove("deleted") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return Err("its `deleted` is neither true nor false".to_owned()),
    };
    let variants = product.get("variants").unwrap_or(&Value::Null);
    let are_objects = |list: &[Value]| list.iter().all(|variant| variant.as_object().is_some());
    if *variants != Value::Null && !variants.as_list().is_some_and(are_objects) {
        return Err(
            "its `variants` are not a list of objects; send `[{\"id\": \"v1\", \"price\": 20}]`".to_owned()
        );
    }
    Ok(ProductChange { id: id.into(), updated_at, product: (!is_deleted).then_some(product) })
}

fn instant_of(at: &Value) -> Result<Instant, String> {
    date_of(at, &jiff::tz::TimeZone::UTC)
        .ok_or_else(|| "its `updated_at` is no date; send it as 2026-03-01T12:00:00Z".to_owned())
}
