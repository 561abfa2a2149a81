use axum::Json;
use axum::extract::State;

use segops_engine::view;

use super::authority::Reader;
use super::problem::Problem;
use super::state::App;

/// How much there is, and how far the fold is behind the journal.
#[utoipa::path(get, path = "/api/v1/status", tag = "Workspace", responses(
    (status = 200, body = view::Status), (status = "4XX", body = Problem)))]
pub(crate) async fn status(_: Reader, State(app): State<App>) -> Result<Json<view::Status>, Problem> {
    app.run(|engine| Ok(engine.status())).await.map(Json)
}
