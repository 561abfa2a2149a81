use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, Position, ProfileId};
use segops_query::{Analysis, AnalysisError, Answer, Customers, Part};

use super::authority::Reader;
use super::job;
use super::problem::Problem;
use super::read_body::JsonBody;
use super::state::App;
use crate::analyses::{AnalysisFailure, Asked, customers_of, run};

/// The media type of a table.
const CSV: &str = "text/csv";
/// Profiles that are named, where the request does not say how many.
const PROFILES_DEFAULT: usize = 100;

/// An analysis of the whole history.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnalysisRequest {
    /// One of `trend`, `funnel`, `retention`, `cohorts`, `rfm`, `lifecycle`, `change`, `predictors`, `overlap`,
    /// `apart`, `basket`, `acquisition`, with its definition.
    #[schema(value_type = Object, example = json!({ "trend": { "series": [{ "event": { "text": "Order Completed" } }] } }))]
    pub analysis: Analysis,
    /// Only the members of this segment at the instant.
    pub segment: Option<String>,
    /// Only the profiles that this rule holds for at the instant.
    pub rule: Option<String>,
    /// What happened later does not exist; now where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
}

/// What history answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AnalysisResult {
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// Everything before this journal position was read.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Under the name of the analysis.
    #[schema(value_type = Object)]
    pub answer: Answer,
}

/// A part of an answer, whose customers are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersRequest {
    /// The analysis' name, with its definition and the part of its answer.
    #[schema(value_type = Object, example = json!({ "funnel": [{ "steps": [{ "event": { "text": "Product Viewed" } },
        { "event": { "text": "Order Completed" } }] }, { "step": 1, "outcome": "dropped" }] }))]
    pub part: Part,
    pub segment: Option<String>,
    pub rule: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
    /// How many profiles to name; at most `page_rows_max`.
    pub limit: Option<usize>,
}

/// Whom a part of an answer is about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CustomersResult {
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    pub count: u64,
    /// The first of them by id.
    #[schema(value_type = Vec<String>)]
    pub profiles: Vec<ProfileId>,
    /// A rule that a preview at the same instant selects the same profiles by.
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub rule_json: Option<serde_json::Value>,
    /// Why there is no such rule.
    pub no_rule_because: Option<String>,
}

/// Computes an analysis over all of history. Closing the connection cancels it. With `Accept: text/csv` the answer is
/// its main table; with `Accept: application/x-ndjson` lines of progress, then one with the result.
#[utoipa::path(post, path = "/api/v1/analyses", tag = "Analytics", request_body = AnalysisRequest, responses(
    (status = 200, body = AnalysisResult),
    (status = 422, description = "The definition cannot be used: every problem with its place", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn analyse(
    _: Reader,
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<AnalysisRequest>,
) -> Result<Response, Problem> {
    let engine = app.engine()?.clone();
    let limits = *app.limits();
    let wants_table = accepts(&headers, CSV);
    let AnalysisRequest { analysis, segment, rule, at } = request;
    let work = move |progress: &job::Progress| {
        let asked = Asked { segment, rule, at };
        let (at, position, answer) = run(&engine, &analysis, &asked, &limits, &progress.work)?;
        Ok(AnalysisResult { at, position, answer })
    };
    if !wants_table {
        return job::answer(app.jobs(), &headers, work).await;
    }
    let result = job::result(app.jobs(), work).await?;
    let sheets = result.answer.sheets(&|instant| instant.to_string());
    let table = sheets.first().map(segops_query::Sheet::csv).unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, CSV)], table).into_response())
}

/// Names the profiles that a part of an answer is about, with a rule that selects them wherever there is one.
#[utoipa::path(post, path = "/api/v1/analyses/customers", tag = "Analytics", request_body = CustomersRequest, responses(
    (status = 200, body = CustomersResult),
    (status = 422, description = "The answer has no such part", body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn customers(
    _: Reader,
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<CustomersRequest>,
) -> Result<Response, Problem> {
    let engine = app.engine()?.clone();
    let limits = *app.limits();
    let count = request.limit.unwrap_or(PROFILES_DEFAULT).min(limits.page_rows_max);
    let CustomersRequest { part, segment, rule, at, .. } = request;
    job::answer(app.jobs(), &headers, move |progress| {
        let asked = Asked { segment, rule, at };
        let (at, found) = customers_of(&engine, &part, &asked, &limits, &progress.work)?;
        let Customers { profiles, rule, no_rule_because } = found;
        Ok(CustomersResult {
            at,
            count: profiles.len(),
            profiles: profiles.iter().take(count).map(ProfileId).collect(),
            rule: rule.as_ref().map(segops_rules::format),
            rule_json: rule.as_ref().map(segops_rules::to_json),
            no_rule_because: no_rule_because.map(str::to_owned),
        })
    })
    .await
}

fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains(media_type))
}

impl From<AnalysisFailure> for Problem {
    fn from(failure: AnalysisFailure) -> Self {
        match failure {
            AnalysisFailure::Engine(error) => error.into(),
            AnalysisFailure::Rule(problems) => Self::rule(problems),
            AnalysisFailure::Analysis(AnalysisError::Definition(problems)) => Self::analysis(problems),
            AnalysisFailure::Analysis(error @ AnalysisError::Limit { .. }) => {
                Self::too_much(error.to_string())
            }
            AnalysisFailure::Analysis(AnalysisError::Cancelled) => {
                segops_engine::EngineError::Cancelled(segops_engine::Cancelled).into()
            }
            AnalysisFailure::Analysis(AnalysisError::Parts(error)) => {
                segops_engine::EngineError::from(error).into()
            }
        }
    }
}
