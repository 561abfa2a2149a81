//! The events of one name with some of their properties, ordered by profile: what a rule's signal reads.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use segops_model::{Decimal, Event, Object, Path, Value};

use crate::columns::{ColumnKind, ItemField, ScalarKind, TypedColumn};
use crate::error::PartsError;
use crate::fixed::{CONTEXT, PROPERTIES};
use crate::merge::{Keys, Merge, Source};
use crate::part_file::PartFile;
use crate::row::PartRow;
use crate::shape::{Shape, object_at};
use crate::stream::RowFilter;
use crate::typed::{bare_event, build};

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalRequest {
    pub event: String,
    /// The properties to bring along. A path through a list (`products[].price`) brings the list, its objects
    /// with at least the member that is asked for.
    pub paths: Vec<Path>,
    pub filter: RowFilter,
}

/// Rows in the order of (profile, ts, position).
#[derive(Debug)]
pub struct SignalScan {
    merge: Merge,
    columns: Vec<PathSource>,
}

/// Rows of one event name in one piece of the history: in the order of (profile, ts, position).
pub struct SignalStream {
    source: Box<dyn Source>,
    columns: Arc<[PathSource]>,
}

impl std::fmt::Debug for SignalStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignalStream").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl SignalStream {
    pub(crate) const fn new(source: Box<dyn Source>, columns: Arc<[PathSource]>) -> Self {
        Self { source, columns }
    }

    /// The next rows, at least one; `None` at the end.
    ///
    /// # Errors
    /// The part can't be read.
    pub fn next_batch(&mut self) -> Result<Option<SignalBatch>, PartsError> {
        while let Some(batch) = self.source.next_batch()? {
            if batch.num_rows() > 0 {
                return SignalBatch::of(&batch, &self.columns).map(Some);
            }
        }
        Ok(None)
    }
}

/// Where the values of a path come from, in the whole of a scan.
#[derive(Debug, Clone)]
pub(crate) enum PathSource {
    /// A typed column that gives every row's value exactly.
    Typed(TypedColumn),
    /// The JSON.
    Json(Path),
}

/// Some rows of a scan.
#[derive(Debug)]
pub struct SignalBatch {
    keys: Keys,
    columns: Vec<PathColumn>,
}

/// The values of one path.
#[derive(Debug)]
pub enum PathColumn {
    /// As an Arrow array, where a typed column gives every value exactly.
    Typed { column: TypedColumn, array: ArrayRef },
    /// As the events have them.
    Values(Vec<Option<Value>>),
}

impl SignalScan {
    pub(crate) const fn new(merge: Merge, columns: Vec<PathSource>) -> Self {
        Self { merge, columns }
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// A part can't be read.
    pub fn next_batch(&mut self) -> Result<Option<SignalBatch>, PartsError> {
        let Some(batch) = self.merge.next_batch()? else { return Ok(None) };
        SignalBatch::of(&batch, &self.columns).map(Some)
    }
}

impl SignalBatch {
    fn of(batch: &RecordBatch, columns: &[PathSource]) -> Result<Self, PartsError> {
        let keys = Keys::of(batch)?;
        let mut parsed = None;
        let columns = columns.iter().map(|source| column_of(source, batch, &mut parsed));
        Ok(Self { keys, columns: columns.collect::<Result<_, _>>()? })
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.profiles.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The profile of each row; ascending.
    #[must_use]
    pub fn profiles(&self) -> &[u64] {
        &self.keys.profiles
    }

    /// The instant of each row, in milliseconds.
    #[must_use]
    pub fn ts_ms(&self) -> &[i64] {
        &self.keys.ts
    }

    #[must_use]
    pub fn positions(&self) -> &[u64] {
        &self.keys.positions
    }

    /// The values of the paths that were asked for, in their order.
    #[must_use]
    pub fn columns(&self) -> &[PathColumn] {
        &self.columns
    }
}

impl PathColumn {
    /// Hands out the value of each row, in order; `None` where the event has none, or null.
    pub fn visit(&self, each: &mut dyn FnMut(usize, Option<&Value>)) {
        match self {
            Self::Values(values) => {
                values.iter().enumerate().for_each(|(row, value)| each(row, value.as_ref()));
            }
            Self::Typed { array, .. } => {
                for row in 0..array.len() {
                    each(row, self.value(row).as_ref());
                }
            }
        }
    }

    /// Whether the values come from the JSON, and are whole.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Values(_))
    }

    /// The value of a row; `None` where the event has none, or null.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<Value> {
        match self {
            Self::Values(values) => values.get(row).cloned().flatten(),
            Self::Typed { column, array } => match &column.kind {
                ColumnKind::Scalar(kind) => scalar_at(*kind, array.as_ref(), row),
                ColumnKind::Items(fields) => items_at(fields, array.as_ref(), row),
            },
        }
    }
}

fn scalar_at(kind: ScalarKind, array: &dyn Array, row: usize) -> Option<Value> {
    if array.is_null(row) {
        return None;
    }
    match kind {
        ScalarKind::Number => {
            let units = array.as_primitive_opt::<Decimal128Type>()?.value(row);
            Some(Value::Number(Decimal::from_billionths(units)))
        }
        ScalarKind::Text => Some(Value::text(array.as_string_opt::<i32>()?.value(row))),
        ScalarKind::Flag => Some(Value::Bool(array.as_boolean_opt()?.value(row))),
        // A date's text is in the JSON alone.
        ScalarKind::Date => None,
    }
}

