use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_engine::{ComputedTraits, view};
use segops_model::{ComputedTraitId, Instant};

use super::authority::{Reader, Writer};
use super::job;
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::rules::SAMPLE_DEFAULT;
use super::state::App;

/// A computed trait to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewComputedTrait {
    pub name: String,
    #[schema(example = "count of \"Order Refunded\" / count of \"Order Completed\"")]
    pub definition: String,
}

/// What a computed trait is to be made of from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComputedTraitEdit {
    pub definition: String,
    /// The newest version as its author knows it: the edit is refused when there is a newer one.
    pub expected_version: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComputedTraitRename {
    pub name: String,
}

/// What a computed trait would be made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComputedTraitDifferenceRequest {
    pub definition: String,
    /// The instant to evaluate at; now where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
    /// How many of those who enter, and of those who leave, to show of each segment.
    pub sample: Option<usize>,
}

/// A computed trait as it is after a change, and what looks wrong in its definition.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ComputedTraitSaved {
    pub computed_trait: view::ComputedTrait,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}

/// All computed traits, the oldest first.
#[utoipa::path(get, path = "/api/v1/computed-traits", tag = "Computed traits", params(PageQuery), responses(
    (status = 200, body = Page<view::ComputedTrait>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::ComputedTrait>>, Problem> {
    let after: Option<ComputedTraitId> = key_of(query.cursor.as_deref())?;
    let mut computed = app.run(|engine| Ok(engine.definitions::<ComputedTraits>())).await?;
    computed.retain(|one| after.is_none_or(|after| one.id > after));
    Ok(Json(page(computed, rows_of(query.limit, app.limits()), |one| one.id.to_string())))
}

/// Makes a computed trait, which rules can then name.
#[utoipa::path(post, path = "/api/v1/computed-traits", tag = "Computed traits", request_body = NewComputedTrait,
    responses((status = 201, body = ComputedTraitSaved), (status = 409, description = "The name is in use",
    body = Problem), (status = 422, description = "The definition cannot be used", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(new): JsonBody<NewComputedTrait>,
) -> Result<(StatusCode, Json<ComputedTraitSaved>), Problem> {
    let (computed_trait, warnings) = app
        .run(move |engine| {
            engine.create_definition::<ComputedTraits>(&caller.name, &new.name, &new.definition)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(ComputedTraitSaved { computed_trait, warnings })))
}

/// A computed trait by its id or name.
#[utoipa::path(get, path = "/api/v1/computed-traits/{computed_trait}", tag = "Computed traits",
    params(("computed_trait" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::ComputedTrait), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
) -> Result<Json<view::ComputedTrait>, Problem> {
    app.run(move |engine| engine.definition::<ComputedTraits>(&name)).await.map(Json)
}

/// Makes it of something else. Segments that use it get a new version, which serves once it has read history.
#[utoipa::path(put, path = "/api/v1/computed-traits/{computed_trait}", tag = "Computed traits",
    request_body = ComputedTraitEdit, params(("computed_trait" = String, Path, description = "An id or a name")),
    responses((status = 200, body = ComputedTraitSaved), (status = 409, description = "Someone else has edited it",
    body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn edit(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
    JsonBody(edit): JsonBody<ComputedTraitEdit>,
) -> Result<Json<ComputedTraitSaved>, Problem> {
    let (computed_trait, warnings) = app
        .run(move |engine| {
            engine.edit_definition::<ComputedTraits>(
                &caller.name,
                &name,
                edit.expected_version,
                &edit.definition,
            )
        })
        .await?;
    Ok(Json(ComputedTraitSaved { computed_trait, warnings }))
}

/// Renames a computed trait. Rules that name it follow.
#[utoipa::path(patch, path = "/api/v1/computed-traits/{computed_trait}", tag = "Computed traits",
    request_body = ComputedTraitRename, params(("computed_trait" = String, Path, description = "An id or a name")),
    responses((status = 200, body = view::ComputedTrait), (status = "4XX", body = Problem)))]
pub(crate) async fn rename(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
    JsonBody(rename): JsonBody<ComputedTraitRename>,
) -> Result<Json<view::ComputedTrait>, Problem> {
    app.run(move |engine| engine.rename_computed_trait(&caller.name, &name, &rename.name)).await.map(Json)
}

/// Deletes a computed trait that no segment uses.
#[utoipa::path(delete, path = "/api/v1/computed-traits/{computed_trait}", tag = "Computed traits",
    params(("computed_trait" = String, Path, description = "An id or a name")), responses(
    (status = 204, description = "It is gone"), (status = 409, description = "Segments use it", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.delete_definition::<ComputedTraits>(&caller.name, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who would enter and who would leave each segment that uses it, were it made of something else: before it is
/// saved. Closing the connection cancels it. With `Accept: application/x-ndjson` the answer is lines of
/// progress, then one with the result.
#[utoipa::path(post, path = "/api/v1/computed-traits/{computed_trait}/diff", tag = "Computed traits",
    request_body = ComputedTraitDifferenceRequest,
    params(("computed_trait" = String, Path, description = "An id or a name")),
    responses((status = 200, body = view::ComputedTraitDifference),
    (status = 422, description = "The definition cannot be used", body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn diff(
    _: Reader,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<ComputedTraitDifferenceRequest>,
) -> Result<Response, Problem> {
    let sample = asked.sample.unwrap_or(SAMPLE_DEFAULT).min(app.limits().page_rows_max);
    let engine = app.engine()?.clone();
    job::answer(app.jobs(), &headers, move |progress| {
        let found = engine.definition_difference::<ComputedTraits>(
            &name,
            &asked.definition,
            asked.at,
            sample,
            &progress.work,
        );
        found.map_err(Problem::from)
    })
    .await
}
