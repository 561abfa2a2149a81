//! The table `derived_events` as the query engine sees it. Nothing of it is stored: its rows are made, while they are
//! asked for, of one profile's received events after the other's, which come out of the history in that order.

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
use datafusion::physical_plan::streaming::PartitionStream;
use segops_model::ProfileId;
use segops_parts::{Bucket, PartRow, PartsError, RowFilter};
use segops_segment::{Derivation, DerivedOccurrence, Deriving};
use tokio::sync::mpsc::Sender;

use crate::column::{BatchMaker, schema_of};
use crate::narrow::Narrowed;
use crate::provider::{WAITING_BATCHES, numbers, streaming, support};
use crate::tables::{DerivedColumns, DerivedRow};
use crate::workspace::{DerivedEventKnown, Workspace};

/// The table of derived events.
#[derive(Debug)]
pub(crate) struct DerivedTable {
    workspace: Arc<dyn Workspace>,
    columns: Arc<DerivedColumns>,
    schema: SchemaRef,
}

impl DerivedTable {
    pub(crate) fn new(workspace: Arc<dyn Workspace>, columns: DerivedColumns) -> Self {
        Self { workspace, schema: schema_of(&columns.columns), columns: Arc::new(columns) }
    }
}

#[async_trait]
impl TableProvider for DerivedTable {
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
        let schema: SchemaRef = Arc::new(self.schema.project(&numbers)?);
        // Times narrow nothing: what stands at one time may be made of events of any other.
        let narrowed = Narrowed::by(filters);
        let mut known = self.workspace.derived_events();
        known.retain(|known| narrowed.names.as_ref().is_none_or(|names| names.contains(&known.name)));
        let known: Arc<[DerivedEventKnown]> = known.into();
        let shares = match narrowed.profiles {
            Some(mut profiles) => {
                profiles.sort_unstable();
                profiles.dedup();
                vec![Share::Profiles(profiles)]
            }
            None => shares(self.workspace.snapshot().buckets(), state.config().target_partitions()),
        };
        let partitions = shares.into_iter().map(|share| -> Arc<dyn PartitionStream> {
            Arc::new(DerivedStream {
                schema: Arc::clone(&schema),
                workspace: Arc::clone(&self.workspace),
                columns: Arc::clone(&self.columns),
                known: Arc::clone(&known),
                numbers: numbers.clone(),
                share,
            })
        });
        streaming(Arc::clone(&schema), partitions.collect(), limit)
    }
}

/// Whose derived events one stream is of.
#[derive(Debug, Clone)]
enum Share {
    Profiles(Vec<ProfileId>),
    Buckets(Vec<Option<Bucket>>),
}

/// Buckets of profiles, dealt out to as many streams as are read side by side.
fn shares(buckets: u32, streams: usize) -> Vec<Share> {
    if buckets <= 1 {
        return vec![Share::Buckets(vec![None])];
    }
    let streams = u32::try_from(streams).unwrap_or(1).clamp(1, buckets);
    let of_stream = |first: u32| (first..buckets).step_by(streams as usize);
    let bucket = |number| Some(Bucket { number, of: buckets });
    (0..streams).map(|first| Share::Buckets(of_stream(first).map(bucket).collect())).collect()
}

#[derive(Debug)]
struct DerivedStream {
    schema: SchemaRef,
    workspace: Arc<dyn Workspace>,
    columns: Arc<DerivedColumns>,
    known: Arc<[DerivedEventKnown]>,
    numbers: Vec<usize>,
    share: Share,
}

impl PartitionStream for DerivedStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), WAITING_BATCHES);
        let sender = builder.tx();
        let (workspace, share) = (Arc::clone(&self.workspace), self.share.clone());
        let known = Arc::clone(&self.known);
        let mut rows = Rows {
            known: Arc::clone(&self.known),
            columns: Arc::clone(&self.columns),
            maker: BatchMaker::new(Arc::clone(&self.schema), &self.numbers),
            sender,
            until: workspace.now(),
            failed: None,
        };
        builder.spawn_blocking(move || {
            let derivations: Vec<Derivation> = known.iter().map(|known| known.derivation.clone()).collect();
            let making = Making { workspace: &*workspace, derivations: &derivations };
            let done = match &share {
                Share::Profiles(profiles) => making.of_profiles(profiles, &mut rows),
                Share::Buckets(buckets) => making.of_buckets(buckets, &mut rows),
            };
            done.map_err(|error| DataFusionError::External(error.into()))?;
            rows.finish()
        });
        builder.build()
    }
}

