use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_collect::files::ImportError;
use segops_engine::{Busy, EngineError, Refusal, SplitRefusal};
use segops_parts::PartsError;
use segops_sql::SqlError;

use crate::control::ControlError;
use crate::import::ImportFailure;

/// Seconds after which a client that was told to come back should.
const RETRY_AFTER_SECONDS: u32 = 1;

/// An error, as RFC 9457 has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is, for programs. Kinds are never renamed.
    #[serde(rename = "type")]
    #[schema(example = "urn:segops:problem:not-found")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What is wrong here, and what to do.
    pub detail: String,
    /// What is wrong with a rule, each with its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<segops_rules::Problem>,
    /// Where in a SQL query it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<QueryPlace>>,
    #[serde(skip)]
    retry_after_seconds: Option<u32>,
}

/// A place in a query, both from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueryPlace {
    pub line: u64,
    pub column: u64,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:segops:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            problems: Vec::new(),
            place: None,
            retry_after_seconds: None,
        }
    }

    fn retry(mut self) -> Self {
        self.retry_after_seconds = Some(RETRY_AFTER_SECONDS);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "It does not fit with what is there", detail)
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    }

    pub(crate) fn too_slow(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body came too slowly", detail)
    }

    pub(crate) fn wrong_method(method: &str, path: &str) -> Self {
        let detail = format!("{path} does not take {method}; see /api/v1/openapi.json for what it takes");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "The method is not for this path", detail)
    }

    pub(crate) fn unauthorized() -> Self {
        let detail = "send `Authorization: Bearer TOKEN` with a token that is in use; \
                      `segops token create` makes one";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid token is needed", detail)
    }

    pub(crate) fn forbidden(role: &str, needed: &str) -> Self {
        let detail = format!("the token's role is {role}, and this needs {needed}; ask for another token");
        Self::new(StatusCode::FORBIDDEN, "forbidden", "The token may not do this", detail)
    }

    pub(crate) fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "transitions-gone", "These transitions are no longer kept", detail)
    }

    pub(crate) fn too_many_streams(streams_max: usize) -> Self {
        let detail = format!("{streams_max} streams are open, which is the limit; close one and come back");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", "Too many streams are open", detail)
            .retry()
    }

    pub(crate) fn starting(position: u64, durable_position: u64) -> Self {
        let detail = format!("the journal is being read again: {position} of {durable_position} done");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "starting", "The server is starting", detail).retry()
    }

    pub(crate) fn unreachable(detail: impl Into<String>) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "history-unreachable", "The history cannot be reached", detail).retry()
    }

    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        let detail = "this is a fault of the server; its log says more, under the request id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here", detail)
    }

    pub(crate) fn analysis(problems: Vec<segops_rules::Problem>) -> Self {
        let detail =
            problems.first().map_or_else(|| "the analysis cannot be made".to_owned(), ToString::to_string);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let refused = Self::new(status, "analysis-refused", "The analysis cannot be made", detail);
        Self { problems, ..refused }
    }

    pub(crate) fn too_much(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too-much", "It is past a limit", detail)
    }

    pub(crate) fn rule(problems: Vec<segops_rules::Problem>) -> Self {
        let detail =
            problems.first().map_or_else(|| "the rule cannot be used".to_owned(), ToString::to_string);
        let refused =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rule-refused", "The rule cannot be used", detail);
        Self { problems, ..refused }
    }
}

/// What a SQL query's error is over HTTP.
impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        let detail = error.to_string();
        let refused = |kind, title| Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail.clone());
        match &error {
            SqlError::Query { place, .. } => Self {
                place: place.map(|place| Box::new(QueryPlace { line: place.line, column: place.column })),
                ..refused("sql-query", "The query cannot be used")
            },
            SqlError::Refused { .. } => refused("sql-refused", "SQL reads here, and changes nothing"),
            SqlError::TooLong { .. } => refused("sql-too-long", "The query is too long"),
            SqlError::Time { .. } => refused("sql-time", "The query took too long"),
            SqlError::Memory(_) => refused("sql-memory", "The query needs too much memory"),
            SqlError::Cancelled => refused("sql-cancelled", "The query was cancelled"),
            SqlError::Run(_) => refused("sql-run", "The query failed on what it found"),
            SqlError::Busy { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "sql-busy", "Too many queries run", detail).retry()
            }
            SqlError::Unreachable(_) => Self::unreachable(detail),
            SqlError::Internal(_) => Self::internal(&error),
        }
    }
}

