use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use segops_engine::view;

use super::authority::Reader;
use super::members::profile_named;
use super::page::{Page, rows_of};
use super::problem::Problem;
use super::read_body::{PathOf, QueryOf};
use super::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindQuery {
    /// An identifier as `kind:value`, such as `email:ann@example.com`.
    identifier: Option<String>,
    /// The value of an identifier of any kind, or a profile's id.
    q: Option<String>,
    limit: Option<usize>,
}

/// Finds profiles by an identifier.
#[utoipa::path(get, path = "/api/v1/profiles", tag = "Profiles", params(FindQuery), responses(
    (status = 200, body = Page<view::ProfileView>), (status = "4XX", body = Problem)))]
pub(crate) async fn find(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<FindQuery>,
) -> Result<Json<Page<view::ProfileView>>, Problem> {
    if query.identifier.is_some() == query.q.is_some() {
        return Err(Problem::bad_request("give either `identifier=kind:value` or `q=text`"));
    }
    let limit = rows_of(query.limit, app.limits());
    let data = app
        .run(move |engine| {
            let found = match (query.identifier, query.q) {
                (Some(identifier), _) => profile_named(engine, &identifier).into_iter().collect(),
                (None, text) => engine.find_profiles(&text.unwrap_or_default(), limit),
            };
            // One that has merged into another since is left out rather than failing the search.
            Ok(found.into_iter().filter_map(|id| engine.profile(id).ok()).collect())
        })
        .await?;
    Ok(Json(Page { data, next_cursor: None }))
}

/// A profile by its id, or by an identifier as `kind:value`. Ids from before a merge answer too.
#[utoipa::path(get, path = "/api/v1/profiles/{profile}", tag = "Profiles",
    params(("profile" = String, Path, description = "An id, or an identifier as kind:value")), responses(
    (status = 200, body = view::ProfileView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(profile): PathOf<String>,
) -> Result<Json<view::ProfileView>, Problem> {
    app.run(move |engine| engine.profile(profile_named(engine, &profile)?)).await.map(Json)
}
