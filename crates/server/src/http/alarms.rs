//! Alarms: what they watch, how they stand, and who snoozes them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use segops_engine::{AlarmEdit, NewAlarm, Schedule, view};
use segops_model::{AlarmId, Instant};

use super::authority::{Reader, Writer};
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf, QueryOf};
use super::state::App;

/// An alarm to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmToMake {
    pub name: String,
    /// Who sees to it; whoever makes it where nothing is said.
    pub owner: Option<String>,
    pub watch: view::WatchView,
    /// Every 15 minutes where nothing is said.
    #[serde(default = "quarter_hourly")]
    pub schedule: Schedule,
}

const fn quarter_hourly() -> Schedule {
    Schedule::EveryMinutes(15)
}

/// What is to be another in an alarm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmChange {
    pub name: Option<String>,
    pub owner: Option<String>,
    pub watch: Option<view::WatchView>,
    pub schedule: Option<Schedule>,
}

/// Until when an alarm is quiet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Snooze {
    /// Null ends it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Instant>,
}

/// The alarms, and how each stands.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "Alarms", params(PageQuery), responses(
    (status = 200, body = Page<view::Alarm>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::Alarm>>, Problem> {
    let after: Option<AlarmId> = key_of(query.cursor.as_deref())?;
    let mut alarms = app.run(|engine| Ok(engine.alarms())).await?;
    alarms.retain(|alarm| after.is_none_or(|after| alarm.id > after));
    Ok(Json(page(alarms, rows_of(query.limit, app.limits()), |alarm| alarm.id.to_string())))
}

/// Makes an alarm. It is looked at at once, and then on its schedule.
#[utoipa::path(post, path = "/api/v1/alarms", tag = "Alarms", request_body = AlarmToMake, responses(
    (status = 201, body = view::Alarm), (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(new): JsonBody<AlarmToMake>,
) -> Result<(StatusCode, Json<view::Alarm>), Problem> {
    let owner = new.owner.unwrap_or_else(|| caller.name.clone());
    let new = NewAlarm { name: new.name, owner, watch: new.watch, schedule: new.schedule };
    let alarm = app.run(move |engine| engine.create_alarm(&caller.name, new)).await?;
    Ok((StatusCode::CREATED, Json(alarm)))
}

/// One alarm, with how it stood since when.
#[utoipa::path(get, path = "/api/v1/alarms/{alarm}", tag = "Alarms",
    params(("alarm" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Alarm), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    PathOf(alarm): PathOf<String>,
) -> Result<Json<view::Alarm>, Problem> {
    app.run(move |engine| engine.alarm(&alarm)).await.map(Json)
}

/// Another name, owner, schedule or something else to watch, which is looked at at once.
#[utoipa::path(patch, path = "/api/v1/alarms/{alarm}", tag = "Alarms",
    params(("alarm" = String, Path, description = "An id or a name")), request_body = AlarmChange, responses(
    (status = 200, body = view::Alarm), (status = "4XX", body = Problem)))]
pub(crate) async fn edit(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(alarm): PathOf<String>,
    JsonBody(change): JsonBody<AlarmChange>,
) -> Result<Json<view::Alarm>, Problem> {
    let edit =
        AlarmEdit { name: change.name, owner: change.owner, watch: change.watch, schedule: change.schedule };
    app.run(move |engine| engine.edit_alarm(&caller.name, &alarm, edit)).await.map(Json)
}

#[utoipa::path(delete, path = "/api/v1/alarms/{alarm}", tag = "Alarms",
    params(("alarm" = String, Path, description = "An id or a name")), responses(
    (status = 204), (status = "4XX", body = Problem)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(alarm): PathOf<String>,
) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.delete_alarm(&caller.name, &alarm)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has an alarm be quiet until an instant, or no longer. It is looked at all the same.
#[utoipa::path(post, path = "/api/v1/alarms/{alarm}/snooze", tag = "Alarms",
    params(("alarm" = String, Path, description = "An id or a name")), request_body = Snooze, responses(
    (status = 200, body = view::Alarm), (status = "4XX", body = Problem)))]
pub(crate) async fn snooze(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(alarm): PathOf<String>,
    JsonBody(snooze): JsonBody<Snooze>,
) -> Result<Json<view::Alarm>, Problem> {
    app.run(move |engine| engine.snooze_alarm(&caller.name, &alarm, snooze.until)).await.map(Json)
}

/// Has an alarm looked at as soon as can be.
#[utoipa::path(post, path = "/api/v1/alarms/{alarm}/check", tag = "Alarms",
    params(("alarm" = String, Path, description = "An id or a name")), responses(
    (status = 202, body = view::Alarm), (status = "4XX", body = Problem)))]
pub(crate) async fn check(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(alarm): PathOf<String>,
) -> Result<(StatusCode, Json<view::Alarm>), Problem> {
    let alarm = app.run(move |engine| engine.check_alarm(&caller.name, &alarm)).await?;
    Ok((StatusCode::ACCEPTED, Json(alarm)))
}
