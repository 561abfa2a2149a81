use std::collections::HashMap;

use compact_str::CompactString;

use crate::Decimal;

/// A property's or trait's value, as JSON has them, numbers as exact decimals.
///
/// A JSON number beyond 10^20 is kept as text: it takes no part in arithmetic, and is not lost.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Decimal),
    Text(CompactString),
    List(Vec<Value>),
    Object(Object),
}

/// The members of a JSON object in the order they came; of two with one name the later holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object(Vec<(CompactString, Value)>);

impl Value {
    #[must_use]
    pub fn text(text: impl Into<CompactString>) -> Self {
        Self::Text(text.into())
    }

    /// The one coercion to a number: a number, or text that reads as one.
    #[must_use]
    pub fn as_number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => Decimal::parse(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// What `exists` asks: false for unset, for empty or blank text, for an empty list.
    #[must_use]
    pub fn is_present(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Text(text) => !text.trim().is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Bool(_) | Self::Number(_) | Self::Object(_) => true,
        }
    }

    /// A scalar as the text a person would type for it; `None` for lists, objects and null.
    #[must_use]
    pub fn scalar_text(&self) -> Option<CompactString> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(compact_str::format_compact!("{number}")),
            Self::Bool(bool) => Some(compact_str::format_compact!("{bool}")),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }
}

impl Object {
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sets a member, in the place of an earlier one of the same name.
    pub fn set(&mut self, name: impl Into<CompactString>, value: Value) {
        let name = name.into();
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Up to this many members, comparing each name with all before it is the fastest way.
const LINEAR_MAX: usize = 32;

fn all_differ(members: &[(CompactString, Value)]) -> bool {
    members
        .iter()
        .enumerate()
        .all(|(at, (key, _))| members.iter().take(at).all(|(earlier, _)| earlier != key))
}

/// Each name once, in linear time: a client chooses how many there are.
fn distinct(members: Vec<(CompactString, Value)>) -> Vec<(CompactString, Value)> {
    let mut places: HashMap<CompactString, usize> = HashMap::with_capacity(members.len());
    let mut kept: Vec<(CompactString, Value)> = Vec::with_capacity(members.len());
    for (key, value) in members {
        match places.get(&key).and_then(|at| kept.get_mut(*at)) {
            Some((_, old)) => *old = value,
            None => {
                places.insert(key.clone(), kept.len());
                kept.push((key, value));
            }
        }
    }
    kept
}

impl<K: Into<CompactString>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        let members: Vec<(CompactString, Value)> =
            members.into_iter().map(|(key, value)| (key.into(), value)).collect();
        if members.len() <= LINEAR_MAX && all_differ(&members) {
            return Self(members);
        }
        Self(distinct(members))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(whole: i64) -> Self {
        Self::Number(Decimal::from_i64(whole))
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}