/// The one table of what an engine's error is over HTTP.
impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let detail = error.to_string();
        match error {
            EngineError::Rule(problems) => Self::rule(problems),
            EngineError::NotFound(_) => Self::not_found(detail),
            EngineError::Asked(_) => Self::bad_request(detail),
            EngineError::Refused(refusal) => of_refusal(&refusal, detail),
            EngineError::Busy(busy) => busy.into(),
            EngineError::Cancelled(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "cancelled", "The work was cancelled", detail)
            }
            EngineError::Parts(PartsError::Conflict(_)) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "history-taken",
                "Another process writes the history",
                detail,
            ),
            EngineError::Parts(error) if error.is_unreachable() => Self::unreachable(error.to_string()),
            other => Self::internal(&other),
        }
    }
}

fn of_refusal(refusal: &Refusal, detail: String) -> Problem {
    match refusal {
        Refusal::NoSegment(_)
        | Refusal::NoSource(_)
        | Refusal::NoProfile(_)
        | Refusal::NoList(_)
        | Refusal::NoComputedTrait(_)
        | Refusal::NoDerivedEvent(_)
        | Refusal::NoScore(_)
        | Refusal::NoResult(_)
        | Refusal::NoAlarm(_)
        | Refusal::Split(SplitRefusal::NoBar(_)) => Problem::not_found(detail),
        Refusal::VersionMoved { .. }
        | Refusal::ComputedTraitMoved { .. }
        | Refusal::DerivedEventMoved { .. } => {
            Problem::new(StatusCode::CONFLICT, "version-moved", "Someone else has edited it", detail)
        }
        Refusal::NameTaken(..)
        | Refusal::ListNameTaken(..)
        | Refusal::ResultNameTaken(..)
        | Refusal::AlarmNameTaken(..)
        | Refusal::ComputedTraitNameTaken(..)
        | Refusal::DerivedEventNameTaken(..)
        | Refusal::EventNameTaken(_)
        | Refusal::SourceNameTaken(_)
        | Refusal::WriteKeyTaken => Problem::new(StatusCode::CONFLICT, "taken", "The name is in use", detail),
        Refusal::BadName
        | Refusal::BadScore(_)
        | Refusal::BadResult(_)
        | Refusal::BadAlarm(_)
        | Refusal::Split(SplitRefusal::Nothing | SplitRefusal::NotIts(_) | SplitRefusal::Everything)
        | Refusal::TooManyRows { .. }
        | Refusal::BadSettings(_)
        | Refusal::BadDetails(_)
        | Refusal::BrokenReference(_)
        | Refusal::Circle(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "It cannot be used", detail)
        }
        Refusal::InUse(_)
        | Refusal::ListInUse(_)
        | Refusal::ResultInUse(_)
        | Refusal::MadeIntoResult(_)
        | Refusal::TooManyResults(_)
        | Refusal::TooManyAlarms(_)
        | Refusal::TooManyLists(_)
        | Refusal::ListTooLong
        | Refusal::ComputedTraitInUse(_)
        | Refusal::DerivedEventInUse(_)
        | Refusal::DerivedEventChosenFrom(_)
        | Refusal::DerivedEventEdited(_)
        | Refusal::TooManyDerivedEvents(_)
        | Refusal::ComputedTraitKind(..)
        | Refusal::ComputedTraitEdited(_)
        | Refusal::TooManyComputedTraits(_)
        | Refusal::WrongStatus(..)
        | Refusal::Paused(_)
        | Refusal::NotLive(..)
        | Refusal::TooManySegments(_)
        | Refusal::TooManyProducts(_)
        | Refusal::StalePriming
        | Refusal::ProfileMoved(_)
        | Refusal::Split(SplitRefusal::Stale | SplitRefusal::LiftedAlready(_))
        | Refusal::TooManySplits(_)
        | Refusal::Artefact(_) => Problem::conflict(detail),
    }
}

impl From<ImportFailure> for Problem {
    fn from(failure: ImportFailure) -> Self {
        match failure {
            ImportFailure::Engine(error) => error.into(),
            ImportFailure::File(ImportError::Read(error)) => Self::internal(&error),
            ImportFailure::File(error) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "import-refused",
                "The file cannot be imported",
                error.to_string(),
            ),
        }
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        let detail = busy.to_string();
        match busy {
            Busy::QueueFull => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "The server is busy", detail).retry()
            }
            Busy::Stopping => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "The server is stopping", detail)
                    .retry()
            }
            Busy::History(_) => Self::unreachable(detail),
            Busy::Failed(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "journal-failed", "Nothing can be written", detail)
                    .retry()
            }
        }
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let detail = error.to_string();
        match error {
            ControlError::NoToken(_) => Self::not_found(detail),
            ControlError::NameTaken(_) | ControlError::LastAdmin(_) | ControlError::TooMany => {
                Self::conflict(detail)
            }
            ControlError::BadName => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "It cannot be used", detail)
            }
            ControlError::Io { .. } | ControlError::Damaged(..) | ControlError::Random(_) => {
                Self::internal(&detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let retry_after = self.retry_after_seconds;
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
