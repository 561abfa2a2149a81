//! The events of one name with some of their properties: what a rule's signal reads. They come in as many streams as
//! the history has pieces, each in the order of (profile, ts, position).

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_buffer::ScalarBuffer;
use segops_model::{Event, Object, Path, Value};

use crate::columns::{ColumnKind, ItemField, ScalarKind, TypedColumn};
use crate::error::PartsError;
use crate::fixed::{CONTEXT, PROPERTIES};
use crate::merge::{Keys, Source};
use crate::part_file::PartFile;
use crate::row::PartRow;
use crate::shape::{Shape, object_at};
use crate::signal_batch::{Dictionaries, Held, SignalBatch};
use crate::stream::RowFilter;
use crate::typed::bare_event;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalRequest {
    pub event: String,
    /// The properties to bring along. A path through a list (`products[].price`) brings the list, its objects
    /// with at least the member that is asked for.
    pub paths: Vec<Path>,
    pub filter: RowFilter,
    /// Whether the rows' positions are wanted, which put in order what shares an instant.
    pub positions: bool,
    /// Whether rows before the filter's first instant may come along: whoever looks at times anyway has them sooner
    /// than they are left out.
    pub earlier_rows: bool,
}

/// Rows of one event name in one piece of the history: in the order of (profile, ts, position).
pub struct SignalStream {
    source: Pieces,
    columns: Arc<Columns>,
    dictionaries: Dictionaries,
}

enum Pieces {
    Parts(Box<dyn Source>),
    /// In memory.
    Batch(Option<SignalBatch>),
}

impl std::fmt::Debug for SignalStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignalStream").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl SignalStream {
    pub(crate) fn new(source: Box<dyn Source>, columns: Arc<Columns>) -> Self {
        Self { source: Pieces::Parts(source), columns, dictionaries: Dictionaries::default() }
    }

    /// Of rows in order that are in memory.
    pub(crate) fn of_rows(rows: &[impl AsRef<PartRow>], columns: Arc<Columns>) -> Self {
        let batch = columns.batch_of_rows(rows);
        Self { source: Pieces::Batch(Some(batch)), columns, dictionaries: Dictionaries::default() }
    }

    /// The next rows, at least one; `None` at the end.
    ///
    /// # Errors
    /// The part can't be read.
    pub fn next_batch(&mut self) -> Result<Option<SignalBatch>, PartsError> {
        let source = match &mut self.source {
            Pieces::Parts(source) => source,
            Pieces::Batch(batch) => return Ok(batch.take().filter(|batch| !batch.is_empty())),
        };
        while let Some(batch) = source.next_batch()? {
            if batch.num_rows() > 0 {
                return self.columns.batch_of(&batch, &mut self.dictionaries).map(Some);
            }
        }
        Ok(None)
    }
}

/// Where the values of a request's paths come from in one part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Columns {
    paths: Arc<[Path]>,
    sources: Vec<PathSource>,
}

#[derive(Debug, Clone, PartialEq)]
enum PathSource {
    /// A typed column that gives every row's value exactly; of a list, the members that are asked for.
    Typed(TypedColumn),
    /// The JSON.
    Json,
}

impl Columns {
    /// Those of a part; without one everything comes out of events.
    pub(crate) fn of(request: &SignalRequest, file: Option<&PartFile>) -> Self {
        let mut columns: Vec<(Path, PathSource)> = Vec::new();
        for path in &request.paths {
            let (root, member) = path.split_list().unwrap_or_else(|| (path.clone(), None));
            let is_list = path.split_list().is_some();
            let typed = file.and_then(|file| typed_in(file, &request.event, &root, is_list, member.as_ref()));
            let Some(column) = typed else {
                if !columns.contains(&(root.clone(), PathSource::Json)) {
                    columns.push((root, PathSource::Json));
                }
                continue;
            };
            let held = columns.iter_mut().find_map(|(of, source)| match source {
                PathSource::Typed(held) if *of == root => Some(held),
                _ => None,
            });
            match held {
                Some(held) => held.add_members(&column),
                None => columns.push((root, PathSource::Typed(column))),
            }
        }
        let (paths, sources): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        Self { paths: paths.into(), sources }
    }

    pub(crate) fn typed(&self) -> impl Iterator<Item = &TypedColumn> {
        self.sources.iter().filter_map(|source| match source {
            PathSource::Typed(column) => Some(column),
            PathSource::Json => None,
        })
    }

