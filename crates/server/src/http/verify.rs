use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use segops_engine::view;

use super::authority::Writer;
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
