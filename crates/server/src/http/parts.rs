//! The history in parts: what there is, whether it is whole, and how other tools read it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use segops_engine::{Effort, view};

use super::authority::{Reader, Writer};
use super::job;
use super::problem::Problem;
use super::read_body::QueryOf;
use super::state::App;

const SQL: &str = "application/sql; charset=utf-8";

/// How much is to be compacted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompactQuery {
    /// Everything that can be, rather than what is due.
    #[serde(default)]
    full: bool,
}

/// The parts that hold the history, and what is in memory beside them.
#[utoipa::path(get, path = "/api/v1/parts", tag = "History", responses(
    (status = 200, body = view::Parts), (status = "4XX", body = Problem)))]
pub(crate) async fn list(_: Reader, State(app): State<App>) -> Result<Json<view::Parts>, Problem> {
    app.run(|engine| Ok(engine.parts())).await.map(Json)
}

/// Reads every part whole: checksums, order, counts, typed columns against the JSON, each position once.
/// With `Accept: application/x-ndjson` the answer is lines of progress, then one with the result.
#[utoipa::path(post, path = "/api/v1/parts/check", tag = "History", responses(
    (status = 200, body = view::PartsCheck), (status = "4XX", body = Problem)))]
pub(crate) async fn check(
    _: Writer,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let engine = app.engine()?.clone();
    job::answer(app.jobs(), &headers, move |progress| Ok(engine.check_parts(&progress.work)?)).await
}

/// Writes rows in memory to a part, and compacts what is due, or everything that can be. Closing the connection
/// calls it off, and leaves what is done. With `Accept: application/x-ndjson` the answer is lines of progress,
/// then one with the result.
#[utoipa::path(post, path = "/api/v1/parts/compact", tag = "History", params(CompactQuery), responses(
    (status = 200, body = view::PartsCompacted), (status = "4XX", body = Problem)))]
pub(crate) async fn compact(
    _: Writer,
    State(app): State<App>,
    QueryOf(query): QueryOf<CompactQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let engine = app.engine()?.clone();
    let effort = if query.full { Effort::Full } else { Effort::Due };
    job::answer(app.jobs(), &headers, move |progress| Ok(engine.compact_parts(effort, &progress.work)?)).await
}

/// SQL that makes a view `events` of the parts for DuckDB, in which merges, splits and deletions hold. Rows in
/// memory are written to a part first. The view holds for an hour after the files that it names are compacted.
#[utoipa::path(get, path = "/api/v1/parts/sql-view", tag = "History", responses(
    (status = 200, body = String, content_type = "application/sql"), (status = "4XX", body = Problem)))]
pub(crate) async fn sql_view(_: Writer, State(app): State<App>) -> Result<Response, Problem> {
    let sql = app.run(segops_engine::Engine::sql_view).await?;
    Ok(([(header::CONTENT_TYPE, SQL)], sql).into_response())
}
