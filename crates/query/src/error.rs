use segops_parts::PartsError;
use segops_rules::Problem;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// Everything that is wrong with what was asked for.
    #[error("{}", first_of(.0))]
    Definition(Vec<Problem>),
    #[error(transparent)]
    Parts(#[from] PartsError),
    #[error("the analysis was cancelled")]
    Cancelled,
    /// More would have to be kept in memory than may be.
    #[error("{what} would be more than {max}, which is the limit; {advice}")]
    Limit { what: &'static str, max: usize, advice: &'static str },
}

fn first_of(problems: &[Problem]) -> String {
    problems.first().map_or_else(|| "the analysis cannot be made".to_owned(), ToString::to_string)
}
