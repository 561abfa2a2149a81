//! A session of the query engine over one workspace: the tables, the functions, and no way to anything else.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::temporal_conversions::timestamp_ms_to_datetime;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::common::{Result, ScalarValue};
use datafusion::config::Dialect;
use datafusion::execution::context::SessionContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SessionStateBuilder, SessionStateDefaults};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::SessionConfig;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::setup_pg_catalog;
use segops_model::Limits;

use crate::derived::DerivedTable;
use crate::functions::functions;
use crate::guard::{GuardedPlanner, guarded};
use crate::provider::{EventsTable, KnownTable};
use crate::tables::{DerivedColumns, EventColumns, Table, TableShape};
use crate::workspace::Workspace;

/// The database, and the schema in it, as clients of PostgreSQL see them.
pub(crate) const DATABASE: &str = "segops";
pub(crate) const SCHEMA: &str = "public";
/// The version of PostgreSQL whose protocol and catalogue clients may expect.
const SPOKEN_VERSION: &str = "16.6";
/// Streams of one query that are worked on side by side, at most.
const STREAMS_MAX: usize = 4;
/// How many of those that hold most memory an error names.
const CONSUMERS_NAMED: NonZeroUsize = NonZeroUsize::MIN;

/// A session: what is asked in it sees the workspace that was shown to it last.
pub(crate) struct Session {
    context: SessionContext,
    tables: Arc<MemorySchemaProvider>,
    limits: Limits,
}

impl Session {
    /// A session without tables.
    pub(crate) fn new(limits: &Limits, threads: usize) -> Result<Self> {
        let scalars = guarded(SessionStateDefaults::default_scalar_functions(), limits.sql_text_bytes_max);
        let planner = GuardedPlanner::new(&scalars, limits.sql_text_bytes_max);
        let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(planner)];
        planners.extend(SessionStateDefaults::default_expr_planners());
        let state = SessionStateBuilder::new()
            .with_config(config(threads))
            .with_runtime_env(runtime(limits)?)
            .with_scalar_functions(scalars)
            .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
            .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
            .with_window_functions(SessionStateDefaults::default_window_functions())
            .with_table_function_list(SessionStateDefaults::default_table_functions())
            .with_expr_planners(planners)
            .build();
        let context = SessionContext::new_with_state(state);
        let (catalog, tables) = (MemoryCatalogProvider::new(), Arc::new(MemorySchemaProvider::new()));
        let schema: Arc<dyn SchemaProvider> = Arc::clone(&tables) as Arc<dyn SchemaProvider>;
        catalog.register_schema(SCHEMA, schema)?;
        context.register_catalog(DATABASE, Arc::new(catalog));
        Ok(Self { context, tables, limits: *limits })
    }

    /// The same with what clients of PostgreSQL ask of its catalogue.
    pub(crate) fn with_postgres_catalogue(self) -> Result<Self> {
        setup_pg_catalog(&self.context, DATABASE, EmptyContextProvider).map_err(|error| *error)?;
        // Drivers read the version off this text, and give up on any other.
        let version = |_: &[ColumnarValue]| {
            Ok(ColumnarValue::Scalar(ScalarValue::Utf8(Some(format!(
                "PostgreSQL {SPOKEN_VERSION} (SegOps)"
            )))))
        };
        let version =
            create_udf("version", Vec::new(), DataType::Utf8, Volatility::Stable, Arc::new(version));
        self.context.register_udf(version);
        Ok(self)
    }

    /// Has its tables show a workspace, and gives the state for one query on it, with memory of its own and the
    /// workspace's "now". `names` are the names in the query.
    pub(crate) fn show(
        &self,
        workspace: &Arc<dyn Workspace>,
        names: &BTreeSet<String>,
    ) -> Result<SessionState> {
        for table in Table::ALL {
            let provider: Arc<dyn TableProvider> = match table {
                Table::Events => {
                    let columns =
                        EventColumns::new(&**workspace, names, self.limits.sql_property_columns_max);
                    Arc::new(EventsTable::new(Arc::clone(workspace), columns))
                }
                Table::DerivedEvents => Arc::new(DerivedTable::new(
                    Arc::clone(workspace),
                    DerivedColumns::new(&**workspace, names),
                )),
                known => Arc::new(KnownTable::new(Arc::clone(workspace), TableShape::of(known))),
            };
            self.tables.deregister_table(table.name())?;
            self.tables.register_table(table.name().to_owned(), provider)?;
        }
        for function in functions(&workspace.zone()) {
            self.context.register_udf(function);
        }
        let mut props = ExecutionProps::new();
        props.query_execution_start_time =
            timestamp_ms_to_datetime(workspace.now().as_ms()).map(|now| now.and_utc());
        // `SessionContext::state` would set "now" by the machine's clock.
        let state = self.context.state_ref().read().clone();
        Ok(SessionStateBuilder::new_from_existing(state)
            .with_runtime_env(runtime(&self.limits)?)
            .with_execution_props(props)
            .build())
    }
}

fn config(threads: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_information_schema(true)
        .with_target_partitions(threads.clamp(1, STREAMS_MAX))
        .with_default_catalog_and_schema(DATABASE, SCHEMA)
        .with_create_default_catalog_and_schema(false);
    let options = config.options_mut();
    options.execution.time_zone = Some("UTC".to_owned());
    options.sql_parser.dialect = Dialect::PostgreSQL;
    options.sql_parser.collect_spans = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    config
}

/// Memory up to the limit, and no file to put aside what does not fit.
fn runtime(limits: &Limits) -> Result<Arc<RuntimeEnv>> {
    let pool = TrackConsumersPool::new(GreedyMemoryPool::new(limits.sql_memory_bytes_max), CONSUMERS_NAMED);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()
}
