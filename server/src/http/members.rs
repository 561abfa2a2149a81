use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use segops_engine::{Engine, EngineError, view};
use segops_model::{Identifier, Instant, ProfileId};

use super::authority::Reader;
use super::job;
use super::page::{Page, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{PathOf, QueryOf};
use super::state::App;

/// Whose membership is asked for, and when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MembersQuery {
    /// Who was in it at this instant by what was recorded then.
    #[param(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Instant>,
    /// Whom its rule selects at this instant, over the events that had happened by then. Reads all of history.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<Instant>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 100 unless told, at most `page_rows_max`.
    limit: Option<usize>,
}

/// Which days are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// The first day; 30 days before the last, unless told.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; today, unless told.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// Who is in the segment, and since when: now, at an earlier instant as it was recorded, or as of one.
#[utoipa::path(get, path = "/api/v1/segments/{segment}/members", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name"), MembersQuery), responses(
    (status = 200, body = Page<view::Member>), (status = "4XX", body = Problem)))]
pub(crate) async fn members(
    _: Reader,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
    QueryOf(query): QueryOf<MembersQuery>,
) -> Result<Response, Problem> {
    let after: Option<ProfileId> = key_of(query.cursor.as_deref())?;
    let limit = rows_of(query.limit, app.limits());
    let paged = move |members| page(members, limit, |member: &view::Member| member.profile.to_string());
    let members = match (query.recorded_at, query.as_of) {
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request("ask either for `recorded_at` or for `as_of`, not for both"));
        }
        (None, Some(at)) => {
            let engine = app.engine()?.clone();
            return job::answer(app.jobs(), &HeaderMap::new(), move |progress| {
                Ok(paged(engine.members_as_of(&segment, at, after, limit + 1, &progress.work)?))
            })
            .await;
        }
        (Some(at), None) => {
            app.run(move |engine| engine.members_recorded(&segment, at, after, limit + 1)).await?
        }
        (None, None) => app.run(move |engine| engine.members(&segment, after, limit + 1)).await?,
    };
    Ok(Json(paged(members)).into_response())
}

/// Who came in and who left on each day of the workspace's time zone, by cause, and how many were in it at
/// the day's end, as it was recorded.
#[utoipa::path(get, path = "/api/v1/segments/{segment}/history", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name"), HistoryQuery), responses(
    (status = 200, body = view::SegmentHistory), (status = "4XX", body = Problem)))]
pub(crate) async fn history(
    _: Reader,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
    QueryOf(query): QueryOf<HistoryQuery>,
) -> Result<Json<view::SegmentHistory>, Problem> {
    app.run(move |engine| engine.segment_history(&segment, query.from, query.to)).await.map(Json)
}

/// Why a profile is in the segment, or not: every part of the rule with what was observed.
#[utoipa::path(get, path = "/api/v1/segments/{segment}/explain/{profile}", tag = "Segments", params(
    ("segment" = String, Path, description = "An id or a name"),
    ("profile" = String, Path, description = "A profile's id, or an identifier as kind:value")), responses(
    (status = 200, body = view::ExplainView), (status = "4XX", body = Problem)))]
pub(crate) async fn explain(
    _: Reader,
    State(app): State<App>,
    PathOf((segment, profile)): PathOf<(String, String)>,
) -> Result<Json<view::ExplainView>, Problem> {
    app.run(move |engine| engine.explain(&segment, profile_named(engine, &profile)?)).await.map(Json)
}

/// The profile of an id, or of an identifier as `kind:value`.
pub(crate) fn profile_named(engine: &Engine, text: &str) -> Result<ProfileId, EngineError> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let found = text
        .split_once(':')
        .and_then(|(kind, value)| engine.find_profile(&Identifier::new(kind.trim(), value.trim())));
    found.ok_or_else(|| {
        EngineError::NotFound(format!(
            "there is no profile `{text}`; give an id such as p_17, or an identifier such as email:ann@example.com"
        ))
    })
}

/// What the segment keeps in memory: timelines by event filter, and where profiles stand with it.
#[utoipa::path(get, path = "/api/v1/segments/{segment}/cost", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::SegmentCost), (status = "4XX", body = Problem)))]
pub(crate) async fn cost(
    _: Reader,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::SegmentCost>, Problem> {
    app.run(move |engine| engine.segment_cost(&segment)).await.map(Json)
}
