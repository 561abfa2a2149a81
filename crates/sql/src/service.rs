//! Queries that run: where, how many, for how long, and how they are ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, ParamValues, ScalarValue};
use datafusion::execution::TaskContext;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use parking_lot::Mutex;
use segops_model::{Clock, Instant, Limits, Position};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant as Deadline, timeout_at};

use crate::error::SqlError;
use crate::session::Session;
use crate::statement::{ReadStatement, read};
use crate::tables::Table;
use crate::workspace::Workspace;

/// The stack of a thread: of memory only what is used is taken. What nests as deep as a query can fits many times over.
const STACK_BYTES: usize = 256 * 1024 * 1024;
/// Threads that queries are run by, at most.
const THREADS_MAX: usize = 8;
/// Threads that read for queries, at most; more reading waits.
const READERS_MAX: usize = 64;
/// Batches that wait for whoever asked.
const WAITING_BATCHES: usize = 2;

/// A query, and who asks.
#[derive(Debug, Clone)]
pub struct Query {
    pub text: String,
    /// What `$1`, `$2` and so on stand for.
    pub parameters: Vec<Parameter>,
    /// Less than the limit.
    pub seconds: Option<u64>,
    /// By the name of a token.
    pub asker: String,
}

/// What a parameter stands for.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    Null,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

/// What is to be gathered for a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    pub segments: bool,
    pub products: bool,
}

/// Freezes the workspace for one query; it may take a moment.
pub type Opener = Box<dyn FnOnce(Needs) -> Result<Arc<dyn Workspace>, SqlError> + Send>;

/// Runs queries. A clone is the same service.
#[derive(Debug, Clone)]
pub struct Sql(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    clock: Arc<dyn Clock>,
    threads: usize,
    /// Taken out when the service ends.
    runtime: Option<Runtime>,
    room: Arc<Semaphore>,
    running: Arc<Mutex<BTreeMap<u64, Entry>>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    text: String,
    asker: String,
    started_at: Instant,
    cancel: watch::Sender<bool>,
}

/// A query that runs, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningQuery {
    pub id: u64,
    pub text: String,
    pub asker: String,
    pub started_at: Instant,
    pub running_ms: i64,
}

/// In the list of running queries for as long as it is held, and room taken.
#[derive(Debug)]
pub(crate) struct Listed {
    id: u64,
    running: Arc<Mutex<BTreeMap<u64, Entry>>>,
    _room: OwnedSemaphorePermit,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}

/// A query that has begun to answer. Dropping it ends the query.
#[derive(Debug)]
pub struct Answering {
    pub id: u64,
    pub schema: SchemaRef,
    pub position: Position,
    pub at: Instant,
    batches: mpsc::Receiver<Sent>,
    limits: Bounds,
    is_over: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    deadline: Deadline,
    seconds: u64,
    cancelled: watch::Receiver<bool>,
}

/// What comes from a query's task. An end that is not said is a fault.
#[derive(Debug)]
enum Sent {
    Batch(RecordBatch),
    Error(SqlError),
    End,
}

/// A query on its way to being run.
pub(crate) struct Planned {
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
    position: Position,
    at: Instant,
}

