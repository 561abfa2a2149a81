use segops_model::{Instant, Limits};
use serde::Serialize;

use crate::{Origin, Reason, ReceivedAt, Rejection, RejectionCode};

/// Why a whole request was refused. As JSON it is `{"code", "message"}`, the two keys that SDKs show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    #[serde(skip)]
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

/// The code of a body that is no JSON.
pub(super) const NO_JSON: &str = "invalid_json";

impl RequestError {
    pub(super) fn invalid_json(message: String) -> Self {
        Self { status: 400, code: NO_JSON, message }
    }

    pub(super) fn invalid_body(message: String) -> Self {
        Self { status: 400, code: "invalid_body", message }
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!(
            "the body has more than {limit} bytes once decompressed; send smaller batches, or raise \
             `body_bytes_max`"
        );
        Self { status: 413, code: "body_too_large", message }
    }

    pub(super) fn unsupported_encoding(encoding: &str) -> Self {
        let message = format!(
            "content encoding {} is not read; use gzip, deflate, or none",
            crate::rejection::quoted(encoding)
        );
        Self { status: 415, code: "unsupported_encoding", message }
    }

    pub(super) fn invalid_write_key() -> Self {
        Self { status: 401, code: "invalid_write_key", message: unknown_key_text().to_owned() }
    }

    /// The request as one rejection, so that what was refused can be listed like any other.
    #[must_use]
    pub fn into_rejection(self, path: &str, body: &[u8], received_at: Instant, limits: &Limits) -> Rejection {
        let code = match self.status {
            401 => RejectionCode::InvalidWriteKey,
            413 => RejectionCode::EventTooLarge,
            415 => RejectionCode::InvalidEncoding,
            _ => RejectionCode::InvalidJson,
        };
        let origin = Origin::Api { path: path.to_owned() };
        let at = ReceivedAt { source: None, received_at, origin, limits };
        Reason::new(code, self.message).reject("body".to_owned(), body, &at)
    }
}

pub(super) const fn unknown_key_text() -> &'static str {
    "the write key is of no source here; copy it from the source's settings, and send it as the Basic user \
     name or as `writeKey` in the body"
}
