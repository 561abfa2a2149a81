use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use segops_engine::view;
use segops_model::{Identifier, ListId};

use super::authority::{Reader, Writer};
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::state::App;

/// A list to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewList {
    pub name: String,
}

/// What a list is to hold, and nothing else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListContent {
    /// Identifiers as `kind:value`, or as they are, or profile ids.
    #[serde(default)]
    pub rows: Vec<String>,
    /// The rows' kind, where they do not say it.
    pub kind: Option<String>,
    /// In the place of rows: the id or name of another list, whose entries it is to have. For more rows than one
    /// request holds, put them into a list of their own first.
    pub from: Option<String>,
}

/// The uploaded lists.
#[utoipa::path(get, path = "/api/v1/lists", tag = "Lists", params(PageQuery), responses(
    (status = 200, body = Page<view::UploadedList>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::UploadedList>>, Problem> {
    let after: Option<ListId> = key_of(query.cursor.as_deref())?;
    let mut lists = app.run(|engine| Ok(engine.lists())).await?;
    lists.retain(|list| after.is_none_or(|after| list.id > after));
    Ok(Json(page(lists, rows_of(query.limit, app.limits()), |list| list.id.to_string())))
}

/// Makes an empty list.
#[utoipa::path(post, path = "/api/v1/lists", tag = "Lists", request_body = NewList, responses(
    (status = 201, body = view::UploadedList), (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(new): JsonBody<NewList>,
) -> Result<(StatusCode, Json<view::UploadedList>), Problem> {
    let list = app.run(move |engine| engine.create_list(&caller.name, &new.name)).await?;
    Ok((StatusCode::CREATED, Json(list)))
}

/// One list.
#[utoipa::path(get, path = "/api/v1/lists/{list}", tag = "Lists",
    params(("list" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::UploadedList), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(list): PathOf<String>,
) -> Result<Json<view::UploadedList>, Problem> {
    app.run(move |engine| engine.list(&list)).await.map(Json)
}

/// A list's entries, as `kind:value`.
#[utoipa::path(get, path = "/api/v1/lists/{list}/entries", tag = "Lists", params(PageQuery, ("list" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = Page<String>), (status = "4XX", body = Problem)))]
pub(crate) async fn entries(
    _: Reader,
    State(app): State<App>,
    PathOf(list): PathOf<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<String>>, Problem> {
    let after: Option<String> = key_of(query.cursor.as_deref())?;
    let after = after
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .map(|(kind, value)| Identifier::new(kind, value));
    let limit = rows_of(query.limit, app.limits());
    let rows = app.run(move |engine| engine.list_entries(&list, after.as_ref(), limit + 1)).await?;
    let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    Ok(Json(page(rows, limit, Clone::clone)))
}

/// Puts rows into a list and takes others out. Rows that are no identifiers are given back.
#[utoipa::path(patch, path = "/api/v1/lists/{list}", tag = "Lists",
    params(("list" = String, Path, description = "An id or a name")), request_body = view::ListRows, responses(
    (status = 200, body = view::Taken), (status = "4XX", body = Problem)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(list): PathOf<String>,
    JsonBody(rows): JsonBody<view::ListRows>,
) -> Result<Json<view::Taken>, Problem> {
    app.run(move |engine| engine.change_list(&caller.name, &list, &rows)).await.map(Json)
}

/// Makes a list hold these rows and no others.
#[utoipa::path(put, path = "/api/v1/lists/{list}", tag = "Lists",
    params(("list" = String, Path, description = "An id or a name")), request_body = ListContent, responses(
    (status = 200, body = view::Taken), (status = "4XX", body = Problem)))]
pub(crate) async fn replace(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(list): PathOf<String>,
    JsonBody(content): JsonBody<ListContent>,
) -> Result<Json<view::Taken>, Problem> {
    if content.from.is_some() && !content.rows.is_empty() {
        return Err(Problem::bad_request(
            "the list is to have rows, or the entries of another: name one of the two",
        ));
    }
    let replaced = app.run(move |engine| match &content.from {
        Some(other) => engine.replace_list_from(&caller.name, &list, other),
        None => engine.replace_list(&caller.name, &list, &content.rows, content.kind.as_deref()),
    });
    replaced.await.map(Json)
}

/// Deletes a list that no segment's rule names.
#[utoipa::path(delete, path = "/api/v1/lists/{list}", tag = "Lists",
    params(("list" = String, Path, description = "An id or a name")), responses(
    (status = 204), (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(list): PathOf<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.delete_list(&caller.name, &list)).await?;
    Ok(StatusCode::NO_CONTENT)
}
