//! From any wire format to an [`Event`](segops_model::Event), or to a [`Rejection`] with its reason.
//!
//! Everything here is pure: bytes and readers come in, values go out. This crate opens no file and no
//! socket, reads no clock (instants are passed in), and knows nothing of the journal, of profiles or of
//! rules. One decoder reads an item when it arrives and again on every replay, so an event is always what
//! its raw item says.
//!
//! * [`decode`]: one raw item and its envelope to an event.
//! * [`segment_api`]: requests of the Segment tracking API, as its SDKs and RudderStack's send them.
//! * [`files`]: CSV and NDJSON files, with a mapping of their columns.

pub mod decode;
pub mod files;
mod json;
mod rejection;
pub mod segment_api;

pub use decode::{FORMAT_SEGMENT_V1, decode, replay};
pub use rejection::{Origin, Reason, ReceivedAt, Rejection, RejectionCode, raw_excerpt};

use segops_model::{Envelope, Event};

/// An item that was taken in: what the journal keeps (envelope and raw bytes) and what they decode to.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub envelope: Envelope,
    /// A Segment-shaped event as a JSON object with its `type`; alone it decodes to `event`.
    pub raw: Box<[u8]>,
    pub event: Event,
}
