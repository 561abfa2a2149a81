//! The one decoder of a raw item: used when the item arrives, and on each replay of the journal.

mod identifiers;
mod item;
mod names;
mod time;

#[cfg(test)]
mod tests;

pub(crate) use item::{Item, ItemType};
pub(crate) use time::instant_of;

use compact_str::CompactString;
use segops_model::{Channel, Envelope, Event, EventKind, Limits, Object, Value};

use crate::json::{WireText, object_of};
use crate::rejection::quoted;
use crate::{Reason, RejectionCode as Code};

/// The format of a raw item that is a Segment-shaped event: a JSON object with a `type`. It is journalled
/// with the item; a change of what these bytes mean takes a new number, and this one stays readable.
pub const FORMAT_SEGMENT_V1: u8 = 1;

/// Decodes one raw item. The same bytes, envelope and limits give the same event, on any machine.
///
/// Time: the client's `timestamp` is moved by the difference of its clock and ours
/// (`received - (sentAt - timestamp)`), where the item or its batch says `sentAt`. An item with both
/// `timestamp` and `originalTimestamp` has said which is the true one: it keeps `timestamp`. A file's
/// times are history, and are never moved.
///
/// # Errors
/// The first thing found that makes the item no event.
pub fn decode(format: u8, raw: &[u8], envelope: &Envelope, limits: &Limits) -> Result<Event, Reason> {
    if format != FORMAT_SEGMENT_V1 {
        return Err(Reason::new(
            Code::UnknownFormat,
            format!(
                "format {format} is unknown to this version; open the data with the version that wrote it"
            ),
        ));
    }
    Item::read(raw, limits)?.into_event(envelope, limits)
}

/// Decodes a raw item that was accepted once, so that limits lowered since then do not change the past.
///
/// # Errors
/// As [`decode`], for bytes that were never accepted.
pub fn replay(format: u8, raw: &[u8], envelope: &Envelope) -> Result<Event, Reason> {
    let unlimited = Limits {
        event_bytes_max: usize::MAX,
        message_id_bytes_max: usize::MAX,
        identifier_bytes_max: usize::MAX,
        event_name_bytes_max: usize::MAX,
        identifiers_per_event_max: usize::MAX,
        ..Limits::default()
    };
    decode(format, raw, envelope, &unlimited)
}

impl Item {
    pub(crate) fn into_event(mut self, envelope: &Envelope, limits: &Limits) -> Result<Event, Reason> {
        let kind = self.kind()?;
        let message_id = message_id(std::mem::take(&mut self.message_id), envelope, limits)?;
        let times = time::resolve(&self, envelope)?;
        let mut context = object_or_reject(std::mem::take(&mut self.context), "context")?;
        let properties = object_or_reject(std::mem::take(&mut self.properties), "properties")?;
        let traits = object_or_reject(std::mem::take(&mut self.traits), "traits")?;

        let identifiers = identifiers::collect(&self, kind, &traits, &context, limits)?;
        let (name, properties) = named(&mut self, kind, properties, limits)?;
        let (traits, group_traits) = match kind {
            EventKind::Identify => (with_context_traits(traits, &context), Object::new()),
            EventKind::Group => (Object::new(), traits),
            _ => (Object::new(), Object::new()),
        };
        if let Some(ip) = &envelope.client_ip
            && !context.get("ip").is_some_and(Value::is_present)
        {
            context.set("ip", Value::text(ip.clone()));
        }
        Ok(Event {
            message_id,
            source: envelope.source,
            kind,
            name,
            ts: times.ts,
            received_at: envelope.received_at,
            clamped: times.clamped,
            identifiers,
            properties,
            traits,
            group_traits,
            context,
        })
    }

    fn kind(&self) -> Result<EventKind, Reason> {
        match &self.item_type {
            ItemType::Known(kind) => Ok(*kind),
            ItemType::Merge => Ok(EventKind::Alias),
            ItemType::Absent => Err(Reason::new(
                Code::MissingType,
                "the event has no `type`; set it to track, identify, page, screen, group or alias",
            )),
            ItemType::Unknown(name) => Err(Reason::new(
                Code::UnknownType,
                format!(
                    "there is no event type {}; use track, identify, page, screen, group or alias",
                    quoted(name)
                ),
            )),
        }
    }
}

