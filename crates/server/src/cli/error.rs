use crate::control::ControlError;
use crate::http::{Problem, QueryPlace};

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// A refused rule, shown with the places of its problems.
    #[error("{0}")]
    Rule(String),
    #[error("{0}")]
    Usage(String),
    #[error("cannot reach {url}: {why}; check the address, and that the server runs")]
    Network { url: String, why: String },
    #[error("the answer of {path} is not understood ({why}); is the server of another version?")]
    Answer { path: String, why: String },
    #[error("{0}")]
    Control(#[from] ControlError),
    #[error("the data folder cannot be opened: {0}")]
    Engine(#[from] segops_engine::EngineError),
    #[error(transparent)]
    Open(#[from] crate::open::OpenError),
    #[error(transparent)]
    History(#[from] crate::history_place::HistoryPlaceError),
    #[error(transparent)]
    Serve(#[from] crate::serve::ServeError),
    #[error("{0}")]
    Simulate(#[from] segops_simulate::SimulateError),
    #[error(
        "another process has the data folder, and it is no running server that this command could ask; wait for it to end"
    )]
    FolderBusy,
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
    #[error(
        "there is no workspace at {}; `segops serve`, `segops import` and `segops simulate` make one",
        .0.display()
    )]
    NoWorkspace(std::path::PathBuf),
    /// Writing the output failed.
    #[error("cannot write the output: {0}")]
    Output(std::io::Error),
    #[error("still {what} after {seconds} seconds, and it goes on: {otherwise}")]
    StillGoing { what: &'static str, seconds: u64, otherwise: String },
    /// There is something to change, and what is said already.
    #[error("")]
    Changes,
    /// What was asked is said already; the exit code says that it went wrong.
    #[error("")]
    Reported,
}

impl CliError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }

    /// 1 for what went wrong, 2 for a command that cannot be meant or a plan with changes, 0 where only the reader has gone.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Changes => 2,
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
            _ => 1,
        }
    }

    /// A problem with a rule is shown under the rule as it was typed.
    pub(crate) fn with_rule(self, rule: &str) -> Self {
        match self {
            Self::Problem(problem) if !problem.problems.is_empty() => {
                let reports: Vec<String> = problem.problems.iter().map(|one| one.report(rule)).collect();
                Self::Rule(reports.join("\n"))
            }
            other => other,
        }
    }

    /// A problem with a SQL query is shown under the line that it is in.
    pub(crate) fn with_query(self, query: &str) -> Self {
        match self {
            Self::Problem(problem) => match problem.place {
                Some(place) => Self::Rule(under_line(&problem.detail, query, *place)),
                None => Self::Problem(problem),
            },
            other => other,
        }
    }
}

fn under_line(detail: &str, query: &str, place: QueryPlace) -> String {
    let at = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let line = query.lines().nth(at(place.line)).unwrap_or_default().replace('\t', " ");
    let indent = " ".repeat(at(place.column).min(line.chars().count()));
    format!("{detail} (line {}, column {})\n  | {line}\n  | {indent}^", place.line, place.column)
}

impl From<Problem> for CliError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}