fn items_at(fields: &[ItemField], array: &dyn Array, row: usize) -> Option<Value> {
    if array.is_null(row) {
        return None;
    }
    let items = array.as_list_opt::<i32>()?.value(row);
    let items = items.as_struct_opt()?;
    let item = |at: usize| {
        let members = fields.iter().zip(items.columns());
        let mut object = Object::new();
        for (field, column) in members {
            if let Some(value) = scalar_at(field.kind, column.as_ref(), at) {
                put(&mut object, &field.path, value);
            }
        }
        Value::Object(object)
    };
    Some(Value::List((0..items.len()).map(item).collect()))
}

/// Puts a value where a path of names leads.
fn put(object: &mut Object, path: &Path, value: Value) {
    let text = path.to_string();
    let Some((first, rest)) = text.split_once('.') else {
        object.set(text, value);
        return;
    };
    let mut inner = match object.remove(first) {
        Some(Value::Object(inner)) => inner,
        _ => Object::new(),
    };
    if let Ok(rest) = rest.parse() {
        put(&mut inner, &rest, value);
    }
    object.set(first, Value::Object(inner));
}

fn column_of(
    source: &PathSource,
    batch: &RecordBatch,
    parsed: &mut Option<Vec<Event>>,
) -> Result<PathColumn, PartsError> {
    match source {
        PathSource::Typed(column) => {
            let array = batch.column_by_name(&column.column_name()).cloned();
            let array =
                array.ok_or_else(|| PartsError::Encode(format!("no column for `{}`", column.path)))?;
            Ok(PathColumn::Typed { column: column.clone(), array })
        }
        PathSource::Json(path) => {
            if parsed.is_none() {
                *parsed = Some(parse(batch)?);
            }
            let events = parsed.iter().flatten();
            let value = |event: &Event| path.in_event(event).filter(|value| **value != Value::Null).cloned();
            Ok(PathColumn::Values(events.map(value).collect()))
        }
    }
}

fn parse(batch: &RecordBatch) -> Result<Vec<Event>, PartsError> {
    let object = |name: &str, row: usize| {
        let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        column.map_or_else(|| Ok(Object::new()), |column| object_at(column, row))
    };
    (0..batch.num_rows()).map(|row| Ok(bare_event(object(PROPERTIES, row)?, object(CONTEXT, row)?))).collect()
}

/// Where each path comes from, for a scan over these files and rows in memory, and the shape to read.
pub(crate) fn sources(
    request: &SignalRequest,
    files: &[Arc<PartFile>],
    rows: &[&PartRow],
) -> Result<(Vec<PathSource>, Shape), PartsError> {
    let (mut fixed, mut typed) = (Vec::new(), Vec::new());
    let mut sources = Vec::with_capacity(request.paths.len());
    for path in &request.paths {
        let (root, member) = path.split_list().unwrap_or_else(|| (path.clone(), None));
        let is_list = path.split_list().is_some();
        match typed_everywhere(&request.event, &root, is_list, member.as_ref(), files, rows)? {
            Some(column) => {
                if !typed.contains(&column) {
                    typed.push(column.clone());
                }
                sources.push(PathSource::Typed(column));
            }
            None => {
                // A property may be called `context` too.
                let roots: &[&'static str] =
                    if root.root() == CONTEXT { &[PROPERTIES, CONTEXT] } else { &[PROPERTIES] };
                fixed.extend(roots.iter().filter(|name| !fixed.contains(*name)).copied().collect::<Vec<_>>());
                sources.push(PathSource::Json(root));
            }
        }
    }
    Ok((sources, Shape::Columns { fixed, typed }))
}

/// The typed column that gives a path's values exactly, in every row group that is read.
fn typed_everywhere(
    event: &str,
    root: &Path,
    is_list: bool,
    member: Option<&Path>,
    files: &[Arc<PartFile>],
    rows: &[&PartRow],
) -> Result<Option<TypedColumn>, PartsError> {
    let mut agreed: Option<&TypedColumn> = None;
    for file in files {
        let Some(of_name) = file.entry.names.iter().find(|of_name| of_name.name == event) else { continue };
        let Some(info) = file.info.columns.iter().find(|info| info.column.path == *root) else {
            return Ok(None);
        };
        let is_exact = file.groups_of(&of_name.range()).all(|group| !info.inexact.contains(&group));
        if !is_exact || agreed.is_some_and(|agreed| *agreed != info.column) {
            return Ok(None);
        }
        agreed = Some(&info.column);
    }
    let Some(column) = agreed else { return Ok(None) };
    let serves = match &column.kind {
        ColumnKind::Scalar(kind) => !is_list && *kind != ScalarKind::Date,
        ColumnKind::Items(fields) => {
            let has = |member: &Path| {
                fields.iter().any(|field| field.path == *member && field.kind != ScalarKind::Date)
            };
            is_list && member.is_some_and(has)
        }
    };
    if !serves {
        return Ok(None);
    }
    let (_, marks) = build(&[(0, column)], rows.iter().map(|row| &row.event))?;
    Ok(marks.iter().all(|mark| *mark == 0).then(|| column.clone()))
}
