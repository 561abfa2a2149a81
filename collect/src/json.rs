//! JSON read leniently: what SDKs send in a field of one type when they mean another.

use std::borrow::Cow;
use std::fmt;

use compact_str::{CompactString, format_compact};
use segops_model::{Object, Value};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A field that should be text, such as an id or a name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum WireText {
    /// Left out, null, false, or blank: SDKs send all of these for "none".
    #[default]
    Absent,
    Text(CompactString),
    /// Something that has no text; says what it is.
    Wrong(&'static str),
}

impl<'de> Deserialize<'de> for WireText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

/// Whole numbers from here on may stand for several ids once a JavaScript client has rounded them.
const EXACT_IN_DOUBLE: f64 = 9_007_199_254_740_992.0;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = WireText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }
    fn visit_unit<E>(self) -> Result<WireText, E> {
        Ok(WireText::Absent)
    }
    fn visit_bool<E>(self, bool: bool) -> Result<WireText, E> {
        Ok(if bool { WireText::Wrong("true") } else { WireText::Absent })
    }
    fn visit_i64<E>(self, whole: i64) -> Result<WireText, E> {
        Ok(WireText::Text(format_compact!("{whole}")))
    }
    fn visit_u64<E>(self, whole: u64) -> Result<WireText, E> {
        Ok(WireText::Text(format_compact!("{whole}")))
    }
    fn visit_f64<E>(self, number: f64) -> Result<WireText, E> {
        if number.abs() >= EXACT_IN_DOUBLE {
            return Ok(WireText::Wrong("a number too large to be exact"));
        }
        Ok(WireText::Text(format_compact!("{number}")))
    }
    fn visit_str<E>(self, text: &str) -> Result<WireText, E> {
        Ok(if text.trim().is_empty() { WireText::Absent } else { WireText::Text(text.into()) })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<WireText, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(WireText::Wrong("a list"))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireText, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(WireText::Wrong("an object"))
    }
}

/// The object that a field holds. Nothing, null and the empty list (PHP's empty array) are the empty
/// object; `None` for what is no object.
pub(crate) fn object_of(value: Value) -> Option<Object> {
    match value {
        Value::Object(object) => Some(object),
        Value::Null => Some(Object::new()),
        Value::List(list) if list.is_empty() => Some(Object::new()),
        _ => None,
    }
}

/// The members of a JSON object with their values unread, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct RawMembers<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawMembers<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawMembers<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    members.push((key.0, value));
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl RawMembers<'_> {
    /// Writes the members as a JSON object.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (key, value)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_key(key, out);
            out.extend_from_slice(value.get().as_bytes());
        }
        out.push(b'}');
    }
}

/// Writes `"key":`, escaped.
pub(crate) fn write_key(key: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(serde_json::Value::from(key).to_string().as_bytes());
    out.push(b':');
}

/// A member's name, borrowed where it holds no escape.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
