use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use segops_engine::view::{self, EventPlace};
use segops_engine::{EventsAsked, FoundProfiles};
use segops_model::Instant;

use super::authority::Reader;
use super::members::profile_named;
use super::page::{Page, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{PathOf, QueryOf};
use super::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindQuery {
    /// An identifier as `kind:value`, such as `email:ann@example.com`.
    identifier: Option<String>,
    /// What is searched for: a profile's id, the value of an identifier of any kind, or words. Each word begins one of
    /// the profile's identifiers (anonymous ids apart) or texts among its traits, case aside.
    q: Option<String>,
    /// Rows of a page, 100 unless told, at most `page_rows_max`.
    limit: Option<usize>,
}

/// Profiles that a search has found, those first that it names by an id or an identifier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfilesFound {
    pub(crate) data: Vec<view::ProfileView>,
    /// Whether there may be more: write more of a word, or ask for more rows.
    pub(crate) is_cut_short: bool,
}

/// Which events are asked for.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Only events of this name; give it more than once for more names. Inputs that are no events, such as
    /// identify calls, have the empty name.
    name: Vec<String>,
    /// Only events before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<Instant>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 100 unless told, at most `page_rows_max`.
    limit: Option<usize>,
    /// Whether derived events are among them, as they are unless this is `false`.
    derived: Option<bool>,
}

/// One page of what a profile has done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventsPage {
    pub(crate) data: Vec<view::ProfileEvent>,
    /// Send it as `cursor` to get the next page; `null` on the last.
    pub(crate) next_cursor: Option<String>,
    /// The derived events that are not among them: no live segment uses them, and the profile has more events than
    /// are read to make them (`profile_history_rows_max`).
    pub(crate) derived_left_out: Vec<String>,
}

impl EventsQuery {
    /// A parameter that comes more than once is beyond what forms are read by.
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut query = Self::default();
        for (key, value) in pairs {
            match key.as_str() {
                "name" => query.name.push(value),
                "before" => {
                    let instant = value.parse().map_err(|_| {
                        Problem::bad_request("`before` is an instant such as 2026-03-01T12:00:00Z")
                    })?;
                    query.before = Some(instant);
                }
                "cursor" => query.cursor = Some(value),
                "limit" => {
                    let limit = value.parse().map_err(|_| Problem::bad_request("`limit` is a number"))?;
                    query.limit = Some(limit);
                }
                "derived" => {
                    let derived =
                        value.parse().map_err(|_| Problem::bad_request("`derived` is `true` or `false`"))?;
                    query.derived = Some(derived);
                }
                _ => {}
            }
        }
        Ok(query)
    }
}

/// What a profile has done, the newest first, with all properties. Everything that was accepted is there, and what is
/// derived of it, marked as such: a session, a touch or an event under another name comes right behind the received
/// event that it stands with.
#[utoipa::path(get, path = "/api/v1/profiles/{profile}/events", tag = "Profiles",
    params(("profile" = String, Path, description = "An id, or an identifier as kind:value"), EventsQuery), responses(
    (status = 200, body = EventsPage), (status = "4XX", body = Problem)))]
pub(crate) async fn events(
    _: Reader,
    State(app): State<App>,
    PathOf(profile): PathOf<String>,
    QueryOf(pairs): QueryOf<Vec<(String, String)>>,
) -> Result<Json<EventsPage>, Problem> {
    let query = EventsQuery::read(pairs)?;
    let after: Option<EventPlace> = key_of(query.cursor.as_deref())?;
    let before = [after, query.before.map(EventPlace::start_of)].into_iter().flatten().min();
    let limit = rows_of(query.limit, app.limits());
    let found = app
        .run(move |engine| {
            engine.profile_events(&EventsAsked {
                profile: profile_named(engine, &profile)?,
                before,
                names: query.name,
                limit: limit + 1,
                derived: query.derived.unwrap_or(true),
            })
        })
        .await?;
    let Page { data, next_cursor } = page(found.events, limit, |event| EventPlace::of(event).to_string());
    Ok(Json(EventsPage { data, next_cursor, derived_left_out: found.left_out }))
}

/// Finds profiles as one types: by an identifier, or by words of identifiers and traits.
#[utoipa::path(get, path = "/api/v1/profiles", tag = "Profiles", params(FindQuery), responses(
    (status = 200, body = ProfilesFound), (status = "4XX", body = Problem)))]
pub(crate) async fn find(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<FindQuery>,
) -> Result<Json<ProfilesFound>, Problem> {
    if query.identifier.is_some() == query.q.is_some() {
        return Err(Problem::bad_request("give either `identifier=kind:value` or `q=text`"));
    }
    let limit = rows_of(query.limit, app.limits());
    let found = app
        .run(move |engine| {
            let FoundProfiles { profiles, is_cut_short } = match (query.identifier, query.q) {
                (Some(identifier), _) => {
                    let profiles = profile_named(engine, &identifier).into_iter().collect();
                    FoundProfiles { profiles, is_cut_short: false }
                }
                (None, text) => engine.find_profiles(&text.unwrap_or_default(), limit),
            };
            // One that has merged into another since is left out rather than failing the search.
            let data = profiles.into_iter().filter_map(|id| engine.profile(id).ok()).collect();
            Ok(ProfilesFound { data, is_cut_short })
        })
        .await?;
    Ok(Json(found))
}

/// A profile by its id, or by an identifier as `kind:value`. Ids from before a merge answer too. Computed
/// traits that no live segment uses are read out of history, unless it has too many events.
#[utoipa::path(get, path = "/api/v1/profiles/{profile}", tag = "Profiles",
    params(("profile" = String, Path, description = "An id, or an identifier as kind:value")), responses(
    (status = 200, body = view::ProfileView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(profile): PathOf<String>,
) -> Result<Json<view::ProfileView>, Problem> {
    app.run(move |engine| engine.profile_with_history(profile_named(engine, &profile)?)).await.map(Json)
}
