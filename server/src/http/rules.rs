use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_engine::view;
use segops_model::Instant;
use segops_rules::Base;

use super::authority::Reader;
use super::job;
use super::problem::Problem;
use super::read_body::JsonBody;
use super::rule_input::{locate_all, located, named_rule};
use super::state::App;

/// Members that a preview shows, where the request does not say.
pub(super) const SAMPLE_DEFAULT: usize = 10;

/// A rule to be checked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleCheck {
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub rule_json: Option<serde_json::Value>,
    #[schema(value_type = Option<String>, example = "customers")]
    pub base: Option<Base>,
    /// The segment whose rule it is to become, so that it may not refer to itself.
    pub segment: Option<String>,
}

/// A rule that can be used, in both of its forms.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CheckedRule {
    /// The rule as it is written out.
    pub rule: String,
    #[schema(value_type = Object)]
    pub rule_json: serde_json::Value,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}

/// A rule to be counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    #[schema(example = "did \"Order Completed\" >= 2 times in last 90 days")]
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub rule_json: Option<serde_json::Value>,
    #[schema(value_type = Option<String>, example = "customers")]
    pub base: Option<Base>,
    /// The instant to evaluate at; now where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
    /// How many members to show.
    pub sample: Option<usize>,
}

/// Checks a rule: every problem at once, each with its place.
#[utoipa::path(post, path = "/api/v1/rules/check", tag = "Segments", request_body = RuleCheck, responses(
    (status = 200, body = CheckedRule), (status = 422, description = "It cannot be used", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn check(
    _: Reader,
    State(app): State<App>,
    JsonBody(request): JsonBody<RuleCheck>,
) -> Result<Json<CheckedRule>, Problem> {
    let rule = named_rule(request.rule.as_deref(), request.rule_json, request.base, app.limits())?;
    let text = segops_rules::format(&rule);
    let rule_json = serde_json::to_value(&rule).map_err(|error| Problem::internal(&error))?;
    let segment = request.segment;
    let checked = app
        .run(move |engine| {
            let editing = match &segment {
                Some(segment) => Some(engine.segment(segment)?.id),
                None => None,
            };
            engine.check_rule(&rule, editing)
        })
        .await;
    let given = request.rule.as_deref();
    let mut warnings = located(given, checked)?;
    locate_all(given, &mut warnings);
    Ok(Json(CheckedRule { rule: text, rule_json, warnings }))
}

/// Counts a rule over all of history, exactly, and shows some members. Closing the connection cancels it.
/// With `Accept: application/x-ndjson` the answer is lines of progress, then one with the result.
#[utoipa::path(post, path = "/api/v1/segments/preview", tag = "Segments", request_body = PreviewRequest,
    responses((status = 200, body = view::Preview),
    (status = 422, description = "The rule cannot be used", body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn preview(
    _: Reader,
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<PreviewRequest>,
) -> Result<Response, Problem> {
    let rule = named_rule(request.rule.as_deref(), request.rule_json, request.base, app.limits())?;
    let sample = request.sample.unwrap_or(SAMPLE_DEFAULT).min(app.limits().page_rows_max);
    let engine = app.engine()?.clone();
    job::answer(app.jobs(), &headers, move |progress| {
        let text = request.rule.as_deref();
        let found = engine.preview(&rule, request.at, sample, &progress.work);
        let mut found = located(text, found.map_err(Problem::from))?;
        locate_all(text, &mut found.warnings);
        Ok(found)
    })
    .await
}

/// The JSON Schema (draft 2020-12) of `rule_json`, for editors and for checks before a rule is sent.
#[utoipa::path(get, path = "/api/v1/rules/schema.json", tag = "Segments", responses(
    (status = 200, description = "A JSON Schema", body = Object), (status = "4XX", body = Problem)))]
pub(crate) async fn schema(_: Reader) -> Json<serde_json::Value> {
    Json(segops_rules::json_schema())
}
