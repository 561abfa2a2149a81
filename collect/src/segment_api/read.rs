use std::borrow::Cow;

use compact_str::CompactString;
use segops_model::{Channel, Envelope, Instant, Limits, SourceId};
use serde::de::IgnoredAny;

use super::batch::{Batch, no_json};
use super::mend::mended;
use super::request_error::{NO_JSON, unknown_key_text};
use super::shared::Shared;
use super::{Call, Credentials, RequestError};
use crate::decode::{Item, ItemType, instant_of};
use crate::json::WireText;
use crate::{Accepted, Origin, Reason, ReceivedAt, Rejection, RejectionCode as Code};

/// What is known of a request beside its body.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub call: Call,
    /// As the client asked for it; named in rejections.
    pub path: &'a str,
    pub auth: &'a Credentials,
    pub received_at: Instant,
    /// The caller's address, where the call comes from a browser or a device.
    pub client_ip: Option<CompactString>,
    pub limits: &'a Limits,
}

/// What became of each event in a request.
#[derive(Debug, Default, PartialEq)]
pub struct Received {
    pub accepted: Vec<Accepted>,
    pub rejected: Vec<Rejection>,
}

/// A batch's shared context is copied into its items: all of them together stay within this many times
/// `body_bytes_max`, or a small body could grow ten thousandfold in memory.
const SHARED_CONTEXT_GROWTH_MAX: usize = 16;

/// Reads a decompressed body into events and rejections.
///
/// The write key is the first known one of the Basic user name, the body's `writeKey` and the query's;
/// with none, each event's own. `fallback_id` makes ids for events that have none; `sources` knows the
/// write keys.
///
/// # Errors
/// 400 for a body that is no JSON or no batch, 413 past `body_bytes_max`, 401 without a known write key.
pub fn read(
    request: &Request<'_>,
    body: &[u8],
    fallback_id: &mut dyn FnMut() -> CompactString,
    sources: &dyn Fn(&str) -> Option<SourceId>,
) -> Result<Received, RequestError> {
    if request.call == Call::Metrics {
        return Ok(Received::default());
    }
    if body.len() > request.limits.body_bytes_max {
        return Err(RequestError::too_large(request.limits.body_bytes_max));
    }
    let body = body.trim_ascii();
    let batch = match frame_of(request.call, body) {
        Err(error) if error.code == NO_JSON => {
            let Some(mended) = mended(body) else { return Err(error) };
            let batch = frame_of(request.call, &mended)?;
            return read_events(request, &batch, &mended, fallback_id, sources);
        }
        batch => batch?,
    };
    read_events(request, &batch, body, fallback_id, sources)
}

/// What surrounds the events; nothing, for a single one.
fn frame_of(call: Call, body: &[u8]) -> Result<Batch<'_>, RequestError> {
    if call == Call::Batch {
        return Batch::of_body(body);
    }
    let text = std::str::from_utf8(body).map_err(|error| no_json(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| no_json(&error))?;
    Ok(Batch::default())
}

fn read_events(
    request: &Request<'_>,
    batch: &Batch<'_>,
    body: &[u8],
    fallback_id: &mut dyn FnMut() -> CompactString,
    sources: &dyn Fn(&str) -> Option<SourceId>,
) -> Result<Received, RequestError> {
    let source = known_source(request.auth, &batch.write_key, sources);
    let mut reader = Reader {
        request,
        source,
        sent_at: instant_of(&batch.sent_at),
        shared: Shared::of(batch),
        shared_bytes_left: request.limits.body_bytes_max.saturating_mul(SHARED_CONTEXT_GROWTH_MAX),
        known_keys: usize::from(source.is_some()),
        fallback_id,
        sources,
        received: Received::default(),
    };
    if request.call == Call::Batch {
        // Each event past the limit is listed, but not without a limit of its own.
        let listed = request.limits.batch_events_max.saturating_mul(2);
        for (index, raw) in batch.items.iter().take(listed).enumerate() {
            reader.take(raw.get().as_bytes(), Place::Batch(index));
        }
        if batch.items.len() > listed {
            reader.take(b"", Place::BatchRest(listed, batch.items.len()));
        }
    } else {
        reader.take(body, Place::Body);
    }
    if reader.known_keys == 0 {
        return Err(RequestError::invalid_write_key());
    }
    Ok(reader.received)
}

fn known_source(
    auth: &Credentials,
    in_body: &WireText,
    sources: &dyn Fn(&str) -> Option<SourceId>,
) -> Option<SourceId> {
    let in_body = match in_body {
        WireText::Text(key) => Some(key.as_str()),
        _ => None,
    };
    [auth.basic.as_deref(), in_body, auth.query.as_deref()].into_iter().flatten().find_map(sources)
}

