//! Checkpoints: what a start goes on from.

use axum::Json;
use axum::extract::State;

use segops_engine::{Engine, view};

use super::authority::{Reader, Writer};
use super::problem::Problem;
use super::state::App;

/// The checkpoints that a start would go on from, and what has come in since.
#[utoipa::path(get, path = "/api/v1/checkpoints", tag = "Workspace", responses(
    (status = 200, body = view::Checkpoints), (status = "4XX", body = Problem)))]
pub(crate) async fn list(_: Reader, State(app): State<App>) -> Result<Json<view::Checkpoints>, Problem> {
    app.run(|engine| Ok(engine.checkpoints())).await.map(Json)
}

/// Makes a checkpoint now, unless nothing has come in since the newest. It is durable when this is answered; inputs go
/// on meanwhile.
#[utoipa::path(post, path = "/api/v1/checkpoints", tag = "Workspace", responses(
    (status = 200, body = view::Checkpoints), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(crate) async fn make(_: Writer, State(app): State<App>) -> Result<Json<view::Checkpoints>, Problem> {
    app.run(Engine::make_checkpoint).await.map(Json)
}
