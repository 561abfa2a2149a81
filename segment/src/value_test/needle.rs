//! Values to find, and the keys by which many of them are found at once.

use std::hash::Hasher;

use compact_str::CompactString;
use rustc_hash::FxHasher;

use segops_model::{Decimal, Object, Value, fold_case, fold_character};

/// One value of a rule, prepared for comparison.
#[derive(Debug, Clone)]
pub(super) enum Needle {
    Number(Decimal),
    Bool(bool),
    Text {
        text: CompactString,
        folded: CompactString,
        number: Option<Decimal>,
        match_case: bool,
    },
    List(Vec<Needle>),
    Object(Vec<(CompactString, Needle)>),
    /// Null: nothing equals what is missing.
    Nothing,
}

impl Needle {
    pub(super) fn new(value: &Value, match_case: bool) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Number(*number),
            Value::Text(text) => Self::Text {
                text: text.clone(),
                folded: fold_case(text).into(),
                number: Decimal::parse(text),
                match_case,
            },
            Value::List(list) => Self::List(list.iter().map(|item| Self::new(item, match_case)).collect()),
            Value::Object(object) => {
                let member = |(name, value): (&str, &Value)| (name.into(), Self::new(value, match_case));
                Self::Object(object.iter().map(member).collect())
            }
        }
    }

    pub(super) fn equals(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Number(needle), value) => value.as_number() == Some(*needle),
            (Self::Bool(needle), Value::Bool(bool)) => needle == bool,
            (Self::Bool(needle), Value::Text(text)) => folds_to(text, name_of(*needle)),
            (Self::Text { number, .. }, Value::Number(value)) => *number == Some(*value),
            (Self::Text { folded, .. }, Value::Bool(bool)) => folded == name_of(*bool),
            (Self::Text { text, match_case: true, .. }, Value::Text(value)) => text == value,
            (Self::Text { folded, .. }, Value::Text(value)) => folds_to(value, folded),
            (Self::List(needles), Value::List(list)) => {
                needles.len() == list.len()
                    && needles.iter().zip(list).all(|(needle, item)| needle.equals(item))
            }
            (Self::Object(needles), Value::Object(object)) => equal_members(needles, object),
            _ => false,
        }
    }
}

const fn name_of(bool: bool) -> &'static str {
    if bool { "true" } else { "false" }
}

fn folds_to(text: &str, folded: &str) -> bool {
    if text.is_ascii() {
        return text.eq_ignore_ascii_case(folded);
    }
    text.chars().map(fold_character).eq(folded.chars())
}

fn equal_members(needles: &[(CompactString, Needle)], object: &Object) -> bool {
    needles.len() == object.len()
        && needles.iter().all(|(name, needle)| object.get(name).is_some_and(|value| needle.equals(value)))
}

/// Several values, found by key instead of one after the other.
#[derive(Debug, Clone)]
pub(super) struct Needles {
    /// Sorted by key. Lists, objects and null have none, and are in `others`.
    keyed: Vec<(u64, Needle)>,
    others: Vec<Needle>,
}

impl Needles {
    pub(super) fn new(values: &[Value], match_case: bool) -> Self {
        let mut keyed = Vec::new();
        let mut others = Vec::new();
        for value in values {
            let needle = Needle::new(value, match_case);
            match scalar_key(value) {
                Some(key) => keyed.push((key, needle)),
                None => others.push(needle),
            }
        }
        keyed.sort_by_key(|(key, _)| *key);
        Self { keyed, others }
    }

    /// Whether the value, or any element of it if it is a list, equals any of these.
    pub(super) fn any_equals(&self, value: &Value) -> bool {
        let one = |value: &Value| {
            self.equal_to(value).next().is_some() || self.others.iter().any(|needle| needle.equals(value))
        };
        one(value) || value.as_list().is_some_and(|list| list.iter().any(one))
    }

    /// Whether each of these equals some element of a list, or the one value.
    pub(super) fn all_equal(&self, value: &Value) -> bool {
        let elements = value.as_list().unwrap_or(std::slice::from_ref(value));
        if !self.others.iter().all(|needle| elements.iter().any(|element| needle.equals(element))) {
            return false;
        }
        if self.keyed.len() == 1 {
            return elements.iter().any(|element| self.equal_to(element).next().is_some());
        }
        let mut found = vec![false; self.keyed.len()];
        for at in elements.iter().flat_map(|element| self.equal_to(element)) {
            if let Some(found) = found.get_mut(at) {
                *found = true;
            }
        }
        found.into_iter().all(|found| found)
    }

    /// The indexes of the scalars equal to a value.
    fn equal_to<'a>(&'a self, value: &'a Value) -> impl Iterator<Item = usize> + 'a {
        let key = if self.keyed.is_empty() { None } else { scalar_key(value) };
        let first = key.map(|key| self.keyed.partition_point(|(other, _)| *other < key));
        let candidates = self.keyed.iter().enumerate().skip(first.unwrap_or(self.keyed.len()));
        candidates
            .take_while(move |(_, (other, _))| Some(*other) == key)
            .filter(|(_, (_, needle))| needle.equals(value))
            .map(|(at, _)| at)
    }
}

/// A number that is the same for any two values that a rule holds to be equal, in whatever case and type
/// they are written: of the number where a value reads as one, else of the folded text. Different values
/// can share it, so what it finds must still be compared.
fn scalar_key(value: &Value) -> Option<u64> {
    let mut hasher = FxHasher::default();
    if let Some(number) = value.as_number() {
        hasher.write_i128(number.billionths());
        return Some(hasher.finish());
    }
    match value {
        Value::Bool(bool) => hash_folded(name_of(*bool), &mut hasher),
        Value::Text(text) => hash_folded(text, &mut hasher),
        Value::Number(_) | Value::Null | Value::List(_) | Value::Object(_) => return None,
    }
    Some(hasher.finish())
}

fn hash_folded(text: &str, hasher: &mut FxHasher) {
    for character in text.chars() {
        hasher.write_u32(u32::from(fold_character(character)));
    }
}

/// The keys of a value, or of each element of a list, for an index over the values that rules ask for;
/// `None` for what has no key.
pub(crate) fn value_keys(value: &Value) -> impl Iterator<Item = Option<u64>> {
    value.as_list().unwrap_or(std::slice::from_ref(value)).iter().map(scalar_key)
}
