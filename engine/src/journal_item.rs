//! How inputs are written into journal frames, and read back. Formats are only added: every old decoder
//! stays, since a journal is replayed for as long as it is kept.

use segops_collect::FORMAT_SEGMENT_V1;
use segops_model::{Envelope, Event, Position};
use segops_store::FrameRef;

use crate::command::Command;

/// A raw event with its envelope.
pub const KIND_EVENT: u8 = 1;
/// A command, as JSON.
pub const KIND_COMMAND: u8 = 2;
/// The clock alone: nothing happened, but timers may be due.
pub const KIND_TICK: u8 = 3;

/// Commands' own format number.
pub const FORMAT_COMMAND_V1: u8 = 1;
/// Ticks carry nothing.
pub const FORMAT_TICK_V1: u8 = 1;

/// One input, decoded.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every input is an event, and none lives long")]
pub enum Input {
    Event {
        envelope: Envelope,
        event: Event,
    },
    /// A raw item that the decoder refuses: it was accepted by an earlier version, or the file is damaged.
    Unreadable {
        reason: String,
    },
    Command(Box<Command>),
    Tick,
}

/// Why a frame is not readable at all.
#[derive(Debug, thiserror::Error)]
#[error(
    "the frame at position {position} cannot be read: {reason}; it was written by a newer version, or is damaged"
)]
pub struct UnreadableFrame {
    pub position: u64,
    pub reason: String,
}

/// An event frame's bytes: the envelope's length, the envelope, the raw item as it came.
///
/// # Errors
/// An envelope that cannot be encoded.
pub fn encode_event(envelope: &Envelope, raw: &[u8]) -> Result<Vec<u8>, postcard::Error> {
    let head = postcard::to_allocvec(envelope)?;
    let mut item = Vec::with_capacity(2 + head.len() + raw.len());
    let length = u16::try_from(head.len()).map_err(|_| postcard::Error::SerializeBufferFull)?;
    item.extend_from_slice(&length.to_le_bytes());
    item.extend_from_slice(&head);
    item.extend_from_slice(raw);
    Ok(item)
}

/// The envelope and the raw item of an event frame.
#[must_use]
pub fn split_event(item: &[u8]) -> Option<(Envelope, &[u8])> {
    let (length, rest) = item.split_first_chunk::<2>()?;
    let (head, raw) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some((postcard::from_bytes(head).ok()?, raw))
}

/// Reads the item of an event frame.
///
/// # Errors
/// A format that this version does not know, or an envelope that is cut.
pub fn decode_event(position: Position, format: u8, item: &[u8]) -> Result<Input, UnreadableFrame> {
    let unreadable = |reason: String| UnreadableFrame { position: position.0, reason };
    if format != FORMAT_SEGMENT_V1 {
        return Err(unreadable(format!("kind {KIND_EVENT} in format {format} is not known")));
    }
    let Some((envelope, raw)) = split_event(item) else {
        return Err(unreadable("its envelope is cut".to_owned()));
    };
    Ok(match segops_collect::replay(format, raw, &envelope) {
        Ok(event) => Input::Event { envelope, event },
        Err(reason) => Input::Unreadable { reason: reason.to_string() },
    })
}

/// Reads a frame's item.
///
/// # Errors
/// A kind or format that this version does not know.
pub fn decode(frame: &FrameRef<'_>) -> Result<Input, UnreadableFrame> {
    let unreadable = |reason: String| UnreadableFrame { position: frame.position.0, reason };
    match (frame.kind, frame.format) {
        (KIND_EVENT, format) => decode_event(frame.position, format, frame.item),
        (KIND_COMMAND, FORMAT_COMMAND_V1) => serde_json::from_slice(frame.item)
            .map(|command| Input::Command(Box::new(command)))
            .map_err(|error| unreadable(error.to_string())),
        (KIND_TICK, FORMAT_TICK_V1) => Ok(Input::Tick),
        (kind, format) => Err(unreadable(format!("kind {kind} in format {format} is not known"))),
    }
}
