//! What happens in a case, in order.

use serde_json::{Map, Value as Json};

use segops_model::{Instant, Value, date_of};

use super::case::Case;

/// An item of the tracking API.
pub(super) type Item = Map<String, Json>;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    Arrives(Item),
    /// The split of this number is asked for, and waited for.
    Split(usize),
    /// The bar of the split of this number is lifted.
    Lifted(usize),
    Deleted(String),
    /// The catalogue says something new of a product.
    Product(Item),
}

/// Everything that happens and when: at one instant products first, then events, then splits, liftings and deletions, each in
/// the order of the case.
pub(super) fn happenings(case: &Case) -> Result<Vec<(Instant, Happening)>, String> {
    let mut all: Vec<(Instant, Happening)> = products(case)?;
    all.extend(arrivals(case)?.into_iter().map(|(at, item)| (at, Happening::Arrives(item))));
    let splits = case.splits.iter().enumerate();
    all.extend(splits.clone().map(|(number, split)| (split.at, Happening::Split(number))));
    all.extend(splits.filter_map(|(number, split)| Some((split.lifted_at?, Happening::Lifted(number)))));
    let deletions = case.deletions.iter();
    all.extend(deletions.map(|deletion| (deletion.at, Happening::Deleted(deletion.profile.clone()))));
    all.sort_by_key(|(at, _)| *at);
    Ok(all)
}

/// When each product comes in: at its `arrives_at`, or else its `updated_at`.
fn products(case: &Case) -> Result<Vec<(Instant, Happening)>, String> {
    let mut products = Vec::new();
    for (number, product) in (1..).zip(&case.products) {
        let mut product = product.clone();
        let given = product.remove("arrives_at").or_else(|| product.get("updated_at").cloned());
        let value: Value =
            serde_json::from_value(given.unwrap_or_default()).map_err(|error| error.to_string())?;
        let at = date_of(&value, &jiff::tz::TimeZone::UTC).ok_or_else(|| {
            format!("product {number} does not say since when; give it an `updated_at` or `arrives_at`")
        })?;
        products.push((at, Happening::Product(product)));
    }
    Ok(products)
}

/// When each event comes in: at its `arrives_at` or `receivedAt`, else at its own time, and never before the
/// one before it.
fn arrivals(case: &Case) -> Result<Vec<(Instant, Item)>, String> {
    let mut newest: Option<Instant> = None;
    let mut arrivals = Vec::new();
    for (number, item) in (1..).zip(&case.events) {
        let mut item = item.clone();
        let given = item.remove("arrives_at").or_else(|| item.get("receivedAt").cloned());
        let stated = given.or_else(|| item.get("timestamp").cloned());
        let at = match stated {
            None => newest,
            Some(stated) => {
                let value: Value = serde_json::from_value(stated).map_err(|error| error.to_string())?;
                let at = date_of(&value, &jiff::tz::TimeZone::UTC);
                let at = at.ok_or_else(|| format!("event {number} has a time that cannot be read"))?;
                Some(newest.map_or(at, |newest| newest.max(at)))
            }
        };
        let at = at.ok_or_else(|| {
            format!("event {number} does not say when it happens; give it a `timestamp` or `arrives_at`")
        })?;
        newest = Some(at);
        arrivals.push((at, item));
    }
    Ok(arrivals)
}
