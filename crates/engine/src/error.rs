use segops_parts::PartsError;
use segops_rules::Problem;
use segops_store::StoreError;

use crate::command::Refusal;
use crate::rebuild::RebuildError;
use crate::work::Cancelled;

/// What can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("no checkpoint was made: {0}")]
    Checkpoint(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the rule cannot be used: {}", first_message(.0))]
    Rule(Vec<Problem>),
    #[error("{0}")]
    NotFound(String),
    /// A question that has no answer as it was asked.
    #[error("{0}")]
    Asked(String),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error("the history in parts: {0}")]
    Parts(PartsError),
    #[error("the data folder is damaged: {0}")]
    Damaged(String),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Why input is not taken now. Nothing was stored; the client should send it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    #[error("too much is waiting to be stored; send this again in a second")]
    QueueFull,
    #[error("the server is stopping; send this again when it is back")]
    Stopping,
    #[error("nothing can be stored: {0}")]
    Failed(String),
    /// Memory is full of rows that no part has taken in; it is tried again and again.
    #[error("there is no room for more until the history can be written: {0}")]
    History(String),
}

impl EngineError {
    /// Whether the history can't be reached now: the same may go well later.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        match self {
            Self::Parts(error) => error.is_unreachable(),
            Self::Busy(Busy::History(_)) => true,
            _ => false,
        }
    }
}

fn first_message(problems: &[Problem]) -> &str {
    problems.first().map_or("it has a problem", |problem| problem.message.as_str())
}

impl From<PartsError> for EngineError {
    fn from(error: PartsError) -> Self {
        match error {
            PartsError::CalledOff => Self::Cancelled(Cancelled),
            error => Self::Parts(error),
        }
    }
}

impl From<RebuildError> for EngineError {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::Store(error) => Self::Store(error),
            RebuildError::Unreadable(error) => Self::Damaged(error.to_string()),
            RebuildError::Parts(error) => error.into(),
            error @ RebuildError::JournalCut(_) => Self::Asked(error.to_string()),
            RebuildError::Cancelled(error) => Self::Cancelled(error),
        }
    }
}
