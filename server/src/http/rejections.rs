use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use segops_collect::{Origin, Rejection, RejectionCode};
use segops_engine::Engine;
use segops_model::{Instant, SourceId};

use super::authority::Reader;
use super::page::{Page, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::QueryOf;
use super::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RejectionQuery {
    /// Only those with this reason, such as `missing_identifier`.
    #[param(value_type = Option<String>)]
    code: Option<RejectionCode>,
    /// Only those of this source, by its id or name.
    source: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Something that was sent and not taken in, and why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RejectionView {
    pub sequence: u64,
    #[schema(value_type = String, example = "missing_identifier")]
    pub code: RejectionCode,
    pub message: String,
    /// Where in its request or file it stood.
    pub place: String,
    /// How it came, cut at a limit.
    pub raw: String,
    #[schema(value_type = Option<String>)]
    pub source: Option<SourceId>,
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Instant,
    #[schema(value_type = Object)]
    pub origin: Origin,
}

/// What was not taken in, the newest first.
#[utoipa::path(get, path = "/api/v1/rejections", tag = "Events", params(RejectionQuery), responses(
    (status = 200, body = Page<RejectionView>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<RejectionQuery>,
) -> Result<Json<Page<RejectionView>>, Problem> {
    let before: Option<u64> = key_of(query.cursor.as_deref())?;
    let limit = rows_of(query.limit, app.limits());
    let chunk = app.limits().page_rows_max;
    let rows = app
        .run(move |engine| {
            let source = match &query.source {
                Some(name) => Some(engine.find_source(name)?.id),
                None => None,
            };
            let wanted = |rejection: &Rejection| {
                query.code.is_none_or(|code| rejection.code == code)
                    && source.is_none_or(|source| rejection.source == Some(source))
            };
            Ok(newest(engine, before, limit + 1, chunk, wanted))
        })
        .await?;
    Ok(Json(page(rows, limit, |row| row.sequence.to_string())))
}

/// Reads back from `before` until there are `count` that are wanted, or no more.
fn newest(
    engine: &Engine,
    mut before: Option<u64>,
    count: usize,
    chunk: usize,
    wanted: impl Fn(&Rejection) -> bool,
) -> Vec<RejectionView> {
    let mut rows = Vec::new();
    loop {
        let read = engine.rejections(before, chunk);
        let Some((oldest, _)) = read.last() else { return rows };
        before = Some(*oldest);
        rows.extend(read.into_iter().filter(|(_, rejection)| wanted(rejection)).map(view));
        if rows.len() >= count {
            rows.truncate(count);
            return rows;
        }
    }
}

fn view((sequence, rejection): (u64, Rejection)) -> RejectionView {
    RejectionView {
        sequence,
        code: rejection.code,
        message: rejection.message,
        place: rejection.place,
        raw: rejection.raw,
        source: rejection.source,
        received_at: rejection.received_at,
        origin: rejection.origin,
    }
}
