//! Recorded results: definitions that name profiles, computed on a schedule.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use segops_engine::{NewResult, Schedule, view};
use segops_model::ResultId;

use super::authority::{Reader, Writer};
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::state::App;

/// A recorded result to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRecordedResult {
    pub name: String,
    pub definition: view::ResultDefinitionView,
    /// By hand where nothing is said.
    #[serde(default)]
    pub schedule: Schedule,
}

/// What is to be another in a recorded result.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultEdit {
    pub name: Option<String>,
    pub definition: Option<view::ResultDefinitionView>,
    pub schedule: Option<Schedule>,
}

/// Which of those whom a result names.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MembersQuery {
    /// From the one after so many.
    #[serde(default)]
    pub after: usize,
    pub limit: Option<usize>,
}

/// The recorded results.
#[utoipa::path(get, path = "/api/v1/results", tag = "Results", params(PageQuery), responses(
    (status = 200, body = Page<view::RecordedResult>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::RecordedResult>>, Problem> {
    let after: Option<ResultId> = key_of(query.cursor.as_deref())?;
    let mut results = app.run(|engine| Ok(engine.results())).await?;
    results.retain(|result| after.is_none_or(|after| result.id > after));
    Ok(Json(page(results, rows_of(query.limit, app.limits()), |result| result.id.to_string())))
}

/// Makes a recorded result. It is computed at once, and then on its schedule.
#[utoipa::path(post, path = "/api/v1/results", tag = "Results", request_body = NewRecordedResult, responses(
    (status = 201, body = view::RecordedResult), (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(new): JsonBody<NewRecordedResult>,
) -> Result<(StatusCode, Json<view::RecordedResult>), Problem> {
    let new = NewResult { name: new.name, definition: new.definition, schedule: new.schedule };
    let result = app.run(move |engine| engine.create_result(&caller.name, new)).await?;
    Ok((StatusCode::CREATED, Json(result)))
}

/// One recorded result, with what became of it.
#[utoipa::path(get, path = "/api/v1/results/{result}", tag = "Results",
    params(("result" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::RecordedResult), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(result): PathOf<String>,
) -> Result<Json<view::RecordedResult>, Problem> {
    app.run(move |engine| engine.result(&result)).await.map(Json)
}

/// Another name, schedule or definition; with another definition it is computed at once, and what was recorded holds
/// until then.
#[utoipa::path(patch, path = "/api/v1/results/{result}", tag = "Results",
    params(("result" = String, Path, description = "An id or a name")), request_body = ResultEdit, responses(
    (status = 200, body = view::RecordedResult), (status = "4XX", body = Problem)))]
pub(crate) async fn edit(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(result): PathOf<String>,
    JsonBody(edit): JsonBody<ResultEdit>,
) -> Result<Json<view::RecordedResult>, Problem> {
    let edited = app.run(move |engine| {
        engine.edit_result(&caller.name, &result, edit.name, edit.definition.as_ref(), edit.schedule)
    });
    edited.await.map(Json)
}

/// Deletes a recorded result that no segment's rule names.
#[utoipa::path(delete, path = "/api/v1/results/{result}", tag = "Results",
    params(("result" = String, Path, description = "An id or a name")), responses(
    (status = 204), (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(result): PathOf<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.delete_result(&caller.name, &result)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a result computed as soon as can be. The answer comes at once; `status` and `progress` say how far it is.
#[utoipa::path(post, path = "/api/v1/results/{result}/refresh", tag = "Results",
    params(("result" = String, Path, description = "An id or a name")), responses(
    (status = 202, body = view::RecordedResult), (status = "4XX", body = Problem)))]
pub(crate) async fn refresh(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(result): PathOf<String>,
) -> Result<(StatusCode, Json<view::RecordedResult>), Problem> {
    let result = app.run(move |engine| engine.refresh_result(&caller.name, &result)).await?;
    Ok((StatusCode::ACCEPTED, Json(result)))
}

/// Calls the computing of a result off, if it is under way. What was recorded before holds.
#[utoipa::path(post, path = "/api/v1/results/{result}/cancel", tag = "Results",
    params(("result" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::RecordedResult), (status = "4XX", body = Problem)))]
pub(crate) async fn cancel(
    _: Writer,
    State(app): State<App>,
    PathOf(result): PathOf<String>,
) -> Result<Json<view::RecordedResult>, Problem> {
    app.run(move |engine| engine.cancel_result(&result)).await.map(Json)
}

/// Whom a result names, in its order, and why.
#[utoipa::path(get, path = "/api/v1/results/{result}/members", tag = "Results",
    params(MembersQuery, ("result" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::ResultMembers), (status = "4XX", body = Problem)))]
pub(crate) async fn members(
    _: Reader,
    State(app): State<App>,
    PathOf(result): PathOf<String>,
    QueryOf(query): QueryOf<MembersQuery>,
) -> Result<Json<view::ResultMembers>, Problem> {
    let limit = rows_of(query.limit, app.limits());
    app.run(move |engine| engine.result_members(&result, query.after, limit)).await.map(Json)
}
