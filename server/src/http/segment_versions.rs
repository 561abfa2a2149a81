use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_engine::{OtherRule, view};
use segops_model::{Instant, SegmentVersion};
use segops_rules::Base;

use super::authority::{Reader, Writer};
use super::job;
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf};
use super::rule_input::{locate_all, located, named_rule};
use super::rules::SAMPLE_DEFAULT;
use super::segments::{SegmentSaved, answer_saved, if_match};
use super::state::App;

/// The rule that a segment would have: a new one, or an older version of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferenceRequest {
    #[schema(example = "did \"Order Completed\" >= 3 times in last 90 days")]
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub rule_json: Option<serde_json::Value>,
    #[schema(value_type = Option<String>, example = "customers")]
    pub base: Option<Base>,
    /// The version that would be brought back, in place of a rule.
    #[schema(value_type = Option<u32>)]
    pub version: Option<SegmentVersion>,
    /// The instant to evaluate at; now where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
    /// How many of those who enter, and of those who leave, to show.
    pub sample: Option<usize>,
}

/// What was changed about a segment, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SegmentChanges {
    pub data: Vec<view::SegmentChange>,
}

/// Who would enter a segment and who would leave it, were its rule another: before it is saved. Closing the
/// connection cancels it. With `Accept: application/x-ndjson` the answer is lines of progress, then one with
/// the result.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/diff", tag = "Segments",
    request_body = DifferenceRequest, params(("segment" = String, Path, description = "An id or a name")),
    responses((status = 200, body = view::RuleDifference),
    (status = 422, description = "The rule cannot be used", body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn diff(
    _: Reader,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<DifferenceRequest>,
) -> Result<Response, Problem> {
    let other = match (asked.version, asked.rule.is_some() || asked.rule_json.is_some()) {
        (Some(version), false) => OtherRule::Version(version),
        (Some(_), true) => {
            return Err(Problem::bad_request("give either a rule or a `version` to bring back, not both"));
        }
        (None, _) => {
            let rule = named_rule(asked.rule.as_deref(), asked.rule_json, asked.base, app.limits())?;
            OtherRule::Given(Box::new(rule))
        }
    };
    let sample = asked.sample.unwrap_or(SAMPLE_DEFAULT).min(app.limits().page_rows_max);
    let engine = app.engine()?.clone();
    job::answer(app.jobs(), &headers, move |progress| {
        let text = asked.rule.as_deref();
        let found = engine.difference(&segment, &other, asked.at, sample, &progress.work);
        let mut found = located(text, found.map_err(Problem::from))?;
        locate_all(text, &mut found.warnings);
        Ok(found)
    })
    .await
}

/// One version of a segment's rule.
#[utoipa::path(get, path = "/api/v1/segments/{segment}/versions/{version}", tag = "Segments", params(
    ("segment" = String, Path, description = "An id or a name"),
    ("version" = u32, Path, description = "The version's number")), responses(
    (status = 200, body = view::SegmentVersionDetail), (status = "4XX", body = Problem)))]
pub(crate) async fn version(
    _: Reader,
    State(app): State<App>,
    PathOf((segment, version)): PathOf<(String, u32)>,
) -> Result<Json<view::SegmentVersionDetail>, Problem> {
    app.run(move |engine| engine.segment_version(&segment, SegmentVersion(version))).await.map(Json)
}

/// Saves an older version's rule as the newest. `If-Match` refuses it when someone else has edited the
/// segment.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/versions/{version}/restore", tag = "Segments", params(
    ("segment" = String, Path, description = "An id or a name"),
    ("version" = u32, Path, description = "The version's number")), responses(
    (status = 200, body = SegmentSaved), (status = 409, description = "Someone else has edited it", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn restore_version(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf((segment, version)): PathOf<(String, u32)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let version = SegmentVersion(version);
    let saved =
        app.run(move |engine| engine.restore_version(&caller.name, &segment, version, expected)).await;
    Ok(answer_saved(None, saved)?.into_response())
}

/// What was changed about a segment, by whom and when, newest first.
#[utoipa::path(get, path = "/api/v1/segments/{segment}/changes", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = SegmentChanges), (status = "4XX", body = Problem)))]
pub(crate) async fn changes(
    _: Reader,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<SegmentChanges>, Problem> {
    let data = app.run(move |engine| engine.segment_changes(&segment)).await?;
    Ok(Json(SegmentChanges { data }))
}
