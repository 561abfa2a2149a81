use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use segops_engine::view;
use segops_model::SourceId;

use super::authority::{Admin, Reader};
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, QueryOf};
use super::state::App;
use crate::control::Role;
use crate::open::new_write_key;

/// A source to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSource {
    pub name: String,
    /// What clients will send; made where it is left out.
    pub write_key: Option<String>,
}

/// The sources that events come from. Write keys are shown to admins only.
#[utoipa::path(get, path = "/api/v1/sources", tag = "Sources", params(PageQuery), responses(
    (status = 200, body = Page<view::Source>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    Reader(caller): Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::Source>>, Problem> {
    let after: Option<SourceId> = key_of(query.cursor.as_deref())?;
    let mut sources = app.run(|engine| Ok(engine.sources())).await?;
    sources.sort_by_key(|source| source.id);
    sources.retain(|source| after.is_none_or(|after| source.id > after));
    if caller.role != Role::Admin {
        for source in &mut sources {
            source.write_key.clear();
        }
    }
    Ok(Json(page(sources, rows_of(query.limit, app.limits()), |source| source.id.to_string())))
}

/// Makes a source.
#[utoipa::path(post, path = "/api/v1/sources", tag = "Sources", request_body = NewSource, responses(
    (status = 201, body = view::Source), (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Admin(caller): Admin,
    State(app): State<App>,
    JsonBody(new): JsonBody<NewSource>,
) -> Result<(StatusCode, Json<view::Source>), Problem> {
    let write_key = match new.write_key {
        Some(key) => key,
        None => new_write_key()?,
    };
    let source =
        app.run(move |engine| engine.create_source(&caller.name, &new.name, Some(write_key))).await?;
    Ok((StatusCode::CREATED, Json(source)))
}