/// What derived events are made of, and how.
struct Making<'a> {
    workspace: &'a dyn Workspace,
    derivations: &'a [Derivation],
}

impl Making<'_> {
    /// The events that any of them is made of, among those that there are.
    fn names(&self) -> Vec<String> {
        let mut names = self.workspace.snapshot().names();
        let is_read = |name: &String| self.derivations.iter().any(|derivation| derivation.is_made_of(name));
        names.retain(|name| !name.is_empty() && is_read(name));
        names
    }

    fn filter(&self, bucket: Option<Bucket>) -> RowFilter {
        RowFilter { bucket, from: None, before: Some(self.workspace.now().plus_ms(1)) }
    }

    fn of_buckets(&self, buckets: &[Option<Bucket>], rows: &mut Rows) -> std::result::Result<(), PartsError> {
        let names = self.names();
        for bucket in buckets.iter().filter(|_| !names.is_empty()) {
            let mut scan = self.workspace.snapshot().rows(Some(&names), self.filter(*bucket))?;
            let mut deriving = Deriving::new(self.derivations);
            let mut profile = ProfileId(0);
            while let Some(read) = scan.next_rows()? {
                for PartRow { profile: of, event, position, .. } in &read {
                    if *of != profile {
                        deriving.finish(&mut |number, made| rows.add(profile, number, &made));
                        profile = *of;
                    }
                    deriving.add(event, *position, &mut |number, made| rows.add(profile, number, &made));
                }
                if rows.are_unwanted() {
                    return Ok(());
                }
            }
            deriving.finish(&mut |number, made| rows.add(profile, number, &made));
        }
        Ok(())
    }

    /// One after the other, so that what is known of one is all that is in memory.
    fn of_profiles(&self, profiles: &[ProfileId], rows: &mut Rows) -> std::result::Result<(), PartsError> {
        let names = self.names();
        for profile in profiles.iter().filter(|_| !names.is_empty()) {
            let mut scan = self.workspace.snapshot().rows_of(&[*profile], &names, self.filter(None));
            let mut deriving = Deriving::new(self.derivations);
            while let Some(read) = scan.next_rows()? {
                for PartRow { event, position, .. } in &read {
                    deriving.add(event, *position, &mut |number, made| rows.add(*profile, number, &made));
                }
                if rows.are_unwanted() {
                    return Ok(());
                }
            }
            deriving.finish(&mut |number, made| rows.add(*profile, number, &made));
        }
        Ok(())
    }
}

/// Rows on their way to whoever asked.
struct Rows {
    known: Arc<[DerivedEventKnown]>,
    columns: Arc<DerivedColumns>,
    maker: BatchMaker,
    sender: Sender<Result<RecordBatch>>,
    /// What stands later is not there yet: a session that goes on, counted at its end.
    until: segops_model::Instant,
    failed: Option<DataFusionError>,
}

impl Rows {
    fn add(&mut self, profile: ProfileId, number: usize, occurrence: &DerivedOccurrence) {
        let Some(DerivedEventKnown { id, name, version, .. }) = self.known.get(number) else { return };
        if occurrence.entry().ts > self.until || self.are_unwanted() {
            return;
        }
        let (id, version, columns) = (*id, *version, &self.columns);
        let batch = self.maker.add(&DerivedRow { columns, profile, id, name, version, occurrence });
        self.send(batch.map_err(DataFusionError::from));
    }

    fn send(&mut self, batch: Result<Option<RecordBatch>>) {
        match batch {
            // Whether anybody waits for it is seen before the next.
            Ok(Some(batch)) => drop(self.sender.blocking_send(Ok(batch))),
            Ok(None) => {}
            Err(error) => self.failed = Some(error),
        }
    }

    fn are_unwanted(&self) -> bool {
        self.failed.is_some() || self.sender.is_closed()
    }

    fn finish(mut self) -> Result<()> {
        let last = self.maker.finish();
        self.send(last.map_err(DataFusionError::from));
        self.failed.map_or(Ok(()), Err)
    }
}
