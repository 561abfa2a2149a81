use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use segops_engine::view;

use super::authority::{Reader, Writer};
use super::job;
use super::problem::Problem;
use super::state::App;

/// Rebuilds every segment from raw history and compares it with live membership, while traffic goes on.
/// Closing the connection cancels it. With `Accept: application/x-ndjson` the answer is lines of progress,
/// then one with the result.
#[utoipa::path(post, path = "/api/v1/verify", tag = "Workspace", responses(
    (status = 200, body = view::VerifyReport), (status = "4XX", body = Problem)))]
pub(crate) async fn verify(
    _: Writer,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let engine = app.engine()?.clone();
    job::answer(app.jobs(), &headers, move |progress| Ok(engine.verify(&progress.work)?)).await
}

/// The newest check since the server started, of those that were asked for and those that it makes by itself in
/// the background: its instant, scope, result and duration.
#[utoipa::path(get, path = "/api/v1/verify/last", tag = "Workspace", responses(
    (status = 200, body = view::VerifyReport), (status = "4XX", body = Problem)))]
pub(crate) async fn last(_: Reader, State(app): State<App>) -> Result<Json<view::VerifyReport>, Problem> {
    let last = app.run(|engine| Ok(engine.last_verified())).await?;
    last.map(Json).ok_or_else(|| {
        Problem::not_found(
            "nothing was verified since the server started; `segops verify` does, and so does the server by \
             itself, at most one segment in each `--verify-every`",
        )
    })
}
