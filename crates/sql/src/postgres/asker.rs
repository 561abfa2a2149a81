use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use arrow_pg::datatypes::{arrow_schema_to_pg_fields, df, into_pg_type};
use arrow_pg::encode_recordbatch;
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::ParamValues;
use datafusion::sql::parser::Statement as PlannedStatement;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use futures::{Sink, Stream, stream};
use parking_lot::Mutex;
use pgwire::api::portal::{Format, Portal};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::results::{FieldInfo, QueryResponse, Response};
use pgwire::api::stmt::QueryParser;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, Type};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::DataRow;
use pgwire::types::format::FormatOptions;
use segops_model::Limits;

use super::fixed::Fixed;
use super::{Gate, told};
use crate::error::SqlError;
use crate::service::{Answering, Needs, Opener, Planned, Query, Sql, logical_plan, of_plan};
use crate::session::Session;
use crate::statement::{check_sql, names_in, tokens_of};
use crate::tables::Table;
use crate::workspace::Workspace;

/// Reads what clients of PostgreSQL ask of its catalogue in words that the engine has.
static PARSER: LazyLock<PostgresCompatibilityParser> = LazyLock::new(PostgresCompatibilityParser::new);

/// Answers what one connection asks.
#[derive(Clone)]
pub(super) struct Asker {
    sql: Sql,
    gate: Arc<dyn Gate>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    name: String,
    seconds: Option<u64>,
    /// Made by the first query. Numbers that the catalogue gave to tables are the connection's own.
    session: Option<Arc<Session>>,
}

/// A statement that was read, and what it will give.
#[derive(Debug, Clone)]
pub(super) enum Prepared {
    Fixed(Fixed),
    Query { text: String, statement: Box<Statement>, schema: SchemaRef, parameters: Vec<Option<DataType>> },
}

impl Asker {
    pub(super) fn new(sql: Sql, gate: Arc<dyn Gate>) -> Self {
        Self { sql, gate, state: Arc::default() }
    }

    /// Queries are those of a token from here on.
    pub(super) fn is_of(&self, name: String) {
        self.state.lock().name = name;
    }

    fn query(&self, text: &str) -> Query {
        let state = self.state.lock();
        Query {
            text: text.to_owned(),
            parameters: Vec::new(),
            seconds: state.seconds,
            asker: state.name.clone(),
        }
    }

    /// Reads statements, each of which is about the session or only reads.
    fn read(&self, text: &str) -> Result<Vec<Statement>, SqlError> {
        read_statements(text, self.sql.limits())
    }

    fn take(&self, fixed: &Fixed) -> PgWireResult<Response> {
        if let Fixed::Timeout(seconds) = fixed {
            self.state.lock().seconds = *seconds;
        }
        fixed.response()
    }

    /// Works out what a statement gives and takes.
    async fn prepare(&self, text: &str, statement: Statement) -> Result<Prepared, SqlError> {
        let (asker, open) = (self.clone(), self.gate.opener()?);
        let (asked, shown) = (statement.clone(), text.to_owned());
        let query = self.query(text);
        let described = self.sql.think(&query, move || {
            let (state, _) = asker.shown(&shown, open)?;
            let plan = logical_plan(&state, PlannedStatement::Statement(Box::new(asked)))?;
            let parameters = plan.get_parameter_types().map_err(|error| of_plan(&error))?;
            let mut ordered: BTreeMap<usize, Option<DataType>> = BTreeMap::new();
            for (name, kind) in parameters {
                ordered.insert(name.trim_start_matches('$').parse().unwrap_or(usize::MAX), kind);
            }
            let schema: SchemaRef = Arc::new(plan.schema().as_arrow().clone());
            Ok((schema, ordered.into_values().collect()))
        });
        let ((schema, parameters), _, _) = described.await?;
        Ok(Prepared::Query { text: text.to_owned(), statement: Box::new(statement), schema, parameters })
    }

    /// Has the connection's session show the workspace as it is now.
    fn shown(
        &self,
        text: &str,
        open: Opener,
    ) -> Result<(datafusion::execution::session_state::SessionState, Arc<dyn Workspace>), SqlError> {
        let limits = self.sql.limits();
        let names = names_in(&tokens_of(text, limits)?);
        let needs = Needs {
            segments: names.contains(Table::Segments.name()),
            products: names.contains(Table::Products.name()),
        };
        let workspace = open(needs)?;
        let session = self.session()?;
        let state = session.show(&workspace, &names).map_err(|error| of_plan(&error))?;
        Ok((state, workspace))
    }

