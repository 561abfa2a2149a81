use axum::Json;
use axum::extract::State;

use segops_engine::{Engine, EngineError, view};
use segops_model::{Identifier, ProfileId};

use super::authority::Reader;
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{PathOf, QueryOf};
use super::state::App;

/// Who is in the segment now, and since when.
#[utoipa::path(get, path = "/api/v1/segments/{segment}/members", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name"), PageQuery), responses(
    (status = 200, body = Page<view::Member>), (status = "4XX", body = Problem)))]
pub(crate) async fn members(
    _: Reader,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::Member>>, Problem> {
    let after: Option<ProfileId> = key_of(query.cursor.as_deref())?;
    let limit = rows_of(query.limit, app.limits());
    let members = app.run(move |engine| engine.members(&segment, after, limit + 1)).await?;
    Ok(Json(page(members, limit, |member| member.profile.to_string())))
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
