use segops_rules::Problem;
use segops_store::StoreError;

use crate::command::Refusal;
use crate::rebuild::RebuildError;
use crate::work::Cancelled;

/// What can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
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
}

fn first_message(problems: &[Problem]) -> &str {
    problems.first().map_or("it has a problem", |problem| problem.message.as_str())
}

impl From<RebuildError> for EngineError {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::Store(error) => Self::Store(error),
            RebuildError::Unreadable(error) => Self::Damaged(error.to_string()),
            RebuildError::Cancelled(error) => Self::Cancelled(error),
        }
    }
}
