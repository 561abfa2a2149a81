use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authority::Reader;
use super::problem::Problem;
use super::read_body::JsonBody;
use crate::definitions::{Dialect, Dictionary, ReadDefinition, read_definitions};

/// Definitions of another product, to be read as rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefinitionsRequest {
    pub dialect: Dialect,
    /// The definitions, as the other product's API answers with them.
    pub definitions: String,
    /// What its ids and names are called here.
    #[serde(default)]
    pub dictionary: Dictionary,
}

/// Definitions, read. Nothing is saved.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReadDefinitions {
    pub data: Vec<ReadDefinition>,
}

/// Reads another product's segment definitions as rules, and says what differs and what cannot be said.
/// Nothing is saved.
#[utoipa::path(post, path = "/api/v1/rules/read", tag = "Segments", request_body = DefinitionsRequest, responses(
    (status = 200, body = ReadDefinitions), (status = "4XX", body = Problem)))]
pub(crate) async fn read(
    _: Reader,
    JsonBody(asked): JsonBody<DefinitionsRequest>,
) -> Result<Json<ReadDefinitions>, Problem> {
    let read = read_definitions(asked.dialect, &asked.definitions, &asked.dictionary);
    read.map(|data| Json(ReadDefinitions { data })).map_err(Problem::bad_request)
}