#[derive(Clone, Copy)]
enum Place {
    Body,
    Batch(usize),
    /// The events from one index up to another, all past the limit.
    BatchRest(usize, usize),
}

impl Place {
    fn text(self) -> String {
        match self {
            Self::Body => "body".to_owned(),
            Self::Batch(index) => format!("batch[{index}]"),
            Self::BatchRest(from, to) => format!("batch[{from}..{to}]"),
        }
    }
}

struct Reader<'a> {
    request: &'a Request<'a>,
    source: Option<SourceId>,
    sent_at: Option<Instant>,
    shared: Shared<'a>,
    shared_bytes_left: usize,
    known_keys: usize,
    fallback_id: &'a mut dyn FnMut() -> CompactString,
    sources: &'a dyn Fn(&str) -> Option<SourceId>,
    received: Received,
}

impl Reader<'_> {
    fn take(&mut self, raw: &[u8], place: Place) {
        let mut source = self.source;
        match self.accept(raw, place, &mut source) {
            Ok(accepted) => self.received.accepted.push(accepted),
            Err(reason) => {
                let at = ReceivedAt {
                    source,
                    received_at: self.request.received_at,
                    origin: Origin::Api { path: self.request.path.to_owned() },
                    limits: self.request.limits,
                };
                self.received.rejected.push(reason.reject(place.text(), raw, &at));
            }
        }
    }

    fn accept(
        &mut self,
        raw: &[u8],
        place: Place,
        source: &mut Option<SourceId>,
    ) -> Result<Accepted, Reason> {
        let limits = self.request.limits;
        if let Place::Batch(index) | Place::BatchRest(index, _) = place
            && index >= limits.batch_events_max
        {
            return Err(Reason::new(
                Code::BatchTooLong,
                format!(
                    "one batch holds at most {} events; send the rest in another",
                    limits.batch_events_max
                ),
            ));
        }
        let mut raw = Cow::Borrowed(raw);
        let mut item = Item::read(&raw, limits)?;
        if source.is_none() {
            *source = self.source_of(&item);
        }
        let Some(source) = *source else {
            return Err(Reason::new(Code::InvalidWriteKey, unknown_key_text()));
        };
        if item.item_type == ItemType::Absent
            && let Some(item_type) = self.request.call.item_type()
        {
            raw = Cow::Owned(with_type(&raw, item_type));
            item = Item::read(&raw, limits)?;
        }
        if !self.shared.is_empty() {
            raw = Cow::Owned(self.with_shared(&raw)?);
            item = Item::read(&raw, limits)?;
        }
        let fallback_message_id = match &item.message_id {
            WireText::Absent => (self.fallback_id)(),
            _ => CompactString::default(),
        };
        let envelope = Envelope {
            source,
            channel: Channel::Api,
            received_at: self.request.received_at,
            sent_at: self.sent_at,
            client_ip: self.request.client_ip.clone(),
            fallback_message_id,
        };
        let event = item.into_event(&envelope, limits)?;
        Ok(Accepted { envelope, raw: raw.into_owned().into_boxed_slice(), event })
    }

    fn source_of(&mut self, item: &Item) -> Option<SourceId> {
        let WireText::Text(key) = &item.write_key else { return None };
        let source = (self.sources)(key)?;
        self.known_keys += 1;
        Some(source)
    }

    fn with_shared(&mut self, raw: &[u8]) -> Result<Vec<u8>, Reason> {
        let members = serde_json::from_slice(raw)
            .map_err(|error| Reason::new(Code::InvalidJson, format!("the event is no JSON ({error})")))?;
        let size = raw.len().saturating_add(self.shared.bytes);
        if size > self.shared_bytes_left {
            return Err(Reason::new(
                Code::EventTooLarge,
                "the batch's `context` makes its events too large together; send it in fewer of them",
            ));
        }
        self.shared_bytes_left -= size;
        Ok(self.shared.merged(members))
    }
}

/// The same object with a `type`; of two members with one name the later holds.
fn with_type(raw: &[u8], item_type: &str) -> Vec<u8> {
    let open = raw.strip_suffix(b"}").unwrap_or(raw).trim_ascii_end();
    let comma = if open.ends_with(b"{") { "" } else { "," };
    let mut out = Vec::with_capacity(raw.len() + 20);
    out.extend_from_slice(open);
    out.extend_from_slice(format!("{comma}\"type\":\"{item_type}\"}}").as_bytes());
    out
}
