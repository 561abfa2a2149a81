//! SQL over everything that is known: queries, the tables that there are, and the queries that run.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_engine::Gathered;
use segops_model::Instant;
use segops_sql::{Format, Parameter, Query, describe};

use super::authority::Reader;
use super::page::Page;
use super::problem::Problem;
use super::read_body::{JsonBody, PathOf};
use super::state::App;
use crate::control::Role;
use crate::sql::{opener, workspace_of};

/// A query that only reads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlRequest {
    /// One SELECT, WITH, VALUES, EXPLAIN, DESCRIBE or SHOW, in the words of PostgreSQL.
    #[schema(example = "SELECT event, count(*) FROM events GROUP BY event ORDER BY 2 DESC")]
    pub query: String,
    /// What `$1`, `$2` and so on stand for: text, numbers, true, false or null.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub parameters: Vec<Parameter>,
    /// `json`, `csv`, `parquet` or `arrow` (the stream format of Arrow IPC).
    #[serde(default)]
    #[schema(value_type = String, example = "json")]
    pub format: Format,
    #[serde(default)]
    pub limits: SqlRequestLimits,
}

/// Less than what the server allows.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlRequestLimits {
    /// The query is ended after so many seconds.
    pub seconds: Option<u64>,
    /// The answer ends after so many rows; JSON says then that it is `truncated`.
    pub rows: Option<usize>,
}

/// The answer as JSON; the SQL crate writes it piece by piece.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SqlAnswer {
    pub columns: Vec<SqlAnswerColumn>,
    /// The cells of each row in the order of the columns: numbers with all digits, instants as text in UTC.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub rows: Vec<Vec<serde_json::Value>>,
    pub row_count: u64,
    /// There are more rows than the limits let through.
    pub truncated: bool,
    /// Everything before this journal position was known to the query, and nothing after it.
    pub position: u64,
    /// What `now()` was.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SqlAnswerColumn {
    pub name: String,
    /// Its type in Arrow's words.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The tables that queries can ask.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SqlTables {
    pub tables: Vec<SqlTable>,
    pub functions: Vec<SqlFunction>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SqlTable {
    pub name: String,
    /// What a row is.
    pub about: String,
    pub columns: Vec<SqlColumn>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SqlColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub about: String,
}

/// A function beside those of PostgreSQL.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SqlFunction {
    pub call: String,
    pub about: String,
}

/// A query that runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SqlRunning {
    pub id: u64,
    pub query: String,
    /// The name of the token that asks.
    pub asker: String,
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Instant,
    pub running_ms: i64,
}

/// Answers a SQL query over events, profiles, orders, products, segments and scores, all as they are at one position.
/// Closing the connection ends the query.
#[utoipa::path(post, path = "/api/v1/sql", tag = "SQL", request_body = SqlRequest, responses(
    (status = 200, description = "As JSON; in another format where the request says so", body = SqlAnswer),
    (status = 422, description = "It cannot be read, would change something, or is past a limit", body = Problem),
    (status = 503, description = "Too many queries run", body = Problem), (status = "4XX", body = Problem)))]
pub(crate) async fn query(
    Reader(caller): Reader,
    State(app): State<App>,
    JsonBody(request): JsonBody<SqlRequest>,
) -> Result<Response, Problem> {
    let SqlRequest { query, parameters, format, limits } = request;
    let sql = app.sql()?;
    let asked = Query { text: query, parameters, seconds: limits.seconds, asker: caller.name };
    let answering = sql.start(asked, opener(app.engine()?)).await?;
    let pieces = segops_sql::write(sql, answering, format, limits.rows).await?;
    let body = stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.next().await?;
        // What goes wrong after the first rows breaks the answer off: it is seen to have no end.
        Some((piece.map(Bytes::from), pieces))
    });
    Ok(([(header::CONTENT_TYPE, format.media_type())], Body::from_stream(body)).into_response())
}

/// The tables with their columns, properties of events among them, and the functions beside those of PostgreSQL.
#[utoipa::path(get, path = "/api/v1/sql/tables", tag = "SQL", responses(
    (status = 200, body = SqlTables), (status = "4XX", body = Problem)))]
pub(crate) async fn tables(_: Reader, State(app): State<App>) -> Result<Json<SqlTables>, Problem> {
    let properties_max = app.limits().sql_property_columns_max;
    let found = app.run(move |engine| {
        let frozen = engine.frozen(Gathered { segments: false, products: false })?;
        Ok(describe(&workspace_of(frozen), properties_max))
    });
    let column = |column: &segops_sql::Column| SqlColumn {
        name: column.name.clone().into_owned(),
        kind: column.kind.sql_name().to_owned(),
        about: column.about.clone().into_owned(),
    };
    let tables = found.await?.into_iter().map(|found| SqlTable {
        name: found.table.name().to_owned(),
        about: found.table.about().to_owned(),
        columns: found.columns.iter().map(column).collect(),
    });
    let functions = segops_sql::FUNCTIONS
        .map(|(call, about)| SqlFunction { call: call.to_owned(), about: about.to_owned() });
    Ok(Json(SqlTables { tables: tables.collect(), functions: functions.into() }))
}

/// The queries that run, the oldest first.
#[utoipa::path(get, path = "/api/v1/sql/queries", tag = "SQL", responses(
    (status = 200, body = Page<SqlRunning>), (status = "4XX", body = Problem)))]
pub(crate) async fn queries(_: Reader, State(app): State<App>) -> Result<Json<Page<SqlRunning>>, Problem> {
    let data = app.sql()?.running().into_iter().map(|running| SqlRunning {
        id: running.id,
        query: running.text,
        asker: running.asker,
        started_at: running.started_at,
        running_ms: running.running_ms,
    });
    Ok(Json(Page { data: data.collect(), next_cursor: None }))
}

/// Ends a query: one's own, or with a role beyond viewer any.
#[utoipa::path(delete, path = "/api/v1/sql/queries/{id}", tag = "SQL",
    params(("id" = u64, Path, description = "The query's number")), responses(
    (status = 204, description = "It is told to end"), (status = "4XX", body = Problem)))]
pub(crate) async fn cancel(
    Reader(caller): Reader,
    State(app): State<App>,
    PathOf(id): PathOf<u64>,
) -> Result<StatusCode, Problem> {
    let sql = app.sql()?;
    let running = sql.running();
    let missing = || Problem::not_found(format!("no query {id} runs; list them to see which do"));
    let found = running.iter().find(|running| running.id == id).ok_or_else(missing)?;
    if found.asker != caller.name && caller.role == Role::Viewer {
        return Err(Problem::forbidden(
            caller.role.as_str(),
            "marketer, analyst or admin, or to have asked it",
        ));
    }
    if sql.cancel(id) { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}
