use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router, middleware};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::collect::collect_or_not_found;
use super::cors::preflight;
use super::openapi::{Api, document};
use super::problem::Problem;
use super::request_id::with_request_id;
use super::state::App;
use super::{
    catalogue, definitions, health, imports, members, metrics, people, products, profiles, rejections, rules,
    segment_life, segment_versions, segments, settings, sources, sources_config, status, stream, templates,
    tokens, transitions, verify,
};

/// Everything that the server answers.
pub fn router(app: App) -> Router {
    let (documented, _) = documented_routes().split_for_parts();
    let description = document();
    documented
        .route("/api/v1/openapi.json", get(|| async move { Json(description) }))
        .route("/v1/projects/{write_key}/settings", get(sources_config::settings).options(allow_settings))
        .route("/health", get(health::rudder_health))
        .method_not_allowed_fallback(wrong_method)
        .fallback(collect_or_not_found)
        .layer(middleware::from_fn(with_request_id))
        .with_state(app)
}

/// The routes of the API. A route that is added here is in its description by that.
pub(crate) fn documented_routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(sources::list, sources::create))
        .routes(routes!(segments::list, segments::create))
        .routes(routes!(templates::list))
        .routes(routes!(rules::preview))
        .routes(routes!(segments::show, segments::edit, segments::describe, segments::delete))
        .routes(routes!(segment_life::pause))
        .routes(routes!(segment_life::resume))
        .routes(routes!(segment_life::publish))
        .routes(routes!(segment_life::archive))
        .routes(routes!(segment_life::restore))
        .routes(routes!(segment_versions::diff))
        .routes(routes!(segment_versions::version))
        .routes(routes!(segment_versions::restore_version))
        .routes(routes!(segment_versions::changes))
        .routes(routes!(members::members))
        .routes(routes!(members::history))
        .routes(routes!(members::explain))
        .routes(routes!(members::cost))
        .routes(routes!(rules::check))
        .routes(routes!(rules::schema))
        .routes(routes!(definitions::read))
        .routes(routes!(profiles::find))
        .routes(routes!(profiles::show, people::delete))
        .routes(routes!(people::merges))
        .routes(routes!(people::split))
        .routes(routes!(people::deletion))
        .routes(routes!(people::splits))
        .routes(routes!(people::show_split))
        .routes(routes!(people::lift))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(products::list, products::change))
        .routes(routes!(products::show))
        .routes(routes!(rejections::list))
        .routes(routes!(imports::list, imports::create))
        .routes(routes!(transitions::list))
        .routes(routes!(stream::stream))
        .routes(routes!(verify::verify))
        .routes(routes!(verify::last))
        .routes(routes!(metrics::metrics))
        .routes(routes!(status::status))
        .routes(routes!(settings::show, settings::change, settings::merge))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
}

async fn allow_settings(headers: HeaderMap) -> impl IntoResponse {
    preflight(&headers)
}

async fn wrong_method(request: Request) -> impl IntoResponse {
    Problem::wrong_method(request.method().as_str(), request.uri().path())
}