impl Sql {
    /// A service with threads of its own, each of which begins with `stand_back`, so that other work goes first.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn new(limits: Limits, clock: Arc<dyn Clock>, stand_back: fn()) -> std::io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, THREADS_MAX);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("sql")
            .worker_threads(threads)
            .max_blocking_threads(READERS_MAX)
            .thread_stack_size(STACK_BYTES)
            .on_thread_start(stand_back)
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(Inner {
            limits,
            clock,
            threads,
            runtime: Some(runtime),
            room: Arc::new(Semaphore::new(limits.sql_queries_max)),
            running: Arc::default(),
            next: AtomicU64::new(1),
        })))
    }

    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The threads that queries are run by.
    pub(crate) fn handle(&self) -> Result<&Handle, SqlError> {
        let runtime = self.0.runtime.as_ref();
        runtime.map(Runtime::handle).ok_or_else(|| SqlError::Internal("it is being stopped".to_owned()))
    }

    pub(crate) fn threads(&self) -> usize {
        self.0.threads
    }

    /// The queries that run, or wait to end, the oldest first.
    #[must_use]
    pub fn running(&self) -> Vec<RunningQuery> {
        let now = self.0.clock.now();
        let running = self.0.running.lock();
        let view = |(id, entry): (&u64, &Entry)| RunningQuery {
            id: *id,
            text: entry.text.clone(),
            asker: entry.asker.clone(),
            started_at: entry.started_at,
            running_ms: now.ms_since(entry.started_at),
        };
        running.iter().map(view).collect()
    }

    /// Cancels a query; false if there is none of that number.
    #[must_use]
    pub fn cancel(&self, id: u64) -> bool {
        let running = self.0.running.lock();
        running.get(&id).is_some_and(|entry| entry.cancel.send(true).is_ok())
    }

    /// Plans a query, and begins to answer it.
    ///
    /// # Errors
    /// The query cannot be read or planned, too many run, or it took too long already.
    pub async fn start(&self, query: Query, open: Opener) -> Result<Answering, SqlError> {
        let (limits, threads) = (self.0.limits, self.0.threads);
        let asked = query.clone();
        self.start_planned(&query, move || plan(&asked, open, &limits, threads)).await
    }

    /// As [`Sql::start`], of a plan that is made somehow.
    pub(crate) async fn start_planned(
        &self,
        query: &Query,
        plan: impl FnOnce() -> Result<Planned, SqlError> + Send + 'static,
    ) -> Result<Answering, SqlError> {
        let (planned, bounds, listed) = self.think(query, plan).await?;
        let schema = planned.plan.schema();
        let (id, position, at) = (listed.id, planned.position, planned.at);
        let (sender, batches) = mpsc::channel(WAITING_BATCHES);
        self.handle()?.spawn(pump(planned, sender, bounds.clone(), listed));
        Ok(Answering { id, schema, position, at, batches, limits: bounds, is_over: false })
    }

    /// Works something out for a query, where nesting does no harm.
    pub(crate) async fn think<T: Send + 'static>(
        &self,
        query: &Query,
        work: impl FnOnce() -> Result<T, SqlError> + Send + 'static,
    ) -> Result<(T, Bounds, Listed), SqlError> {
        let seconds = query.seconds.unwrap_or(u64::MAX).min(self.0.limits.sql_seconds_max);
        let deadline = Deadline::now() + Duration::from_secs(seconds);
        let (listed, cancelled) = self.admit(query, deadline).await?;
        let bounds = Bounds { deadline, seconds, cancelled };
        // What nobody waits for any more still takes room until it is done.
        let thinking = self.handle()?.spawn_blocking(move || (work(), listed));
        let (done, listed) = bounds.wait(thinking).await?.map_err(|error| broken(&error))?;
        Ok((done?, bounds, listed))
    }

    /// Waits for room, and lists the query.
    async fn admit(
        &self,
        query: &Query,
        deadline: Deadline,
    ) -> Result<(Listed, watch::Receiver<bool>), SqlError> {
        let busy = SqlError::Busy { limit: self.0.limits.sql_queries_max };
        let room = timeout_at(deadline, Arc::clone(&self.0.room).acquire_owned()).await;
        let Ok(Ok(room)) = room else { return Err(busy) };
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (cancel, cancelled) = watch::channel(false);
        let entry = Entry {
            text: query.text.clone(),
            asker: query.asker.clone(),
            started_at: self.0.clock.now(),
            cancel,
        };
        self.0.running.lock().insert(id, entry);
        Ok((Listed { id, running: Arc::clone(&self.0.running), _room: room }, cancelled))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A runtime that waited for its threads would block whoever lets go of the service last.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Bounds {
    /// Waits for something, for as long as the query may take.
    async fn wait<T>(&self, what: impl Future<Output = T>) -> Result<T, SqlError> {
        let mut cancelled = self.cancelled.clone();
        tokio::select! {
            biased;
            is_cancelled = cancelled.wait_for(|is_cancelled| *is_cancelled) => match is_cancelled {
                Ok(_) => Err(SqlError::Cancelled),
                // Nobody can cancel it any more: it is over.
                Err(_) => Err(SqlError::Internal("it ended before its answer".to_owned())),
            },
            () = tokio::time::sleep_until(self.deadline) => Err(SqlError::Time { seconds: self.seconds }),
            done = what => Ok(done),
        }
    }
}

fn broken(error: &tokio::task::JoinError) -> SqlError {
    tracing::error!(%error, "a SQL query has failed");
    SqlError::Internal("the query engine has failed on it; the server's log says more".to_owned())
}

fn plan(query: &Query, open: Opener, limits: &Limits, threads: usize) -> Result<Planned, SqlError> {
    let ReadStatement { statement, names } = read(&query.text, limits)?;
    let needs = Needs {
        segments: names.contains(Table::Segments.name()),
        products: names.contains(Table::Products.name()),
    };
    let workspace = open(needs)?;
    let session = Session::new(limits, threads).map_err(|error| of_plan(&error))?;
    let state = session.show(&workspace, &names).map_err(|error| of_plan(&error))?;
    let logical = logical_plan(&state, statement)?;
    let values = query.parameters.iter().map(Parameter::value).collect::<Vec<_>>();
    Planned::new(&state, &*workspace, logical, ParamValues::from(values))
}

pub(crate) fn of_plan(error: &DataFusionError) -> SqlError {
    SqlError::of_plan(error, &Table::ALL.map(Table::name))
}

/// The plan of a statement, which only reads. It is asked for on a thread that may block.
pub(crate) fn logical_plan(state: &SessionState, statement: Statement) -> Result<LogicalPlan, SqlError> {
    let planned = Handle::current().block_on(state.statement_to_plan(statement));
    let plan = planned.map_err(|error| of_plan(&error))?;
    let only_reads =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_reads.verify_plan(&plan).map_err(|_| SqlError::Refused { what: "this statement".to_owned() })?;
    Ok(plan)
}

impl Planned {
    pub(crate) fn new(
        state: &SessionState,
        workspace: &dyn Workspace,
        logical: LogicalPlan,
        values: ParamValues,
    ) -> Result<Self, SqlError> {
        let logical = logical.replace_params_with_values(&values).map_err(|error| of_plan(&error))?;
        let plan = Handle::current().block_on(state.create_physical_plan(&logical));
        let plan = plan.map_err(|error| of_plan(&error))?;
        Ok(Self { plan, task: state.task_ctx(), position: workspace.position(), at: workspace.now() })
    }
}

impl Parameter {
    fn value(&self) -> ScalarValue {
        match self {
            Self::Null => ScalarValue::Null,
            Self::Flag(flag) => ScalarValue::Boolean(Some(*flag)),
            Self::Whole(number) => ScalarValue::Int64(Some(*number)),
            Self::Number(number) => ScalarValue::Float64(Some(*number)),
            Self::Text(text) => ScalarValue::Utf8(Some(text.clone())),
        }
    }
}

/// Runs a plan, and hands on what it gives.
async fn pump(planned: Planned, sender: mpsc::Sender<Sent>, bounds: Bounds, listed: Listed) {
    let Planned { plan, task, .. } = planned;
    let last = match execute_stream(plan, task) {
        Err(error) => Sent::Error(SqlError::of_run(&error)),
        Ok(mut stream) => loop {
            let next = tokio::select! {
                biased;
                () = sender.closed() => return,
                next = bounds.wait(stream.next()) => next,
            };
            match next {
                Err(error) => break Sent::Error(error),
                Ok(None) => break Sent::End,
                Ok(Some(Err(error))) => break Sent::Error(SqlError::of_run(&error)),
                Ok(Some(Ok(batch))) => match bounds.wait(sender.send(Sent::Batch(batch))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(error) => break Sent::Error(error),
                },
            }
        },
    };
    // Room is given back before the end is said, so that whoever hears of it can ask again.
    drop(listed);
    let _nobody = sender.send(last).await;
}

impl Answering {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// It was cancelled, took too long or too much, or went wrong. Nothing comes after that.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        if self.is_over {
            return Ok(None);
        }
        // The task says by itself that it is over time; it may be too busy to.
        let grace = self.limits.deadline + Duration::from_secs(1);
        let sent = timeout_at(grace, self.batches.recv()).await;
        let batch = match sent {
            Err(_) => Err(SqlError::Time { seconds: self.limits.seconds }),
            Ok(Some(Sent::Batch(batch))) => Ok(Some(batch)),
            Ok(Some(Sent::Error(error))) => Err(error),
            Ok(Some(Sent::End)) => Ok(None),
            Ok(None) => {
                tracing::error!(query = self.id, "a SQL query's task ended without an end");
                Err(SqlError::Internal(
                    "the query engine has failed on it; the server's log says more".to_owned(),
                ))
            }
        };
        self.is_over = !matches!(batch, Ok(Some(_)));
        batch
    }
}
