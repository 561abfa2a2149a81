use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use segops_engine::{Score, ScoresRecorded, ScoresSent};
use segops_model::Instant;
use segops_rules::ScoreKind;

use super::authority::{Admin, Reader};
use super::page::Page;
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf};
use super::state::App;

/// Values of one score, computed elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreValuesSent {
    /// `number` or `date`, where the score is new; a number where nothing is said. It stays what it is.
    #[schema(value_type = Option<String>, example = "number")]
    kind: Option<ScoreKind>,
    /// What the values are of: the instant up to which history was looked at. Of two values of one profile the
    /// one that is of the later instant holds, and of the same the one that came in last.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Instant>,
    /// What made them, as you call it.
    #[schema(example = "churn 2026-03, weights 7")]
    version: Option<String>,
    values: Vec<ScoreValueSent>,
}

/// What a score is of one profile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreValueSent {
    /// An id, or an identifier as `kind:value`.
    #[schema(example = "user_id:42")]
    profile: String,
    /// A number or a date; null takes the score back.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = 0.7)]
    value: serde_json::Value,
}

/// Every score that a rule can name: those computed here, and those that came in.
#[utoipa::path(get, path = "/api/v1/scores", tag = "Scores", responses(
    (status = 200, body = Page<Score>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(_: Reader, State(app): State<App>) -> Result<Json<Page<Score>>, Problem> {
    let data = app.run(|engine| Ok(engine.scores())).await?;
    Ok(Json(Page { data, next_cursor: None }))
}

/// Takes in values of a score that was computed elsewhere. Each holds for its profile until a newer one comes;
/// whoever is not among them keeps what was known. A name is known from its first batch on, be it empty.
#[utoipa::path(put, path = "/api/v1/scores/{score}", tag = "Scores", request_body = ScoreValuesSent, params(
    ("score" = String, Path, description = "The score's name")), responses(
    (status = 200, body = ScoresRecorded), (status = "4XX", body = Problem)))]
pub(crate) async fn put(
    Admin(caller): Admin,
    State(app): State<App>,
    PathOf(score): PathOf<String>,
    JsonBody(sent): JsonBody<ScoreValuesSent>,
) -> Result<Json<ScoresRecorded>, Problem> {
    let limit = app.limits().score_values_per_batch_max;
    if sent.values.len() > limit {
        return Err(Problem::too_large(format!(
            "there are {} values in the batch; the limit is {limit}: send several batches",
            sent.values.len(),
        )));
    }
    let values = sent.values.into_iter().map(|one| (one.profile, one.value)).collect();
    let sent = ScoresSent { kind: sent.kind, as_of: sent.as_of, version: sent.version, values };
    let recorded = app.run(move |engine| engine.record_scores(&caller.name, &score, sent)).await?;
    Ok(Json(recorded))
}

/// Takes out a score that came in, with its values. A score that a segment's rule names stays.
#[utoipa::path(delete, path = "/api/v1/scores/{score}", tag = "Scores", params(
    ("score" = String, Path, description = "The score's name")), responses(
    (status = 204, description = "It is gone"), (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Admin(caller): Admin,
    State(app): State<App>,
    PathOf(score): PathOf<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.forget_score(&caller.name, &score)).await?;
    Ok(StatusCode::NO_CONTENT)
}
