use segops_model::{Instant, Limits, SourceId};
use serde::{Deserialize, Serialize};

/// An item that was not taken in, and why: kept, listed, and never silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub code: RejectionCode,
    /// What is wrong, what was expected, and what to do.
    pub message: String,
    /// Where in its request or file the item is: `batch[3]`, `body`, `row 17`.
    pub place: String,
    /// The item as it came, cut at `rejection_bytes_max`.
    pub raw: String,
    /// `None` where the write key is of no source.
    pub source: Option<SourceId>,
    pub received_at: Instant,
    pub origin: Origin,
}

/// The door that a rejected item came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Api { path: String },
    File { name: String, row: u64 },
}

/// What kind of thing is wrong with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// Not JSON, or JSON nested too deep.
    InvalidJson,
    /// JSON, but no object.
    NotAnObject,
    /// The journal holds a format that this version does not read.
    UnknownFormat,
    MissingType,
    UnknownType,
    MissingEventName,
    EventNameTooLong,
    MissingIdentifier,
    /// An event of a person who was deleted, from before the deletion.
    DeletedProfile,
    InvalidIdentifier,
    IdentifierTooLong,
    TooManyIdentifiers,
    MissingPreviousId,
    MissingGroupId,
    InvalidTimestamp,
    /// A file's row more than 24 hours ahead of its import.
    TimestampInFuture,
    InvalidMessageId,
    MessageIdTooLong,
    InvalidProperties,
    EventTooLarge,
    /// Past the number of events that one batch may hold.
    BatchTooLong,
    /// A write key that is of no source.
    InvalidWriteKey,
    /// A row with more or fewer values than the header has columns.
    WrongColumnCount,
    /// A row that is not UTF-8.
    InvalidEncoding,
    /// A value that is not what the mapping says.
    InvalidValue,
    /// A good row of a group in which another row is bad.
    GroupRejected,
    /// A row of a group whose other rows are elsewhere in the file.
    GroupScattered,
}

/// Why an item is no event; a [`Rejection`] once it is known where the item stood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Reason {
    pub code: RejectionCode,
    pub message: String,
}

impl Reason {
    pub(crate) fn new(code: RejectionCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The rejection that this reason is, for an item at `place`.
    #[must_use]
    pub fn reject(self, place: String, raw: &[u8], at: &ReceivedAt<'_>) -> Rejection {
        Rejection {
            code: self.code,
            message: self.message,
            place,
            raw: raw_excerpt(raw, at.limits),
            source: at.source,
            received_at: at.received_at,
            origin: at.origin.clone(),
        }
    }
}

/// What all items of one request or file share.
#[derive(Debug, Clone)]
pub struct ReceivedAt<'a> {
    pub source: Option<SourceId>,
    pub received_at: Instant,
    pub origin: Origin,
    pub limits: &'a Limits,
}

/// The first `rejection_bytes_max` bytes of an item as text, cut at a character.
#[must_use]
pub fn raw_excerpt(raw: &[u8], limits: &Limits) -> String {
    let bytes = raw.get(..limits.rejection_bytes_max).unwrap_or(raw);
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if bytes.len() < raw.len() && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none()) {
        // The cut fell within a character, whose first bytes have become one replacement sign.
        text.pop();
    }
    // Bytes that are not UTF-8 grow threefold as replacement signs: the limit holds for what is kept.
    let mut end = text.len().min(limits.rejection_bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// A client's value within a message: short, and on one line.
pub(crate) fn quoted(value: &str) -> String {
    let shown: String = value.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let dots = if value.chars().nth(60).is_some() { "…" } else { "" };
    format!("`{shown}{dots}`")
}
