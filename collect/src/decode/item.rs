use std::fmt;

use compact_str::CompactString;
use segops_model::{EventKind, Limits, Value};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::json::WireText;
use crate::{Reason, RejectionCode as Code};

/// The fields of a Segment-shaped event that mean something here; of two with one name the later holds.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) item_type: ItemType,
    pub(crate) event: WireText,
    pub(crate) name: WireText,
    pub(crate) category: WireText,
    pub(crate) user_id: WireText,
    pub(crate) anonymous_id: WireText,
    pub(crate) previous_id: WireText,
    pub(crate) group_id: WireText,
    pub(crate) message_id: WireText,
    pub(crate) write_key: WireText,
    pub(crate) timestamp: Value,
    pub(crate) original_timestamp: Value,
    pub(crate) sent_at: Value,
    pub(crate) received_at: Value,
    pub(crate) properties: Value,
    pub(crate) traits: Value,
    pub(crate) context: Value,
    pub(crate) merge_properties: Value,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) enum ItemType {
    #[default]
    Absent,
    Known(EventKind),
    /// RudderStack's merge: an alias that names both identifiers with their kinds.
    Merge,
    Unknown(CompactString),
}

impl Item {
    pub(crate) fn read(raw: &[u8], limits: &Limits) -> Result<Self, Reason> {
        if raw.len() > limits.event_bytes_max {
            return Err(Reason::new(
                Code::EventTooLarge,
                format!(
                    "the event has {} bytes, and at most {} are taken; send less in its properties",
                    raw.len(),
                    limits.event_bytes_max
                ),
            ));
        }
        if !is_object(raw) {
            return Err(not_an_object(raw));
        }
        match serde_json::from_slice(raw) {
            Ok(item) => Ok(item),
            Err(error) => match with_surrogates_replaced(raw) {
                Some(repaired) => serde_json::from_slice(&repaired).map_err(|_| invalid_json(&error)),
                None => Err(invalid_json(&error)),
            },
        }
    }
}

fn invalid_json(error: &serde_json::Error) -> Reason {
    Reason::new(
        Code::InvalidJson,
        format!("the event is no JSON that can be read ({error}); send it as one JSON object in UTF-8"),
    )
}

fn not_an_object(raw: &[u8]) -> Reason {
    match serde_json::from_slice::<IgnoredAny>(raw) {
        Ok(_) => Reason::new(
            Code::NotAnObject,
            "the event is no JSON object; send it as {\"type\": \"track\", \"event\": …}",
        ),
        Err(error) => invalid_json(&error),
    }
}

fn is_object(raw: &[u8]) -> bool {
    raw.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Half of a surrogate pair, as JavaScript leaves it where it cuts a text within an emoji, is no Unicode;
/// the text is kept with a replacement sign in its place. `None` where there is no such escape.
fn with_surrogates_replaced(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut replaced = false;
    let mut rest = raw;
    while let Some((first, tail)) = rest.split_first() {
        if *first != b'\\' {
            out.push(*first);
            rest = tail;
            continue;
        }
        match unicode_escape(rest) {
            Some(0xD800..=0xDBFF)
                if matches!(rest.get(6..).and_then(unicode_escape), Some(0xDC00..=0xDFFF)) =>
            {
                out.extend_from_slice(rest.get(..12)?);
                rest = rest.get(12..)?;
            }
            Some(0xD800..=0xDFFF) => {
                out.extend_from_slice(b"\\ufffd");
                replaced = true;
                rest = rest.get(6..)?;
            }
            // An escaped character is copied with its backslash, so that `\\u` does not start an escape.
            _ => {
                let pair = rest.get(..2).unwrap_or(rest);
                out.extend_from_slice(pair);
                rest = rest.get(2..).unwrap_or_default();
            }
        }
    }
    replaced.then_some(out)
}

fn unicode_escape(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Field {
    Type,
    Event,
    Name,
    Category,
    UserId,
    AnonymousId,
    PreviousId,
    GroupId,
    MessageId,
    WriteKey,
    Timestamp,
    OriginalTimestamp,
    SentAt,
    ReceivedAt,
    Properties,
    Traits,
    Context,
    MergeProperties,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Item;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                let mut item = Item::default();
                while let Some(field) = map.next_key::<Field>()? {
                    match field {
                        Field::Type => item.item_type = type_of(map.next_value()?),
                        Field::Event => item.event = map.next_value()?,
                        Field::Name => item.name = map.next_value()?,
                        Field::Category => item.category = map.next_value()?,
                        Field::UserId => item.user_id = map.next_value()?,
                        Field::AnonymousId => item.anonymous_id = map.next_value()?,
                        Field::PreviousId => item.previous_id = map.next_value()?,
                        Field::GroupId => item.group_id = map.next_value()?,
                        Field::MessageId => item.message_id = map.next_value()?,
                        Field::WriteKey => item.write_key = map.next_value()?,
                        Field::Timestamp => item.timestamp = map.next_value()?,
                        Field::OriginalTimestamp => item.original_timestamp = map.next_value()?,
                        Field::SentAt => item.sent_at = map.next_value()?,
                        Field::ReceivedAt => item.received_at = map.next_value()?,
                        Field::Properties => item.properties = map.next_value()?,
                        Field::Traits => item.traits = map.next_value()?,
                        Field::Context => item.context = map.next_value()?,
                        Field::MergeProperties => item.merge_properties = map.next_value()?,
                        Field::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(item)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

fn type_of(text: WireText) -> ItemType {
    let name = match text {
        WireText::Absent => return ItemType::Absent,
        WireText::Wrong(what) => return ItemType::Unknown(what.into()),
        WireText::Text(name) => name,
    };
    match name.as_str() {
        "track" => ItemType::Known(EventKind::Track),
        "identify" => ItemType::Known(EventKind::Identify),
        "page" => ItemType::Known(EventKind::Page),
        "screen" => ItemType::Known(EventKind::Screen),
        "group" => ItemType::Known(EventKind::Group),
        "alias" => ItemType::Known(EventKind::Alias),
        "merge" => ItemType::Merge,
        _ => ItemType::Unknown(name),
    }
}
