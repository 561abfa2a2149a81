use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::Problem;
use super::state::App;

/// Whether requests are answered yet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Readiness {
    pub ready: bool,
    /// Journal positions read again since the start.
    pub position: u64,
    /// Journal positions there are to read.
    pub durable_position: u64,
}

/// The process is there.
#[utoipa::path(get, path = "/healthz", tag = "Health", security(()),
    responses((status = 200, description = "The process is there")))]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The journal is replayed and requests are answered.
#[utoipa::path(get, path = "/readyz", tag = "Health", security(()), responses(
    (status = 200, description = "Requests are answered", body = Readiness),
    (status = 503, description = "Still starting", body = Readiness)))]
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let ready = app.engine().is_ok();
    let (position, durable_position) = app.opening_progress();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, position, durable_position })).into_response()
}

/// What RudderStack's SDKs ask a data plane.
pub(crate) async fn rudder_health(State(app): State<App>) -> Result<Json<serde_json::Value>, Problem> {
    app.engine()?;
    Ok(Json(serde_json::json!({ "server": "UP" })))
}
