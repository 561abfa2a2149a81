use axum::Json;
use axum::extract::State;

use segops_engine::view;

use super::authority::Writer;
use super::problem::Problem;
use super::read_body::PathOf;
use super::segments::change;
use super::state::App;

/// Holds the members as they are.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/pause", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn pause(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.pause_segment(&caller.name, id)).await
}

/// Reads history again and goes live.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/resume", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn resume(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.resume_segment(&caller.name, id)).await
}

/// Has a draft read history and go live.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/publish", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn publish(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.publish_segment(&caller.name, id)).await
}

/// Puts a segment away: everyone leaves it, and its versions are kept.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/archive", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn archive(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.archive_segment(&caller.name, id)).await
}

/// Has an archived segment read history again and go live, as its newest version.
#[utoipa::path(post, path = "/api/v1/segments/{segment}/restore", tag = "Segments",
    params(("segment" = String, Path, description = "An id or a name")), responses(
    (status = 200, body = view::Segment), (status = "4XX", body = Problem)))]
pub(crate) async fn restore(
    Writer(caller): Writer,
    State(app): State<App>,
    PathOf(segment): PathOf<String>,
) -> Result<Json<view::Segment>, Problem> {
    change(&app, segment, move |engine, id| engine.restore_segment(&caller.name, id)).await
}
