use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authority::Reader;
use crate::templates::{Template, templates};

/// Segments to start from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Templates {
    pub data: Vec<Template>,
}

/// The segments that stores use most, to start from: `template` and `parameters` of a new segment name one.
#[utoipa::path(get, path = "/api/v1/templates", tag = "Segments", responses((status = 200, body = Templates)))]
pub(crate) async fn list(_: Reader) -> Json<Templates> {
    Json(Templates { data: templates() })
}
