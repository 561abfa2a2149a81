use axum::Json;
use axum::extract::State;

use segops_engine::view;

use super::authority::Reader;
use super::problem::Problem;
use super::state::App;

/// The events, properties, traits and values that have been seen.
#[utoipa::path(get, path = "/api/v1/catalogue", tag = "Catalogue", responses(
    (status = 200, body = view::Catalogue), (status = "4XX", body = Problem)))]
pub(crate) async fn catalogue(_: Reader, State(app): State<App>) -> Result<Json<view::Catalogue>, Problem> {
    app.run(|engine| Ok(engine.catalogue())).await.map(Json)
}
