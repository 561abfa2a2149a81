//! Events from files: CSV with a mapping of its columns, and NDJSON with or without one.
//!
//! Every row is accounted for: it is in an accepted event, or it is rejected with its reason. A bad row
//! never ends an import. Rows become Segment-shaped raw items, so that a replay needs neither the file nor
//! the mapping.

mod assemble;
mod cells;
mod import_error;
mod input;
mod mapping;
mod message_id;
mod plan;
mod read;
mod values;

#[cfg(test)]
mod tests;

pub use import_error::ImportError;
pub use mapping::{
    Delimiter, EventCase, EventName, Format, IdentifierColumn, Mapping, PropertyColumn, Rest, Sum,
    TimeColumns, ValueType,
};
pub use read::{Rows, read_csv, read_ndjson};

use segops_model::{Instant, Limits, SourceId};

use crate::{Accepted, Rejection};

/// What is known of a file beside its bytes.
#[derive(Debug, Clone)]
pub struct FileContext {
    pub source: SourceId,
    /// Named in rejections.
    pub file_name: String,
    /// Of the whole content; with the row it makes the message ids that the mapping does not.
    pub file_hash: String,
    pub received_at: Instant,
    pub limits: Limits,
}

/// The rows that became one event, or one row that did not.
#[derive(Debug, Clone, PartialEq)]
pub struct RowGroup {
    /// Counted from 1, the header and blank lines not included.
    pub rows: Vec<u64>,
    /// Bytes of the file read so far, for a progress bar.
    pub bytes_read: u64,
    pub outcome: Result<Accepted, Rejection>,
}
