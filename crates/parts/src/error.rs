use std::fmt::Display;

use segops_model::Position;

/// What can go wrong with parts, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    #[error("cannot {action} `{path}`: {source}")]
    Objects { action: &'static str, path: String, source: object_store::Error },
    #[error("cannot {action} `{path}`: {source}")]
    Io { action: &'static str, path: String, source: std::io::Error },
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
    pub(crate) fn damaged(path: &str, what: impl Display) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.to_string() }
    }
}

impl From<arrow_schema::ArrowError> for PartsError {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Encode(error.to_string())
    }
}
