use datafusion::common::{DataFusionError, SchemaError, TableReference};
use segops_parts::PartsError;

use crate::suggest::{self, KnownColumn};

/// A place in a query, both from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

/// Why a query has no answer.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum SqlError {
    /// It cannot be read, or names what is not there.
    #[error("{message}{}", suggested(.suggestion.as_deref()))]
    Query { message: String, place: Option<Place>, suggestion: Option<String> },
    /// It would do something else than read.
    #[error(
        "{what} is not allowed: SQL reads here, and changes nothing; write one SELECT, WITH, VALUES, EXPLAIN, DESCRIBE or SHOW"
    )]
    Refused { what: String },
    #[error("the query has {found} {unit}, the limit is {limit} (`{setting}`); make it shorter")]
    TooLong { found: usize, unit: &'static str, limit: usize, setting: &'static str },
    #[error("{limit} queries run already, and none has ended in time (`sql_queries_max`); try again later")]
    Busy { limit: usize },
    #[error(
        "the query took longer than {seconds} seconds, which is the limit; ask for less, or for a shorter time"
    )]
    Time { seconds: u64 },
    #[error(
        "the query needs more memory than it may have: {0}; ask for fewer columns or rows, or group by less"
    )]
    Memory(String),
    #[error("the query was cancelled")]
    Cancelled,
    /// Something went wrong while it ran, by what it asks for.
    #[error("{0}")]
    Run(String),
    /// The history can't be reached now; the same query may be answered later.
    #[error("{0}")]
    Unreachable(String),
    /// A fault here, which is no fault of the query.
    #[error("the query cannot be answered: {0}")]
    Internal(String),
}

fn suggested(suggestion: Option<&str>) -> String {
    suggestion.map(|suggestion| format!("; {suggestion}")).unwrap_or_default()
}

impl SqlError {
    pub(crate) fn query(message: impl Into<String>) -> Self {
        Self::Query { message: message.into(), place: None, suggestion: None }
    }

    /// Where in the query it went wrong, as far as is known.
    #[must_use]
    pub const fn place(&self) -> Option<Place> {
        match self {
            Self::Query { place, .. } => *place,
            _ => None,
        }
    }

    /// What went wrong while a query was planned: names are looked for among the tables there are.
    pub(crate) fn of_plan(error: &DataFusionError, tables: &[&str]) -> Self {
        let exhausted = exhausted(error);
        if let Some(memory) = exhausted {
            return memory;
        }
        let place = error
            .diagnostic()
            .and_then(|diagnostic| diagnostic.span)
            .map(|span| Place { line: span.start.line, column: span.start.column });
        let root = error.find_root();
        match root {
            DataFusionError::SchemaError(schema, _) => Self::of_schema(schema, place, tables),
            DataFusionError::SQL(parser, _) => Self::of_parser(&parser.to_string()),
            DataFusionError::Plan(message) => {
                let suggestion = missing_table(message).map(|name| suggest::of_table(&name, tables));
                let message = match missing_table(message) {
                    Some(name) => format!("there is no table `{name}`"),
                    None => first_line(message),
                };
                Self::Query { message, place, suggestion }
            }
            other => Self::Query { message: plain(other), place, suggestion: None },
        }
    }

    fn of_schema(error: &SchemaError, place: Option<Place>, tables: &[&str]) -> Self {
        let SchemaError::FieldNotFound { field, valid_fields } = error else {
            return Self::Query { message: first_line(&error.to_string()), place, suggestion: None };
        };
        let known: Vec<KnownColumn<'_>> = valid_fields
            .iter()
            .map(|field| KnownColumn {
                table: field.relation.as_ref().map(TableReference::table),
                name: field.name.as_str(),
            })
            .collect();
        let suggestion = Some(suggest::of_column(&field.name, &known, tables));
        let name = field.flat_name();
        Self::Query { message: format!("there is no column `{name}`"), place, suggestion }
    }

    /// What the parser says, with the place that it names.
    pub(crate) fn of_parser(text: &str) -> Self {
        let text = text.trim_start_matches("sql parser error: ").trim_start_matches("ParserError(\"");
        let text = text.trim_end_matches("\")");
        let (message, place) = match text.rsplit_once(" at Line: ") {
            Some((message, place)) => (message, place_of(place)),
            None => (text, None),
        };
        let message = if message.contains("recursion limit") {
            "the query nests too deep; write it flatter, with WITH".to_owned()
        } else {
            format!("the query cannot be read: {}", first_line(message))
        };
        Self::Query { message, place, suggestion: None }
    }

    /// What went wrong while a query ran.
    pub(crate) fn of_run(error: &DataFusionError) -> Self {
        if let Some(memory) = exhausted(error) {
            return memory;
        }
        match error.find_root() {
            DataFusionError::External(error) if is_unreachable(error.as_ref()) => {
                Self::Unreachable(first_line(&error.to_string()))
            }
            DataFusionError::Internal(message) => Self::Internal(first_line(message)),
            DataFusionError::ExecutionJoin(error) => Self::Internal(first_line(&error.to_string())),
            other => Self::Run(plain(other)),
        }
    }
}

fn is_unreachable(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<PartsError>().is_some_and(PartsError::is_unreachable)
}

fn exhausted(error: &DataFusionError) -> Option<SqlError> {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(message) => Some(SqlError::Memory(first_line(message))),
        _ => None,
    }
}

fn missing_table(message: &str) -> Option<String> {
    let name = message.strip_prefix("table '")?.split('\'').next()?;
    Some(name.rsplit('.').next().unwrap_or(name).to_owned())
}

fn place_of(text: &str) -> Option<Place> {
    let (line, column) = text.split_once(", Column: ")?;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    Some(Place { line: digits(line)?, column: digits(column)? })
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().trim_end_matches('.').to_owned()
}

/// Without what it says of its own kind.
fn plain(error: &DataFusionError) -> String {
    first_line(&error.message())
}
