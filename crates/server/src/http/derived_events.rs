use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_engine::{DerivedEvents, view};
use segops_model::{DerivedEventId, Instant};

use super::authority::{Reader, Writer};
use super::job;
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::rules::SAMPLE_DEFAULT;
use super::state::App;

/// A derived event to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDerivedEvent {
    /// What rules will call it; no event that comes in may have this name.
    #[schema(example = "Session")]
    pub name: String,
    #[schema(example = "sessions of any event with gap of 30 minutes")]
    pub definition: String,
}

/// What a derived event is to be made of from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DerivedEventEdit {
    pub definition: String,
    /// The newest version as its author knows it: the edit is refused when there is a newer one.
    pub expected_version: Option<u32>,
}

/// What a derived event would be made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DerivedEventDifferenceRequest {
    pub definition: String,
    /// The instant to evaluate at; now where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
    /// How many of those who enter, and of those who leave, to show of each segment.
    pub sample: Option<usize>,
}

/// A derived event as it is after a change, and what looks wrong in its definition.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DerivedEventSaved {
    pub derived_event: view::DerivedEvent,
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<segops_rules::Problem>,
}

/// All derived events, the oldest first.
#[utoipa::path(get, path = "/api/v1/derived-events", tag = "Derived events", params(PageQuery), responses(
    (status = 200, body = Page<view::DerivedEvent>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::DerivedEvent>>, Problem> {
    let after: Option<DerivedEventId> = key_of(query.cursor.as_deref())?;
    let mut derived = app.run(|engine| Ok(engine.definitions::<DerivedEvents>())).await?;
    derived.retain(|one| after.is_none_or(|after| one.id > after));
    Ok(Json(page(derived, rows_of(query.limit, app.limits()), |one| one.id.to_string())))
}

/// Makes a derived event, which rules then count as any event.
#[utoipa::path(post, path = "/api/v1/derived-events", tag = "Derived events", request_body = NewDerivedEvent,
    responses((status = 201, body = DerivedEventSaved), (status = 409, description = "The name is in use",
    body = Problem), (status = 422, description = "The definition cannot be used", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(new): JsonBody<NewDerivedEvent>,
) -> Result<(StatusCode, Json<DerivedEventSaved>), Problem> {
    let (derived_event, warnings) = app
        .run(move |engine| {
            engine.create_definition::<DerivedEvents>(&caller.name, &new.name, &new.definition)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(DerivedEventSaved { derived_event, warnings })))
}

/// A derived event by its id or name.
#[utoipa::path(get, path = "/api/v1/derived-events/{derived_event}", tag = "Derived events",
    params(("derived_event" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::DerivedEvent), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
) -> Result<Json<view::DerivedEvent>, Problem> {
    app.run(move |engine| engine.definition::<DerivedEvents>(&name)).await.map(Json)
}

/// Makes it of something else. Segments that use it get a new version, which serves once it has read history.
#[utoipa::path(put, path = "/api/v1/derived-events/{derived_event}", tag = "Derived events",
    request_body = DerivedEventEdit, params(("derived_event" = String, Path, description = "An id or a name")),
    responses((status = 200, body = DerivedEventSaved), (status = 409, description = "Someone else has edited it",
    body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn edit(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
    JsonBody(edit): JsonBody<DerivedEventEdit>,
) -> Result<Json<DerivedEventSaved>, Problem> {
    let (derived_event, warnings) = app
        .run(move |engine| {
            engine.edit_definition::<DerivedEvents>(
                &caller.name,
                &name,
                edit.expected_version,
                &edit.definition,
            )
        })
        .await?;
    Ok(Json(DerivedEventSaved { derived_event, warnings }))
}

/// Deletes a derived event that no segment and no computed trait uses.
#[utoipa::path(delete, path = "/api/v1/derived-events/{derived_event}", tag = "Derived events",
    params(("derived_event" = String, Path, description = "An id or a name")), responses(
    (status = 204, description = "It is gone"), (status = 409, description = "Something uses it", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.delete_definition::<DerivedEvents>(&caller.name, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who would enter and who would leave each segment that uses it, were it made of something else: before it is
/// saved. Closing the connection cancels it. With `Accept: application/x-ndjson` the answer is lines of
/// progress, then one with the result.
#[utoipa::path(post, path = "/api/v1/derived-events/{derived_event}/diff", tag = "Derived events",
    request_body = DerivedEventDifferenceRequest,
    params(("derived_event" = String, Path, description = "An id or a name")),
    responses((status = 200, body = view::DerivedEventDifference),
    (status = 422, description = "The definition cannot be used", body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn diff(
    _: Reader,
    State(app): State<App>,
    PathOf(name): PathOf<String>,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<DerivedEventDifferenceRequest>,
) -> Result<Response, Problem> {
    let sample = asked.sample.unwrap_or(SAMPLE_DEFAULT).min(app.limits().page_rows_max);
    let engine = app.engine()?.clone();
    job::answer(app.jobs(), &headers, move |progress| {
        let found = engine.definition_difference::<DerivedEvents>(
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
