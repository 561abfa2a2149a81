use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_engine::{Engine, EngineError, view};
use segops_model::{SegmentId, SegmentVersion};
use segops_rules::Base;

use super::authority::{Reader, Writer};
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::rule_input::named_rule;
use super::state::App;

/// A segment to be made. The rule is given as text or as JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSegment {
    pub name: String,
    #[schema(example = "did \"Order Completed\" >= 2 times in last 90 days")]
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub rule_json: Option<serde_json::Value>,
    /// Who is counted; it goes before what the rule itself says.
    #[schema(value_type = Option<String>, example = "customers")]
    pub base: Option<Base>,
}

/// A new rule for a segment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentEdit {
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub rule_json: Option<serde_json::Value>,
    #[schema(value_type = Option<String>, example = "customers")]
    pub base: Option<Base>,
    /// The newest version as its author knows it: the edit is refused when there is a newer one. `If-Match`
    /// says the same.
    #[schema(value_type = Option<u32>)]
    pub expected_version: Option<SegmentVersion>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentRename {
    pub name: String,
}

/// A segment as it is after a change, and what looks wrong in its rule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SegmentSaved {
    pub segment: view::Segment,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}

/// All segments, the oldest first.
#[utoipa::path(get, path = "/api/v1/segments", tag = "Segments", params(PageQuery), responses(
    (status = 200, body = Page<view::Segment>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::Segment>>, Problem> {
    let after: Option<SegmentId> = key_of(query.cursor.as_deref())?;
    let mut segments = app.run(|engine| Ok(engine.segments())).await?;
    segments.sort_by_key(|segment| segment.id);
    segments.retain(|segment| after.is_none_or(|after| segment.id > after));
    Ok(Json(page(segments, rows_of(query.limit, app.limits()), |segment| segment.id.to_string())))
}

/// Makes a segment. It is live once history is read for it: until then its status is `priming`.
#[utoipa::path(post, path = "/api/v1/segments", tag = "Segments", request_body = NewSegment, responses(
    (status = 201, body = SegmentSaved), (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(new): JsonBody<NewSegment>,
) -> Result<Response, Problem> {
    let rule = named_rule(new.rule.as_deref(), new.rule_json, new.base, app.limits())?;
    let saved = app.run(move |engine| engine.create_segment(&caller.name, &new.name, &rule)).await?;
    Ok((StatusCode::CREATED, answer_saved(saved)).into_response())
}

/// A segment by its id or name.
#[utoipa::path(get, path = "/api/v1/segments/{segment}", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Response, Problem> {
    let segment = app.run(move |engine| engine.segment(&segment)).await?;
    Ok((etag(&segment), Json(segment)).into_response())
}

/// Edits the rule: makes a new version. The old one serves until the new one has read history.
#[utoipa::path(put, path = "/api/v1/segments/{segment}", tag = "Segments", request_body = SegmentEdit,
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = SegmentSaved), (status = 409, description = "Someone else has edited it", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn edit(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
    headers: HeaderMap,
    JsonBody(edit): JsonBody<SegmentEdit>,
) -> Result<Response, Problem> {
    let expected = match if_match(&headers)? {
        Some(version) => Some(version),
        None => edit.expected_version,
    };
    let rule = named_rule(edit.rule.as_deref(), edit.rule_json, edit.base, app.limits())?;
    let saved = app.run(move |engine| engine.edit_segment(&caller.name, &segment, expected, &rule)).await?;
    Ok(answer_saved(saved).into_response())
}

/// Renames a segment. Rules that refer to it follow.
#[utoipa::path(patch, path = "/api/v1/segments/{segment}", tag = "Segments", request_body = SegmentRename,
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn rename(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
    JsonBody(rename): JsonBody<SegmentRename>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.rename_segment(&caller.name, id, &rename.name)).await
}

/// Holds the members as they are.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/pause", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn pause(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.pause_segment(&caller.name, id)).await
}

/// Reads history again and goes live.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/resume", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn resume(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.resume_segment(&caller.name, id)).await
}

/// Deletes a segment that no other one refers to.
#[utoipa::path(delete, path = "/api/v1/segments/{segment}", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 204, description = "It is gone"), (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.delete_segment(&caller.name, &segment)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a change and answers with the segment as it is then. The id is looked up first: the name may be
/// what changes.
async fn change<T>(
    app: &App,
    segment: String,
    make: impl FnOnce(&Engine, &str) -> Result<T, EngineError> + Send + 'static,
) -> Result<Json<view::Segment>, Problem> {
    app.run(move |engine| {
        let id = engine.segment(&segment)?.id.to_string();
        make(engine, &id)?;
        engine.segment(&id)
    })
    .await
    .map(Json)
}

fn answer_saved((segment, warnings): (view::Segment, Vec<segops_rules::Problem>)) -> impl IntoResponse {
    (etag(&segment), Json(SegmentSaved { segment, warnings }))
}

/// The newest version, as what `If-Match` takes.
fn etag(segment: &view::Segment) -> HeaderMap {
    let newest = segment.versions.iter().map(|version| version.version.0).max().unwrap_or_default();
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::try_from(format!("\"{newest}\"")) {
        headers.insert(header::ETAG, value);
    }
    headers
}

fn if_match(headers: &HeaderMap) -> Result<Option<SegmentVersion>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(|version| Some(SegmentVersion(version))).map_err(|_| {
        Problem::bad_request("If-Match takes the segment's version, as the ETag of an answer has it")
    })
}
