use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use segops_engine::{Engine, EngineError, NewSegment, folder_path, view};
use segops_model::{SegmentId, SegmentVersion, same_text};
use segops_rules::Base;

use super::authority::{Reader, Writer};
use super::page::{Page, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::rule_input::{locate_all, located, named_rule};
use super::state::App;
use crate::templates::template;

/// A segment to be made. The rule is given as text or as JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentRequest {
    pub name: String,
    #[schema(example = "did \"Order Completed\" >= 2 times in last 90 days")]
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub rule_json: Option<serde_json::Value>,
    /// Who is counted; it goes before what the rule itself says.
    #[schema(value_type = Option<String>, example = "customers")]
    pub base: Option<Base>,
    pub description: Option<String>,
    /// Whoever makes it, unless told.
    pub owner: Option<String>,
    /// A path such as `Retention/Win-back`.
    pub folder: Option<String>,
    pub tags: Option<BTreeSet<String>>,
    /// Saved without members, until it is published.
    #[serde(default)]
    pub draft: bool,
    /// A template's id, in place of a rule; its description is taken where none is given.
    pub template: Option<String>,
    /// Values of the template's parameters; those left out have their defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

impl SegmentRequest {
    /// Puts the template's rule where the request names one.
    fn fill(&mut self) -> Result<(), Problem> {
        let Some(id) = &self.template else {
            let stray = !self.parameters.is_empty();
            return if stray { Err(Problem::bad_request("`parameters` are a template's")) } else { Ok(()) };
        };
        if self.rule.is_some() || self.rule_json.is_some() {
            return Err(Problem::bad_request("give either a rule or a template, not both"));
        }
        let template = template(id).map_err(Problem::not_found)?;
        self.rule = Some(template.filled(&self.parameters).map_err(Problem::bad_request)?);
        self.description.get_or_insert(template.description);
        Ok(())
    }
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
pub(crate) struct SegmentDescription {
    pub name: Option<String>,
    pub description: Option<String>,
    pub owner: Option<String>,
    /// A path such as `Retention/Win-back`; empty to take it out of its folder.
    pub folder: Option<String>,
    /// All of its tags from then on.
    pub tags: Option<BTreeSet<String>>,
}

/// Which segments are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SegmentQuery {
    /// Only those in this state: `draft`, `live` or `archived`.
    state: Option<view::Lifecycle>,
    /// Only those in this folder, or in a folder inside it.
    folder: Option<String>,
    /// Only those with this tag.
    tag: Option<String>,
    /// Only those of this owner.
    owner: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 100 unless told, at most `page_rows_max`.
    limit: Option<usize>,
}

impl SegmentQuery {
    fn asks_for(&self, segment: &view::Segment) -> bool {
        let in_folder = |folder: &String| {
            let (asked, held) = (folder_path(folder), &segment.folder);
            let inside = held.get(..asked.len()).is_some_and(|start| same_text(start, &asked));
            inside
                && (held.len() == asked.len()
                    || held.get(asked.len()..).is_some_and(|rest| rest.starts_with('/')))
        };
        self.state.is_none_or(|state| segment.state == state)
            && self.folder.as_ref().is_none_or(in_folder)
            && self.tag.as_ref().is_none_or(|tag| segment.tags.iter().any(|held| same_text(held, tag)))
            && self.owner.as_ref().is_none_or(|owner| same_text(&segment.owner, owner))
    }
}

/// A segment as it is after a change, and what looks wrong in its rule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SegmentSaved {
    pub segment: view::Segment,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}

/// Segments, the oldest first: all of them, or those of a state, folder, tag or owner.
#[utoipa::path(get, path = "/api/v1/segments", tag = "Segments", params(SegmentQuery), responses(
    (status = 200, body = Page<view::Segment>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<SegmentQuery>,
) -> Result<Json<Page<view::Segment>>, Problem> {
    let after: Option<SegmentId> = key_of(query.cursor.as_deref())?;
    let mut segments = app.run(|engine| Ok(engine.segments())).await?;
    segments.sort_by_key(|segment| segment.id);
    segments.retain(|segment| after.is_none_or(|after| segment.id > after) && query.asks_for(segment));
    Ok(Json(page(segments, rows_of(query.limit, app.limits()), |segment| segment.id.to_string())))
}

/// Makes a segment. It is live once history is read for it: until then its status is `priming`. A draft waits
/// until it is published.
#[utoipa::path(post, path = "/api/v1/segments", tag = "Segments", request_body = SegmentRequest, responses(
    (status = 201, body = SegmentSaved), (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(mut new): JsonBody<SegmentRequest>,
) -> Result<Response, Problem> {
    new.fill()?;
    let rule = named_rule(new.rule.as_deref(), new.rule_json, new.base, app.limits())?;
    let details = view::DetailsChange {
        name: None,
        description: new.description,
        owner: new.owner,
        folder: new.folder,
        tags: new.tags,
    };
    let segment = NewSegment { name: new.name, rule, details, draft: new.draft };
    let saved = app.run(move |engine| engine.create_segment_as(&caller.name, segment)).await;
    Ok((StatusCode::CREATED, answer_saved(new.rule.as_deref(), saved)?).into_response())
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
    let saved = app.run(move |engine| engine.edit_segment(&caller.name, &segment, expected, &rule)).await;
    Ok(answer_saved(edit.rule.as_deref(), saved)?.into_response())
}

/// Gives a segment another name, description, owner, folder or tags: what is left out stays as it is. Rules
/// that refer to it follow its name.
#[utoipa::path(patch, path = "/api/v1/segments/{segment}", tag = "Segments", request_body = SegmentDescription,
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn describe(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
    JsonBody(asked): JsonBody<SegmentDescription>,
) -> Result<Json<view::Segment>, Problem> {
    let SegmentDescription { name, description, owner, folder, tags } = asked;
    let details = view::DetailsChange { name, description, owner, folder, tags };
    change(&app, segment, move |engine, id| engine.describe_segment(&caller.name, id, details)).await
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
pub(super) async fn change<T>(
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

/// `text` is the rule as it was given: problems and warnings have their places in it.
pub(super) fn answer_saved(
    text: Option<&str>,
    saved: Result<(view::Segment, Vec<segops_rules::Problem>), Problem>,
) -> Result<impl IntoResponse, Problem> {
    let (segment, mut warnings) = located(text, saved)?;
    locate_all(text, &mut warnings);
    Ok((etag(&segment), Json(SegmentSaved { segment, warnings })))
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

pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<SegmentVersion>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(|version| Some(SegmentVersion(version))).map_err(|_| {
        Problem::bad_request("If-Match takes the segment's version, as the ETag of an answer has it")
    })
}
