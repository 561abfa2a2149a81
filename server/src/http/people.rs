//! Why profiles have merged, splits and their bars, deletions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use segops_engine::{EngineError, view};
use segops_model::{Identifier, SplitId};

use super::authority::{Admin, Reader, Writer};
use super::members::profile_named;
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::state::App;

/// What to take out of a profile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSplit {
    /// Each as `kind:value`.
    #[schema(example = json!(["anonymous_id:b-17"]))]
    pub identifiers: Vec<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConfirmQuery {
    /// The profile's own id, as the preview of the deletion has it: what cannot be undone is said twice.
    confirm: Option<String>,
}

/// The events by which profiles became this one, the oldest first, each with the identifiers that linked them
/// and as a sentence.
#[utoipa::path(get, path = "/api/v1/profiles/{profile}/merges", tag = "Profiles",
    params(("profile" = String, Path, description = "An id, or an identifier as kind:value")), responses(
    (status = 200, body = Page<view::ProfileMerge>), (status = "4XX", body = Problem)))]
pub(crate) async fn merges(
    _: Reader,
    State(app): State<App>,
    PathOf(profile): PathOf<String>,
) -> Result<Json<Page<view::ProfileMerge>>, Problem> {
    let data = app.run(move |engine| engine.profile_merges(profile_named(engine, &profile)?)).await?;
    Ok(Json(Page { data, next_cursor: None }))
}

/// Takes identifiers out of a profile into one of their own, with what was done under them, and keeps the two
/// apart from then on. It takes effect once history is read: until then its status is `waiting`.
#[utoipa::path(post, path = "/api/v1/profiles/{profile}/split", tag = "Profiles", request_body = NewSplit,
    params(("profile" = String, Path, description = "An id, or an identifier as kind:value")), responses(
    (status = 202, body = view::Split), (status = "4XX", body = Problem)))]
pub(crate) async fn split(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(profile): PathOf<String>,
    JsonBody(new): JsonBody<NewSplit>,
) -> Result<(StatusCode, Json<view::Split>), Problem> {
    let identifiers = new.identifiers.iter().map(|text| identifier(text)).collect::<Result<Vec<_>, _>>()?;
    let split = app
        .run(move |engine| engine.split_profile(&caller.name, profile_named(engine, &profile)?, &identifiers))
        .await?;
    Ok((StatusCode::ACCEPTED, Json(split)))
}

/// Splits, the oldest first, with the bars that they have left.
#[utoipa::path(get, path = "/api/v1/splits", tag = "Profiles", params(PageQuery), responses(
    (status = 200, body = Page<view::Split>), (status = "4XX", body = Problem)))]
pub(crate) async fn splits(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::Split>>, Problem> {
    let after: Option<SplitId> = key_of(query.cursor.as_deref())?;
    let mut splits = app.run(|engine| Ok(engine.splits())).await?;
    splits.retain(|split| after.is_none_or(|after| split.id > after));
    Ok(Json(page(splits, rows_of(query.limit, app.limits()), |split| split.id.to_string())))
}

/// A split by its id.
#[utoipa::path(get, path = "/api/v1/splits/{split}", tag = "Profiles",
    params(("split" = String, Path, description = "Its id")), responses(
    (status = 200, body = view::Split), (status = "4XX", body = Problem)))]
pub(crate) async fn show_split(
    _: Reader,
    State(app): State<App>,
    PathOf(split): PathOf<String>,
) -> Result<Json<view::Split>, Problem> {
    let id = split_id(&split)?;
    app.run(move |engine| engine.split(id)).await.map(Json)
}

/// Lifts the bar of a split. The next event that carries identifiers of both sides makes them one profile.
#[utoipa::path(post, path = "/api/v1/splits/{split}/lift", tag = "Profiles",
    params(("split" = String, Path, description = "Its id")), responses(
    (status = 200, body = view::Split), (status = "4XX", body = Problem)))]
pub(crate) async fn lift(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(split): PathOf<String>,
) -> Result<Json<view::Split>, Problem> {
    let id = split_id(&split)?;
    app.run(move |engine| engine.lift_bar(&caller.name, id)).await.map(Json)
}

/// What deleting a profile would remove. Nothing changes.
#[utoipa::path(get, path = "/api/v1/profiles/{profile}/deletion", tag = "Profiles",
    params(("profile" = String, Path, description = "An id, or an identifier as kind:value")), responses(
    (status = 200, body = view::DeletionPreview), (status = "4XX", body = Problem)))]
pub(crate) async fn deletion(
    _: Reader,
    State(app): State<App>,
    PathOf(profile): PathOf<String>,
) -> Result<Json<view::DeletionPreview>, Problem> {
    app.run(move |engine| engine.deletion_preview(profile_named(engine, &profile)?)).await.map(Json)
}

/// Deletes a profile and everything that is kept of it. It cannot be undone, so `confirm` has to name it again.
/// Events of its identifiers from before are dropped from then on; newer ones make a new profile.
#[utoipa::path(delete, path = "/api/v1/profiles/{profile}", tag = "Profiles",
    params(("profile" = String, Path, description = "An id, or an identifier as kind:value"), ConfirmQuery),
    responses((status = 200, body = view::Deletion), (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Admin(caller): Admin,
    State(app): State<App>,
    PathOf(profile): PathOf<String>,
    QueryOf(query): QueryOf<ConfirmQuery>,
) -> Result<Json<view::Deletion>, Problem> {
    let deleted = app.run(move |engine| {
        let preview = engine.deletion_preview(profile_named(engine, &profile)?)?;
        let own = preview.profile.to_string();
        if query.confirm.as_deref() != Some(own.as_str()) {
            return Ok(Err(preview));
        }
        engine.delete_profile(&caller.name, preview.profile).map(Ok)
    });
    deleted.await?.map(Json).map_err(|preview| {
        Problem::bad_request(format!(
            "deleting {0} removes {1} events for good; confirm it with `confirm={0}`",
            preview.profile, preview.rows
        ))
    })
}

fn identifier(text: &str) -> Result<Identifier, Problem> {
    let pair = text.split_once(':');
    let (kind, value) = pair.ok_or_else(|| {
        Problem::bad_request(format!(
            "`{text}` is not an identifier; give it as kind:value, such as email:ann@shop.example"
        ))
    })?;
    Ok(Identifier::new(kind.trim(), value.trim()))
}

fn split_id(text: &str) -> Result<SplitId, Problem> {
    text.parse().map_err(|_| {
        let error = EngineError::NotFound(format!(
            "there is no split `{text}`; give an id such as split_12, as the list of splits has it"
        ));
        Problem::from(error)
    })
}
