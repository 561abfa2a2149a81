use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use segops_engine::view;
use segops_model::TransitionId;

use super::authority::Reader;
use super::page::{Page, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::QueryOf;
use super::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TransitionQuery {
    /// Only those of this segment, by its id or name.
    segment: Option<String>,
    /// Only those after this transition.
    #[param(value_type = Option<String>)]
    after: Option<TransitionId>,
    /// The `next_cursor` of the page before; it goes before `after`.
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Who entered and left segments, the oldest first.
#[utoipa::path(get, path = "/api/v1/transitions", tag = "Transitions", params(TransitionQuery), responses(
    (status = 200, body = Page<view::TransitionView>),
    (status = 410, description = "Those after the given one are no longer kept", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<TransitionQuery>,
) -> Result<Json<Page<view::TransitionView>>, Problem> {
    let after = key_of(query.cursor.as_deref())?.or(query.after);
    let limit = rows_of(query.limit, app.limits());
    let read = app
        .run(move |engine| {
            let segment = match &query.segment {
                Some(name) => Some(engine.segment(name)?.id),
                None => None,
            };
            Ok(engine.transitions(after, segment, limit + 1))
        })
        .await?;
    let rows = read.map_err(|gone| Problem::gone(gone.to_string()))?;
    Ok(Json(page(rows, limit, |row| row.id.to_string())))
}
