use axum::Json;
use axum::extract::State;
use serde_json::Value;

use segops_engine::{EngineError, Refusal, Settings};

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

/// Changes the fields that the body has, as RFC 7396 merges them, and leaves the others as they are.
#[utoipa::path(patch, path = "/api/v1/settings", tag = "Workspace", request_body = Object, responses(
    (status = 200, body = Object), (status = "4XX", body = Problem)))]
pub(crate) async fn merge(
    Admin(caller): Admin,
    State(app): State<App>,
    JsonBody(patch): JsonBody<Value>,
) -> Result<Json<Settings>, Problem> {
    app.run(move |engine| {
        let mut merged = serde_json::to_value(engine.settings()).unwrap_or_default();
        merge_into(&mut merged, patch);
        let settings = serde_json::from_value(merged)
            .map_err(|error| EngineError::from(Refusal::BadSettings(error.to_string())))?;
        engine.change_settings(&caller.name, settings)?;
        Ok(engine.settings())
    })
    .await
    .map(Json)
}

/// RFC 7396: objects are merged field by field, null takes a field back to its default, all else replaces.
fn merge_into(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(fields), Value::Object(patch)) => {
            for (name, value) in patch {
                if value.is_null() {
                    fields.remove(&name);
                } else {
                    merge_into(fields.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

/// Replaces the settings: a field left out goes back to its default. Rules that depend on what changes are evaluated anew.
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
