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
    alarms, analyses, browser_library, catalogue, checkpoints, computed_traits, consent, definitions,
    derived_events, health, imports, lists, members, metrics, parts, people, products, profiles, rejections,
    results, rules, scores, segment_life, segment_versions, segments, settings, sources, sources_config, sql,
    status, stream, templates, tokens, transitions, verify,
};

/// Everything that the server answers.
pub fn router(app: App) -> Router {
    let (documented, _) = documented_routes().split_for_parts();
    let description = document();
    documented
        .route("/api/v1/openapi.json", get(|| async move { Json(description) }))
        .route("/v1/projects/{write_key}/settings", get(sources_config::settings).options(allow_settings))
        .route("/analytics.js/v1/{write_key}/analytics.min.js", get(browser_library::main_file))
        .route("/analytics-next/bundles/{name}", get(browser_library::bundle))
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
        .routes(routes!(computed_traits::list, computed_traits::create))
        .routes(routes!(
            computed_traits::show,
            computed_traits::edit,
            computed_traits::rename,
            computed_traits::delete
        ))
        .routes(routes!(computed_traits::diff))
        .routes(routes!(derived_events::list, derived_events::create))
        .routes(routes!(derived_events::show, derived_events::edit, derived_events::delete))
        .routes(routes!(derived_events::diff))
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
        .routes(routes!(profiles::events))
        .routes(routes!(people::merges))
        .routes(routes!(people::split))
        .routes(routes!(people::deletion))
        .routes(routes!(people::splits))
        .routes(routes!(people::show_split))
        .routes(routes!(people::lift))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(products::list, products::change))
        .routes(routes!(products::show))
        .routes(routes!(scores::list))
        .routes(routes!(scores::put, scores::delete))
        .routes(routes!(analyses::analyse))
        .routes(routes!(analyses::customers))
        .routes(routes!(sql::query))
        .routes(routes!(sql::tables))
        .routes(routes!(sql::queries))
        .routes(routes!(sql::cancel))
        .routes(routes!(rejections::list))
        .routes(routes!(imports::list, imports::create))
        .routes(routes!(transitions::list))
        .routes(routes!(stream::stream))
        .routes(routes!(verify::verify))
        .routes(routes!(verify::last))
        .routes(routes!(parts::list))
        .routes(routes!(parts::check))
        .routes(routes!(parts::compact))
        .routes(routes!(parts::sql_view))
        .routes(routes!(checkpoints::list, checkpoints::make))
        .routes(routes!(metrics::metrics))
        .routes(routes!(status::status))
        .routes(routes!(settings::show, settings::change, settings::merge))
        .routes(routes!(consent::record, consent::show))
        .routes(routes!(lists::list, lists::create))
        .routes(routes!(lists::show, lists::change, lists::replace, lists::delete))
        .routes(routes!(lists::entries))
        .routes(routes!(results::list, results::create))
        .routes(routes!(results::show, results::edit, results::delete))
        .routes(routes!(results::refresh))
        .routes(routes!(results::cancel))
        .routes(routes!(results::members))
        .routes(routes!(alarms::list, alarms::create))
        .routes(routes!(alarms::show, alarms::edit, alarms::delete))
        .routes(routes!(alarms::snooze))
        .routes(routes!(alarms::check))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
}

async fn allow_settings(headers: HeaderMap) -> impl IntoResponse {
    preflight(&headers)
}

async fn wrong_method(request: Request) -> impl IntoResponse {
    Problem::wrong_method(request.method().as_str(), request.uri().path())
}
