//! What events, properties and values exist: what "did you mean" and value suggestions are made from.
//! Every table is bounded; past a bound new names are counted as `left_out`, and known ones go on.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Event, Instant, Limits, Object, Value};

/// Texts longer than this are not kept as values: they are descriptions, not categories.
const VALUE_BYTES_MAX: usize = 64;
/// Objects within objects are followed this far.
const DEPTH_MAX: usize = 3;
/// Elements of one list that are looked at.
const LIST_ITEMS_MAX: usize = 20;
/// Traits whose values are personal: counted, never listed.
const PERSONAL: [&str; 12] = [
    "email",
    "phone",
    "firstName",
    "lastName",
    "first_name",
    "last_name",
    "name",
    "birthday",
    "address",
    "username",
    "id",
    "ip",
];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Catalogue {
    pub events: BTreeMap<CompactString, EventEntry>,
    pub traits: Properties,
    /// Event names beyond the limit.
    pub left_out: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventEntry {
    pub count: u64,
    pub first_seen: Instant,
    pub last_seen: Instant,
    pub properties: Properties,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Properties {
    pub by_path: BTreeMap<CompactString, PropertyEntry>,
    pub left_out: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PropertyEntry {
    pub count: u64,
    pub texts: u64,
    pub numbers: u64,
    pub booleans: u64,
    pub lists: u64,
    pub objects: u64,
    pub values: BTreeMap<CompactString, u64>,
    /// Set once a value found no room: the list is then not complete.
    pub more_values: bool,
}

impl Catalogue {
    /// Counts one event, its properties and the traits that it sets.
    pub fn observe(&mut self, event: &Event, limits: &Limits) {
        if event.kind.is_counted() {
            let room = self.events.len() < limits.catalogue_events_max;
            match self.events.get_mut(&event.name) {
                Some(entry) => entry.observe(event, limits),
                None if room => {
                    let mut entry = EventEntry {
                        count: 0,
                        first_seen: event.ts,
                        last_seen: event.ts,
                        properties: Properties::default(),
                    };
                    entry.observe(event, limits);
                    self.events.insert(event.name.clone(), entry);
                }
                None => self.left_out += 1,
            }
        }
        if !event.traits.is_empty() {
            self.traits.observe_object(&event.traits, &mut String::new(), 0, limits);
        }
    }
}

impl EventEntry {
    fn observe(&mut self, event: &Event, limits: &Limits) {
        self.count += 1;
        self.first_seen = self.first_seen.min(event.ts);
        self.last_seen = self.last_seen.max(event.ts);
        self.properties.observe_object(&event.properties, &mut String::new(), 0, limits);
    }
}

impl Properties {
    fn observe_object(&mut self, object: &Object, prefix: &mut String, depth: usize, limits: &Limits) {
        for (name, value) in object.iter() {
            let length = prefix.len();
            if length == 0 {
                self.observe_value(name, value, limits);
            }
            if matches!(value, Value::Object(_) | Value::List(_)) && depth < DEPTH_MAX {
                if length > 0 {
                    prefix.push('.');
                }
                prefix.push_str(name);
                self.observe_inside(value, prefix, depth, limits);
                prefix.truncate(length);
            }
            if length > 0 {
                let _ = write!(prefix, ".{name}");
                self.observe_value(prefix, value, limits);
                prefix.truncate(length);
            }
        }
    }

    fn observe_inside(&mut self, value: &Value, path: &mut String, depth: usize, limits: &Limits) {
        match value {
            Value::Object(object) => self.observe_object(object, path, depth + 1, limits),
            Value::List(list) => {
                let length = path.len();
                path.push_str("[]");
                for item in list.iter().take(LIST_ITEMS_MAX) {
                    if let Value::Object(object) = item {
                        self.observe_object(object, path, depth + 1, limits);
                    }
                }
                path.truncate(length);
            }
            _ => {}
        }
    }

    fn observe_value(&mut self, path: &str, value: &Value, limits: &Limits) {
        if !self.by_path.contains_key(path) {
            if self.by_path.len() >= limits.catalogue_properties_max {
                self.left_out += 1;
                return;
            }
            self.by_path.insert(path.into(), PropertyEntry::default());
        }
        let Some(entry) = self.by_path.get_mut(path) else { return };
        entry.count += 1;
        match value {
            Value::Text(_) => entry.texts += 1,
            Value::Number(_) => entry.numbers += 1,
            Value::Bool(_) => entry.booleans += 1,
            Value::List(_) => entry.lists += 1,
            Value::Object(_) => entry.objects += 1,
            Value::Null => {}
        }
        if !PERSONAL.contains(&path) {
            entry.observe_scalar(value, limits);
        }
    }
}

impl PropertyEntry {
    fn observe_scalar(&mut self, value: &Value, limits: &Limits) {
        let Some(text) = value.scalar_text().filter(|text| !text.is_empty() && text.len() <= VALUE_BYTES_MAX)
        else {
            return;
        };
        if let Some(count) = self.values.get_mut(&text) {
            *count += 1;
        } else if self.values.len() < limits.catalogue_values_max {
            self.values.insert(text, 1);
        } else {
            self.more_values = true;
        }
    }
}