    fn session(&self) -> Result<Arc<Session>, SqlError> {
        let mut state = self.state.lock();
        if let Some(session) = &state.session {
            return Ok(Arc::clone(session));
        }
        let session = Session::new(self.sql.limits(), self.sql.threads())
            .and_then(Session::with_postgres_catalogue)
            .map_err(|error| of_plan(&error))?;
        let session = Arc::new(session);
        state.session = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Runs a statement on the workspace as it is now.
    async fn answer(
        &self,
        text: &str,
        statement: Statement,
        values: ParamValues,
        format: &Format,
        options: Arc<FormatOptions>,
    ) -> PgWireResult<Response> {
        let open = self.gate.opener().map_err(|error| told(&error))?;
        let (asker, asked) = (self.clone(), text.to_owned());
        let query = self.query(text);
        let planned = self.sql.start_planned(&query, move || {
            let (state, workspace) = asker.shown(&asked, open)?;
            let plan = logical_plan(&state, PlannedStatement::Statement(Box::new(statement)))?;
            Planned::new(&state, &*workspace, plan, values)
        });
        let mut answering = planned.await.map_err(|error| told(&error))?;
        let fields = Arc::new(arrow_schema_to_pg_fields(&answering.schema, format, Some(options))?);
        // Most of the work is done before the first rows: a query that fails then is told as an error alone.
        let first = answering.next().await.map_err(|error| told(&error))?;
        let rows = rows_of(answering, first, Arc::clone(&fields));
        Ok(Response::Query(QueryResponse::new(fields, rows)))
    }
}

fn read_statements(text: &str, limits: &Limits) -> Result<Vec<Statement>, SqlError> {
    tokens_of(text, limits)?;
    let statements = PARSER.parse(text).map_err(|error| SqlError::of_parser(&error.to_string()))?;
    for statement in &statements {
        if Fixed::of(statement).is_none() {
            check_sql(statement)?;
        }
    }
    Ok(statements)
}

type Rows = Box<dyn Iterator<Item = PgWireResult<DataRow>> + Send + Sync>;

/// The rows of an answer, encoded batch by batch.
fn rows_of(
    answering: Answering,
    first: Option<RecordBatch>,
    fields: Arc<Vec<FieldInfo>>,
) -> impl Stream<Item = PgWireResult<DataRow>> + Send + 'static {
    let waiting: VecDeque<RecordBatch> = first.into_iter().collect();
    let rows: Rows = Box::new(std::iter::empty());
    stream::unfold(
        (answering, waiting, rows, fields),
        |(mut answering, mut waiting, mut rows, fields)| async move {
            loop {
                if let Some(row) = rows.next() {
                    return Some((row, (answering, waiting, rows, fields)));
                }
                let batch = match waiting.pop_front() {
                    Some(batch) => Some(batch),
                    None => match answering.next().await {
                        Ok(batch) => batch,
                        Err(error) => return Some((Err(told(&error)), (answering, waiting, rows, fields))),
                    },
                };
                rows = encode_recordbatch(Arc::clone(&fields), batch?);
            }
        },
    )
}

#[async_trait]
impl SimpleQueryHandler for Asker {
    async fn do_query<C>(&self, client: &mut C, text: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let statements = self.read(text).map_err(|error| told(&error))?;
        if statements.is_empty() {
            return Ok(vec![Response::EmptyQuery]);
        }
        let options = Arc::new(FormatOptions::from_client_metadata(client.metadata()));
        let mut responses = Vec::new();
        for statement in statements {
            responses.push(match Fixed::of(&statement) {
                Some(fixed) => self.take(&fixed.map_err(|error| told(&error))?)?,
                None => {
                    let values = ParamValues::List(Vec::new());
                    self.answer(text, statement, values, &Format::UnifiedText, Arc::clone(&options)).await?
                }
            });
        }
        Ok(responses)
    }
}

#[async_trait]
impl QueryParser for Asker {
    type Statement = Prepared;

    async fn parse_sql<C>(&self, _: &C, text: &str, _: &[Option<Type>]) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let mut statements = self.read(text).map_err(|error| told(&error))?;
        let Some(statement) = statements.pop() else { return Ok(None) };
        if !statements.is_empty() {
            return Err(told(&SqlError::query("these are several statements; prepare one at a time")));
        }
        match Fixed::of(&statement) {
            Some(fixed) => Ok(Some(Prepared::Fixed(fixed.map_err(|error| told(&error))?))),
            None => self.prepare(text, statement).await.map(Some).map_err(|error| told(&error)),
        }
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        match prepared {
            Prepared::Fixed(_) => Ok(Vec::new()),
            Prepared::Query { parameters, .. } => parameters.iter().map(wire_type).collect(),
        }
    }

    fn get_result_schema(
        &self,
        prepared: &Prepared,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        match prepared {
            Prepared::Fixed(fixed) => Ok(fixed.fields()),
            Prepared::Query { schema, .. } => {
                arrow_schema_to_pg_fields(schema, format.unwrap_or(&Format::UnifiedText), None)
            }
        }
    }
}

fn wire_type(kind: &Option<DataType>) -> PgWireResult<Type> {
    kind.as_ref().map_or(Ok(Type::UNKNOWN), into_pg_type)
}

#[async_trait]
impl ExtendedQueryHandler for Asker {
    type Statement = Prepared;
    type QueryParser = Self;

    fn query_parser(&self) -> Arc<Self> {
        Arc::new(self.clone())
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<Prepared>, _: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match &portal.statement.statement {
            Prepared::Fixed(fixed) => self.take(fixed),
            Prepared::Query { text, statement, parameters, .. } => {
                let kinds: Vec<Option<&DataType>> = parameters.iter().map(Option::as_ref).collect();
                let types = parameters.iter().map(wire_type).collect::<PgWireResult<Vec<_>>>()?;
                let types: Vec<Option<&Type>> = types.iter().map(Some).collect();
                let values = df::deserialize_parameters_with_server_types(portal, &kinds, &types)?;
                let options = Arc::new(FormatOptions::from_client_metadata(client.metadata()));
                let format = &portal.result_column_format;
                self.answer(text, statement.as_ref().clone(), values, format, options).await
            }
        }
    }
}
