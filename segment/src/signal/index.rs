//! Which filters an event could match, found without trying each: by the values that a filter insists on.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use segops_model::{Event, Path, SignalId, Value};
use segops_rules::{Predicate, PropertyTest, Test};

use crate::value_test::value_keys;

/// The filters that name one event, or those that name none. It finds every filter that matches, and some
/// that do not: the caller matches in full.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    /// Every signal, in the order of ids.
    ids: Vec<SignalId>,
    /// Signals whose filter holds only if the value at a path has one of certain keys.
    by_value: BTreeMap<Path, FxHashMap<u64, Vec<SignalId>>>,
    /// Signals that must be tried.
    scan: Vec<SignalId>,
}

impl Bucket {
    pub(super) fn ids(&self) -> &[SignalId] {
        &self.ids
    }

    pub(super) fn add(&mut self, id: SignalId, predicate: Option<&Predicate>) {
        self.ids.push(id);
        match predicate.and_then(required_values) {
            None => self.scan.push(id),
            Some((path, keys)) => {
                let by_key = self.by_value.entry(path.clone()).or_default();
                for key in keys {
                    by_key.entry(key).or_default().push(id);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, id: SignalId) {
        self.ids.retain(|other| *other != id);
        self.scan.retain(|other| *other != id);
        self.by_value.retain(|_, by_key| {
            by_key.retain(|_, ids| {
                ids.retain(|other| *other != id);
                !ids.is_empty()
            });
            !by_key.is_empty()
        });
    }

    /// Adds the signals that could match, in any order and perhaps more than once.
    pub(super) fn candidates(&self, event: &Event, out: &mut Vec<SignalId>) {
        out.extend_from_slice(&self.scan);
        for (path, by_key) in &self.by_value {
            let Some(value) = path.in_event(event) else { continue };
            for ids in value_keys(value).flatten().filter_map(|key| by_key.get(&key)) {
                out.extend_from_slice(ids);
            }
        }
    }
}

/// A path, and the keys of which its value must have one for the predicate to hold at all.
fn required_values(predicate: &Predicate) -> Option<(&Path, Vec<u64>)> {
    match predicate {
        Predicate::Property(property) => equality(property),
        Predicate::All(predicates) => predicates.iter().find_map(required_values),
        Predicate::Any(_) | Predicate::None(_) | Predicate::Not(_) | Predicate::Item(_) => None,
    }
}

fn equality(property: &PropertyTest) -> Option<(&Path, Vec<u64>)> {
    let values = match &property.test {
        Test::Is(value) => std::slice::from_ref(value),
        Test::In(values) | Test::ContainsAny(values) => values,
        _ => return None,
    };
    if property.property.split_list().is_some() || values.iter().any(|value| matches!(value, Value::List(_)))
    {
        return None;
    }
    let keys: Option<Vec<u64>> = values.iter().flat_map(value_keys).collect();
    Some((&property.property, keys?))
}
