//! Which columns a scan reads of each part, and how a part's rows are brought to the same columns.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema, SchemaRef};
use segops_model::Object;

use crate::columns::TypedColumn;
use crate::error::PartsError;
use crate::exact_json::read_object;
use crate::fixed::{ANCHOR_KIND, ANCHOR_VALUE, CONTEXT, FIXED, POSITION, PROFILE, PROPERTIES, TS, encode};
use crate::layout::Layout;
use crate::part_file::PartFile;
use crate::row::PartRow;
use crate::typed::{bare_event, build};

/// The rows that a scan gives.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// The columns of the order, then some columns by name. Typed ones are made from the JSON for rows in memory,
    /// and for those of parts without them.
    Columns { fixed: Vec<&'static str>, typed: Vec<TypedColumn> },
    /// All columns of a layout with marks: what a part is written from.
    Rows(Layout),
}

impl Shape {
    /// The columns that make up whole events.
    pub(crate) fn events() -> Self {
        let fixed = [
            "event",
            "received_at",
            "clamped",
            "kind",
            "source",
            "message_id",
            ANCHOR_KIND,
            ANCHOR_VALUE,
            "identifiers",
            PROPERTIES,
            "traits",
            "group_traits",
            CONTEXT,
        ];
        Self::Columns { fixed: fixed.to_vec(), typed: Vec::new() }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        match self {
            Self::Rows(layout) => layout.row_schema(),
            Self::Columns { fixed, typed } => {
                let names = [PROFILE, TS, POSITION].into_iter().chain(fixed.iter().copied());
                let fields = names.filter_map(|name| FIXED.field_with_name(name).ok().cloned());
                let fields = fields.chain(typed.iter().map(TypedColumn::field));
                Arc::new(Schema::new(fields.map(Arc::new).collect::<Vec<_>>()))
            }
        }
    }

    /// The columns of a part that are read for it.
    pub(crate) fn columns_of(&self, file: &PartFile) -> BTreeSet<String> {
        match self {
            Self::Columns { fixed, typed } => {
                let fixed = [PROFILE, TS, POSITION].into_iter().chain(fixed.iter().copied());
                let mut columns: BTreeSet<String> = fixed.map(str::to_owned).collect();
                let is_held =
                    |column: &&TypedColumn| file.info.columns.iter().any(|info| info.column == **column);
                let (held, made): (Vec<_>, Vec<_>) = typed.iter().partition(is_held);
                columns.extend(held.into_iter().map(TypedColumn::column_name));
                if !made.is_empty() {
                    columns.extend([PROPERTIES, CONTEXT].map(str::to_owned));
                }
                columns
            }
            Self::Rows(layout) => {
                let fixed = FIXED.fields().iter().map(|field| field.name().clone());
                let held = file.info.columns.iter().map(|info| &info.column);
                let typed = held.filter(|column| layout.columns.contains(column));
                fixed.chain(typed.map(TypedColumn::column_name)).collect()
            }
        }
    }

    /// Rows of a part's row group, of the columns that were asked for, in this shape.
    pub(crate) fn adapt(
        &self,
        file: &PartFile,
        group: usize,
        batch: &RecordBatch,
    ) -> Result<RecordBatch, PartsError> {
        match self {
            Self::Columns { typed, .. } => project(&with_made(batch, typed)?, &self.schema()),
            Self::Rows(layout) => complete(layout, file, group, batch),
        }
    }

    /// Rows in memory in this shape.
    pub(crate) fn encode(&self, rows: &[&PartRow]) -> Result<RecordBatch, PartsError> {
        match self {
            Self::Rows(layout) => layout.encode(rows),
            Self::Columns { typed, .. } => {
                let all = encode(rows.iter().copied())?;
                let mut fields: Vec<_> = all.schema().fields().iter().cloned().collect();
                let mut columns = all.columns().to_vec();
                // Nobody asks for the marks.
                let numbered: Vec<_> = typed.iter().map(|column| (0, column)).collect();
                fields.extend(typed.iter().map(|column| Arc::new(column.field())));
                columns.extend(build(&numbered, rows.iter().map(|row| &row.event))?.0);
                let all = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
                project(&all, &self.schema())
            }
        }
    }
}

