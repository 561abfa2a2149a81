use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authority::Admin;
use super::page::Page;
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf};
use super::state::App;
use crate::control::{Role, TokenView};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Whose it is: the author of what it changes.
    pub name: String,
    pub role: Role,
}

/// A new token, with its secret. This is the only time that it is shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CreatedToken {
    pub name: String,
    pub role: Role,
    pub token: String,
}

/// The tokens, without their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "Tokens", responses(
    (status = 200, body = Page<TokenView>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(_: Admin, State(app): State<App>) -> Json<Page<TokenView>> {
    Json(Page { data: app.tokens().list(), next_cursor: None })
}

/// Makes a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "Tokens", request_body = NewToken, responses(
    (status = 201, body = CreatedToken), (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    _: Admin,
    State(app): State<App>,
    JsonBody(new): JsonBody<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    let now = app.now();
    let made = tokio::task::spawn_blocking(move || {
        let token = app.tokens().create(&new.name, new.role, now)?;
        Ok::<_, Problem>(CreatedToken { name: new.name.trim().to_owned(), role: new.role, token })
    });
    let created = made.await.map_err(|error| Problem::internal(&error))??;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Takes a token out of use, at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", tag = "Tokens",
    params(("name" = String, Path, description = "The token's name")), responses(
    (status = 204, description = "It is out of use"), (status = "4XX", body = Problem)))]
pub(crate) async fn revoke(
    _: Admin,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let revoked = tokio::task::spawn_blocking(move || app.tokens().revoke(&name));
    revoked.await.map_err(|error| Problem::internal(&error))??;
    Ok(StatusCode::NO_CONTENT)
}
