use axum::Json;
use axum::extract::State;

use segops_engine::Settings;

use super::authority::{Admin, Reader};
use super::problem::Problem;
use super::read_body::JsonBody;
use super::state::App;

/// The workspace's settings.
#[utoipa::path(get, path = "/api/v1/settings", tag = "Workspace", responses(
    (status = 200, body = Object), (status = "4XX", body = Problem)))]
pub(crate) async fn show(_: Reader, State(app): State<App>) -> Result<Json<Settings>, Problem> {
    app.run(|engine| Ok(engine.settings())).await.map(Json)
}

/// Replaces the settings. Rules that depend on what changes are evaluated anew.
#[utoipa::path(put, path = "/api/v1/settings", tag = "Workspace", request_body = Object, responses(
    (status = 200, body = Object), (status = "4XX", body = Problem)))]
pub(crate) async fn change(
    Admin(caller): Admin,
    State(app): State<App>,
    JsonBody(settings): JsonBody<Settings>,
) -> Result<Json<Settings>, Problem> {
    app.run(move |engine| {
        engine.change_settings(&caller.name, settings)?;
        Ok(engine.settings())
    })
    .await
    .map(Json)
}
