use std::fmt::Display;

use parking_lot::Mutex;
use segops_model::Position;

/// What can go wrong with parts, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    #[error("cannot {action} `{path}`: {source}")]
    Objects { action: &'static str, path: String, source: object_store::Error },
    #[error("cannot {action} `{path}`: {source}")]
    Io { action: &'static str, path: String, source: std::io::Error },
    /// A store over the network does not do what it is asked. It may be there again, and nothing is lost.
    #[error("the history at {place} cannot be reached: it was to {action} `{path}`, and {why}; {advice}")]
    Unreachable { place: String, action: &'static str, path: String, why: String, advice: &'static str },
    #[error("{place} holds the history of another workspace; choose another prefix")]
    Claimed { place: String },
    #[error(
        "{place} overwrites a file that must not be there yet, so that two processes could spoil each other's history; \
         use a store with conditional writes (`If-None-Match`)"
    )]
    Unconditional { place: String },
    #[error("`{path}` is damaged: {what}; restore it from a backup")]
    Damaged { path: String, what: String },
    #[error(
        "`{path}` has format {format}, which this version does not know; open the data with the version that wrote it"
    )]
    UnknownFormat { path: String, format: u32 },
    #[error("a row cannot be made a column: {0}")]
    Encode(String),
    #[error(
        "another process has committed manifest {0}; only one may write to a folder of parts, stop the other"
    )]
    Conflict(u64),
    #[error(
        "the row at {position} is handed over as if everything before {until} was there; hand it over later"
    )]
    BeyondFlush { position: Position, until: Position },
    #[error("the work was called off; nothing has changed")]
    CalledOff,
    #[error("`{url}` is no place for parts: {what}")]
    Place { url: String, what: String },
}

impl PartsError {
    /// Whether it is for want of the store that there is no answer: the same may go well later.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    pub(crate) fn damaged(path: &str, what: impl Display) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.to_string() }
    }
}

impl From<arrow_schema::ArrowError> for PartsError {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Encode(error.to_string())
    }
}

/// Why a file could not be read. Parquet hands errors on as texts, in which one that the store has told can't be
/// recognised.
#[derive(Debug, Default)]
pub(crate) struct ReadFailure(Mutex<Option<PartsError>>);

impl ReadFailure {
    pub(crate) fn note(&self, error: PartsError) {
        self.0.lock().get_or_insert(error);
    }

    /// What the store has told; else the file itself is damaged.
    pub(crate) fn or_damaged(&self, path: &str, what: impl Display) -> PartsError {
        self.0.lock().take().unwrap_or_else(|| PartsError::damaged(path, what))
    }
}
