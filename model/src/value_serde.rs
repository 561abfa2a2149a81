//! `Value` as JSON (numbers as numbers, objects as objects) and as tagged variants in binary encodings,
//! which cannot tell a type by looking.

use std::fmt;

use compact_str::CompactString;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Decimal, Object, Value};

#[derive(Serialize)]
enum TaggedRef<'a> {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(&'a str),
    List(&'a [Value]),
    Object(Vec<(&'a str, &'a Value)>),
}

#[derive(Deserialize)]
enum Tagged {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(CompactString),
    List(Vec<Value>),
    Object(Vec<(CompactString, Value)>),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return match self {
                Self::Null => TaggedRef::Null,
                Self::Bool(bool) => TaggedRef::Bool(*bool),
                Self::Number(number) => TaggedRef::Number(*number),
                Self::Text(text) => TaggedRef::Text(text),
                Self::List(list) => TaggedRef::List(list),
                Self::Object(object) => TaggedRef::Object(object.iter().collect()),
            }
            .serialize(serializer);
        }
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.len()))?;
                for item in list {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(AnyValue);
        }
        Ok(match Tagged::deserialize(deserializer)? {
            Tagged::Null => Self::Null,
            Tagged::Bool(bool) => Self::Bool(bool),
            Tagged::Number(number) => Self::Number(number),
            Tagged::Text(text) => Self::Text(text),
            Tagged::List(list) => Self::List(list),
            Tagged::Object(members) => Self::Object(members.into_iter().collect()),
        })
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object, A::Error> {
                read_members(map)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn read_members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Object, A::Error> {
    let mut members = Vec::new();
    while let Some(member) = map.next_entry::<CompactString, Value>()? {
        members.push(member);
    }
    Ok(members.into_iter().collect())
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }
    fn visit_bool<E>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Bool(bool))
    }
    fn visit_i64<E>(self, whole: i64) -> Result<Value, E> {
        Ok(Value::Number(Decimal::from_i64(whole)))
    }
    fn visit_u64<E>(self, whole: u64) -> Result<Value, E> {
        Ok(Value::Number(Decimal::from_u64(whole)))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Decimal::from_f64(number)
            .map_or_else(|| Value::Text(compact_str::format_compact!("{number}")), Value::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        read_members(map).map(Value::Object)
    }
}
