//! Statements about the session, which clients send of their own accord: acknowledged or answered, and without effect on
//! anything but how long queries of the session may take.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{Set, Statement};
use pgwire::api::Type;
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse, Response, Tag};
use pgwire::error::PgWireResult;

use crate::error::SqlError;

/// What a statement about the session comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fixed {
    Begin,
    /// `COMMIT` or `ROLLBACK`: nothing was changed, so that both are the same.
    End(&'static str),
    /// Acknowledged by this word.
    Done(&'static str),
    /// The session's queries may take so many seconds, or as long as the server lets them.
    Timeout(Option<u64>),
    /// One text under a name.
    Shown(&'static str, &'static str),
}

/// Settings that clients ask for, with what holds here.
const SHOWN: [(&str, &str, &str); 12] = [
    ("transaction isolation level", "transaction_isolation", "repeatable read"),
    ("transaction_isolation", "transaction_isolation", "repeatable read"),
    ("default_transaction_isolation", "default_transaction_isolation", "repeatable read"),
    ("transaction_read_only", "transaction_read_only", "on"),
    ("default_transaction_read_only", "default_transaction_read_only", "on"),
    ("standard_conforming_strings", "standard_conforming_strings", "on"),
    ("server_version", "server_version", "16.6"),
    ("server_version_num", "server_version_num", "160006"),
    ("search_path", "search_path", "public"),
    ("datestyle", "DateStyle", "ISO, YMD"),
    ("client_encoding", "client_encoding", "UTF8"),
    ("time zone", "TimeZone", "UTC"),
];

impl Fixed {
    /// `None` for every statement that is a query, or is to be refused as one.
    pub(super) fn of(statement: &Statement) -> Option<Result<Self, SqlError>> {
        Some(Ok(match statement {
            Statement::StartTransaction { .. } => Self::Begin,
            Statement::Commit { .. } => Self::End("COMMIT"),
            // Nothing was changed since a savepoint either.
            Statement::Savepoint { .. } => Self::Done("SAVEPOINT"),
            Statement::ReleaseSavepoint { .. } => Self::Done("RELEASE"),
            Statement::Rollback { savepoint: Some(_), .. } => Self::Done("ROLLBACK"),
            Statement::Rollback { .. } => Self::End("ROLLBACK"),
            Statement::Set(set) => Self::of_set(set),
            Statement::Discard { .. } => Self::Done("DISCARD ALL"),
            Statement::Deallocate { .. } => Self::Done("DEALLOCATE"),
            Statement::Close { .. } => Self::Done("CLOSE CURSOR"),
            Statement::LISTEN { .. } => Self::Done("LISTEN"),
            Statement::UNLISTEN { .. } => Self::Done("UNLISTEN"),
            Statement::Reset(_) => Self::Done("RESET"),
            Statement::ShowVariable { variable } => {
                let words: Vec<String> = variable.iter().map(|word| word.value.to_lowercase()).collect();
                let asked = words.join(" ");
                let asked = if asked == "timezone" { "time zone" } else { asked.as_str() };
                return match SHOWN.iter().find(|(known, _, _)| *known == asked) {
                    Some((_, name, value)) => Some(Ok(Self::Shown(name, value))),
                    // Tables, columns and functions are asked for in the same words.
                    None if ["tables", "columns", "functions", "all"]
                        .iter()
                        .any(|what| asked.starts_with(what)) =>
                    {
                        None
                    }
                    None => Some(Err(SqlError::query(format!("there is no setting `{asked}`")))),
                };
            }
            _ => return None,
        }))
    }

    fn of_set(set: &Set) -> Self {
        let Set::SingleAssignment { variable, values, .. } = set else { return Self::Done("SET") };
        if !variable.to_string().eq_ignore_ascii_case("statement_timeout") {
            return Self::Done("SET");
        }
        let value = values.first().map(ToString::to_string).unwrap_or_default();
        Self::Timeout(seconds_of(value.trim_matches(['\'', '"'])))
    }

    pub(super) fn response(&self) -> PgWireResult<Response> {
        Ok(match self {
            Self::Begin => Response::TransactionStart(Tag::new("BEGIN")),
            Self::End(word) => Response::TransactionEnd(Tag::new(word)),
            Self::Done(word) => Response::Execution(Tag::new(word)),
            Self::Timeout(_) => Response::Execution(Tag::new("SET")),
            Self::Shown(name, value) => {
                let fields = Arc::new(vec![Self::field(name)]);
                let mut row = DataRowEncoder::new(Arc::clone(&fields));
                row.encode_field(&Some(*value))?;
                let row = Ok(row.take_row());
                Response::Query(QueryResponse::new(fields, futures::stream::iter([row])))
            }
        })
    }

    /// The columns of its answer.
    pub(super) fn fields(&self) -> Vec<FieldInfo> {
        match self {
            Self::Shown(name, _) => vec![Self::field(name)],
            _ => Vec::new(),
        }
    }

    fn field(name: &str) -> FieldInfo {
        FieldInfo::new(name.to_owned(), None, None, Type::VARCHAR, FieldFormat::Text)
    }
}

/// A time as PostgreSQL writes it: milliseconds where it has no unit, 0 for none. Part of a second counts as one.
fn seconds_of(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic() || last == ' ');
    let number: u64 = digits.parse().ok()?;
    let ms = match text.get(digits.len()..).unwrap_or_default().trim() {
        "" | "ms" => number,
        "s" => number.saturating_mul(1_000),
        "min" => number.saturating_mul(60_000),
        "h" => number.saturating_mul(3_600_000),
        _ => return None,
    };
    (ms > 0).then(|| ms.div_ceil(1_000))
}