/// Rows with those typed columns made from their JSON that they do not have.
fn with_made(batch: &RecordBatch, typed: &[TypedColumn]) -> Result<RecordBatch, PartsError> {
    let is_missing = |column: &&TypedColumn| batch.column_by_name(&column.column_name()).is_none();
    let missing: Vec<_> = typed.iter().filter(is_missing).map(|column| (0, column)).collect();
    if missing.is_empty() {
        return Ok(batch.clone());
    }
    let (made, _) = build(&missing, bare_events(batch)?.iter())?;
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
    fields.extend(missing.iter().map(|(_, column)| Arc::new(column.field())));
    let columns = batch.columns().iter().cloned().chain(made).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// The columns of a schema, by name.
pub(crate) fn project(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, PartsError> {
    let columns = schema.fields().iter().map(|field| column(batch, field.name()));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, PartsError> {
    let column = batch.column_by_name(name).cloned();
    column.ok_or_else(|| PartsError::Encode(format!("a part has no column `{name}`")))
}

/// Another column in place of the one of the same name.
pub(crate) fn replaced(batch: &RecordBatch, name: &str, with: ArrayRef) -> Result<RecordBatch, PartsError> {
    let at = batch.schema_ref().index_of(name)?;
    let mut columns = batch.columns().to_vec();
    if let Some(column) = columns.get_mut(at) {
        *column = with;
    }
    Ok(RecordBatch::try_new(Arc::clone(batch.schema_ref()), columns)?)
}

/// Rows with every column of a layout. What a part does not have, or not exactly, is made from the JSON, so
/// that one odd row does not mark all that it comes to stand beside.
fn complete(
    layout: &Layout,
    file: &PartFile,
    group: usize,
    batch: &RecordBatch,
) -> Result<RecordBatch, PartsError> {
    let is_exact = |column: &TypedColumn| {
        let held = file.info.columns.iter().find(|info| info.column == *column);
        held.is_some_and(|info| !info.inexact.contains(&group))
    };
    let wanting: Vec<_> = layout.columns.iter().enumerate().filter(|(_, column)| !is_exact(column)).collect();
    let (mut made, marks) = if wanting.is_empty() {
        (Vec::new().into_iter(), vec![0; batch.num_rows()])
    } else {
        let events = bare_events(batch)?;
        let (made, marks) = build(&wanting, events.iter())?;
        (made.into_iter(), marks)
    };
    let schema = layout.row_schema();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in FIXED.fields() {
        columns.push(column(batch, field.name())?);
    }
    for typed in &layout.columns {
        let from_json = if is_exact(typed) { None } else { made.next() };
        columns.push(match from_json {
            Some(made) => made,
            None => column(batch, &typed.column_name())?,
        });
    }
    columns.push(Arc::new(UInt64Array::from(marks)));
    let columns = columns.into_iter().zip(schema.fields()).map(|(column, field)| conform(column, field));
    Ok(RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<Vec<_>, _>>()?)?)
}

/// Lists come back from files with the same types as they went in; anything else is a damaged file.
fn conform(column: ArrayRef, field: &Field) -> Result<ArrayRef, PartsError> {
    if column.data_type() == field.data_type() {
        return Ok(column);
    }
    let (name, held, wanted) = (field.name(), column.data_type(), field.data_type());
    Err(PartsError::Encode(format!("column `{name}` is of type {held}, not {wanted}")))
}

fn bare_events(batch: &RecordBatch) -> Result<Vec<segops_model::Event>, PartsError> {
    let (properties, context) = (column(batch, PROPERTIES)?, column(batch, CONTEXT)?);
    let (properties, context) = (properties.as_string::<i32>(), context.as_string::<i32>());
    (0..batch.num_rows())
        .map(|row| Ok(bare_event(object_at(properties, row)?, object_at(context, row)?)))
        .collect()
}

/// The object that a column of JSON has in a row; an empty one where it has none.
pub(crate) fn object_at(column: &StringArray, row: usize) -> Result<Object, PartsError> {
    if column.is_null(row) {
        return Ok(Object::new());
    }
    read_object(column.value(row))
        .ok_or_else(|| PartsError::Encode(format!("row {row} holds JSON that can't be read")))
}
