//! Tables as the query engine sees them: which columns, and which rows it need not be given.

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use segops_model::{ProfileId, SourceId};
use segops_parts::{RowFilter, TablePiece, TableRequest};

use crate::column::{BatchMaker, schema_of};
use crate::narrow::{Narrowed, is_narrowing};
use crate::tables::{EventColumn, EventColumns, TableShape, event_batch, show};
use crate::workspace::{Flow, Workspace};

/// Batches that wait to be taken; whoever makes them waits then.
pub(crate) const WAITING_BATCHES: usize = 2;

/// A table of what is known at the position.
#[derive(Debug)]
pub(crate) struct KnownTable {
    workspace: Arc<dyn Workspace>,
    shape: TableShape,
    schema: SchemaRef,
}

/// The table of events.
#[derive(Debug)]
pub(crate) struct EventsTable {
    workspace: Arc<dyn Workspace>,
    columns: EventColumns,
    schema: SchemaRef,
    sources: Arc<[(SourceId, String)]>,
}

impl KnownTable {
    pub(crate) fn new(workspace: Arc<dyn Workspace>, shape: TableShape) -> Self {
        Self { workspace, schema: schema_of(&shape.columns), shape }
    }
}

impl EventsTable {
    pub(crate) fn new(workspace: Arc<dyn Workspace>, columns: EventColumns) -> Self {
        let sources = workspace.sources().into();
        Self { workspace, schema: schema_of(&columns.columns), columns, sources }
    }
}

/// The numbers of the columns that are asked for.
pub(crate) fn numbers(projection: Option<&Vec<usize>>, schema: &SchemaRef) -> Vec<usize> {
    projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect())
}

pub(crate) fn support(filters: &[&Expr]) -> Vec<TableProviderFilterPushDown> {
    let of = |filter: &&Expr| match is_narrowing(filter) {
        // What is narrowed is tested again: the tests are cheap, and the rows that are left few.
        true => TableProviderFilterPushDown::Inexact,
        false => TableProviderFilterPushDown::Unsupported,
    };
    filters.iter().map(of).collect()
}

pub(crate) fn streaming(
    schema: SchemaRef,
    partitions: Vec<Arc<dyn PartitionStream>>,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = StreamingTableExec::try_new(schema, partitions, None, None, false, limit)?;
    Ok(Arc::new(plan))
}

#[async_trait]
impl TableProvider for KnownTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(support(filters))
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let numbers = numbers(projection, &self.schema);
        let stream = KnownStream {
            schema: Arc::new(self.schema.project(&numbers)?),
            workspace: Arc::clone(&self.workspace),
            shape: self.shape.clone(),
            only: Narrowed::by(filters).profiles,
            numbers,
        };
        streaming(Arc::clone(&stream.schema), vec![Arc::new(stream)], limit)
    }
}

#[derive(Debug)]
struct KnownStream {
    schema: SchemaRef,
    workspace: Arc<dyn Workspace>,
    shape: TableShape,
    only: Option<Vec<ProfileId>>,
    numbers: Vec<usize>,
}

impl PartitionStream for KnownStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), WAITING_BATCHES);
        let sender = builder.tx();
        let (workspace, table, only) = (Arc::clone(&self.workspace), self.shape.table, self.only.clone());
        let mut maker = BatchMaker::new(Arc::clone(&self.schema), &self.numbers);
        builder.spawn_blocking(move || {
            let mut take = |batch: std::result::Result<RecordBatch, _>| -> Flow {
                match sender.blocking_send(batch.map_err(DataFusionError::from)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            };
            show(table, &*workspace, only.as_deref(), &mut maker, &mut take);
            Ok(())
        });
        builder.build()
    }
}

#[async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(support(filters))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let numbers = numbers(projection, &self.schema);
        let schema = Arc::new(self.schema.project(&numbers)?);
        let read: Arc<[EventColumn]> =
            numbers.iter().filter_map(|number| self.columns.read.get(*number).cloned()).collect();
        let mut request = TableRequest::default();
        for column in read.iter() {
            match column {
                EventColumn::Fixed(name) => request.fixed.push((*name).to_owned()),
                EventColumn::Property(typed) => request.typed.push(typed.clone()),
            }
        }
        let narrowed = Narrowed::by(filters);
        request.names = narrowed.names;
        request.profiles = narrowed.profiles;
        request.filter = RowFilter { bucket: None, from: narrowed.from, before: narrowed.before };
        let pieces = self.workspace.snapshot().table(request);
        // Pieces are dealt out, so that there are no more streams than are read side by side.
        let streams = state.config().target_partitions().clamp(1, pieces.len().max(1));
        let mut dealt: Vec<Vec<TablePiece>> = vec![Vec::new(); streams];
        for (at, piece) in pieces.into_iter().enumerate() {
            if let Some(pieces) = dealt.get_mut(at % streams) {
                pieces.push(piece);
            }
        }
        let partitions = dealt.into_iter().map(|pieces| -> Arc<dyn PartitionStream> {
            let (schema, read, sources) = (Arc::clone(&schema), Arc::clone(&read), Arc::clone(&self.sources));
            Arc::new(EventStream { schema, pieces, read, sources })
        });
        streaming(Arc::clone(&schema), partitions.collect(), limit)
    }
}

#[derive(Debug)]
struct EventStream {
    schema: SchemaRef,
    pieces: Vec<TablePiece>,
    read: Arc<[EventColumn]>,
    sources: Arc<[(SourceId, String)]>,
}

impl PartitionStream for EventStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), WAITING_BATCHES);
        let sender = builder.tx();
        let (pieces, schema) = (self.pieces.clone(), Arc::clone(&self.schema));
        let (read, sources) = (Arc::clone(&self.read), Arc::clone(&self.sources));
        builder.spawn_blocking(move || {
            for piece in pieces {
                let mut scan = piece.scan();
                while let Some(batch) =
                    scan.next_batch().map_err(|error| DataFusionError::External(error.into()))?
                {
                    let batch = event_batch(&batch, &read, &schema, &sources)?;
                    if sender.blocking_send(Ok(batch)).is_err() {
                        return Ok(());
                    }
                }
            }
            Ok(())
        });
        builder.build()
    }
}