    /// Whether nothing is read of the JSON.
    pub(crate) fn are_typed(&self) -> bool {
        !self.sources.contains(&PathSource::Json)
    }

    /// The shape in which whole rows of the part have all of it.
    pub(crate) fn shape(&self, file: &PartFile) -> Shape {
        let mut fixed: Vec<&'static str> = Vec::new();
        let of_json = self.paths.iter().zip(&self.sources).filter(|(_, source)| **source == PathSource::Json);
        for (root, _) in of_json {
            // A property may be called `context` too.
            let wanted: &[&'static str] =
                if root.root() == CONTEXT { &[PROPERTIES, CONTEXT] } else { &[PROPERTIES] };
            for name in wanted {
                if !fixed.contains(name) {
                    fixed.push(name);
                }
            }
        }
        // Of lists, as the part has them.
        let whole = |column: &TypedColumn| {
            let infos = file.info.columns.iter().map(|info| &info.column);
            infos.clone().find(|held| held.column_name() == column.column_name()).unwrap_or(column).clone()
        };
        Shape::Columns { fixed, typed: self.typed().map(whole).collect() }
    }

    fn batch_of(
        &self,
        batch: &RecordBatch,
        dictionaries: &mut Dictionaries,
    ) -> Result<SignalBatch, PartsError> {
        let keys = Keys::of_signal(batch)?;
        let events = if self.are_typed() { Vec::new() } else { parse(batch)? };
        let columns = self.paths.iter().zip(&self.sources).map(|(path, source)| match source {
            PathSource::Typed(column) => Held::of(batch, column, dictionaries),
            PathSource::Json => Ok(Held::Values(events.iter().map(|event| value_of(event, path)).collect())),
        });
        let columns = columns.collect::<Result<_, _>>()?;
        Ok(SignalBatch::new(keys, Arc::clone(&self.paths), columns))
    }

    fn batch_of_rows(&self, rows: &[impl AsRef<PartRow>]) -> SignalBatch {
        let rows = || rows.iter().map(AsRef::as_ref);
        let keys = Keys {
            profiles: rows().map(|row| row.profile.0).collect::<ScalarBuffer<_>>(),
            ts: rows().map(|row| row.event.ts.as_ms()).collect::<ScalarBuffer<_>>(),
            positions: rows().map(|row| row.position.0).collect::<ScalarBuffer<_>>(),
        };
        let values = |path: &Path| Held::Values(rows().map(|row| value_of(&row.event, path)).collect());
        SignalBatch::new(keys, Arc::clone(&self.paths), self.paths.iter().map(values).collect())
    }
}

fn value_of(event: &Event, path: &Path) -> Option<Value> {
    path.in_event(event).filter(|value| **value != Value::Null).cloned()
}

fn parse(batch: &RecordBatch) -> Result<Vec<Event>, PartsError> {
    let object = |name: &str, row: usize| {
        let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        column.map_or_else(|| Ok(Object::new()), |column| object_at(column, row))
    };
    (0..batch.num_rows()).map(|row| Ok(bare_event(object(PROPERTIES, row)?, object(CONTEXT, row)?))).collect()
}

/// The typed column that gives a path's values exactly, in every row group of a part that has rows of the event; of a
/// list with no more than the member that is asked for.
fn typed_in(
    file: &PartFile,
    event: &str,
    root: &Path,
    is_list: bool,
    member: Option<&Path>,
) -> Option<TypedColumn> {
    let of_name = file.entry.names.iter().find(|of_name| of_name.name == event)?;
    let info = file.info.columns.iter().find(|info| info.column.path == *root)?;
    if file.groups_of(&of_name.range()).any(|group| info.inexact.contains(&group)) {
        return None;
    }
    match &info.column.kind {
        ColumnKind::Scalar(kind) => (!is_list && *kind != ScalarKind::Date).then(|| info.column.clone()),
        ColumnKind::Items(fields) => {
            let is_meant = |field: &&ItemField| Some(&field.path) == member && field.kind != ScalarKind::Date;
            let field = fields.iter().find(is_meant).filter(|_| is_list)?;
            Some(TypedColumn { path: root.clone(), kind: ColumnKind::Items(vec![field.clone()]) })
        }
    }
}