fn message_id(given: WireText, envelope: &Envelope, limits: &Limits) -> Result<CompactString, Reason> {
    let id = match given {
        WireText::Absent => return Ok(envelope.fallback_message_id.clone()),
        WireText::Text(id) => id,
        WireText::Wrong(what) => {
            return Err(Reason::new(
                Code::InvalidMessageId,
                format!("`messageId` is {what}; send text, or leave it out and one is made"),
            ));
        }
    };
    if id.len() > limits.message_id_bytes_max {
        return Err(Reason::new(
            Code::MessageIdTooLong,
            format!(
                "`messageId` has {} bytes, and at most {} are taken; send a shorter one, such as a UUID",
                id.len(),
                limits.message_id_bytes_max
            ),
        ));
    }
    Ok(id)
}

fn object_or_reject(value: Value, field: &str) -> Result<Object, Reason> {
    object_of(value).ok_or_else(|| {
        Reason::new(
            Code::InvalidProperties,
            format!("`{field}` is no object; send it as {{\"name\": value}}, or leave it out"),
        )
    })
}

/// The name that rules know the event by, and its properties with what the call says beside them.
fn named(
    item: &mut Item,
    kind: EventKind,
    mut properties: Object,
    limits: &Limits,
) -> Result<(CompactString, Object), Reason> {
    let name = match kind {
        EventKind::Track => track_name(std::mem::take(&mut item.event), limits)?,
        EventKind::Page | EventKind::Screen => {
            fill(&mut properties, "name", std::mem::take(&mut item.name));
            fill(&mut properties, "category", std::mem::take(&mut item.category));
            if kind == EventKind::Page { "Page Viewed".into() } else { "Screen Viewed".into() }
        }
        EventKind::Group => {
            let WireText::Text(group) = std::mem::take(&mut item.group_id) else {
                return Err(Reason::new(
                    Code::MissingGroupId,
                    "a group call needs `groupId`, as text; send the id of the company or account",
                ));
            };
            properties.set("group_id", Value::Text(group));
            CompactString::default()
        }
        EventKind::Identify | EventKind::Alias => CompactString::default(),
    };
    Ok((name, properties))
}

fn track_name(event: WireText, limits: &Limits) -> Result<CompactString, Reason> {
    let name = match event {
        WireText::Text(name) => name,
        WireText::Absent => {
            return Err(Reason::new(
                Code::MissingEventName,
                "a track call needs `event`, the name of what happened, such as \"Order Completed\"",
            ));
        }
        WireText::Wrong(what) => {
            return Err(Reason::new(
                Code::MissingEventName,
                format!("`event` is {what}; send the event's name as text, such as \"Order Completed\""),
            ));
        }
    };
    if name.len() > limits.event_name_bytes_max {
        return Err(Reason::new(
            Code::EventNameTooLong,
            format!(
                "the event's name has {} bytes, and at most {} are taken; put what varies in a property",
                name.len(),
                limits.event_name_bytes_max
            ),
        ));
    }
    Ok(names::current(&name).map_or(name, Into::into))
}

fn fill(properties: &mut Object, key: &str, text: WireText) {
    if let WireText::Text(text) = text
        && !properties.get(key).is_some_and(Value::is_present)
    {
        properties.set(key, Value::Text(text));
    }
}

/// The RudderStack SDKs send an identify's traits in its context, some of them only there.
fn with_context_traits(traits: Object, context: &Object) -> Object {
    let Some(more) = context.get("traits").and_then(Value::as_object) else { return traits };
    more.iter().chain(traits.iter()).map(|(key, value)| (key, value.clone())).collect()
}

/// Whether a time ahead of receipt is a client's clock or a broken row.
pub(crate) const fn is_file(envelope: &Envelope) -> bool {
    matches!(envelope.channel, Channel::File)
}
